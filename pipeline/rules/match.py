"""Phrases in recognised speech: characters and sounds together, tolerant where recognisers err.

How a phrase is found
---------------------
1. Every variant becomes flat patterns (see variants.py); each pattern's longest literal is its anchor.
2. A pattern of n characters may differ by 0.28 n edits of fuzzy sound (0 below four characters, 0.34 n
   from eight; see fit.py for what an edit costs), its anchor by k whole edits. Where an anchor can be
   is told without a distance (anchors.py), and no place is lost.
3. Each candidate is measured by edit distance on sounds; gaps, slots and further literals are then
   fitted to its left and right with what is left of the pattern's budget.
4. ``score = 1 - (0.75 sound edits + 0.25 character edits) / characters``. Wrong characters with the
   right sound thus cost a quarter; a hit needs the sound budget kept and ``score >= 0.6``.
5. Of a theme's hits that overlap the best stays. A candidate that at its very best would be worse than
   the theme's best hit, and cannot but overlap it, is therefore never measured.

Short taboo words (``mode`` sound or exact) take no edits and must stand at word borders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Literal, NamedTuple

from pipeline.rules.anchors import (
    DEFAULT_DISTANCE,
    Anchor,
    AnchorSearch,
    Candidate,
    Pattern,
    anchors_of,
    compile_variants,
)
from pipeline.rules.fit import NEAR, Fit, Laid, aligned, exact_fit, place_left, place_right
from pipeline.rules.guards import ALL_GUARDS, context_guard, guard
from pipeline.rules.variants import Gap, PhraseError, SoundMasks
from pipeline.sounds import cut
from pipeline.text import PreparedText

__all__ = ["PhraseError", "PhraseHit", "PhraseMatcher", "PhraseTheme", "compile_phrases", "join"]

MIN_SCORE = 0.6
SOUND_WEIGHT = 0.75
ROUNDED = 6  # digits of a score that rank a hit
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


class _Found(NamedTuple):
    """A pattern laid on prepared characters ``start:end``. ``rank``, ascending: the best score first; of equals
    the longer, then the earlier."""

    rank: tuple[float, int, int]
    score: float
    start: int
    end: int
    pattern: Pattern


_rank = itemgetter(0)


# anchor, its patterns that may lie there, the stretch it lies in, the edits by which it differs at least
_Jobs = list[tuple[Anchor, list[Pattern], int, int, int]]


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
        self._patterns = [
            pattern for place, theme in enumerate(self.themes) for pattern in _compiled(theme, place)
        ]
        self._numbers: dict[frozenset[str], frozenset[int]] = {}

    @cached_property
    def _anchors(self) -> tuple[Anchor, ...]:
        return anchors_of(self._patterns)

    @cached_property
    def _search(self) -> AnchorSearch:
        return AnchorSearch(self._anchors)

    def find(self, text: PreparedText, themes: frozenset[str] | None = None) -> list[PhraseHit]:
        """Hits of all (or the named) themes, in order of place; of one theme's overlapping hits the best."""
        places = self._places(themes)
        candidates = self._search.candidates(text.sounds, places)
        if not candidates:
            return []
        masks = SoundMasks(text.sounds)
        jobs = _jobs(candidates, masks, places)
        hits: list[PhraseHit] = []
        borders: set[int] | None = None
        for place, own in jobs.items():
            theme = self.themes[place]
            for one in _without_overlap(_found(own, text, masks)):
                if theme.mode != "fuzzy":
                    borders = _borders(text) if borders is None else borders
                    if one.start not in borders or one.end not in borders:
                        continue
                hits.append(self._hit(one, theme, text))
        return sorted(hits, key=lambda hit: (hit.start, hit.theme_id))

    def _places(self, themes: frozenset[str] | None) -> frozenset[int] | None:
        if themes is None:
            return None
        if themes not in self._numbers:
            numbers = (place for place, theme in enumerate(self.themes) if theme.id in themes)
            self._numbers[themes] = frozenset(numbers)
        return self._numbers[themes]

    def _hit(self, one: _Found, theme: PhraseTheme, text: PreparedText) -> PhraseHit:
        first, last = text.original_span(one.start, one.end)
        why = guard(text, one.start, one.end, theme.active_guards) or context_guard(
            text, one.start, one.end, theme.unless_before, theme.unless_after
        )
        said = text.original[first:last]
        return PhraseHit(theme.id, one.pattern.variant, first, last, said, round(one.score, 3), why)


def _jobs(
    candidates: Sequence[Candidate], masks: SoundMasks, themes: frozenset[int] | None
) -> Mapping[int, _Jobs]:
    """By theme: the anchors that may lie somewhere, with the patterns that may lie around them."""
    jobs: dict[int, _Jobs] = defaultdict(list)
    possible: dict[Pattern, bool] = {}
    known: dict[int, bool] = {}
    absent = ~masks.whole
    for anchor, low, high, edits in candidates:
        for place, patterns in anchor.wanted_by.items():
            if themes is not None and place not in themes:
                continue
            if not anchor.joined:
                jobs[place].append((anchor, patterns, low, high, edits))
                continue
            for one in patterns:
                if one not in possible:
                    possible[one] = one.possible(absent, known)
            live = [one for one in patterns if possible[one]]
            if live:
                jobs[place].append((anchor, live, low, high, edits))
    return jobs


def _compiled(theme: PhraseTheme, place: int) -> tuple[Pattern, ...]:
    share = DEFAULT_DISTANCE if theme.max_distance is None else theme.max_distance
    return compile_variants(
        place, theme.variants, theme.synonyms, name=theme.id,
        share=share if theme.mode == "fuzzy" else 0.0, exact=theme.mode == "exact",
    )  # fmt: skip


def _found(jobs: _Jobs, text: PreparedText, masks: SoundMasks) -> list[_Found]:
    """Where a theme's patterns lie, the places left out that must lose to its best one."""
    sounds, chars = text.sounds, text.chars
    found: list[_Found] = []
    inexact: list[tuple[float, int, Anchor, list[Pattern], int, int]] = []
    seen: set[tuple[int, int, int]] = set()
    for anchor, patterns, low, high, edits in jobs:
        at = -1 if edits else sounds.find(anchor.literal.sounds, low, high)
        if at < 0:
            if anchor.edits:
                most = 1 - SOUND_WEIGHT * NEAR * (edits or 1) / anchor.longest
                inexact.append((-most, len(inexact), anchor, patterns, low, high))
        elif (place := (anchor.number, at, 0)) not in seen:
            seen.add(place)
            _extend_all(patterns, exact_fit(anchor.literal, chars, at), text, masks, found)
    inexact.sort()
    best = min(found, key=_rank, default=None)
    for most, _, anchor, patterns, low, high in inexact:
        if best is not None and -most < best.score - 2 * 10**-ROUNDED:  # nothing to come is better than best
            least = anchor.size - anchor.edits  # characters it covers
            if best.start - low < least and high - best.end < least:
                continue
        fit = aligned(anchor.literal, anchor.edits, chars, sounds, low, high)
        if fit is not None and (place := (anchor.number, fit.start, fit.end)) not in seen:
            seen.add(place)
            known = len(found)
            _extend_all(patterns, fit, text, masks, found)
            if len(found) > known:
                best = min(found, key=_rank)
    return found


def _borders(text: PreparedText) -> set[int]:
    """Where jieba's words begin and end."""
    borders, place = {0}, 0
    for word in cut(text.chars):
        place += len(word)
        borders.add(place)
    return borders


def _extend_all(
    patterns: Sequence[Pattern], fit: Fit, text: PreparedText, masks: SoundMasks, found: list[_Found]
) -> None:
    """Every pattern laid around its anchor, as far as it fits."""
    for pattern in patterns:
        one = _extend(pattern, fit, text, masks)
        if one is not None:
            found.append(one)


def _extend(pattern: Pattern, fit: Fit, text: PreparedText, masks: SoundMasks) -> _Found | None:
    """Fit the parts around the anchor, or None."""
    start, end, sound, char, length = fit
    if len(pattern.parts) > 1:
        laid = Laid(length, sound, char)
        slack = 0
        for part in pattern.parts[pattern.anchor + 1 :]:
            if isinstance(part, Gap):
                slack = part.most
                continue
            placed = place_right(part, text, masks, end, slack, laid, pattern.budget)
            if placed is None:
                return None
            end, slack, laid = placed.end, 0, laid.plus(placed)
        slack = 0
        for part in reversed(pattern.parts[: pattern.anchor]):
            if isinstance(part, Gap):
                slack = part.most
                continue
            placed = place_left(part, text, masks, start, slack, laid, pattern.budget)
            if placed is None:
                return None
            start, slack, laid = placed.start, 0, laid.plus(placed)
        length, sound, char = laid
    if sound > pattern.budget[length] or (pattern.exact and char):
        return None
    score = 1 - (SOUND_WEIGHT * sound + (1 - SOUND_WEIGHT) * char) / length
    if score < MIN_SCORE:
        return None
    return _Found((-round(score, ROUNDED), start - end, start), score, start, end, pattern)


def _without_overlap(found: list[_Found]) -> list[_Found]:
    """The best of the hits that share characters; of equals the longer."""
    kept: list[_Found] = []
    for one in sorted(found, key=_rank):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return kept
