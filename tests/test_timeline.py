"""Six spans, drawn once:  0123456789
a   ▇▇  ▇▇▇ ▇
b    ▇▇▇▇"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.timeline import clip, gaps, hull, merge, overlap, shift, subtract, total_s, touches
from pipeline.types import Span

A = (Span(0, 2), Span(4, 7), Span(8, 9))
B = (Span(1, 3), Span(3, 5))

spans = st.lists(
    st.tuples(st.integers(0, 1000), st.integers(0, 100)).map(lambda t: Span(t[0] / 10, (t[0] + t[1]) / 10))
)


def test_merge():
    assert merge([*B, *A]) == (Span(0, 7), Span(8, 9))
    assert merge(A, join_s=1.0) == (Span(0, 2), Span(4, 9))
    assert merge([Span(1, 1), Span(2, 2.0005)]) == ()


def test_clip():
    assert clip(A, Span(1, 5)) == (Span(1, 2), Span(4, 5))


def test_gaps():
    assert gaps(A, Span(0, 10)) == (Span(2, 4), Span(7, 8), Span(9, 10))
    assert gaps((), Span(0, 3)) == (Span(0, 3),)
    assert gaps([Span(0, 10)], Span(2, 3)) == ()


def test_overlap():
    assert overlap(A, B) == (Span(1, 2), Span(4, 5))
    assert overlap(A, ()) == ()


def test_subtract():
    assert subtract(A, B) == (Span(0, 1), Span(5, 7), Span(8, 9))


def test_hull_shift_touches_total():
    assert hull(A) == Span(0, 9)
    assert hull([Span(3, 3)]) is None
    assert shift(A, 1) == (Span(1, 3), Span(5, 8), Span(9, 10))
    assert touches(Span(0, 2), Span(1, 3)) and not touches(Span(0, 1), Span(1, 2))
    assert total_s([*A, *B]) == 8


@given(spans)
def test_talk_and_gaps_add_up_to_the_window(found):
    window = Span(0, 120)
    assert total_s(clip(found, window)) + total_s(gaps(found, window)) == pytest.approx(
        120, abs=0.01 * (len(found) + 1)
    )


@given(spans, spans)
def test_overlap_is_the_same_either_way(left, right):
    assert overlap(left, right) == overlap(right, left)


@given(spans, spans)
def test_what_is_subtracted_and_what_is_shared_make_the_whole(left, right):
    whole = total_s(subtract(left, right)) + total_s(overlap(left, right))
    assert whole == pytest.approx(total_s(left), abs=0.005 * (len(left) + len(right) + 1))
