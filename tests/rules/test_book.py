# ruff: noqa: E501 - tables of cases read best unbroken
"""Loading a folder: what is found, and what each mistake is told as."""

import pytest

from pipeline.rules.book import load_rulebook, revision_of
from pipeline.rules.check import check
from pipeline.rules.errors import RuleError
from pipeline.text import words

RULE = "title: 测试\n    kind: say\n    group: 组\n"


def write(folder, text, name="a.yaml"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_the_small_book_holds_what_it_says(book):
    assert len(book.rules) == 7 and len(book.templates) == 2
    assert [f for f in check(book) if f.level == "error"] == []


def test_every_example_of_the_small_book_gives_its_outcome(book):
    outcomes = {outcome for rule in book.rules.values() for outcome, _ in rule.examples}
    assert outcomes == {"pass", "fail", "unknown", "not_applicable"}  # so the check above meant something


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("phrase:\n  a: [b]\n", 1, ["'phrases'", "found 'phrase'"]),
        ("rules:\n  x:\n    titel: 坏\n", 3, ["'title'", "found 'titel'"]),
        ("rules:\n  x:\n    title: 坏\n", 3, ["'kind' in rule x"]),
        (f"rules:\n  x:\n    {RULE}    expect: {{sey: g}}\n", 6, ["'say'", "found 'sey'"]),
        (f"rules:\n  x:\n    {RULE}    expect: {{say: nobody}}\n", 6, ["phrase theme", "'nobody'"]),
        (
            f"rules:\n  x:\n    {RULE}    expect: {{say: g, keyword: b}}\n",
            6,
            ["exactly one operator", "say and keyword"],
        ),
        (f"rules:\n  x:\n    {RULE}    expect: {{rule: y}}\n", 6, ["a rule", "'y'"]),
        (f"rules:\n  x:\n    {RULE}    expect: {{rule: x}}\n", 2, ["circle", "x → x"]),
        (f"rules:\n  x:\n    {RULE}", 3, ["both or neither of expect and forbid"]),
        (f"rules:\n  x:\n    {RULE}    expect: {{regex: '('}}\n", 6, ["regular expression"]),
        (
            f"rules:\n  x:\n    {RULE}    expect: {{gap: {{min_s: lang}}}}\n",
            6,
            ["a number for gap.min_s", "'lang'"],
        ),
        (
            f"rules:\n  x:\n    {RULE}    expect: {{utterance: {{}}, in: {{frist: 1}}}}\n",
            6,
            ["'first'", "'frist'"],
        ),
        (
            f"rules:\n  x:\n    {RULE}    expect: {{utterance: {{}}, role: agnet}}\n",
            6,
            ["'agent'", "'agnet'"],
        ),
        ("rules:\n  x: {}\n  x: {}\n", 3, ["'x' twice (first on line 2)"]),
        ("phrases:\n  a: {variants: [], samples: []}\n", 2, ["neither variants nor samples"]),
        ("festivals:\n  春节: [2026-02-30]\n", 2, ["festival dates"]),
        (
            f"phrases:\n  g: [您好]\nrules:\n  x:\n    {RULE}    expect: {{say: g, in: {{within: 2}}}}\n",
            8,
            ["within without"],
        ),
    ],
)
def test_a_mistake_names_file_line_expected_and_found(tmp_path, text, line, words):
    with pytest.raises(RuleError) as caught:
        load_rulebook(write(tmp_path / "lex", text))
    message = str(caught.value)
    assert message.startswith(f"lex/a.yaml:{line}: expected")
    assert all(word in message for word in words), message


def test_an_id_in_two_files_names_both(tmp_path):
    folder = write(tmp_path / "lex", "phrases:\n  a: [甲]\n")
    write(folder, "phrases:\n  a: [乙]\n", "b.yaml")
    with pytest.raises(RuleError, match=r"b\.yaml:2: .*first at lex/a\.yaml:2"):
        load_rulebook(folder)


def test_a_circle_over_two_rules_is_told_as_its_path(tmp_path):
    text = f"rules:\n  x:\n    {RULE}    expect: {{rule: y}}\n  y:\n    {RULE}    forbid: {{rule: x}}\n"
    with pytest.raises(RuleError, match="x → y → x"):
        load_rulebook(write(tmp_path / "lex", text))


def test_a_bad_variant_names_its_theme_and_line(tmp_path):
    folder = write(tmp_path / "lex", "phrases:\n  good: [您好]\n  bad: ['您好[']\n")
    with pytest.raises(RuleError, match=r"lex/a\.yaml:3: .*bad"):
        assert load_rulebook(folder).index


def test_a_scorecard_with_an_unknown_rule_is_refused(tmp_path):
    folder = write(tmp_path / "lex", f"rules:\n  x:\n    {RULE}    expect: {{keyword: 好}}\n")
    card = "name: c\ntitle: 卡\nversion: 1\nschool: deduct\ngrades: [[好, 0]]\ngroups: [{name: g, items: [{rule: xx, points: 1}]}]\n"
    write(folder, card, "scorecards/c.yaml")
    with pytest.raises(RuleError, match=r"scorecards/c\.yaml:6: expected a rule: .*'xx'"):
        load_rulebook(folder)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("{rule: x, points: -1}", "negative points"),
        ("{rule: x}", "no points, bonus or fatal"),
        ("{rule: x, points: 1, bonus: 2}", "takes nothing"),
        ("{rule: x, points: 1}, {rule: x, points: 2}", "twice: x"),
    ],
)
def test_a_scorecard_item_that_makes_no_sense_is_refused(tmp_path, item, said):
    folder = write(tmp_path / "lex", f"rules:\n  x:\n    {RULE}    expect: {{keyword: 好}}\n")
    card = f"name: c\ntitle: 卡\nversion: 1\nschool: deduct\ngrades: [[好, 0]]\ngroups: [{{name: g, items: [{item}]}}]\n"
    write(folder, card, "scorecards/c.yaml")
    with pytest.raises(RuleError, match=said):
        load_rulebook(folder)


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(RuleError, match="expected lexicon files"):
        load_rulebook(tmp_path)


def test_the_revision_moves_with_any_byte(tmp_path):
    folder = write(tmp_path / "lex", "title: 一\n")
    before = revision_of(folder)
    write(folder, "title: 二\n")
    assert revision_of(folder) != before
    write(folder, "title: 一\n")
    assert revision_of(folder) == before


def test_a_rule_that_refers_to_another_is_judged_after_it(tmp_path):
    text = (
        f"rules:\n  a:\n    {RULE}    expect: {{rule: {{id: b, is: pass}}}}\n"
        f"  b:\n    {RULE}    expect: {{keyword: 好}}\n"
        f"  c:\n    {RULE}    expect: {{keyword: 好}}\n"
    )
    book = load_rulebook(write(tmp_path / "lex", text))
    assert book.order.index("b") < book.order.index("a")
    assert book.needed(["a"]) == ("b", "a")


def test_a_folders_own_words_are_learnt(tmp_path):
    folder = write(tmp_path / "lex", f"rules:\n  x:\n    {RULE}    expect: {{keyword: 好}}\n")
    assert "翎域云盾" not in words("我要办翎域云盾")
    write(folder, "翎域云盾 500 n\n\n云小翎\n", "terms/ours.txt")
    load_rulebook(folder)
    assert "翎域云盾" in words("我要办翎域云盾")
    assert "云小翎" in words("我找云小翎")


def test_a_list_of_words_that_is_none_is_told_with_its_line(tmp_path):
    folder = write(tmp_path / "lex", f"rules:\n  x:\n    {RULE}    expect: {{keyword: 好}}\n")
    write(folder, "好词\n这 不是 一行 词\n", "terms/ours.txt")
    with pytest.raises(RuleError, match=r"lex/terms/ours\.txt:1: expected a list of words, found line 2: "):
        load_rulebook(folder)
