"""The most a theme's patterns can come to in a text, told without laying any of them.

A wording laid on any part of a text differs from it by no fewer edits than from the part nearest to it,
wherever that is; so the parts of a pattern, each at its nearest, weigh at least what the pattern laid
properly weighs (nearmiss.py). Almost no theme comes near almost any text, and this says so in a few
microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.sounds import FIRST_HALF

LONGEST = 48  # half syllables of a string; 64 of a text are compared at once
# Half syllables as small numbers (see kernels.folded): 64 that are known, 64 that all other characters share.
ALPHABET = (FIRST_HALF, 64, 128)
SPARE = 1e-9  # nats: sums in another order differ by less


class Most(NamedTuple):
    """Of each pattern the greatest weight in nats and the greatest likeness 0..1 it may have; of each part
    with wordings, pattern by pattern, the greatest weight; of each wording its greatest weight."""

    weight: Any
    likeness: Any
    parts: Any
    wordings: Any


class Bounds:
    """Patterns as arrays. ``flats``: of each pattern the parts with wordings, each as numbers of
    ``strings`` (half syllables); ``given``: the nats of all else in it, at most; ``slots``: syllables of its slots.
    ``nats``: what a syllable that is the same gives, an edit takes, a part that is not there takes."""

    def __init__(
        self,
        strings: Sequence[str],
        flats: Sequence[Sequence[Sequence[int]]],
        *,
        given: Sequence[float],
        slots: Sequence[int],
        nats: tuple[float, float, float],
    ) -> None:
        from pipeline.rules.kernels.codes import folded, masks, shared_heads

        parts = [part for flat in flats for part in flat]
        self._nats, self._sizes = nats, [len(string) // 2 for string in strings]
        self._all = np.ones(len(flats), bool)
        # two stretches share what the longest wording and a syllable more may take
        self._stride = 64 - 2 - max(map(len, strings), default=0)
        codes, ends = folded(points("".join(strings)), *ALPHABET).astype(np.uint8), _ends(strings)
        self._strings = (codes, ends, masks(codes, ends))
        self._arrays = (
            *self._strings,
            shared_heads(codes, ends),
            np.array([string for part in parts for string in part], np.int64),
            _ends(parts),
            _ends(flats),
            np.array(given) + SPARE,
            np.array(slots, np.int64),
            nats,
        )

    def likeliest(self, said: str, *, count: int, cutoff: float) -> list[int]:
        """Numbers of the wordings that a quick look at a text, finds likest, for their own length,
        the likest first."""
        from pipeline.rules.kernels.promise import likeliest

        found = likeliest(points(said), ALPHABET, *self._strings, count, self._nats, cutoff)
        return [number for number in found.tolist() if number >= 0]

    def likest(self, said: str) -> float:
        """The greatest likeness of any pattern in a text."""
        return float(self._weighed(said, self._all, -np.inf, 2).likeness.max()) + SPARE

    def most(self, said: str, *, least: float = -np.inf, flats: Iterable[int] | None = None) -> Most:
        """For a text, of all patterns or those named. Patterns that cannot weigh ``least`` are told
        only that."""
        asked = self._all
        if flats is not None:
            asked = np.zeros_like(asked)
            asked[list(flats)] = True
        return self._weighed(said, asked, least, 3)

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

        codes, starts, _ = self._strings
        found: tuple[int, int, int, float, int] = place(
            said, ALPHABET, codes, starts, wordings, mosts, least, spans, self._nats
        )
        return found

    def heaviest(self, said: Sequence[str], least: Sequence[float]) -> Any:
        """The greatest weight of any pattern in each of many texts; where that is not ``least``, the number is
        only sure to be below it."""
        from pipeline.rules.kernels.weights import heaviest

        joined, asked = points("".join(said)), np.array(least, float)
        return heaviest(joined, _ends(said), ALPHABET, self._stride, *self._arrays, self._all, asked)

    def _weighed(self, said: str, asked: Any, least: float, looks: int) -> Most:
        from pipeline.rules.kernels.weights import weigh

        return Most(*weigh(points(said), ALPHABET, self._stride, *self._arrays, asked, least, looks))


def points(text: str) -> Any:
    """Its code points."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _ends(rows: Sequence[Sequence[object]]) -> Any:
    return np.cumsum([0, *map(len, rows)]).astype(np.int64)
