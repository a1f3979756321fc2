# ruff: noqa: E501 - files as they are written
"""Lints that need a rulebook which loads: slow patterns, record fields, proof that is missing."""

import pytest
import regex

from pipeline.rules.book import load_rulebook
from pipeline.rules.check import check
from pipeline.rules.lints import is_slow

RULE = (
    "festivals: {春节: [2026-02-16/2026-02-22]}\nrules:\n  x:\n    title: 测\n    kind: meta\n    group: 组\n"
    "    source: S0\n    known_false_positives: 无\n    flag: ['坐席: 好']\n    pass: ['坐席: 好']\n    forbid: "
)


def told(tmp_path, condition):
    (tmp_path / "a.yaml").write_text(RULE + condition, encoding="utf-8")
    return [str(f) for f in check(load_rulebook(tmp_path)) if "example" not in f.message]


@pytest.mark.parametrize("pattern", [r"(是|是是)+$", r"(订|订订)+票$", r"(a|a)*b"])
def test_a_pattern_that_blows_up_is_slow_whatever_its_letters(pattern):
    assert is_slow(regex.compile(pattern))


@pytest.mark.parametrize("pattern", [r"退.{0,4}款|\d{6}", r"^(啊|哈|什么|嗯)[?？]|^什么[。]$", r"(\w+)+单$"])
def test_a_pattern_the_engine_manages_is_not(pattern):
    assert not is_slow(regex.compile(pattern))


def test_the_exclusion_is_tried_too(tmp_path):
    lines = told(tmp_path, "{regex: {pattern: 退, exclude: '(退|退退)+$'}}")
    assert len(lines) == 1 and "a.yaml:11: error: x: regular expression that can blow up: '(退" in lines[0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("{bussiness: complaint}", "warning: x: record field 'bussiness': did you mean 'business'?"),
        ("{direction: inbond}", "error: x: record direction is never 'inbond'; one of: inbound, outbound"),
        ("{festival: 春结}", "error: x: record festival is never '春结'; one of: 春节"),
        ("{weekday: 8}", "error: x: record weekday is never '8'"),
    ],
)
def test_what_no_record_says_is_told(tmp_path, asked, message):
    lines = told(tmp_path, f"{{record: {asked}}}")
    assert len(lines) == 1 and message in lines[0]


def test_a_column_of_the_customers_own_is_no_mistake(tmp_path):
    assert told(tmp_path, "{record: {vip_level: gold, festival: 春节, ring_s: {above: 15}}}") == []


def test_proof_that_is_missing_is_told(tmp_path):
    text = (
        "phrases:\n  hi: [您好请讲]\nrules:\n  x:\n    title: 测\n    kind: say\n    group: 组\n"
        "    flag: ['坐席: 嗯']\n    pass: ['坐席: 您好请讲']\n    expect: {say: hi}\n"
    )
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    said = [f.message for f in check(load_rulebook(tmp_path))]
    assert said[:2] == ["no source", "no known_false_positives"]
    assert said[2].startswith("no example with recognition errors")
    (tmp_path / "a.yaml").write_text(text.replace("'坐席: 您好请讲'", "'坐席: 您耗请讲'"), encoding="utf-8")
    assert len(check(load_rulebook(tmp_path))) == 2


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("不过…6(您|我)…4(可以|可)", []),
        # 可以 is taken by the first gap, and none is left for the last part
        (
            "不过…6(您|可以)…4(可以|可)",
            ["variant '不过…6(您|可以)…4(可以|可)', said as '不过您可以', is not found"],
        ),
    ],
)
def test_a_variant_that_is_not_heard_as_written_is_told(tmp_path, variant, told):
    text = f"phrases:\n  but: ['{variant}']\nrules:\n  x: {{title: 测, kind: say, group: 组, expect: {{say: but}}}}\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert [f.message for f in check(load_rulebook(tmp_path)) if f.rule == "but"] == told


def test_a_retired_rule_on_a_scorecard_is_an_error(tmp_path):
    (tmp_path / "a.yaml").write_text(RULE + "{keyword: 坏}\n    status: retired\n", encoding="utf-8")
    (tmp_path / "scorecards").mkdir()
    card = "name: c\ntitle: 卡\nversion: 1\nschool: deduct\ngrades: [[好, 0]]\ngroups:\n  - name: g\n    items:\n      - {rule: x, points: 1}\n"
    (tmp_path / "scorecards" / "c.yaml").write_text(card, encoding="utf-8")
    assert any(
        "scorecards/c.yaml:9: error: c: item of the retired rule 'x'" in str(f)
        for f in check(load_rulebook(tmp_path))
    )


def test_a_standard_phrase_is_held_against_taboos_wherever_in_the_demand_it_stands(tmp_path):
    text = (
        "phrases:\n  sorry: [非常抱歉这个我不清楚]\n  no: {mode: exact, variants: [我不清楚], guards: []}\nrules:\n"
        "  x:\n    title: 甲\n    kind: say\n    group: 组\n    expect: {any: [{response: {to: {keyword: 问}, with: {say: sorry}}}, {keyword: 好}]}\n"
        "  y:\n    title: 乙\n    kind: taboo\n    group: 组\n    forbid: {any: [{say: no}, {keyword: 坏}]}\n"
    )
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    assert any("is heard as the taboo 'no'" in f.message for f in check(load_rulebook(tmp_path)))
