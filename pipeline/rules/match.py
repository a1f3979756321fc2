"""Phrases in recognised speech: characters and sounds together, tolerant where recognisers err.

How a phrase is found
---------------------
1. Every variant becomes flat patterns (see variants.py); each pattern's longest literal is its anchor.
2. A pattern of n characters may differ by 0.28 n edits of fuzzy sound (0 below four characters, 0.34 n
   from eight; see
   fit.py for what an edit costs), its anchor by k whole edits. The anchor is cut into k + 1 pieces,
   of which one survives any k edits (pigeonhole), so one Aho-Corasick pass over all pieces names
   every anchor that can be there, and none is missed.
3. Each candidate is measured by edit distance on sounds; gaps, slots and further literals are then
   fitted to its left and right with what is left of the pattern's budget.
4. ``score = 1 - (0.75 sound edits + 0.25 character edits) / characters``. Wrong characters with the
   right sound thus cost a quarter; a hit needs the sound budget kept and ``score >= 0.6``.

Short taboo words (``mode`` sound or exact) take no edits and must stand at word borders.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from pipeline.rules import variants as patterns
from pipeline.rules.fit import Fit, Laid, fit_near, mask_of, place_left, place_right
from pipeline.rules.guards import ALL_GUARDS, context_guard, guard
from pipeline.rules.variants import Flat, Gap, PhraseError, flatten
from pipeline.sounds import segmenter
from pipeline.text import PreparedText

__all__ = ["PhraseError", "PhraseHit", "PhraseMatcher", "PhraseTheme", "compile_phrases", "join"]

DEFAULT_DISTANCE = 0.28  # edits per character of a pattern
LONG_DISTANCE, LONG_FROM = 0.34, 8  # a sentence of eight characters can afford more and stay itself
EDITS_FROM = 4  # shorter patterns must sound exactly right
MIN_SCORE = 0.6
SOUND_WEIGHT = 0.75
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


@dataclass(frozen=True, slots=True)
class PhraseHit:
    """``start``, ``end``: offsets in the original text. ``guarded``: why it does not count, or None."""

    theme_id: str
    variant: str
    start: int
    end: int
    said: str
    score: float
    guarded: str | None = None


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A flat pattern and the place of its anchor among its parts; ``share`` edits per character."""

    theme: int
    variant: str
    parts: Flat
    anchor: int
    share: float
    exact: bool

    def edits(self, length: int) -> float:
        """Edits that ``length`` characters of this pattern may differ by."""
        if length < EDITS_FROM:
            return 0.0
        share = LONG_DISTANCE if self.share == DEFAULT_DISTANCE and length >= LONG_FROM else self.share
        return share * length + 1e-9


@dataclass(slots=True)
class _Anchor:
    literal: patterns.Literal
    edits: int
    mask: int
    patterns: list[_Pattern] = field(default_factory=list)


def compile_phrases(themes: Sequence[PhraseTheme]) -> PhraseMatcher:
    """One matcher for all themes. Raises PhraseError for a variant that cannot be read."""
    return PhraseMatcher(themes)


def join(first: str, second: str) -> str:
    """Two utterances of one speaker around a backchannel, as one text.

    Offsets below ``len(first)`` lie in ``first``, the others in ``second`` shifted by ``len(first)``.
    """
    return first + second


class PhraseMatcher:
    """Finds every theme in one pass over a text. Remembers nothing of the texts."""

    def __init__(self, themes: Sequence[PhraseTheme]) -> None:
        self.themes = tuple(themes)
        anchors: dict[tuple[patterns.Literal, int], _Anchor] = {}
        for place, theme in enumerate(self.themes):
            for pattern in _compile(place, theme):
                for literal in _anchor_of(pattern).literals:
                    edits = math.floor(pattern.edits(len(literal.chars)))
                    key = (literal, edits)
                    anchor = _Anchor(literal, edits, mask_of(literal.sounds))
                    anchors.setdefault(key, anchor).patterns.append(pattern)
        self._anchors = tuple(anchors.values())
        self._automaton = _build_automaton(self._anchors)

    def find(self, text: PreparedText, themes: frozenset[str] | None = None) -> list[PhraseHit]:
        """Hits of all (or the named) themes, in order of place; of one theme's overlapping hits the best."""
        best: dict[int, list[tuple[float, int, int, _Pattern]]] = defaultdict(list)
        for anchor, fit in self._anchor_fits(text):
            for pattern in anchor.patterns:
                if themes is not None and self.themes[pattern.theme].id not in themes:
                    continue
                found = _extend(pattern, fit, text)
                if found is not None:
                    best[pattern.theme].append((*found, pattern))
        hits = [
            self._hit(pattern, score, start, end, text)
            for found_here in best.values()
            for score, start, end, pattern in _without_overlap(found_here)
            if self._at_borders(pattern, start, end, text)
        ]
        return sorted(hits, key=lambda hit: (hit.start, hit.theme_id))

    def _anchor_fits(self, text: PreparedText) -> Iterable[tuple[_Anchor, Fit]]:
        sounds, chars = text.sounds, text.chars
        candidates: set[tuple[int, int]] = set()
        for end, pieces in self._automaton.iter(sounds):
            candidates.update([(anchor, end - after) for anchor, after in pieces])
        seen: set[tuple[int, int, int]] = set()
        absent = ~mask_of(sounds)
        for which, start in candidates:
            anchor = self._anchors[which]
            if (anchor.mask & absent).bit_count() > anchor.edits:
                continue
            fit = fit_near(anchor.literal, anchor.edits, chars, sounds, start)
            if fit is not None and (which, fit.start, fit.end) not in seen:
                seen.add((which, fit.start, fit.end))
                yield anchor, fit

    def _at_borders(self, pattern: _Pattern, start: int, end: int, text: PreparedText) -> bool:
        if self.themes[pattern.theme].mode == "fuzzy":
            return True
        borders, place = {0}, 0
        for word in segmenter().cut(text.chars, HMM=False):
            place += len(word)
            borders.add(place)
        return start in borders and end in borders

    def _hit(self, pattern: _Pattern, score: float, start: int, end: int, text: PreparedText) -> PhraseHit:
        theme = self.themes[pattern.theme]
        first, last = text.original_span(start, end)
        why = guard(text, start, end, theme.active_guards) or context_guard(
            text, start, end, theme.unless_before, theme.unless_after
        )
        return PhraseHit(
            theme.id, pattern.variant, first, last, text.original[first:last], round(score, 3), why
        )


def _compile(place: int, theme: PhraseTheme) -> Iterable[_Pattern]:
    share = DEFAULT_DISTANCE if theme.max_distance is None else theme.max_distance
    for variant in theme.variants:
        for parts in flatten(variant, theme.synonyms, theme=theme.id):
            by_size = sorted(range(len(parts)), key=lambda i: -_least(parts[i]))
            # a short anchor must sound exactly right, so the next best stretch may stand in for it
            count = 1 if _least(parts[by_size[0]]) >= EDITS_FROM else 2
            for anchor in by_size[:count]:
                if anchor == by_size[0] or _least(parts[anchor]) > 1:
                    own_share = share if theme.mode == "fuzzy" else 0.0
                    yield _Pattern(place, variant, parts, anchor, own_share, theme.mode == "exact")


def _least(part: patterns.Part) -> int:
    """Characters of a part's shortest wording: what an anchor has at least to be told by."""
    return len(part.literals[-1].chars) if isinstance(part, patterns.Choice) else 0


def _anchor_of(pattern: _Pattern) -> patterns.Choice:
    part = pattern.parts[pattern.anchor]
    assert isinstance(part, patterns.Choice)
    return part


def _build_automaton(anchors: Sequence[_Anchor]) -> Any:
    """Piece → [(anchor, distance from the piece's end to the anchor's start)]."""
    import ahocorasick

    pieces: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for which, anchor in enumerate(anchors):
        sounds, count = anchor.literal.sounds, anchor.edits + 1
        cuts = [len(sounds) * i // count for i in range(count + 1)]
        for start, end in pairwise(cuts):
            pieces[sounds[start:end]].append((which, end - 1))
    automaton = ahocorasick.Automaton()
    for piece, owners in pieces.items():
        automaton.add_word(piece, tuple(owners))
    automaton.make_automaton()
    return automaton


def _extend(pattern: _Pattern, fit: Fit, text: PreparedText) -> tuple[float, int, int] | None:
    """Fit the parts around the anchor; (score, start, end) in prepared characters, or None."""
    laid = Laid(fit.length, fit.sound, fit.char)
    slack, end = 0, fit.end
    for part in pattern.parts[pattern.anchor + 1 :]:
        if isinstance(part, Gap):
            slack = part.most
            continue
        placed = place_right(part, text, end, slack, laid, pattern.edits)
        if placed is None:
            return None
        end, slack, laid = placed.end, 0, laid.plus(placed)
    slack, start = 0, fit.start
    for part in reversed(pattern.parts[: pattern.anchor]):
        if isinstance(part, Gap):
            slack = part.most
            continue
        placed = place_left(part, text, start, slack, laid, pattern.edits)
        if placed is None:
            return None
        start, slack, laid = placed.start, 0, laid.plus(placed)
    if laid.sound > pattern.edits(laid.length) or (pattern.exact and laid.char):
        return None
    score = 1 - (SOUND_WEIGHT * laid.sound + (1 - SOUND_WEIGHT) * laid.char) / laid.length
    return (score, start, end) if score >= MIN_SCORE else None


def _without_overlap(
    found: list[tuple[float, int, int, _Pattern]],
) -> list[tuple[float, int, int, _Pattern]]:
    """The best of the hits that share characters; of equals the longer."""
    kept: list[tuple[float, int, int, _Pattern]] = []
    for one in sorted(found, key=lambda f: (-round(f[0], 6), f[1] - f[2], f[1])):
        if all(one[2] <= other[1] or other[2] <= one[1] for other in kept):
            kept.append(one)
    return kept
