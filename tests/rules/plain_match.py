"""Phrases found the plain way, without a shortcut: what the real matcher must agree with.

Every piece of every anchor is looked for by itself, every place is measured, every theme is searched in
every utterance. Compiling, edit costs, slots and guards are the real ones.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.rules.anchors import Anchor, Pattern, anchors_of
from pipeline.rules.fit import (
    STRETCH_SHARE,
    Fit,
    Laid,
    _fit_between,
    aligned,
    exact_fit,
    place_left,
    place_right,
)
from pipeline.rules.guards import context_guard, guard
from pipeline.rules.match import (
    MIN_SCORE,
    SOUND_WEIGHT,
    PhraseTheme,
    _borders,
    _compiled,
)
from pipeline.rules.phrases import PhraseIndex, Place
from pipeline.rules.variants import Choice, Gap, Slot, SoundMasks
from pipeline.text import PreparedText, prepare

Laying = tuple[float, int, int]  # score, start, end


class PlainIndex(PhraseIndex):
    """The index of a rulebook, with the plain search; remembers what it found."""

    def __init__(self, themes: Sequence[PhraseTheme], index: PhraseIndex) -> None:
        self._themes, self._samples, self._wanted = tuple(themes), index._samples, index._wanted
        self._found, self._near_themes = {}, {}
        self._opening, self.opening_within = frozenset(), 0
        patterns = [p for place, theme in enumerate(themes) for p in _compiled(theme, place)]
        self.anchors = anchors_of(patterns)

    def _search(self, text: str, themes: frozenset[str]) -> list[Place]:
        hits = plain_hits(self._themes, self.anchors, prepare(text), themes)
        return sorted(hits, key=lambda hit: (hit.start, hit.theme))


def plain_hits(
    themes: Sequence[PhraseTheme], anchors: Sequence[Anchor], text: PreparedText, wanted: frozenset[str]
) -> Iterator[Place]:
    found: dict[int, list[tuple[Laying, str]]] = defaultdict(list)
    for anchor in anchors:
        for place, patterns in anchor.wanted_by.items():
            if themes[place].id in wanted:
                for fit in dict.fromkeys(_fits(anchor, text)):
                    laid = [(_extended(pattern, fit, text), pattern.variant) for pattern in patterns]
                    found[place] += [(one, variant) for one, variant in laid if one is not None]
    for place, layings in found.items():
        theme = themes[place]
        kept: list[tuple[Laying, str]] = []
        for one, variant in sorted(layings, key=lambda f: (-round(f[0][0], 6), f[0][1] - f[0][2], f[0][1])):
            if all(one[2] <= other[1] or other[2] <= one[1] for other, _ in kept):
                kept.append((one, variant))
        for (score, start, end), variant in kept:
            if theme.mode != "fuzzy" and not {start, end} <= _borders(text):
                continue
            why = guard(text, start, end, theme.active_guards)
            why = why or context_guard(text, start, end, theme.unless_before, theme.unless_after)
            first, last = text.original_span(start, end)
            yield Place(theme.id, first, last, text.original[first:last], round(score, 3), variant, why)


def _fits(anchor: Anchor, text: PreparedText) -> Iterator[Fit]:
    literal, edits, size = anchor.literal, anchor.edits, anchor.size
    cuts = [size * i // (edits + 1) for i in range(edits + 2)]
    starts = set()
    for first, last in pairwise(cuts):
        at = text.sounds.find(literal.sounds[first:last])
        while at >= 0:
            starts.add(at - first)
            at = text.sounds.find(literal.sounds[first:last], at + 1)
    for start in sorted(starts):
        low, high = max(0, start - edits), min(len(text.sounds), start + size + edits)
        at = text.sounds.find(literal.sounds, low, high)
        fit = exact_fit(literal, text.chars, at) if at >= 0 else None
        if fit is None and edits:
            fit = aligned(literal, edits, text.chars, text.sounds, low, high)
        if fit is not None:
            yield fit


def _extended(pattern: Pattern, fit: Fit, text: PreparedText) -> Laying | None:
    laid, start, end = Laid(fit.length, fit.sound, fit.char), fit.start, fit.end
    after, before = pattern.parts[pattern.anchor + 1 :], pattern.parts[: pattern.anchor][::-1]
    for parts, leftwards in ((after, False), (before, True)):
        slack = 0
        for part in parts:
            if isinstance(part, Gap):
                slack = part.most
                continue
            placed = _placed(part, text, start if leftwards else end, slack, laid, pattern.budget, leftwards)
            if placed is None:
                return None
            start, end = (placed.start, end) if leftwards else (start, placed.end)
            slack, laid = 0, laid.plus(placed)
    if laid.sound > pattern.budget[laid.length] or (pattern.exact and laid.char):
        return None
    score = 1 - (SOUND_WEIGHT * laid.sound + (1 - SOUND_WEIGHT) * laid.char) / laid.length
    return (score, start, end) if score >= MIN_SCORE else None


def _placed(
    part: Choice | Slot,
    text: PreparedText,
    at: int,
    slack: int,
    laid: Laid,
    budget: Sequence[float],
    leftwards: bool,
) -> Fit | None:
    if isinstance(part, Slot):
        place = place_left if leftwards else place_right
        return place(part, text, SoundMasks(text.sounds), at, slack, laid, budget)
    best: Fit | None = None
    for literal in part.literals:
        size = len(literal.sounds)
        edits = min(math.floor(budget[laid.length + size] - laid.sound), math.floor(STRETCH_SHARE * size))
        if edits < 0:
            continue
        low, high = (at - slack - size - edits, at) if leftwards else (at, at + slack + size + edits)
        fit = _fit_between(literal, edits, text.chars, text.sounds, low, high)
        if fit is not None and fit.sound <= STRETCH_SHARE * size and (best is None or fit.sound < best.sound):
            best = fit
            if fit.sound == 0:
                break
    return best
