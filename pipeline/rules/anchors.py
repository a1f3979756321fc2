"""Patterns, and what each is looked for by: its anchor. Where that may lie: see pieces.py."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.rules.variants import Choice, Flat, Literal, Part, flatten

DEFAULT_DISTANCE = 0.28  # edits per character of a pattern
LONG_DISTANCE, LONG_FROM = 0.34, 8  # a sentence of eight characters can afford more and stay itself
EDITS_FROM = 4  # shorter patterns must sound exactly right


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A flat pattern and the place of its anchor among its parts.

    ``budget[n]``: edits that n characters of it may differ by; ``longest``: characters of its longest
    wording, slots and gaps left out.
    """

    theme: int
    variant: str
    parts: Flat
    anchor: int
    exact: bool
    longest: int
    budget: tuple[float, ...]


@dataclass(slots=True, eq=False)
class Anchor:
    """A stretch to look for. ``wanted_by``: theme → its patterns with this anchor; ``longest`` of all."""

    literal: Literal
    edits: int
    wanted_by: dict[int, list[Pattern]] = field(default_factory=dict)
    longest: int = 0

    def add(self, pattern: Pattern) -> None:
        self.wanted_by.setdefault(pattern.theme, []).append(pattern)
        self.longest = max(self.longest, pattern.longest)


def anchors_of(patterns: Iterable[Pattern]) -> tuple[Anchor, ...]:
    """Every anchor once for each number of edits, in the order of the patterns."""
    found: dict[tuple[Literal, int], Anchor] = {}
    for pattern in patterns:
        for literal in anchor_of(pattern).literals:
            key = (literal, math.floor(pattern.budget[len(literal.chars)]))
            anchor = found.get(key)
            if anchor is None:
                anchor = found[key] = Anchor(*key)
            anchor.add(pattern)
    return tuple(found.values())


def compile_variants(
    theme: int,
    variants: Sequence[str],
    synonyms: Mapping[str, tuple[str, ...]],
    *,
    name: str,
    share: float,
    exact: bool,
) -> tuple[Pattern, ...]:
    """The patterns of a theme, ``share`` edits per character. Raises PhraseError."""
    flats = ((variant, parts) for variant in variants for parts in flatten(variant, synonyms, theme=name))
    return tuple(
        pattern
        for variant, parts in flats
        for pattern in _with_anchors(theme, variant, parts, share=share, exact=exact)
    )


def _with_anchors(theme: int, variant: str, parts: Flat, *, share: float, exact: bool) -> Iterator[Pattern]:
    longest = sum(len(part.literals[0].chars) for part in parts if isinstance(part, Choice))
    budget = tuple(_edits(length, share) for length in range(longest + 1))
    by_size = sorted(range(len(parts)), key=lambda i: -_least(parts[i]))
    # a short anchor must sound exactly right, so the next best stretch may stand in for it
    count = 1 if _least(parts[by_size[0]]) >= EDITS_FROM else 2
    for anchor in by_size[:count]:
        if anchor == by_size[0] or _least(parts[anchor]) > 1:
            yield Pattern(theme, variant, parts, anchor, exact, longest, budget)


def _edits(length: int, share: float) -> float:
    if length < EDITS_FROM:
        return 0.0
    return (LONG_DISTANCE if share == DEFAULT_DISTANCE and length >= LONG_FROM else share) * length + 1e-9


def _least(part: Part) -> int:
    """Characters of a part's shortest wording: what an anchor has at least to be told by."""
    return len(part.literals[-1].chars) if isinstance(part, Choice) else 0


def anchor_of(pattern: Pattern) -> Choice:
    part = pattern.parts[pattern.anchor]
    assert isinstance(part, Choice)
    return part
