"""Phrase patterns as arrays, for the kernels that weigh them and lay them on texts.

Weights are in nats, see nearmiss.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from pipeline.rules.kernels import ends, points
from pipeline.rules.variants import Choice, Flat, Gap, Literal, Slot
from pipeline.sounds import FIRST_HALF, halves

# Slot: syllables it takes, nats for one of its kind and for one of another; a stranger's syllable is a
# digit one time in eight, can be a surname or belong to a time one time in three.
SLOT_NATS = {
    "工号": (4, 2.0, -2.2), "数字": (2, 1.5, -2.2), "金额": (3, 1.2, -2.0), "时间": (3, 0.9, -1.9),
    "姓氏": (1, 1.0, -2.5), "部门": (0, 0.0, 0.0), "称呼": (2, 0.9, -2.0),
}  # fmt: skip
LONGEST = 48  # half syllables of a wording; at most 64 are compared at once
# Half syllables as small numbers (see kernels.folded): 64 that are known, 64 that all other characters share.
ALPHABET = (FIRST_HALF, 64, 128)
SPARE = 1e-9  # nats: sums in another order differ by less


class Nats(NamedTuple):
    """What a syllable of the same class gives, half a syllable that differs takes, a part that is not there takes,
    and a further part takes: a pattern of several is like more sentences."""

    same: float = 4.0
    edit: float = 4.5
    never: float = 99.0
    part: float = 1.5


class Patterns(NamedTuple):
    """A theme's patterns. A wording is a string of half syllables, ``codes[starts[i]:starts[i + 1]]`` (also a column of
    ``lanes``, see there); a stretch is a choice of them, ``parts[part_starts[i]:part_starts[i + 1]]``.

    Pattern i has the stretches ``flat_starts[i]`` to ``flat_starts[i + 1]`` and, all else told as well, the parts
    ``rows[row_starts[i]:row_starts[i + 1]]``: what it is (see kernels.laying), and number of the stretch, number of the
    slot, or syllables of the gap. ``given``: nats of all in it but its wordings, at most. Wording i stands in
    ``owners[owner_starts[i]:owner_starts[i + 1]]``: pattern, place in its row. ``slots``: a row each, see SLOT_NATS.
    """

    codes: Any
    starts: Any
    lanes: Any
    parts: Any
    part_starts: Any
    flat_starts: Any
    given: Any
    rows: Any
    row_starts: Any
    owners: Any
    owner_starts: Any
    slots: Any = np.array(list(SLOT_NATS.values()))
    nats: Nats = Nats()
    alphabet: tuple[int, int, int] = ALPHABET


def own_halves(literal: Literal) -> str:
    """A wording in half syllables; of a very long one its beginning."""
    return halves(literal.sounds)[:LONGEST]


def compiled(flats: Sequence[Flat]) -> tuple[list[str], Patterns]:
    """Patterns, and the wordings they number."""
    from pipeline.rules.kernels.codes import folded, lanes

    owners: dict[str, list[tuple[int, int]]] = {}
    for number, flat in enumerate(flats):
        for place, part in enumerate(flat):
            for literal in part.literals if isinstance(part, Choice) else ():
                owners.setdefault(own_halves(literal), []).append((number, place))
    strings = sorted(owners)
    numbers = {own: number for number, own in enumerate(strings)}
    choices = [[part for part in flat if isinstance(part, Choice)] for flat in flats]
    parts = [[numbers[own_halves(one)] for one in choice.literals] for flat in choices for choice in flat]
    codes, starts = folded(points("".join(strings)), *ALPHABET).astype(np.uint8), ends(strings)
    return strings, Patterns(
        codes,
        starts,
        lanes(codes, starts, ALPHABET[2]),
        np.array([string for part in parts for string in part], np.int64),
        ends(parts),
        ends(choices),
        np.array([_given(flat) for flat in flats]) + SPARE,
        np.array(_rows(flats), np.int64).reshape(-1, 2),
        ends(flats),
        np.array([owner for own in strings for owner in owners[own]], np.int64).reshape(-1, 2),
        ends([owners[own] for own in strings]),
    )


def _rows(flats: Sequence[Flat]) -> list[tuple[int, int]]:
    from pipeline.rules.kernels.laying import GAP, SLOT, STRETCH

    rows, stretches, slots = [], 0, list(SLOT_NATS)
    for part in (part for flat in flats for part in flat):
        if isinstance(part, Choice):
            rows.append((STRETCH, stretches))
            stretches += 1
        else:
            rows.append((SLOT, slots.index(part.name)) if isinstance(part, Slot) else (GAP, part.most))
    return rows


def _given(flat: Flat) -> float:
    """Nats of all in a pattern but its wordings, at most: its slots filled, its gaps paid for."""
    filled = sum(SLOT_NATS[part.name][0] * SLOT_NATS[part.name][1] for part in flat if isinstance(part, Slot))
    gaps = sum(
        min(math.log(1 + gap.most) for gap in run if isinstance(gap, Gap))
        for is_gap, run in groupby(flat, key=lambda part: isinstance(part, Gap))
        if is_gap
    )
    return filled - gaps - Nats().part * (sum(isinstance(part, Choice) for part in flat) - 1)
