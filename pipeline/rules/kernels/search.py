"""The patterns that lie in texts: see ``rules/match.py``; what they are made of, ``rules/tables.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.rules.kernels.borrowing import borrowing
from pipeline.rules.kernels.fitting import aligned, find
from pipeline.rules.kernels.lying import grown, lying
from pipeline.rules.kernels.patterns import char_edits, scored

ROUNDED = 1e6  # of a score that ranks a hit
# Columns of jobs: a theme, an anchor it wants and the stretch that may lie in, where it does exactly (-1: nowhere), the
# first and last of the theme's patterns.
THEME, ANCHOR, LOW, HIGH, EXACT, FIRST, LAST = range(7)
# Columns of hits: number of the text, the pattern, where it begins and stops, its score rounded.
TEXT, PATTERN, BEGIN, STOP, SCORE = range(5)


@borrowing
def before(one: Any, other: Any) -> bool:
    """Ranks a hit before another: the better, of equals the longer, then the earlier."""
    if one[SCORE] != other[SCORE]:
        return bool(one[SCORE] > other[SCORE])
    if one[STOP] - one[BEGIN] != other[STOP] - other[BEGIN]:
        return bool(one[STOP] - one[BEGIN] > other[STOP] - other[BEGIN])
    return bool(one[BEGIN] < other[BEGIN])


@borrowing
def swap(found: Any, scores: Any, one: int, other: int) -> None:
    scores[one, 0], scores[other, 0] = scores[other, 0], scores[one, 0]
    for column in range(found.shape[1]):
        found[one, column], found[other, column] = found[other, column], found[one, column]


@borrowing
def without_overlap(found: Any, scores: Any, kept: int, count: int) -> int:
    """Put the best of the hits from ``kept`` on that share characters to the front: where they end. Of equals the first
    counts."""
    while kept < count:
        best = kept
        for one in range(kept + 1, count):
            if before(found[one], found[best]):
                best = one
        for one in range(best, kept, -1):  # those before it make room, in their order
            swap(found, scores, one, one - 1)
        begin, stop, left = found[kept, BEGIN], found[kept, STOP], kept + 1
        for one in range(kept + 1, count):
            if found[one, STOP] <= begin or stop <= found[one, BEGIN]:
                if one != left:
                    swap(found, scores, one, left)
                left += 1
        kept, count = kept + 1, left
    return kept


@njit(cache=True)  # type: ignore[untyped-decorator]
def jobs_of(rows: Any, anchors: Any, groups: Any, wanted: Any, wordings: Any, text: Any, terms: Any) -> Any:
    """Where anchors may lie, once for every wanted theme, theme by theme: first where they lie exactly, then those
    that promise most; and the scores that are promised at best. ``rows``: see ``lying``."""
    starts, sounds, (nats, _, weight, _) = wordings[0], wordings[1], terms
    jobs, promises, count = np.empty((32, 7), np.int64), np.empty((32, 2)), 0
    for row in range(len(rows)):
        anchor, low, high, edits = rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3]
        wording, most, longest = anchors[anchor, 0], anchors[anchor, 1], anchors[anchor, 2]
        at = find(text[0], sounds[starts[wording] : starts[wording + 1]], low, high) if edits == 0 else -1
        if at < 0 and most == 0:
            continue
        promise = 2.0 if at >= 0 else 1 - weight * nats[0] * max(1, edits) / longest
        first, last = anchors[anchor, 3], anchors[anchor, 4]
        jobs, promises = grown(jobs, count + last - first), grown(promises, count + last - first)
        for group in range(first, last):
            if wanted[groups[group, 0]]:
                job = jobs[count]
                job[THEME], job[ANCHOR], job[LOW], job[HIGH], job[EXACT] = (
                    groups[group, 0],
                    anchor,
                    low,
                    high,
                    at,
                )
                job[FIRST], job[LAST] = groups[group, 1], groups[group, 2]
                promises[count, 0], promises[count, 1] = promise, 4 * groups[group, 0] - promise
                count += 1
    order = np.argsort(promises[:count, 1], kind="mergesort")
    return jobs[order], promises[order, 0]


@borrowing
def must_lose(job: Any, promise: float, least: int, best: Any, score: float) -> bool:
    """An anchor of ``least`` characters at least that cannot but overlap the best hit and be worse: nothing to come
    promises more than it does."""
    overlaps = best[BEGIN] - job[LOW] < least and job[HIGH] - best[STOP] < least
    return bool(overlaps and promise < score - 2 / ROUNDED)


@borrowing
def anchor_fit(job: Any, anchors: Any, wordings: Any, text: Any, nats: Any, room: Any) -> Any:
    """Where the anchor lies, if it does: start, end, characters (0 if not), cost, edits of characters."""
    (starts, sounds, _, traits), (heard, _, heard_traits) = wordings, text
    wording, most, low, high = anchors[job[ANCHOR], 0], anchors[job[ANCHOR], 1], job[LOW], job[HIGH]
    first, last = starts[wording], starts[wording + 1]
    start, end, cost = job[EXACT], job[EXACT] + last - first, 0.0
    if start < 0:
        start, end, cost = aligned(
            sounds[first:last], traits[first:last], most, heard[low:high], heard_traits[low:high], nats, room
        )
        if cost == np.inf:
            return start, end, 0, cost, 0
        start, end = start + low, end + low
    return start, end, last - first, cost, char_edits(wordings, wording, text, start, end, room[0])


@borrowing
def job_hits(
    number: int,
    job: Any,
    promise: float,
    tables: Any,
    text: Any,
    room: Any,
    found: Any,
    scores: Any,
    best: int,
    count: int,
) -> Any:
    """Add where the patterns of a job lie to what is found in the text ``number``: the ``best`` hit of its theme (-1:
    none), and how many there are in all."""
    wordings, patterns, anchors, _, anchor_patterns, _, slots, _, terms = tables
    starts = wordings[0]
    wording, most = anchors[job[ANCHOR], 0], anchors[job[ANCHOR], 1]
    least = starts[wording + 1] - starts[wording] - most
    if job[EXACT] < 0 <= best and must_lose(job, promise, least, found[best], scores[best, 0]):
        return best, count
    fit = anchor_fit(job, anchors, wordings, text, terms[0], room)
    if fit[2] == 0:
        return best, count
    for owned in range(job[FIRST], job[LAST]):
        pattern = anchor_patterns[owned]
        start, end, score = scored(pattern, patterns, wordings, slots, text, fit, terms, room)
        if score > 0:
            one, rounded = found[count], round(score * ROUNDED)
            one[TEXT], one[PATTERN], one[BEGIN], one[STOP], one[SCORE] = number, pattern, start, end, rounded
            scores[count, 0] = score
            if best < 0 or before(one, found[best]):
                best = count
            count += 1
    return best, count


@njit(cache=True)  # type: ignore[untyped-decorator]
def search(tables: Any, sounds: Any, chars: Any, traits: Any, ends: Any, themes: Any, wanted: Any) -> Any:
    """The hits of the wanted ``themes`` (which want the ``wanted`` anchors) in texts, end to end, and their scores.
    ``tables``: see ``rules/tables.py``; ``sounds``, ``chars``, ``traits``: of the texts, see ``rules/script.py``."""
    wordings, _, anchors, groups, _, pieces, slots, (longest, widest, kinds), terms = tables
    found, scores, count = np.empty((64, 5), np.int64), np.empty((64, 1)), 0
    room = (
        np.empty((longest + 1, widest + 1), np.int64),
        np.empty((longest + widest, 3), np.int64),
        np.zeros(kinds, np.int64),
        np.empty(widest, np.int64),
        np.empty((2 * widest + 2, 2), np.int64),
        np.empty((len(slots[0]) + 2 * len(sounds), 2), np.int64),
    )
    where, tried = np.zeros(kinds, np.uint64), np.full(len(wanted), np.int64(-1) << 62)
    for number in range(len(ends) - 1):
        low, high = ends[number], ends[number + 1]
        text = (sounds[low:high], chars[low:high], traits[low:high])
        rows = lying(text[0], number, pieces, wordings[1], wanted, tried, where, room[2])
        jobs, promises = jobs_of(rows, anchors, groups, themes, wordings, text, terms)
        base, best = count, -1
        for turn in range(len(jobs)):
            if turn and jobs[turn, THEME] != jobs[turn - 1, THEME]:
                base = count = without_overlap(found, scores, base, count)
                best = -1
            more = count + jobs[turn, LAST] - jobs[turn, FIRST]
            found, scores = grown(found, more), grown(scores, more)
            best, count = job_hits(
                number, jobs[turn], promises[turn], tables, text, room, found, scores, best, count
            )
        count = without_overlap(found, scores, base, count)
    return found[:count], scores[:count, 0]
