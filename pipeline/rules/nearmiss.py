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
a slot's syllable                      SLOT_NATS
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

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from rapidfuzz.distance import Levenshtein

from pipeline.rules.kernels import ends, points
from pipeline.rules.laying import SLOT_NATS, compiled, own_halves
from pipeline.rules.match import PhraseTheme
from pipeline.rules.slots import slot_sounds
from pipeline.rules.variants import Choice, Flat, Gap, Slot, flatten
from pipeline.sounds import halves
from pipeline.text import PreparedText, prepare

MODEL_SHARE = 0.15  # of syllables misheard, as the weights suppose
CANDIDATES = 4  # wordings laid on a text in full, the likeliest by a quick look
QUICK_RATIO = 50.0
REMEMBERED = 2_000  # texts of a theme
SHOWN = 0.0  # nats: what speaks for a mishearing rather than against it
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


class _Part(NamedTuple):
    """A part of a pattern laid on syllables ``start:end``: ``fits`` halves of its ``size`` syllables are there;
    ``wording``: its number, -1 for a slot."""

    start: int
    end: int
    fits: int
    size: int
    wording: int


class _Text(NamedTuple):
    """A text as it is laid on: half syllables, borders of clauses, characters, the nats that looking in it takes, and
    which of its syllables can be of which slot's kind."""

    points: Any
    borders: Any
    size: int
    chance: float
    kinds: Any


class NearTheme:
    """A theme's patterns, ready to be laid on any text."""

    def __init__(self, theme: PhraseTheme) -> None:
        read = [(variant, flat) for variant in theme.variants
                for flat in flatten(variant, theme.synonyms, theme=theme.id)]  # fmt: skip
        self._variants = [variant for variant, _ in read]
        flats = [flat for _, flat in read]
        self._strings, self._patterns = compiled(flats)
        self._characters: dict[str, set[str]] = defaultdict(set)
        parts = [part for flat in flats for part in flat]
        for part in parts:
            for literal in part.literals if isinstance(part, Choice) else ():
                self._characters[own_halves(literal)] |= set(literal.chars)
        self._has_slots = any(isinstance(part, Slot) for part in parts)
        self.shortest = min(map(_syllables, flats), default=0)
        self._most: dict[str, float] = {}
        self._near: dict[str, NearMiss | None] = {}

    def most(self, texts: Sequence[str]) -> list[float]:
        """Nats that ``near_miss`` can come to in each text, at most; what is below SHOWN is told only to be so.
        Many texts at once cost little more than one."""
        if len(self._most) >= REMEMBERED:
            self._most.clear()
        new = tuple(dict.fromkeys(text for text in texts if text not in self._most))
        if new:
            self._most.update(zip(new, self._heaviest(new)))
        return [self._most[text] for text in texts]

    def _heaviest(self, texts: tuple[str, ...]) -> list[float]:
        from pipeline.rules.kernels.weights import heaviest

        if not self._variants:  # a theme of samples only
            return [-math.inf] * len(texts)
        said, starts, chances = _together(texts)
        most = heaviest(said, starts, self._patterns, chances + SHOWN) - chances
        return most.tolist()  # type: ignore[no-any-return]

    def near_miss(self, text: str) -> NearMiss | None:
        """``find`` what weighs SHOWN, or what it found before."""
        if text not in self._near:
            if len(self._near) >= REMEMBERED:
                self._near.clear()
            self._near[text] = self.find(prepare(text), least=SHOWN)
        return self._near[text]

    def find(self, text: PreparedText, *, least: float = -math.inf) -> NearMiss | None:
        """The weightiest placing of any pattern; None when nothing in the text is like any of it, or weighs
        ``least`` nats."""
        from pipeline.rules.kernels.laying import lay

        if not (text.chars and self._variants):
            return None
        near = lay(self._laid_on(text), self._patterns, least, CANDIDATES, QUICK_RATIO)
        return self._told(text, *near) if near[1] >= 0 else None

    def _laid_on(self, text: PreparedText) -> _Text:
        kinds = [
            [sound in slot_sounds(name) for sound in text.sounds] for name in SLOT_NATS if self._has_slots
        ]
        return _Text(
            points(_said(text)),
            np.array(sorted(_borders(text))),
            len(text.chars),
            _chance(text),
            np.array(kinds, np.bool_).reshape(len(kinds), len(text.sounds)),
        )

    def _told(
        self, text: PreparedText, weight: float, flat: int, start: int, end: int, rows: Any
    ) -> NearMiss:
        odd: set[int] = set()
        other: set[int] = set()
        edits = 0
        parts = [_Part(*row) for row in rows.tolist()]
        for part in parts:
            if part.wording < 0:
                edits += part.size - part.fits // 2
                continue
            own = self._strings[part.wording]
            heard, lost = _edited(own, part, _said(text))
            edits += len(heard) + lost
            if part.fits:
                odd |= heard
                known = self._characters[own]
                other |= {at for at in range(part.start, part.end) if text.chars[at] not in known}
        return NearMiss(
            start,
            end,
            likeness=sum(part.fits for part in parts) / 2 / max(1, sum(part.size for part in parts)),
            weight=weight,
            odd=tuple(sorted(odd)),
            homophones=tuple(sorted(other - odd)),
            edits=edits,
            variant=self._variants[flat],
        )


def _edited(own: str, part: _Part, said: str) -> tuple[set[int], int]:
    """Places of the syllables heard that do not fit the wording, and how many of its own are lost."""
    if part.start == part.end:
        return set(), part.size
    if part.fits in (0, 2 * part.size):
        return set(), 0
    edited = Levenshtein.editops(own, said[2 * part.start : 2 * part.end])
    heard = {part.start + op.dest_pos // 2 for op in edited if op.tag != "delete"}
    return heard, len({op.src_pos // 2 for op in edited if op.tag == "delete"})


@lru_cache(maxsize=64)  # of the same window a call's rules ask many themes
def _together(texts: tuple[str, ...]) -> tuple[Any, Any, Any]:
    """Texts in half syllables, end to end; where each begins; and the nats that looking in each takes."""
    said, chances = zip(*map(_looked_in, texts))
    return points("".join(said)), ends(said), np.array(chances)


@lru_cache(maxsize=1_000)
def _looked_in(text: str) -> tuple[str, float]:
    """A text in half syllables, and the nats that looking in it takes: nothing is near one that says nothing."""
    prepared = prepare(text)
    return _said(prepared), _chance(prepared) if prepared.chars else math.inf


def _said(text: PreparedText) -> str:
    return halves(text.sounds[:MAX_SYLLABLES])


def _chance(text: PreparedText) -> float:
    """Nats that looking in a text takes at least."""
    return math.log(max(1, min(len(_borders(text)), len(text.chars))))


def _borders(text: PreparedText) -> set[int]:
    return {0, len(text.chars), *text.breaks}


def _syllables(flat: Flat) -> int:
    """Of the pattern's shortest reading."""
    return sum(
        len(part.literals[-1].sounds) if isinstance(part, Choice) else SLOT_NATS[part.name][0]
        for part in flat
        if not isinstance(part, Gap)
    )
