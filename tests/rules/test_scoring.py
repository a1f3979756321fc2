"""Both schools, by hand-made verdicts with sums worked out beside them."""

import dataclasses

import pytest

from pipeline.rules.facts import CallFacts
from pipeline.rules.scoring import add_up, choose_template, score_call
from pipeline.rules.shape import build
from pipeline.rules.template import Template
from pipeline.rules.yamltree import parse_yaml
from pipeline.types import Evidence, Span, Verdict

HEAD = "name: t\ntitle: 表\nversion: '1'\ngrades: [[优, 90], [中, 60], [差, 0]]\n"


def template(text: str) -> Template:
    return build(Template, parse_yaml(HEAD + text, file="t.yaml"), what="scorecard", file="t.yaml", line=1)


@pytest.fixture
def total(book):
    """Scorecard of outcomes per rule: p pass, f fail, u unknown, n not applicable; f3 = three times."""

    def make(text: str, **outcomes: str):
        verdicts = {name.replace("_", "."): verdict(name, told) for name, told in outcomes.items()}
        rules = {name: dataclasses.replace(book.rules["open.greeting"], id=name) for name in verdicts}
        return add_up(template(text), dataclasses.replace(book, rules=rules), verdicts, call_id="c")

    return make


def verdict(name: str, told: str) -> Verdict:
    outcome = {"p": "pass", "f": "fail", "u": "unknown", "n": "not_applicable"}[told[0]]
    times = int(told[1:] or 1) if outcome == "fail" else 0
    evidence = tuple(Evidence(Span(i, i + 1.0), "agent", "x") for i in range(times))
    return Verdict(name.replace("_", "."), outcome, 0.0, "组", "名", evidence)  # type: ignore[arg-type]


DEDUCT = """
school: deduct
groups:
  - {name: 甲, cap: 12, items: [{rule: a, points: 10, critical: true}, {rule: b, points: 5}]}
  - {name: 乙, items: [{rule: c, points: 2, repeat: 3, repeat_cap: 7}, {rule: d, fatal: true}, {rule: e, bonus: 4}]}
"""


@pytest.mark.parametrize(
    ("outcomes", "points", "grade"),
    [
        ("p p p p n", 100, "优"),
        ("f p p p n", 90, "优"),
        ("f f p p n", 88, "中"),  # 10 + 5, capped at 12
        ("p p f1 p n", 98, "优"),
        ("p p f2 p n", 95, "优"),  # 2 + 3
        ("p p f9 p n", 93, "优"),  # 2 + 24, capped at 7
        ("f f f9 p n", 81, "中"),
        ("p p p f n", 0, "差"),  # fatal
        ("p p p p p", 104, "优"),
        ("f p p p p", 94, "优"),
        ("u u p p n", 100, "优"),  # unknown costs nothing
        ("u u u u n", None, ""),
        ("n n n n f", None, ""),  # a bonus not earned is no fault, and judges nothing
    ],
)
def test_deduct(total, outcomes, points, grade):
    card = total(DEDUCT, **dict(zip("abcde", outcomes.split())))
    assert (card.total, card.grade) == (points, grade)


def test_deduct_groups_confidence_and_critical(total):
    card = total(DEDUCT, a="u", b="f", c="p", d="p", e="p")
    assert [(g.name, g.points, g.maximum) for g in card.groups] == [("甲", -5.0, 12), ("乙", 4.0, None)]
    assert card.confidence == pytest.approx(
        (5 + 7) / (10 + 5 + 7), abs=1e-3
    )  # a unknown; d fatal without points
    assert card.critical is None
    assert total(DEDUCT, a="f", b="p", c="p", d="p", e="n").critical == 0.0


def test_the_floor_holds(total):
    text = "school: deduct\nfloor: 40\ngroups: [{name: g, items: [{rule: a, points: 90}, {rule: b, fatal: true}]}]"
    assert total(text, a="f", b="p").total == 40
    assert total(text, a="p", b="f").total == 0  # one veto goes below any floor


WEIGHTED = """
school: weighted
groups:
  - {name: 甲, weight: 3, items: [{rule: a, points: 10, critical: true}, {rule: b, points: 10}]}
  - {name: 乙, items: [{rule: c, points: 20}, {rule: d, points: 5, weight: 2, fatal: true}, {rule: e, bonus: 3}]}
"""


@pytest.mark.parametrize(
    ("outcomes", "points"),
    [
        ("p p p p n", 100.0),
        ("f p p p n", 100 * (30 + 20 + 10) / 90),
        ("f n p p n", 100 * 30 / 60),  # b out of both sums
        ("f u p p n", 100 * 30 / 60),
        ("p p f p n", 100 * 70 / 90),
        ("p p p f n", 0.0),
        ("f p p p p", 100 * 60 / 90 + 3),
        ("n n n n n", None),
    ],
)
def test_weighted(total, outcomes, points):
    card = total(WEIGHTED, **dict(zip("abcde", outcomes.split())))
    assert card.total == (None if points is None else pytest.approx(points, abs=0.01))


def test_weighted_fatal_empties_its_group_and_the_critical_score_stands_beside(total):
    card = total(WEIGHTED, a="p", b="f", c="p", d="f", e="n")
    assert card.fatal and card.total == 0.0 and card.critical == 100.0
    assert [(g.points, g.maximum) for g in card.groups] == [(10.0, 20.0), (0.0, 25.0)]


def test_a_draft_rule_takes_nothing(book):
    rules = {"a": dataclasses.replace(book.rules["open.greeting"], id="a", status="draft")}
    text = "school: deduct\ngroups: [{name: g, items: [{rule: a, points: 9, fatal: true}]}]"
    card = add_up(
        template(text), dataclasses.replace(book, rules=rules), {"a": verdict("a", "f")}, call_id="c"
    )
    assert (card.total, card.fatal, card.items[0].outcome) == (100.0, False, "fail")


def test_the_template_is_chosen_by_the_record(book, facts_of):
    assert choose_template(book, facts_of("记录: business=complaint\n坐席: 好")).name == "complaint"
    assert choose_template(book, facts_of("坐席: 好")).name == "hotline"
    assert choose_template(book, facts_of("坐席: 好"), "complaint").name == "complaint"
    with pytest.raises(ValueError, match="expected one of: complaint, hotline"):
        choose_template(book, facts_of("坐席: 好"), "nope")


def test_a_whole_call(book, facts_of):
    facts: CallFacts = facts_of(
        "坐席: 喂\n客户: 几点开门\n坐席: 不知道\n静音 8s 等坐席\n坐席: 不清楚\n客户: 谢谢"
    )
    card = score_call(book, facts, choose_template(book, facts), fingerprint="f")
    lost = {item.rule_id: item.points for item in card.items if item.points}
    assert lost == {
        "open.greeting": -10,
        "taboo.dont_know": -9,
        "polite.thanks_reply": -3,
        "hold.dead_air": -4,
    }
    assert card.total == 100 - 6 - 9 - 3 - 4  # the opening's ten are capped at six
    assert (card.standard.name, card.standard.version, card.grade) == ("hotline", "t1", "合格")
