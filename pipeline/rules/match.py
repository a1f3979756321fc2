"""Phrases in recognised speech: characters and sounds together, tolerant where recognisers err.

How a phrase is found
---------------------
1. Every variant becomes flat patterns (see variants.py); each pattern's longest literal is its anchor.
2. A pattern of n characters may differ by 0.28 n edits of fuzzy sound (0 below four characters, 0.34 n
   from eight; see fit.py for what an edit costs), its anchor by k whole edits. Where an anchor can be
   is told without a distance (pieces.py), and no place is lost.
3. Each candidate is measured by edit distance on sounds; gaps, slots and further literals are then
   fitted to its right and left with what is left of the pattern's budget.
4. ``score = 1 - (0.75 sound edits + 0.25 character edits) / characters``. Wrong characters with the
   right sound thus cost a quarter; a hit needs the sound budget kept and ``score >= 0.6``.
5. Of a theme's hits that overlap the best stays. A candidate that at its very best would be worse than
   the theme's best hit, and cannot but overlap it, is therefore never measured.

Short taboo words (``mode`` sound or exact) take no edits and must stand at word borders.

All but guards and word borders is one compiled loop over texts and themes (kernels/search.py), which reads patterns
as arrays (tables.py) and texts as numbers (script.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, Literal, NamedTuple

import numpy as np

from pipeline.rules.anchors import DEFAULT_DISTANCE, Pattern, anchors_of, compile_variants
from pipeline.rules.guards import ALL_GUARDS, context_guard, guard
from pipeline.rules.tables import Script, Tables, compiled
from pipeline.rules.variants import PhraseError
from pipeline.sounds import cut
from pipeline.text import PreparedText

__all__ = ["PhraseError", "PhraseMatcher", "PhraseTheme", "Place", "compile_phrases", "join"]

Mode = Literal["fuzzy", "sound", "exact"]


@dataclass(frozen=True, slots=True)
class PhraseTheme:
    """One thing that can be said, in all the ways it is said.

    ``max_distance`` replaces DEFAULT_DISTANCE. ``guards`` (quotation, negation, question) and the two
    ``unless`` lists say when a hit does not count (see guards.py). In ``sound`` and ``exact`` mode all
    three guards are on when none are named.
    """

    id: str
    variants: tuple[str, ...]
    mode: Mode = "fuzzy"
    max_distance: float | None = None
    guards: tuple[str, ...] | None = None
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unless_before: tuple[str, ...] = ()
    unless_after: tuple[str, ...] = ()
    title: str = ""

    @property
    def active_guards(self) -> tuple[str, ...]:
        if self.guards is not None:
            return self.guards
        return () if self.mode == "fuzzy" else ALL_GUARDS


class Place(NamedTuple):
    """A theme heard in a text: characters ``start:end`` of it. ``guarded``: why it does not count, or None."""

    theme: str
    start: int
    end: int
    said: str
    score: float
    matched: str
    guarded: str | None = None


def compile_phrases(themes: Sequence[PhraseTheme]) -> PhraseMatcher:
    """One matcher for all themes. Raises PhraseError for a variant that cannot be read."""
    return PhraseMatcher(themes)


def join(first: str, second: str) -> str:
    """Two utterances of one speaker around a backchannel, as one text.

    Offsets below ``len(first)`` lie in ``first``, the others in ``second`` shifted by ``len(first)``.
    """
    return first + second


class PhraseMatcher:
    """Finds every theme in one pass over texts. Remembers nothing of them."""

    def __init__(self, themes: Sequence[PhraseTheme]) -> None:
        self.themes = tuple(themes)
        self._patterns = [
            pattern for place, theme in enumerate(self.themes) for pattern in compile_theme(theme, place)
        ]
        self._wanted: dict[frozenset[str], _Wanted] = {}

    @cached_property
    def _compiled(self) -> tuple[Tables, Script]:
        return compiled(self._patterns, anchors_of(self._patterns))

    def find(self, text: PreparedText, themes: frozenset[str] | None = None) -> list[Place]:
        """Hits of all (or the named) themes, in order of place; of one theme's overlapping hits the best."""
        return self.find_all([text], themes)[0]

    def find_all(
        self, texts: Sequence[PreparedText], themes: frozenset[str] | None = None
    ) -> list[list[Place]]:
        """``find`` in each of many texts, which costs little more than in one."""
        found: list[list[Place]] = [[] for _ in texts]
        for (number, pattern, start, end, _), score in self._laid(texts, themes):
            place = self._place(texts[number], self._patterns[pattern], start, end, score)
            if place is not None:
                found[number].append(place)
        for places in found:
            places.sort(key=lambda place: (place.start, place.theme))
        return found

    def _laid(
        self, texts: Sequence[PreparedText], themes: frozenset[str] | None
    ) -> Iterable[tuple[list[int], float]]:
        """Every hit (text, pattern, start, end, score rounded), and its score."""
        from pipeline.rules.kernels.search import search

        if not self._patterns:
            return ()
        tables, script = self._compiled
        heard = script.read("".join(text.sounds for text in texts), "".join(text.chars for text in texts))
        ends = np.cumsum([0, *(len(text.chars) for text in texts)])
        hits, scores = search(tuple(tables), *heard, ends, *self._flags(themes))
        return zip(hits.tolist(), scores.tolist())

    def _flags(self, themes: frozenset[str] | None) -> _Wanted:
        wanted = frozenset(theme.id for theme in self.themes) if themes is None else themes
        if wanted not in self._wanted:
            tables, _ = self._compiled
            flags = np.array([theme.id in wanted for theme in self.themes])
            anchors = np.logical_or.reduceat(flags[tables.groups[:, 0]], tables.anchors[:, 3])
            self._wanted[wanted] = _Wanted(flags, anchors)
        return self._wanted[wanted]

    def _place(
        self, text: PreparedText, pattern: Pattern, start: int, end: int, score: float
    ) -> Place | None:
        theme = self.themes[pattern.theme]
        if theme.mode != "fuzzy" and not {start, end} <= _borders(text.chars):
            return None
        first, last = text.original_span(start, end)
        why = guard(text, start, end, theme.active_guards) or context_guard(
            text, start, end, theme.unless_before, theme.unless_after
        )
        return Place(theme.id, first, last, text.original[first:last], round(score, 3), pattern.variant, why)


class _Wanted(NamedTuple):
    """By number: is the theme wanted; does any of the wanted themes want the anchor?"""

    themes: Any
    anchors: Any


def compile_theme(theme: PhraseTheme, place: int) -> tuple[Pattern, ...]:
    share = DEFAULT_DISTANCE if theme.max_distance is None else theme.max_distance
    return compile_variants(
        place, theme.variants, theme.synonyms, name=theme.id,
        share=share if theme.mode == "fuzzy" else 0.0, exact=theme.mode == "exact",
    )  # fmt: skip


@lru_cache(maxsize=1_000)
def _borders(chars: str) -> frozenset[int]:
    """Where jieba's words begin and end."""
    return frozenset(accumulate(map(len, cut(chars)), initial=0))
