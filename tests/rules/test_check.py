# ruff: noqa: E501 - tables of cases read best unbroken
"""The lints, each on a rulebook that has exactly that fault."""

import pytest

from pipeline.rules.book import load_rulebook
from pipeline.rules.check import check, plain_variant

HEAD = "title: 测试\n    kind: say\n    group: 组\n    source: S0\n"
GOOD = '    flag: ["坐席: 嗯"]\n    pass: ["坐席: 您好", "坐席: 您耗"]\n    known_false_positives: 无\n'


def findings(tmp_path, text, card=""):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    if card:
        (tmp_path / "scorecards").mkdir()
        (tmp_path / "scorecards" / "c.yaml").write_text(card, encoding="utf-8")
    return [str(f).replace(tmp_path.name, "lex") for f in check(load_rulebook(tmp_path))]


def test_nothing_wrong_is_said_of_a_good_rule(tmp_path):
    assert (
        findings(tmp_path, f"phrases:\n  hi: [您好]\nrules:\n  x:\n    {HEAD}    expect: {{say: hi}}\n{GOOD}")
        == []
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    expect: {say: hi}\n", "lex/a.yaml:5: error: x: no `flag:` example"),
        (
            f"    expect: {{say: hi, in: {{first: 0}}}}\n{GOOD}",
            "lex/a.yaml:10: error: x: range that is always empty: first",
        ),
        (
            f"    expect: {{say: hi, count: {{min: 3, max: 1}}}}\n{GOOD}",
            "error: x: count that cannot be: min 3 over max 1",
        ),
        (
            f"    expect: {{measure: {{name: nope, above: 1}}}}\n{GOOD}",
            "error: x: measure 'nope' is not registered",
        ),
        (
            '    expect: {say: hi}\n    flag: ["坐席: 您好"]\n    pass: ["坐席: 您好"]\n',
            "lex/a.yaml:11: error: x: example '坐席: 您好': expected fail, found pass",
        ),
        (
            '    expect: {say: hi}\n    flag: ["坐席: 嗯"]\n    pass:\n      - |\n        坐席: 您好\n        经理: 嗯\n',
            "lex/a.yaml:15: error: x: example: expected 坐席: …",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, body, told):
    lines = findings(tmp_path, f"phrases:\n  hi: [您好]\n  bye: [再见]\nrules:\n  x:\n    {HEAD}{body}")
    assert any(told in line for line in lines), lines


def test_an_unused_theme_is_a_warning(tmp_path):
    lines = findings(
        tmp_path,
        f"phrases:\n  hi: [您好]\n  bye: [再见]\nrules:\n  x:\n    {HEAD}    expect: {{say: hi}}\n{GOOD}",
    )
    assert lines == ["lex/a.yaml:3: warning: bye: phrase theme used by no rule"]


def test_a_standard_phrase_that_holds_a_taboo_is_found(tmp_path):
    text = (
        "phrases:\n  sorry: [非常抱歉这个我不清楚]\n  no: {mode: exact, variants: [我不清楚], guards: []}\nrules:\n"
        f"  x:\n    {HEAD}    expect: {{say: sorry}}\n    flag: ['坐席: 嗯']\n    pass: ['坐席: 非常抱歉这个我不清楚']\n"
        f"  y:\n    {HEAD}    forbid: {{say: no}}\n    flag: ['坐席: 我不清楚']\n    pass: ['坐席: 好']\n"
    )
    assert any("is heard as the taboo 'no' ('我不清楚')" in line for line in findings(tmp_path, text))


def test_a_scorecard_that_leaves_calls_without_one_is_an_error(tmp_path):
    card = (
        "name: c\ntitle: 卡\nversion: 1\nschool: deduct\ngrades: [[好, 0]]\nfor: {record: {business: a}}\n"
        "groups: [{name: g, items: [{rule: x, points: 1}]}]\n"
    )
    text = f"phrases:\n  hi: [您好]\nrules:\n  x:\n    {HEAD}    expect: {{say: hi}}\n{GOOD}"
    assert any("no scorecard without `for:`" in line for line in findings(tmp_path, text, card))


@pytest.mark.parametrize(
    ("variant", "plain"),
    [
        ("您好[啊|呀]…请问[有]什么(可以|能)帮", "您好请问什么可以帮"), ("工号[是]{工号}", "工号八零二一"),
        ("(这(是|个)|那)不行", "这是不行"), ("…12好", "好"),
    ],
)  # fmt: skip
def test_a_variant_as_one_sentence(variant, plain):
    assert plain_variant(variant) == plain
