"""Kleene's tables, written out."""

import pytest

from pipeline.rules.answer import Answer, at_least, both, either, hinted, negate

A = {name: Answer(name) for name in ("hit", "miss", "unknown", "moot")}
ORDER = ("hit", "miss", "unknown", "moot")
AND = {
    "hit": "hit miss unknown hit", "miss": "miss miss miss miss",
    "unknown": "unknown miss unknown unknown", "moot": "hit miss unknown moot",
}  # fmt: skip
OR = {
    "hit": "hit hit hit hit", "miss": "hit miss unknown miss",
    "unknown": "hit unknown unknown unknown", "moot": "hit miss unknown moot",
}  # fmt: skip


@pytest.mark.parametrize("left", ORDER)
def test_and_or_tables(left):
    assert [both([A[left], A[right]]).value for right in ORDER] == AND[left].split()
    assert [either([A[left], A[right]]).value for right in ORDER] == OR[left].split()


def test_not():
    assert [negate(A[name]).value for name in ORDER] == ["miss", "hit", "unknown", "moot"]


def test_a_hint_turns_a_hit_alone_into_cannot_tell():
    assert [hinted(A[name]).value for name in ORDER] == ["unknown", "miss", "unknown", "moot"]
    assert hinted(A["hit"]).why


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ("hit hit miss", "hit"), ("hit miss miss", "miss"), ("hit unknown miss", "unknown"),
        ("hit hit unknown", "hit"), ("moot hit hit", "hit"), ("moot moot", "moot"), ("unknown miss miss", "miss"),
    ],
)  # fmt: skip
def test_at_least_two(parts, value):
    assert at_least(2, [A[part] for part in parts.split()]).value == value


def test_the_doubt_of_a_conjunction_is_its_largest():
    parts = [Answer("unknown", doubt=0.1, why="a"), Answer("unknown", doubt=0.6, why="b")]
    assert (both(parts).doubt, both(parts).why) == (0.6, "a")
