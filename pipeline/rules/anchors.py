"""Where in a text a pattern's anchor may lie: cheap tests that never lose a place, before any distance.

An anchor that may differ by k edits is cut into k + 1 pieces, of which one survives any k edits
(pigeonhole), so one look at every stretch of the text, by its hash, names every anchor that can be there.
It cannot where more than k of its syllables are nowhere in the text, nor where no part of the stretch it
would lie in is within k edits of it: that is counted in kernels.py.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from pipeline.rules.kernels import points
from pipeline.rules.variants import STRETCH_SHARE, Choice, Flat, Literal, Part, flatten
from pipeline.sounds import FIRST_CODE

DEFAULT_DISTANCE = 0.28  # edits per character of a pattern
LONG_DISTANCE, LONG_FROM = 0.34, 8  # a sentence of eight characters can afford more and stay itself
# Syllables as small numbers (see kernels.folded); that other characters share some makes a candidate too many.
ALPHABET = (FIRST_CODE, 512, 640)
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
    # the stretches beside the anchor, each by its wordings: syllables (a mask) and how many of them may lack
    others: tuple[tuple[tuple[int, int], ...], ...]

    def possible(self, absent: int, known: dict[int, bool]) -> bool:
        """May every other stretch be somewhere in a text that lacks the syllables ``absent`` (a mask)?
        ``known``: what was told of stretches, which patterns share, by their identity."""
        for wordings in self.others:
            may = known.get(id(wordings))
            if may is None:
                may = any((mask & absent).bit_count() <= lacking for mask, lacking in wordings)
                known[id(wordings)] = may
            if not may:
                return False
        return True


@dataclass(slots=True, eq=False)
class Anchor:
    """A stretch to look for. ``wanted_by``: theme → its patterns with this anchor; ``longest`` of all;
    ``joined``: some have more stretches than this one."""

    number: int
    literal: Literal
    edits: int
    wanted_by: dict[int, list[Pattern]] = field(default_factory=dict)
    longest: int = 0
    joined: bool = False
    size: int = field(init=False)
    mask: int = field(init=False)

    def __post_init__(self) -> None:
        self.size, self.mask = len(self.literal.sounds), self.literal.mask

    def add(self, pattern: Pattern) -> None:
        self.wanted_by.setdefault(pattern.theme, []).append(pattern)
        self.longest = max(self.longest, pattern.longest)
        self.joined = self.joined or bool(pattern.others)


# An anchor, the stretch it may lie in, and the edits by which it differs from any part of that at least
Candidate = tuple[Anchor, int, int, int]


class AnchorSearch:
    """All anchors of all patterns, ready to be looked for together."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        from pipeline.rules.kernels.codes import folded, masks

        self._anchors = tuple(anchors)
        if not anchors:  # themes of samples only
            return
        self._pieces = _pieces(anchors)
        self._codes = folded(points("".join(anchor.literal.sounds for anchor in anchors)), *ALPHABET)
        self._starts = np.cumsum([0, *(anchor.size for anchor in anchors)])
        self._has = masks(self._codes, self._starts)
        self._edits = np.array([anchor.edits for anchor in anchors])
        self._wanted: dict[frozenset[int] | None, Any] = {}

    def candidates(self, sounds: str, themes: frozenset[int] | None = None) -> list[Candidate]:
        """Everywhere an anchor of these themes may lie, as far as syllables tell."""
        from pipeline.rules.kernels.lying import lying

        if not self._anchors:
            return []
        rows = lying(
            points(sounds), ALPHABET, *self._pieces,
            self._codes, self._starts, self._has, self._edits, self._chosen(themes),
        )  # fmt: skip
        anchors, different = self._anchors, dict.fromkeys(map(tuple, rows.tolist()))
        return [(anchors[number], low, high, edits) for number, low, high, edits in different]

    def _chosen(self, themes: frozenset[int] | None) -> Any:
        """By anchor: does any of the themes want it?"""
        if themes not in self._wanted:
            self._wanted[themes] = np.array(
                [themes is None or not themes.isdisjoint(anchor.wanted_by) for anchor in self._anchors]
            )
        return self._wanted[themes]


def anchors_of(patterns: Iterable[Pattern]) -> tuple[Anchor, ...]:
    """Every anchor once for each number of edits, in the order of the patterns."""
    found: dict[tuple[Literal, int], Anchor] = {}
    for pattern in patterns:
        for literal in anchor_of(pattern).literals:
            key = (literal, math.floor(pattern.budget[len(literal.chars)]))
            anchor = found.get(key)
            if anchor is None:
                anchor = found[key] = Anchor(len(found), *key)
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
            others = tuple(_wordings(p) for i, p in enumerate(parts) if i != anchor and isinstance(p, Choice))
            yield Pattern(theme, variant, parts, anchor, exact, longest, budget, others)


@cache
def _wordings(part: Choice) -> tuple[tuple[int, int], ...]:
    return tuple({(one.mask, math.floor(STRETCH_SHARE * len(one.sounds))): None for one in part.literals})


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


class _Pieces(NamedTuple):
    """Every piece of every anchor, to be told by its hash; see ``kernels.lying``."""

    lengths: Any
    hashes: Any
    numbers: Any
    owner_starts: Any
    owners: Any
    ways: Any


def _pieces(anchors: Sequence[Anchor]) -> _Pieces:
    from pipeline.rules.kernels.codes import beginnings, folded

    owned: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for anchor in anchors:
        sounds, count = anchor.literal.sounds, anchor.edits + 1
        cuts = [len(sounds) * i // count for i in range(count + 1)]
        for start, end in pairwise(cuts):
            owned[sounds[start:end]].append((anchor.number, end - 1))
    by_hash: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for piece, owners in owned.items():
        by_hash[int(beginnings(folded(points(piece), *ALPHABET))[-1])] += (
            owners  # pieces that share one are found together
        )
    size = 1 << (2 * len(by_hash) + 1).bit_length()
    hashes, numbers = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    for number, key in enumerate(by_hash):
        slot = key % size
        while hashes[slot]:
            slot = (slot + 1) % size
        hashes[slot], numbers[slot] = key, number
    ends = np.cumsum([0, *map(len, by_hash.values())])
    flat = [pair for owners in by_hash.values() for pair in owners]
    whose, ways = np.array(flat, np.int64).reshape(-1, 2).T.copy()  # none where all themes are samples
    lengths = np.array(sorted({len(piece) for piece in owned}, reverse=True), np.int64)
    return _Pieces(lengths, hashes, numbers, ends, whose, ways)
