"""Rules and texts that mean harm: bounded in time, and told."""

import time

import pytest

from pipeline.rules.book import load_rulebook
from pipeline.rules.check import check
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
