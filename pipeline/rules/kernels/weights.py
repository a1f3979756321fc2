"""What patterns can weigh in a text at most, and where their wordings weigh most: see ``rules/bounds.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.rules.kernels.codes import folded, mark, mask, ones
from pipeline.rules.kernels.edits import least_cost, least_edits, placed


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
    looks: int,
) -> Any:
    """The most that a pattern's weight, its likeness, and the weight of each of its parts can come to in the
    text, and that of each string: see bounds.py.

    A pattern (its parts ``flat_starts[i]`` to ``flat_starts[i + 1]``) is a row of parts, a part (its strings
    ``parts[part_starts[i]:part_starts[i + 1]]``) a choice of strings. Each is looked at more closely, up to
    ``looks`` times, until it is seen to weigh less than ``least``: what is not in the text at all, edits,
    what they cost.
    """
    text = folded(points, *alphabet)
    nowhere = ~mask(text, 0, len(text))
    row, edits = np.empty(len(text) + 1, np.int64), np.empty(0, np.int64)
    sizes = (starts[1:] - starts[:-1]) // 2
    costs = np.full(len(sizes), -np.inf)
    counted = np.zeros(len(sizes), np.bool_)
    weight, likeness = given.copy(), np.ones(len(given))
    part_weight = np.full(len(part_starts) - 1, np.inf)
    same, edit, never = nats
    for flat in range(len(given)):
        alone = flat_starts[flat + 1] - flat_starts[flat] == 1 and slots[flat] == 0
        for look in range(looks if asked[flat] else 0):
            total, missing, size = given[flat], 0.0, float(slots[flat])
            for part in range(flat_starts[flat], flat_starts[flat + 1]):
                heaviest, fewest, longest, likest = -np.inf, np.inf, 0.0, 0.0
                for place in range(part_starts[part], part_starts[part + 1]):
                    string = parts[place]
                    first, last, syllables = starts[string], starts[string + 1], sizes[string]
                    if look == 0:
                        differs = ones(has[string] & nowhere)
                    else:
                        if not len(edits):
                            edits = least_edits(text, stride, alphabet[2], codes, starts, shared)
                        differs = edits[string]
                    if look < 2 or costs[string] < 0:  # a syllable too many gives what a syllable gives
                        costs[string] = edit * differs - (same if differs >= 2 else 0.0)
                    if look == 2 and not counted[string] and same * syllables - costs[string] > heaviest:
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
                    lacks = min(syllables, differs / 2)
                    fewest = min(fewest, lacks)
                    longest = max(longest, syllables)
                    likest = max(likest, 1 - lacks / max(1, syllables))
                part_weight[part] = heaviest
                total += heaviest
                missing += fewest
                size += longest
            weight[flat] = total
            likeness[flat] = likest if alone else 1 - missing / size
            if total < least:
                break
    return weight, likeness, part_weight, same * sizes - costs


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
            3,
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
