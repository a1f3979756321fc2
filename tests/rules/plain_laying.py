"""Near misses the plain way: every wording measured everywhere, no bound, no loop compiled.

What the compiled loops must agree with, number for number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from pipeline.rules.laying import SLOT_NATS, Nats, own_halves
from pipeline.rules.match import PhraseTheme
from pipeline.rules.nearmiss import CANDIDATES, QUICK_RATIO
from pipeline.rules.slots import slot_sounds
from pipeline.rules.variants import Choice, Flat, Gap, Part, Slot, flatten
from pipeline.sounds import halves
from pipeline.text import PreparedText

NATS = Nats()


class One(NamedTuple):
    """A part laid on syllables ``start:end``."""

    start: int
    end: int
    weight: float
    fits: float
    size: int
    wording: str = ""

    @property
    def void(self) -> bool:
        return 2 * self.fits < self.size + bool(self.wording)


def weightiest(theme: PhraseTheme, text: PreparedText) -> tuple[float, int, int] | None:
    """Weight, start and end of the heaviest placing around one of the likeliest wordings."""
    said = halves(text.sounds)
    flats = [flat for variant in theme.variants for flat in flatten(variant, theme.synonyms, theme=theme.id)]
    owners: dict[str, list[tuple[Flat, int]]] = {}
    for flat in flats:
        for place, part in enumerate(flat):
            for literal in part.literals if isinstance(part, Choice) else ():
                owners.setdefault(own_halves(literal), []).append((flat, place))
    ranked = sorted(((promise(own, said), own) for own in owners), reverse=True)
    likeliest = [own for one, own in ranked[:CANDIDATES] if one > -math.inf]
    laid = [around(own, *owner, text, said) for own in likeliest for owner in owners[own]]
    return max(laid, key=lambda one: one[0], default=None)  # the first of equals


def promise(own: str, said: str) -> float:
    short = len(own) <= len(said)
    ratio = (fuzz.partial_ratio if short else fuzz.ratio)(own, said)
    ratio = float(ratio) if ratio >= QUICK_RATIO else -math.inf
    differs = len(own) * (1 - ratio / 100) if short else len(own) - ratio / 100 * (len(own) + len(said)) / 2
    return round(NATS.same * len(own) / 2 - NATS.edit * differs, 4)


def around(own: str, flat: Flat, place: int, text: PreparedText, said: str) -> tuple[float, int, int]:
    first = heaviest([own], said, 0, len(said) // 2, 0, 0)
    start, end, parts, weight = first.start, first.end, [first], first.weight
    for neighbours, rightwards in ((flat[place + 1 :], True), (flat[:place][::-1], False)):
        for part, slack in with_slack(neighbours):
            one = beside(part, text, said, end if rightwards else start, slack, rightwards)
            weight += one.weight - NATS.part * bool(one.wording) - math.log(1 + slack)
            parts.append(one)
            if one.fits > 0:
                start, end = min(start, one.start), max(end, one.end)
    borders = {0, len(text.chars), *text.breaks}
    places = len(borders) if {start, end} <= borders else len(text.chars)
    return weight - NATS.never * sum(one.void for one in parts) - math.log(places), start, end


def with_slack(parts: Flat) -> Iterator[tuple[Part, int]]:
    slack = 0
    for part in parts:
        if isinstance(part, Gap):
            slack = part.most
        else:
            yield part, slack
            slack = 0


def beside(part: Part, text: PreparedText, said: str, at: int, slack: int, rightwards: bool) -> One:
    if isinstance(part, Slot):
        return filled(part, text, at, slack, rightwards)
    assert isinstance(part, Choice)
    wordings = [own_halves(literal) for literal in part.literals]
    if rightwards:
        return heaviest(wordings, said, at - 1, at + slack + 1, 0, 1)
    return heaviest(wordings, said, at - slack - 1, at + 1, 1, 0)


def heaviest(wordings: list[str], said: str, low: int, high: int, before: int, after: int) -> One:
    found = []
    for own in wordings:
        size = len(own) // 2
        first, last = max(0, low - before * size), min(len(said) // 2, high + after * size)
        weight = NATS.same * size - NATS.edit * 2 * size
        found.append(One(first, first, weight, 0.0, size, own))
        for start in range(first, last):
            for end in range(max(start + 1, start + size - 1), min(last, start + size + 1) + 1):
                edits = Levenshtein.distance(own, said[2 * start : 2 * end])
                weight = NATS.same * size - NATS.edit * edits + NATS.same * max(0, end - start - size)
                found.append(One(start, end, weight, max(0.0, size - edits / 2), size, own))
    return max(found, key=lambda one: one.weight)


def filled(slot: Slot, text: PreparedText, at: int, slack: int, rightwards: bool) -> One:
    size, one_of_kind, another = SLOT_NATS[slot.name]
    reach = size + slack + 1
    around = range(at, at + reach) if rightwards else range(at - 1, at - 1 - reach, -1)
    kind = slot_sounds(slot.name)
    right = [i for i in around if 0 <= i < len(text.sounds) and text.sounds[i] in kind][:size]
    weight = one_of_kind * len(right) + another * (size - len(right))
    return One(min(right, default=at), max(right, default=at - 1) + 1, weight, float(len(right)), size)
