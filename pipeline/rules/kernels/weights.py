"""The most that patterns can weigh in a text, told without laying any of them.

A wording laid on any part of a text differs from it by no fewer edits than from the part nearest to it,
wherever that is; so the parts of a pattern, each at its nearest, weigh at least what the pattern laid
properly weighs (nearmiss.py). Almost no theme comes near almost any text, and this says so in a few
microseconds. ``patterns``: see ``rules/laying.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64, njit

from pipeline.rules.kernels.codes import folded
from pipeline.rules.kernels.edits import least_cost, least_edits


@njit(cache=True)  # type: ignore[untyped-decorator]
def weigh(text: Any, patterns: Any, least: float) -> Any:
    """The most that each pattern can weigh in the text, each of its parts, and each string: by how many edits a
    string differs, and of patterns that come to ``least`` so, by what these edits cost."""
    same, edit = patterns.nats.same, patterns.nats.edit
    edits = least_edits(text, patterns.starts, patterns.lanes)
    most = np.empty(len(edits))
    for string in range(len(edits)):  # a syllable too many gives what a syllable gives
        size = (patterns.starts[string + 1] - patterns.starts[string]) // 2
        most[string] = same * size - edit * edits[string] + (same if edits[string] >= 2 else 0.0)
    weight, part_weight = patterns.given.copy(), np.empty(len(patterns.part_starts) - 1)
    counted, row = np.zeros(len(edits), np.bool_), np.empty(len(text) + 1, np.int64)
    for flat in range(len(weight)):
        parts = range(patterns.flat_starts[flat], patterns.flat_starts[flat + 1])
        for part in parts:
            part_weight[part] = _heaviest(part, patterns, edits, most)[0]
            weight[flat] += part_weight[part]
        for part in parts:
            if weight[flat] < least:
                break
            needed = least - (weight[flat] - part_weight[part])
            weight[flat] -= part_weight[part]
            part_weight[part] = _exactly(part, text, patterns, edits, most, needed, counted, row)
            weight[flat] += part_weight[part]
    return weight, part_weight, most


@njit(cache=True)  # type: ignore[untyped-decorator]
def _weight(string: int, patterns: Any, edits: Any, most: Any) -> float:
    """Of a string as a part of a pattern: one of which half or less is there is none."""
    void = 2 * int64(edits[string]) >= patterns.starts[string + 1] - patterns.starts[string]
    return most[string] - patterns.nats.never if void else most[string]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _heaviest(part: int, patterns: Any, edits: Any, most: Any) -> Any:
    """The weight of a part's heaviest wording, and which it is."""
    heaviest, which = -np.inf, -1
    for place in range(patterns.part_starts[part], patterns.part_starts[part + 1]):
        own = _weight(patterns.parts[place], patterns, edits, most)
        if own > heaviest:
            heaviest, which = own, patterns.parts[place]
    return heaviest, which


@njit(cache=True)  # type: ignore[untyped-decorator]
def _exactly(
    part: int, text: Any, patterns: Any, edits: Any, most: Any, needed: float, counted: Any, row: Any
) -> float:
    """The weight of a part's heaviest wording by what its edits cost; told closely only from ``needed`` on."""
    same, edit = patterns.nats.same, patterns.nats.edit
    heaviest, string = -np.inf, _heaviest(part, patterns, edits, most)[1]
    begin = patterns.part_starts[part]
    for place in range(begin - 1, patterns.part_starts[part + 1]):  # the likeliest first: it rules out many
        if place >= begin:
            string = patterns.parts[place]
        own = _weight(string, patterns, edits, most)
        if not counted[string] and own >= needed and own > heaviest:
            counted[string] = True
            first, last = patterns.starts[string], patterns.starts[string + 1]
            whole = same * (last - first) / 2
            limit = whole - max(needed, heaviest)
            cost = least_cost(text, patterns.codes, first, last, edit, edit - same / 2, limit, row)
            most[string] = min(most[string], whole - cost)
            own = _weight(string, patterns, edits, most)
        heaviest = max(heaviest, own)
    return heaviest


@njit(cache=True)  # type: ignore[untyped-decorator]
def strings_of_weight(least: float, patterns: Any, weight: Any, part_weight: Any, most: Any) -> Any:
    """Which strings can be part of a pattern that weighs ``least``, by what ``weigh`` told."""
    found = np.zeros(len(most), np.bool_)
    for flat in range(len(weight)):
        if weight[flat] >= least:
            for part in range(patterns.flat_starts[flat], patterns.flat_starts[flat + 1]):
                needed = least - (weight[flat] - part_weight[part])
                for place in range(patterns.part_starts[part], patterns.part_starts[part + 1]):
                    if most[patterns.parts[place]] >= needed:
                        found[patterns.parts[place]] = True
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def heaviest(points: Any, ends: Any, patterns: Any, least: Any) -> Any:
    """The greatest weight that ``weigh`` tells of each of many texts, end to end in ``points``; ``least``:
    one a text."""
    found = np.empty(len(ends) - 1)
    codes = folded(points, *patterns.alphabet)
    for text in range(len(found)):
        found[text] = weigh(codes[ends[text] : ends[text + 1]], patterns, least[text])[0].max()
    return found
