"""YAML that could bite is refused with file and line; values follow YAML 1.2."""

import pytest

from pipeline.rules.errors import RuleError
from pipeline.rules.yamltree import parse_yaml, read_yaml

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi")
)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (BOMB, 1, "without & and *"),
        ("a: *x\n", 1, "without & and *"),
        ("ok: 1\nrun: !!python/object/apply:os.system ['true']\n", 2, "without tags"),
        ("a: !custom 1\n", 1, "without tags"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' twice"),
        ("a: [1, 2\nb: 3\n", 2, "valid YAML"),
        ("a: ['您[好]', 您[好]]\n", 1, "needs quotes"),
        ("a:\n  - 您[好]\n  - [您]好\n", 3, "needs quotes: - '[您好]请讲'"),
        ("a: 1\n---\nb: 2\n", 2, "one document"),
        ("{[1]: 2}\n", 1, "a plain key"),
        ("[" * 60 + "]" * 60, 1, "at most 40 levels"),
        ("a: \x00\n", 1, "printable text"),
        ("a:\n\t- 1\n", 2, "valid YAML"),
    ],
)
def test_refused_with_its_line(text, line, said):
    with pytest.raises(RuleError) as caught:
        parse_yaml(text, file="f.yaml")
    assert str(caught.value).startswith(f"f.yaml:{line}: expected")
    assert said in str(caught.value)


def test_ten_thousand_levels_are_refused_and_not_a_crash():
    with pytest.raises(RuleError):
        parse_yaml("[" * 10_000, file="f.yaml")


def test_a_huge_file_is_refused_before_it_is_read():
    with pytest.raises(RuleError, match="at most 2000000 characters"):
        parse_yaml("a" * 2_000_001, file="f.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"), ("no", "no"), ("on", "on"), ("2026-02-17", "2026-02-17"), ("010", 10), ("'5'", "5"),
        ("true", True), ("~", None), ("3.5", 3.5), ("1e3", 1000.0), ("-2", -2), ("一", "一"), ("1_000", "1_000"),
    ],
)  # fmt: skip
def test_scalars_mean_what_they_look_like(text, value):
    leaf = parse_yaml(f"a: {text}\n", file="f").items["a"]
    assert (leaf.value, type(leaf.value)) == (value, type(value))


def test_a_file_with_a_bom_reads_and_one_in_gbk_is_told(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("标题: 好\n".encode("utf-8-sig"))
    assert list(read_yaml(path).items) == ["标题"]
    path.write_bytes("标题: 好\n".encode("gbk"))
    with pytest.raises(RuleError, match="expected text in UTF-8"):
        read_yaml(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(RuleError, match="expected a readable file"):
        read_yaml(tmp_path / "none.yaml")
