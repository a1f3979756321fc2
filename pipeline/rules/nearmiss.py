"""What came nearest to a phrase without being it, and how strongly that speaks for a mishearing.

A demanded phrase that was not found may have been left out, or said and misheard. To tell them apart the
whole pattern, not its anchor alone, is laid on the words, and its evidence is weighed syllable by syllable
in nats, the log of how much likelier the words are when the phrase was said than when it was not:

=====================================  ======
a syllable of the same fuzzy class       +4
one that shares an initial or final      -0.5
another one, or one lost                 -5
one too many                             -5
a part of which half or less is there    never
a slot of which less than half is there  never
a slot's syllable                      SLOTS
a further part, in a gap of n            -1.5 - ln(n + 1)
looking in n places                      -ln n
=====================================  ======

A syllable is written as two characters, initial and final, so that rapidfuzz's edit distance counts a
near sound as one edit and a far one as two. The weights follow from the error model of damage.py at
15 %: a syllable that was said keeps its class nine times in ten, while a stranger's is of the same class
by chance once in fifty. A stretch that fills a whole clause was looked for in as many places as there
are clauses, another one wherever a syllable stands.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from pipeline.rules.bounds import Bounds
from pipeline.rules.laying import (
    EDIT,
    NEVER,
    PART,
    SAME,
    SLOTS,
    Laying,
    Placed,
    Stretch,
    given,
    own_halves,
    row_part,
)
from pipeline.rules.match import PhraseTheme
from pipeline.rules.variants import Choice, Flat, Gap, Slot, flatten
from pipeline.sounds import halves
from pipeline.text import PreparedText

MODEL_SHARE = 0.15  # of syllables misheard, as the weights suppose
CANDIDATES = 4  # wordings laid on a text in full, the likeliest by a quick look
QUICK_RATIO = 50.0
MAX_SYLLABLES = 1_000  # a longer text is no utterance; its head is looked through


@dataclass(frozen=True, slots=True)
class NearMiss:
    """``chars[start:end]`` of a prepared text.

    ``likeness`` 0..1: share of the pattern's syllables that fit; ``weight``: nats for "said and misheard"
    against "not said"; ``odd``: places of the heard syllables that do not fit; ``homophones``: of those that do, but
    are written otherwise; ``edits``: syllables that differ, are lost or too many.
    """

    start: int
    end: int
    likeness: float
    weight: float
    odd: tuple[int, ...]
    homophones: tuple[int, ...]
    edits: int
    variant: str

    def weight_at(self, misheard: float) -> float:
        """The weight where this share 0..1 of the call's syllables is misheard: in a clean recording a
        syllable that differs was hardly the one asked for."""
        return self.weight - self.edits * max(0.0, math.log(MODEL_SHARE / misheard))


class _Wording(NamedTuple):
    """Where a literal stands: the pattern's number and the part's place in it."""

    flat: int
    part: int


class _Laid(NamedTuple):
    """A pattern laid on syllables ``start:end``; ``turn``: when the plain order of wordings comes to it."""

    turn: int
    flat: int
    start: int
    end: int
    weight: float
    parts: list[Placed]

    def before(self, other: _Laid) -> bool:
        return (-self.weight, self.turn) < (-other.weight, other.turn)


class NearTheme:
    """A theme's patterns, ready to be laid on any text."""

    def __init__(self, theme: PhraseTheme) -> None:
        read = [(variant, flat) for variant in theme.variants
                for flat in flatten(variant, theme.synonyms, theme=theme.id)]  # fmt: skip
        self._variants = [variant for variant, _ in read]
        self._owners: dict[str, list[_Wording]] = {}
        self._characters: dict[str, set[str]] = defaultdict(set)
        for number, (_, flat) in enumerate(read):
            for place, part in enumerate(flat):
                for literal in part.literals if isinstance(part, Choice) else ():
                    own = own_halves(literal)
                    self._owners.setdefault(own, []).append(_Wording(number, place))
                    self._characters[own] |= set(literal.chars)
        self._strings = sorted(self._owners)
        numbers = {own: number for number, own in enumerate(self._strings)}
        count = itertools.count()
        self._rows = [tuple(row_part(part, numbers, count) for part in flat) for _, flat in read]
        self._bounds = Bounds(
            self._strings,
            [[part.wordings for part in row if isinstance(part, Stretch)] for row in self._rows],
            given=[given(row) for row in self._rows],
            nats=(SAME, EDIT, NEVER),
        )
        self.shortest = min((_syllables(flat) for _, flat in read), default=0)

    def may_weigh(self, texts: Sequence[PreparedText], least: float) -> list[bool]:
        """Of each text: can ``find`` tell of anything that weighs ``least``?"""
        if not self._rows:  # a theme of samples only
            return [False] * len(texts)
        limits = [least + _chance(text) for text in texts]
        most = self._bounds.heaviest([_said(text) for text in texts], limits).tolist()
        return [bool(text.chars) and one >= limit for text, one, limit in zip(texts, most, limits)]

    def find(self, text: PreparedText, *, least: float = -math.inf) -> NearMiss | None:
        """The weightiest placing of any pattern; None when nothing in the text is like any of it, or weighs
        ``least`` nats."""
        said, chance = _said(text), _chance(text)
        if not (said and self._rows):
            return None
        most = self._bounds.most(said, least=least + chance, count=CANDIDATES, cutoff=QUICK_RATIO)
        owners = [
            (number, owner) for number in most.likeliest for owner in self._owners[self._strings[number]]
        ]
        laying = Laying(text, said, self._bounds, most)
        best: _Laid | None = None
        bounds = [float(most.weight[owner.flat]) - chance for _, owner in owners]
        for turn in sorted(range(len(owners)), key=lambda turn: -bounds[turn]):
            room = bounds[turn] - least
            if room < 0:
                break
            laid = self._laid(turn, *owners[turn], laying, room)
            if laid and laid.weight >= least and (best is None or laid.before(best)):
                best, least = laid, laid.weight
        return best and self._told(best, text)

    def _laid(self, turn: int, number: int, owner: _Wording, laying: Laying, room: float) -> _Laid | None:
        """The pattern around one of its parts: the neighbours to its right, then those to its left. None
        when it weighs more than ``room`` nats less than its bound."""
        row, placed = self._rows[owner.flat], laying.anywhere(number)
        start, end, parts = placed.start, placed.end, [placed]
        room -= laying.lost(row[owner.part], placed)
        for neighbours, rightwards in ((row[owner.part + 1 :], True), (row[: owner.part][::-1], False)):
            slack = 0
            for part in neighbours:
                if room < 0:
                    return None
                if isinstance(part, Gap):
                    slack = part.most
                    continue
                at = end if rightwards else start
                found = laying.beside(part, at, slack, room, rightwards=rightwards)
                if found is None:
                    return None
                room -= laying.lost(part, found)
                weight = found.weight - PART * (found.number >= 0) - math.log(1 + slack)
                parts.append(found._replace(weight=weight))
                slack = 0
                if found.fits > 0:
                    start, end = min(start, found.start), max(end, found.end)
        void = NEVER * sum(part.void for part in parts)
        weight = sum(part.weight for part in parts) - void - math.log(_places(laying.text, start, end))
        return _Laid(turn, owner.flat, start, end, weight, parts)

    def _told(self, laid: _Laid, text: PreparedText) -> NearMiss:
        odd: set[int] = set()
        other: set[int] = set()
        edits = 0
        for part in laid.parts:
            if part.number < 0:
                edits += part.size - int(part.fits)
                continue
            own = self._strings[part.number]
            heard, lost = _edited(own, part, _said(text))
            edits += len(heard) + lost
            if part.fits:
                odd |= heard
                known = self._characters[own]
                other |= {at for at in range(part.start, part.end) if text.chars[at] not in known}
        return NearMiss(
            laid.start,
            laid.end,
            likeness=sum(part.fits for part in laid.parts) / max(1, sum(part.size for part in laid.parts)),
            weight=laid.weight,
            odd=tuple(sorted(odd)),
            homophones=tuple(sorted(other - odd)),
            edits=edits,
            variant=self._variants[laid.flat],
        )


def _edited(own: str, part: Placed, said: str) -> tuple[set[int], int]:
    """Places of the syllables heard that do not fit the wording, and how many of its own are lost."""
    if part.start == part.end:
        return set(), part.size
    if part.fits in (0, part.size):
        return set(), 0
    edited = Levenshtein.editops(own, said[2 * part.start : 2 * part.end])
    heard = {part.start + op.dest_pos // 2 for op in edited if op.tag != "delete"}
    return heard, len({op.src_pos // 2 for op in edited if op.tag == "delete"})


def _places(text: PreparedText, start: int, end: int) -> int:
    """In how many places the stretch could have been found by chance."""
    borders = _borders(text)
    return len(borders) if start in borders and end in borders else len(text.chars)


def _said(text: PreparedText) -> str:
    return halves(text.sounds[:MAX_SYLLABLES])


def _chance(text: PreparedText) -> float:
    """Nats that looking in a text takes at least: see ``_places``."""
    size = len(text.chars)
    borders = (
        len(text.breaks) + (0 not in text.breaks) + (size not in text.breaks)
    )  # see _borders; often asked
    return math.log(max(1, min(borders, size)))


def _borders(text: PreparedText) -> set[int]:
    return {0, len(text.chars), *text.breaks}


def _syllables(flat: Flat) -> int:
    """Of the pattern's shortest reading."""
    return sum(
        len(part.literals[-1].sounds) if isinstance(part, Choice) else SLOTS[part.name][0]
        for part in flat
        if not isinstance(part, Gap)
    )
