"""The most a theme's patterns can come to in a text, told without laying any of them.

A wording laid on any part of a text differs from it by no fewer edits than from the part nearest to it,
wherever that is; so the parts of a pattern, each at its nearest, weigh at least what the pattern laid
properly weighs (nearmiss.py). Almost no theme comes near almost any text, and this says so in a few
microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.sounds import FIRST_HALF

LONGEST = 48  # half syllables of a string; 64 of a text are compared at once
# Half syllables as small numbers (see kernels.folded): 64 that are known, 64 that all other characters share.
ALPHABET = (FIRST_HALF, 64, 128)
SPARE = 1e-9  # nats: sums in another order differ by less


class Most(NamedTuple):
    """Nats at most: of each pattern; of each part with wordings, pattern by pattern; of each wording. ``likeliest``:
    numbers of wordings, the likest for their own length first."""

    weight: Any
    parts: Any
    wordings: Any
    likeliest: Any


class Patterns(NamedTuple):
    """A theme's patterns as the kernels read them. A pattern (its parts ``flat_starts[i]`` to ``flat_starts[i + 1]``)
    is a row of parts, a part (its wordings ``parts[part_starts[i]:part_starts[i + 1]]``) a choice of strings, a string
    ``codes[starts[i]:starts[i + 1]]``. ``lanes``: see ``kernels.lanes``; ``given``: nats of all else in a pattern."""

    codes: Any
    starts: Any
    lanes: Any
    parts: Any
    part_starts: Any
    flat_starts: Any
    given: Any


class Bounds:
    """``flats``: of each pattern the parts with wordings, each as numbers of ``strings`` (half syllables);
    ``given``: the nats of all else in it, at most. ``nats``: what a syllable that is the same gives, an edit takes,
    a part that is not there takes."""

    def __init__(
        self,
        strings: Sequence[str],
        flats: Sequence[Sequence[Sequence[int]]],
        *,
        given: Sequence[float],
        nats: tuple[float, float, float],
    ) -> None:
        from pipeline.rules.kernels.codes import folded, lanes

        parts = [part for flat in flats for part in flat]
        self._nats, self._sizes = nats, [len(string) // 2 for string in strings]
        codes, ends = folded(points("".join(strings)), *ALPHABET).astype(np.uint8), _ends(strings)
        self._patterns = Patterns(
            codes,
            ends,
            lanes(codes, ends, ALPHABET[2]),
            np.array([string for part in parts for string in part], np.int64),
            _ends(parts),
            _ends(flats),
            np.array(given) + SPARE,
        )

    def most(self, said: str, *, least: float, count: int, cutoff: float) -> Most:
        """For a text. Patterns that cannot weigh ``least`` are told only that; of the wordings that can be part of
        one that does, those are named that are among the ``count`` likeliest by a quick look (ratio ``cutoff``)."""
        from pipeline.rules.kernels.promise import candidates

        return Most(*candidates(points(said), ALPHABET, self._patterns, self._nats, least, count, cutoff))

    def size(self, number: int) -> int:
        """Syllables of a string."""
        return self._sizes[number]

    def place(
        self,
        said: Any,
        wordings: Any,
        mosts: Any,
        spans: tuple[int, int, int, int],
        *,
        least: float = -np.inf,
    ) -> tuple[int, int, int, float, int]:
        """See ``kernels.place``; ``said``: the text's ``points``."""
        from pipeline.rules.kernels.weights import place

        codes, starts = self._patterns.codes, self._patterns.starts
        found: tuple[int, int, int, float, int] = place(
            said, ALPHABET, codes, starts, wordings, mosts, least, spans, self._nats
        )
        return found

    def heaviest(self, said: Sequence[str], least: Sequence[float]) -> Any:
        """The greatest weight of any pattern in each of many texts; where that is not ``least``, the number is
        only sure to be below it."""
        from pipeline.rules.kernels.weights import heaviest

        joined, asked = points("".join(said)), np.array(least, float)
        return heaviest(joined, _ends(said), ALPHABET, self._patterns, self._nats, asked)


def points(text: str) -> Any:
    """Its code points."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _ends(rows: Sequence[Sequence[object]]) -> Any:
    return np.cumsum([0, *map(len, rows)]).astype(np.int64)
