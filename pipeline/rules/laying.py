"""The parts of a pattern laid on a text, each where it weighs most: wordings by kernels, slots here.

Weights are in nats, see nearmiss.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from pipeline.rules.bounds import LONGEST, Bounds, Most, points
from pipeline.rules.variants import Choice, Gap, Literal, Part, Slot, slot_sounds
from pipeline.sounds import halves
from pipeline.text import PreparedText

SAME = 4.0  # nats a syllable of the same class gives
EDIT = 4.5  # nats half a syllable that differs takes
NEVER = 99.0
PART = 1.5  # nats: a pattern of several parts is like more sentences
# Slot: syllables it takes, nats for one of its kind and for one of another; a stranger's syllable is a
# digit one time in eight, can be a surname or belong to a time one time in three.
SLOTS = {
    "工号": (4, 2.0, -2.2), "数字": (2, 1.5, -2.2), "金额": (3, 1.2, -2.0), "时间": (3, 0.9, -1.9),
    "姓氏": (1, 1.0, -2.5), "部门": (0, 0.0, 0.0), "称呼": (2, 0.9, -2.0),
}  # fmt: skip
SLACK = 1  # syllable by which parts may stand farther apart, or overlap, than the pattern allows


class Stretch(NamedTuple):
    """A part with wordings: its number among those of all patterns, the numbers of the wordings, an array."""

    number: int
    wordings: Any


RowPart = Stretch | Slot | Gap
Row = tuple[RowPart, ...]


class Placed(NamedTuple):
    """One part laid on syllables ``start:end``; ``fits`` syllables of its ``size`` are there; ``number``: of
    the wording, -1 for a slot."""

    start: int
    end: int
    weight: float
    fits: float
    size: int
    number: int = -1

    @property
    def void(self) -> bool:
        """Half of it or less is there."""
        return 2 * self.fits < self.size + (self.number >= 0)


def own_halves(literal: Literal) -> str:
    """A wording in half syllables; of a very long one its beginning."""
    return halves(literal.sounds)[:LONGEST]


def row_part(part: Part, numbers: Mapping[str, int], count: Iterator[int]) -> RowPart:
    """A choice by the numbers of its wordings; a slot or gap as it is."""
    if not isinstance(part, Choice):
        return part
    return Stretch(next(count), np.array([numbers[own_halves(one)] for one in part.literals]))


def given(row: Row) -> float:
    """Nats of all in a pattern but its wordings, at most: its slots filled, its gaps paid for."""
    filled = sum(SLOTS[part.name][0] * SLOTS[part.name][1] for part in row if isinstance(part, Slot))
    gaps = sum(
        min(math.log(1 + gap.most) for gap in run if isinstance(gap, Gap))
        for is_gap, run in groupby(row, key=lambda part: isinstance(part, Gap))
        if is_gap
    )
    return filled - gaps - PART * (sum(isinstance(part, Stretch) for part in row) - 1)


class Laying:
    """A theme's wordings laid on one text, with the bounds of what they can come to in it."""

    def __init__(self, text: PreparedText, said: str, bounds: Bounds, most: Most) -> None:
        self.text, self._bounds, self._mosts = text, bounds, most.wordings
        self._said, self._end = points(said), len(said) // 2
        self._parts = most.parts.tolist()

    def anywhere(self, number: int) -> Placed:
        """The wording where it weighs most."""
        found = self._bounds.place(self._said, np.array([number]), self._mosts, (0, self._end, 0, 0))
        return self._placed(*found)

    def lost(self, part: RowPart, placed: Placed) -> float:
        """Nats that the part came to less than its bound."""
        if isinstance(part, Stretch):
            return float(self._parts[part.number]) - placed.weight + NEVER * placed.void
        return SLOTS[part.name][0] * SLOTS[part.name][1] - placed.weight if isinstance(part, Slot) else 0.0

    def beside(
        self, part: Stretch | Slot, at: int, slack: int, room: float, *, rightwards: bool
    ) -> Placed | None:
        """The best placing of the part that comes after, or before, place ``at``; None when all of them lose
        more than ``room``."""
        if isinstance(part, Slot):
            return _filled(part, self.text, at, slack, rightwards=rightwards)
        reach = slack + SLACK
        spans = (at - 1, at + reach, 0, 1) if rightwards else (at - reach, at + 1, 1, 0)
        least = self._parts[part.number] - room
        found = self._bounds.place(self._said, part.wordings, self._mosts, spans, least=least)
        return self._placed(*found) if found[0] >= 0 else None

    def _placed(self, number: int, start: int, end: int, weight: float, edits: int) -> Placed:
        size = self._bounds.size(number)
        return Placed(start, end, weight, max(0.0, size - edits / 2), size, number)


def _filled(slot: Slot, text: PreparedText, at: int, slack: int, *, rightwards: bool) -> Placed:
    """How many of the syllables beside ``at`` can be of the slot's kind."""
    size, one_of_kind, another = SLOTS[slot.name]
    reach = size + slack + 1
    around = range(at, at + reach) if rightwards else range(at - 1, at - 1 - reach, -1)
    kind = slot_sounds(slot.name)
    right = [i for i in around if 0 <= i < len(text.sounds) and text.sounds[i] in kind][:size]
    weight = one_of_kind * len(right) + another * (size - len(right))
    start, end = min(right, default=at), max(right, default=at - 1) + 1
    return Placed(start, end, weight, float(len(right)), size)
