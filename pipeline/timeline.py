"""Interval algebra over lists of Span, written once.

Every function takes any iterable of spans, in any order, and returns a sorted tuple; empty spans
(below 1 ms) are dropped.  The pictures use one character per second.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from pipeline.types import Span

Spans = tuple[Span, ...]


def merge(spans: Iterable[Span], *, join_s: float = 0.0) -> Spans:
    """Union; spans closer than ``join_s`` become one.

    ::

        in       ▇▇▇   ▇▇
                   ▇▇▇     ▇
        merge    ▇▇▇▇▇ ▇▇  ▇
    """
    merged: list[Span] = []
    for span in sorted(s for s in spans if not s.is_empty):
        if merged and span.start_s <= merged[-1].end_s + join_s:
            last = merged[-1]
            merged[-1] = Span(last.start_s, max(last.end_s, span.end_s))
        else:
            merged.append(span)
    return tuple(merged)


def clip(spans: Iterable[Span], window: Span) -> Spans:
    """The parts of ``spans`` inside ``window``, unmerged."""
    cut = (Span(max(s.start_s, window.start_s), min(s.end_s, window.end_s)) for s in spans)
    return tuple(sorted(s for s in cut if not s.is_empty))


def gaps(spans: Iterable[Span], window: Span) -> Spans:
    """What ``window`` holds beside ``spans``.

    ::

        window  |----------|
        spans     ▇▇  ▇▇▇
        gaps    |▁  ▁▁   ▁|
    """
    found: list[Span] = []
    at = window.start_s
    for span in merge(clip(spans, window)):
        found.append(Span(at, span.start_s))
        at = span.end_s
    found.append(Span(at, window.end_s))
    return tuple(s for s in found if not s.is_empty)


def overlap(left: Iterable[Span], right: Iterable[Span]) -> Spans:
    """Where both speak.

    ::

        left     ▇▇▇▇   ▇▇▇
        right      ▇▇▇▇▇▇
        overlap    ▇▇   ▇
    """
    a, b = merge(left), merge(right)
    found: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        found.append(Span(max(a[i].start_s, b[j].start_s), min(a[i].end_s, b[j].end_s)))
        if a[i].end_s < b[j].end_s:
            i += 1
        else:
            j += 1
    return tuple(s for s in found if not s.is_empty)


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> Spans:
    """``spans`` without ``holes``."""
    merged = merge(holes)
    starts, ends = [hole.start_s for hole in merged], [hole.end_s for hole in merged]
    found: list[Span] = []
    for span in merge(spans):
        touching = merged[bisect_right(ends, span.start_s) : bisect_left(starts, span.end_s)]
        if not any(hole.start_s <= span.start_s and hole.end_s >= span.end_s for hole in touching):
            found += gaps(touching, span)
    return tuple(found)


def total_s(spans: Iterable[Span]) -> float:
    """Seconds covered by the union."""
    return sum(s.duration_s for s in merge(spans))


def shift(spans: Iterable[Span], by_s: float) -> Spans:
    return tuple(sorted(Span(s.start_s + by_s, s.end_s + by_s) for s in spans))


def hull(spans: Iterable[Span]) -> Span | None:
    """The shortest span that holds them all; None when there are none."""
    kept = [s for s in spans if not s.is_empty]
    if not kept:
        return None
    return Span(min(s.start_s for s in kept), max(s.end_s for s in kept))


def touches(one: Span, other: Span) -> bool:
    return one.start_s < other.end_s and other.start_s < one.end_s
