"""What changes between two sets of scorecards."""

import dataclasses

from pipeline.report.backtest_page import backtest_page
from pipeline.rules.backtest import compare
from pipeline.types import Scorecard, Standard, Verdict


def item(rule, outcome, points=0.0):
    return Verdict(rule, outcome, points, "组", "名")


def card(call_id, total, grade, *items, **more):
    return Scorecard(call_id, total, grade, False, (), items, (), False, "", Standard("hotline", "1"), **more)


def pairs():
    same = card("c0", 90.0, "优", item("a", "pass"))
    worse = card("c1", 90.0, "优", item("a", "pass"), item("b", "unknown"))
    better = card("c2", 60.0, "差", item("a", "fail", -30.0))
    return [
        ("8021", same, same),
        ("8021", worse, card("c1", 70.0, "中", item("a", "fail", -20.0), item("b", "unknown"))),
        ("8022", better, dataclasses.replace(card("c2", 100.0, "优", item("a", "pass")), flagged=True)),
        ("8022", None, same),
    ]


def test_calls_agents_and_rules():
    result = compare(pairs())
    assert (result.compared, result.skipped) == (3, 1)
    assert [(c.call_id, c.points, c.flips) for c in result.calls] == [("c2", 40.0, True), ("c1", -20.0, True)]
    assert {name: one.points for name, one in result.agents.items()} == {"8021": -10.0, "8022": 40.0}
    assert result.rules["a"].moves == {("pass", "fail"): 1, ("fail", "pass"): 1}
    assert result.rules["a"].points == 10.0 and "b" not in result.rules


def test_a_rule_that_is_new_or_gone_is_told():
    result = compare(
        [("x", card("c", 90.0, "优", item("old", "pass")), card("c", 90.0, "优", item("new", "fail", -5.0)))]
    )
    assert result.rules["old"].moves == {("pass", "–"): 1} and result.rules["new"].moves == {("–", "fail"): 1}


def test_the_page_tells_it_and_escapes_what_it_shows():
    changed = pairs()
    changed.append(
        ("<b>", card("<i>", 90.0, "优", item("a", "pass")), card("<i>", 80.0, "优", item("a", "fail", -10.0)))
    )
    page = backtest_page(compare(changed), title="2026-11-21 · 新词典")
    assert "比较 4 通,3 通有变化,其中 2 通" in page and "通过 → 扣分 × 2" in page
    assert "&lt;i&gt;" in page and "<i>" not in page
    assert "http" not in page  # one self-contained file
