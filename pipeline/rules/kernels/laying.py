"""Patterns laid on a text, each part where it weighs most: see ``rules/nearmiss.py``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from pipeline.rules.kernels.codes import folded, mark
from pipeline.rules.kernels.edits import placed
from pipeline.rules.kernels.promise import likeliest
from pipeline.rules.kernels.weights import strings_of_weight, weigh

STRETCH, SLOT, GAP = 0, 1, 2  # what a part of a pattern is
SLACK = 1  # syllable by which parts may stand farther apart, or overlap, than the pattern allows
# Columns of a part that was laid: where, twice the syllables that fit, its size, its wording (-1: a slot)
START, END, FITS, SIZE, WORDING, COLUMNS = 0, 1, 2, 3, 4, 5


@njit(cache=True)  # type: ignore[untyped-decorator]
def lay(text: Any, patterns: Any, least: float, count: int, cutoff: float) -> Any:
    """The pattern that weighs most in the text, around one of the ``count`` likeliest wordings, of equals the
    likest: weight, number (-1: none weighs ``least``), start, end, and a row a part."""
    codes = folded(text.points, *patterns.alphabet)
    weight, part_weight, most = weigh(codes, patterns, least + text.chance)
    asked = strings_of_weight(least + text.chance, patterns, weight, part_weight, most)
    owners = _owners(likeliest(codes, patterns, asked, count, cutoff), patterns)
    bounds = np.array([weight[owner[1]] - text.chance for owner in owners])
    best, best_weight, best_start, best_end = -1, -np.inf, 0, 0
    best_parts = np.empty((0, COLUMNS), np.int64)
    for _ in range(len(owners)):
        turn = int(bounds.argmax())
        room = bounds[turn] - least
        if room < 0:
            break
        bounds[turn] = -np.inf
        heavy, start, end, parts = _laid(owners[turn], codes, text, patterns, part_weight, most, room)
        if heavy > -np.inf and heavy >= least and (heavy, -turn) > (best_weight, -best):
            best, best_weight, best_start, best_end, best_parts = turn, heavy, start, end, parts
            least = heavy
    return best_weight, owners[best, 1] if best >= 0 else -1, best_start, best_end, best_parts


@njit(cache=True)  # type: ignore[untyped-decorator]
def _owners(numbers: Any, patterns: Any) -> Any:
    """Where strings stand in patterns: the string, the pattern, the part."""
    starts, count = patterns.owner_starts, 0
    for number in numbers:
        count += starts[number + 1] - starts[number]
    found, count = np.empty((count, 3), np.int64), 0
    for number in numbers:
        for owner in range(starts[number], starts[number + 1]):
            found[count, 0], found[count, 1:] = number, patterns.owners[owner]
            count += 1
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def _laid(owner: Any, codes: Any, text: Any, patterns: Any, part_weight: Any, most: Any, room: float) -> Any:
    """A pattern around one of its parts: the neighbours to its right, then those to its left. Weight (infinitely
    low when it is more than ``room`` nats less than its bound), start, end, parts."""
    string, flat, middle = owner[0], owner[1], owner[2]
    low, high = patterns.row_starts[flat], patterns.row_starts[flat + 1]
    parts, count = np.empty((high - low, COLUMNS), np.int64), 1
    alone, everywhere = np.array([string]), (0, len(codes) // 2, 0, 0)
    total = _stretch(parts[0], alone, codes, patterns, most, -np.inf, everywhere)
    start, end, voids = parts[0, START], parts[0, END], _void(parts[0])
    room -= part_weight[patterns.rows[low + middle, 1]] - total + patterns.nats.never * voids
    for step in (1, -1):
        slack, at = 0, low + middle + step
        while low <= at < high:
            if room < 0:
                return -np.inf, 0, 0, parts
            kind, value = patterns.rows[at, 0], patterns.rows[at, 1]
            at += step
            if kind == GAP:
                slack = value
                continue
            part = parts[count]
            if kind == SLOT:
                weight = _slot(part, value, end if step > 0 else start, slack, step, text, patterns)
                room -= patterns.slots[value, 0] * patterns.slots[value, 1] - weight
            else:
                reach = slack + SLACK
                span = (end - 1, end + reach, 0, 1) if step > 0 else (start - reach, start + 1, 1, 0)
                wordings = patterns.parts[patterns.part_starts[value] : patterns.part_starts[value + 1]]
                needed = part_weight[value] - room
                weight = _stretch(part, wordings, codes, patterns, most, needed, span)
                if part[WORDING] < 0:
                    return -np.inf, 0, 0, parts
                room -= part_weight[value] - weight + patterns.nats.never * _void(part)
                weight -= patterns.nats.part
            total += weight - math.log(1 + slack)
            voids += _void(part)
            slack, count = 0, count + 1
            if part[FITS] > 0:
                start, end = min(start, part[START]), max(end, part[END])
    return (
        total - patterns.nats.never * voids - math.log(_places(text, start, end)),
        start,
        end,
        parts[:count],
    )


@njit(cache=True)  # type: ignore[untyped-decorator]
def _void(part: Any) -> int:
    """1 where half of a part or less is there."""
    return int(part[FITS] < part[SIZE] + (part[WORDING] >= 0))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _stretch(
    part: Any, wordings: Any, codes: Any, patterns: Any, most: Any, least: float, span: Any
) -> float:
    """The wording that weighs most in its window (none where all weigh less than ``least``) into ``part``, and its
    weight. ``span``: from where to where it may reach, in syllables, and whether as far as it is long besides, on
    either side."""
    low, high, before, after = span
    where, heaviest = np.zeros(len(patterns.lanes), np.uint64), -np.inf
    part[WORDING] = -1
    for string in wordings:
        if most[string] < least or most[string] <= heaviest:
            continue
        own = patterns.codes[patterns.starts[string] : patterns.starts[string + 1]]
        size = len(own) // 2
        mark(where, own)
        first, last = max(0, low - before * size), min(len(codes) // 2, high + after * size)
        start, end, weight, edits = placed(where, size, codes, first, last, patterns.nats)
        if weight > heaviest:
            heaviest = weight
            part[START], part[END], part[FITS] = start, end, max(0, 2 * size - edits)
            part[SIZE], part[WORDING] = size, string
    return float(heaviest)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _slot(part: Any, slot: int, at: int, slack: int, step: int, text: Any, patterns: Any) -> float:
    """The syllables before or after ``at`` that can be of the slot's kind into ``part``, and their weight."""
    one_of_kind, another = patterns.slots[slot, 1], patterns.slots[slot, 2]
    size, right = int(patterns.slots[slot, 0]), 0
    part[START], part[END] = at, at
    for away in range(size + slack + 1):
        here = at + away if step > 0 else at - 1 - away
        if right < size and 0 <= here < text.kinds.shape[1] and text.kinds[slot, here]:
            first = right == 0
            part[START] = here if first else min(part[START], here)
            part[END] = here + 1 if first else max(part[END], here + 1)
            right += 1
    part[FITS], part[SIZE], part[WORDING] = 2 * right, size, -1
    return float(one_of_kind * right + another * (size - right))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _places(text: Any, start: int, end: int) -> int:
    """In how many places the stretch could have been found by chance."""
    begins = ends = False
    for border in text.borders:
        begins, ends = begins or border == start, ends or border == end
    return len(text.borders) if begins and ends else text.size
