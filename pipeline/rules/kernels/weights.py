"""What patterns can weigh in a text at most, and where their wordings weigh most: see ``rules/bounds.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.rules.kernels.codes import folded, mark, mask, ones
from pipeline.rules.kernels.edits import least_cost, least_edits, placed

LOOKS = 3


@njit(cache=True)  # type: ignore[untyped-decorator]
def _edits_of(
    live: Any,
    text: Any,
    alphabet: Any,
    stride: int,
    codes: Any,
    starts: Any,
    shared: Any,
    parts: Any,
    part_starts: Any,
    flat_starts: Any,
) -> Any:
    """``least_edits`` of the strings of the patterns that are live."""
    asked = np.zeros(len(starts) - 1, np.bool_)
    for flat in range(len(live)):
        if live[flat]:
            for part in range(flat_starts[flat], flat_starts[flat + 1]):
                for place in range(part_starts[part], part_starts[part + 1]):
                    asked[parts[place]] = True
    return least_edits(text, stride, alphabet[2], codes, starts, shared, asked)


@njit(cache=True)  # type: ignore[untyped-decorator]
def weigh(
    points: Any,
    alphabet: Any,
    stride: int,
    codes: Any,
    starts: Any,
    has: Any,
    shared: Any,
    parts: Any,
    part_starts: Any,
    flat_starts: Any,
    given: Any,
    slots: Any,
    nats: Any,
    asked: Any,
    least: float,
) -> Any:
    """The most that a pattern can weigh in the text, each of its parts, and each string: see bounds.py.

    A pattern (its parts ``flat_starts[i]`` to ``flat_starts[i + 1]``) is a row of parts, a part (its strings
    ``parts[part_starts[i]:part_starts[i + 1]]``) a choice of strings. Each is looked at more closely, up to
    ``LOOKS`` times, until it is seen to weigh less than ``least``: what is not in the text at all, edits,
    what they cost.
    """
    text = folded(points, *alphabet)
    nowhere = ~mask(text, 0, len(text))
    row, edits = np.empty(len(text) + 1, np.int64), np.empty(0, np.int64)
    sizes = (starts[1:] - starts[:-1]) // 2
    costs = np.full(len(sizes), -np.inf)
    counted = np.zeros(len(sizes), np.bool_)
    weight = given.copy()
    part_weight = np.full(len(part_starts) - 1, np.inf)
    same, edit, never = nats
    live = asked.copy()
    for look in range(LOOKS):
        if look == 1:
            edits = _edits_of(
                live, text, alphabet, stride, codes, starts, shared, parts, part_starts, flat_starts
            )
        for flat in range(len(given)):
            if not live[flat]:
                continue
            alone = flat_starts[flat + 1] - flat_starts[flat] == 1 and slots[flat] == 0
            total = given[flat]
            for part in range(flat_starts[flat], flat_starts[flat + 1]):
                heaviest = -np.inf
                for place in range(part_starts[part], part_starts[part + 1]):
                    string = parts[place]
                    first, last, syllables = starts[string], starts[string + 1], sizes[string]
                    differs = ones(has[string] & nowhere) if look == 0 else edits[string]
                    if look < 2:  # a syllable too many gives what a syllable gives
                        costs[string] = edit * differs - (same if differs >= 2 else 0.0)
                    elif not counted[string] and same * syllables - costs[string] > heaviest:
                        counted[string] = True
                        limit = same * syllables - heaviest
                        if alone:
                            limit = min(limit, same * syllables + given[flat] - least)
                        exact = least_cost(text, codes, first, last, edit, edit - same / 2, limit, row)
                        costs[string] = max(costs[string], exact)
                    own = same * syllables - costs[string]
                    if differs >= syllables:
                        own -= never
                    heaviest = max(heaviest, own)
                part_weight[part] = heaviest
                total += heaviest
            weight[flat] = total
            live[flat] = total >= least
        if not live.any():
            break
    return weight, part_weight, same * sizes - costs


@njit(cache=True)  # type: ignore[untyped-decorator]
def heaviest(
    points: Any,
    ends: Any,
    alphabet: Any,
    stride: int,
    codes: Any,
    starts: Any,
    has: Any,
    shared: Any,
    parts: Any,
    part_starts: Any,
    flat_starts: Any,
    given: Any,
    slots: Any,
    nats: Any,
    asked: Any,
    least: Any,
) -> Any:
    """The greatest weight that ``weigh`` tells of each of many texts, end to end in ``points``; ``least``:
    one a text."""
    found = np.empty(len(ends) - 1)
    for text in range(len(found)):
        found[text] = weigh(
            points[ends[text] : ends[text + 1]],
            alphabet,
            stride,
            codes,
            starts,
            has,
            shared,
            parts,
            part_starts,
            flat_starts,
            given,
            slots,
            nats,
            asked,
            least[text],
        )[0].max()
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def place(
    points: Any,
    alphabet: Any,
    codes: Any,
    starts: Any,
    wordings: Any,
    mosts: Any,
    least: float,
    spans: Any,
    nats: Any,
) -> Any:
    """The wording that weighs most in its window: number (-1: none weighs ``least``), start, end, weight,
    edits. ``spans``: how far before and after a place it may reach, in syllables, and whether as far as it is
    long besides, on either side."""
    text = folded(points, *alphabet)
    where = np.zeros(alphabet[2], np.uint64)
    number, start, end, weight, edits = -1, 0, 0, -np.inf, 0
    low, high, before, after = spans
    for string in wordings:
        if mosts[string] < least or mosts[string] <= weight:
            continue
        own = codes[starts[string] : starts[string + 1]]
        size = len(own) // 2
        first = max(0, low - before * size)
        last = min(len(text) // 2, high + after * size)
        mark(where, own)
        found = placed(where, size, text, first, last, nats)
        if found[2] > weight:
            number = string
            start, end, weight, edits = found
    return number, start, end, weight, edits
