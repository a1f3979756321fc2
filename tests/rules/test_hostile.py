"""Rules and texts that mean harm: bounded in time, and told."""

import time

import pytest

from pipeline.rules.book import load_rulebook
from pipeline.rules.check import check
from pipeline.rules.errors import RuleError
from pipeline.rules.facts import MAX_UTTERANCE_CHARS, _bounded
from pipeline.rules.operators.words import Regex
from pipeline.rules.textcalls import parse_text_call

EVIL = r"(是|是是)+$"


def test_a_catastrophic_regex_is_cut_short_and_leaves_the_item_open(ask):
    ask("{keyword: 好}", "坐席: 好")  # loads the words before the clock starts
    started = time.perf_counter()
    found = ask(f"{{regex: '{EVIL}'}}", "坐席: " + "是" * 60 + "!")
    assert time.perf_counter() - started < 20  # half a second idle; unbounded it would outlast us all
    assert found.value == "unknown" and "正则表达式" in found.why


def test_the_lint_finds_it_before_any_call_does(tmp_path):
    text = (
        "rules:\n  x:\n    title: 坏\n    kind: taboo\n    group: 组\n    source: S0\n    forbid: {regex: '"
        + EVIL
        + "'}\n"
    )
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    told = [str(finding) for finding in check(load_rulebook(tmp_path))]
    assert any("a.yaml:7: error: x: regular expression that can blow up" in line for line in told)


HEAD = "rules:\n  x: {title: 坏, kind: say, group: 组, expect: {say: p}}\nphrases:\n  p: "


@pytest.mark.parametrize(
    ("phrases", "said"),
    [
        ("['" + "(" * 300 + "好']", "at most 20 brackets inside each other"),
        ("['" + "好" * 50_000 + "']", "at most 400 characters, found '50000'"),
        ("['好…999999999999再见']", "a gap of at most 40 characters"),
        ("['" + "(一|二|三|四)" * 12 + "']", "at most 1000 combinations"),
        ("['" + "[{姓氏}]好" * 20 + "']", "at most 1000 patterns"),
        ("['\ue000\ue001\ue002']", "expected characters"),
        ("['<a>']\nsynonyms: {a: ['<b>'], b: ['<a>']}", "no synonym set inside itself"),
        (
            "['<c>']\nsynonyms: {a: [一, 二, 三, 四, 五, 六, 七, 八, 九, 十], b: ['<a><a><a>'], c: ['<b><b>']}",
            "at most",
        ),
        ("{samples: [好的], threshold: 800}", "threshold: 800 over its upper bound 100"),
        ("{variants: [好], guards: [quotaton]}", "'quotation'"),
    ],
    ids=["brackets", "long", "gap", "choices", "forks", "private", "circle", "bomb", "threshold", "guard"],
)
def test_a_phrase_made_to_hurt_is_refused_at_once(tmp_path, phrases, said):
    (tmp_path / "a.yaml").write_text(HEAD + phrases, encoding="utf-8")
    started = time.process_time()
    with pytest.raises(RuleError, match=said):
        assert load_rulebook(tmp_path).index
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("{keyword: ''}", "says nothing"),
        ("{keyword: [好, '。。']}", "says nothing"),
        ("{regex: ''}", "1 to 1000 are allowed"),
        ("{regex: '" + "a?" * 600 + "'}", "1 to 1000 are allowed"),
        ("{measure: {name: rate_cpm, above: 300, below: 200}}", "bounds that nothing can keep"),
        ("{gap: {min_s: 10, max_s: 5}}", "nothing lies between"),
        ("{rate: {min: 300, max: 100}}", "nothing lies between"),
        ("{hangup: {side: agent, after_s: 9, within_s: 5}}", "nothing lies between"),
        ("{keyword: 好, count: {min: -2}}", "negative count"),
        ("{keyword: 好, in: {first: -1}}", "negative number in a range"),
        ("{keyword: 好, in: {after: {keyword: 甲}, nth: -1}}", "it counts from 1"),
        ("{utterance: {}, in: {during: holdd}}", "'hold'"),
        ("{loudness: {}}", "nothing asked"),
        ("{speaker: 0}", "counts from 1"),
    ],
)
def test_a_condition_that_asks_nonsense_is_refused_with_its_line(tmp_path, condition, said):
    text = f"rules:\n  x:\n    title: 坏\n    kind: say\n    group: 组\n    expect: {condition}\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=rf"a\.yaml:6: .*{said}"):
        load_rulebook(tmp_path)


def test_a_chain_of_rules_too_long_to_follow_is_refused(tmp_path):
    chain = "".join(
        f"  r{i}: {{title: 坏, kind: meta, group: 组, forbid: {{rule: r{i + 1}}}}}\n" for i in range(200)
    )
    end = "  r200: {title: 坏, kind: meta, group: 组, forbid: {keyword: 好}}\n"
    (tmp_path / "a.yaml").write_text(f"rules:\n{chain}{end}", encoding="utf-8")
    with pytest.raises(RuleError, match="at most 50 rules that refer to each other in a row"):
        load_rulebook(tmp_path)


def test_a_slow_regex_has_one_clock_for_the_whole_call(ask):
    ask("{keyword: 好}", "坐席: 好")
    lines = "\n".join("坐席: " + "是" * 60 + "!" for _ in range(30))
    started = time.perf_counter()
    assert ask(f"{{regex: '{EVIL}'}}", lines).value == "unknown"
    assert time.perf_counter() - started < 10  # thirty clocks would be fifteen seconds at least


def test_a_sane_regex_is_not_accused():
    assert Regex(r"退.{0,4}款|\d{6}").spans("我要退一下款123456") == [(2, 6), (6, 12)]


@pytest.mark.parametrize(
    "text",
    [
        "您好" * 500_000,
        "😀👨‍👩‍👧‍👦" * 200 + "您好,请问有什么可以帮您",
        "\ue000\uf8ff\U000f0000" * 100,
        "\u202e\u200b\ufeff您好",
        "\ud83d" + "坏的半个字",
        "",
        "。,、;" * 1000,
        "\x00\x07您好",
        "a" * 100_000,
        "1" * 100_000,
    ],
    ids=[
        "1MB",
        "emoji",
        "private",
        "bidi",
        "surrogate",
        "empty",
        "punctuation",
        "control",
        "latin",
        "digits",
    ],
)
def test_any_text_is_judged_and_in_bounded_time(book, facts_of, text):
    facts = facts_of("坐席: 占位")
    utterances = (facts.utterances[0].__class__("agent", facts.utterances[0].span, text, (), 1.0),)
    facts.utterances = tuple(map(_bounded, utterances))
    started = time.perf_counter()
    verdicts = book.judge(facts, book.order)
    assert time.perf_counter() - started < 30
    assert all(
        verdict.outcome in ("pass", "fail", "unknown", "not_applicable") for verdict in verdicts.values()
    )


def test_an_endless_utterance_is_read_to_its_bound_and_a_miss_is_no_miss(ask):
    found = ask("{keyword: 再见}", "坐席: " + "好" * (MAX_UTTERANCE_CHARS + 1) + "再见")
    assert found.value == "unknown" and "过长" in found.why


def test_emoji_do_not_hide_the_greeting(ask):
    assert ask("{say: greeting}", "坐席: 😀您好😀请问有什么可以帮您😀").value == "hit"


def test_a_million_characters_in_a_dialogue_line_are_read_or_refused_never_hung():
    line = '{"call_id": "x", "utterances": [{"role": "agent", "text": "' + "您" * 1_000_000 + '"}]}'
    assert len(parse_text_call(line).conversation.utterances[0].text) == 1_000_000
