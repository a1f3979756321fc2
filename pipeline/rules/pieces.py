"""Where in a text a pattern's anchor may lie: cheap tests that never lose a place, before any distance.

An anchor that may differ by k edits is cut into k + 1 pieces, of which one survives any k edits
(pigeonhole), so one look at every stretch of the text, by its hash, names every anchor that can be there.
It cannot where more than k of its syllables are nowhere in the text, nor where no part of the stretch it
would lie in is within k edits of it: that is counted in ``kernels/lying.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

_HASHES = 2**64


class Pieces(NamedTuple):
    """``hashes``: a table of a power of two, 0 where empty, that tells a piece's number by its hash; piece i is part of
    the anchors ``owners[starts[i]:starts[i + 1]]``: rows (anchor, how far before the end of the piece it begins,
    its edits, first and last of its sounds); ``masks``: theirs; ``lengths``: of all pieces, the longest first."""

    hashes: Any
    numbers: Any
    starts: Any
    owners: Any
    masks: Any
    lengths: Any


def pieces_of(anchors: Sequence[tuple[int, int, int]], sounds: Any) -> Pieces:
    """``anchors``: of each the edits it may differ by, and where its sounds begin and end among all ``sounds``."""
    from pipeline.rules.kernels.codes import mask

    owned: dict[int, list[tuple[int, ...]]] = defaultdict(list)  # those of one hash are found together
    lengths = set()
    for number, (edits, first, last) in enumerate(anchors):
        for start, end in _cut(last - first, edits + 1):
            lengths.add(end - start)
            piece = sounds[first + start : first + end].tolist()
            owned[_hash(piece)].append((number, end - 1, edits, first, last))
    size = 1 << (2 * len(owned) + 1).bit_length()
    hashes, numbers = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    for number, key in enumerate(owned):
        slot = key % size
        while hashes[slot]:
            slot = (slot + 1) % size
        hashes[slot], numbers[slot] = key, number
    rows = np.array([row for owners in owned.values() for row in owners], np.int32).reshape(-1, 5)
    starts = np.cumsum([0, *map(len, owned.values())]).astype(np.int32)
    masks = np.array([mask(sounds, first, last) for first, last in rows[:, 3:].tolist()], np.uint64)
    return Pieces(hashes, numbers, starts, rows, masks, np.array(sorted(lengths, reverse=True), np.int64))


def _cut(size: int, count: int) -> Iterator[tuple[int, int]]:
    return pairwise(size * i // count for i in range(count + 1))


def _hash(piece: Sequence[int]) -> int:
    """As the rolling hash of ``kernels.codes.beginnings``."""
    from pipeline.rules.kernels.codes import BASE

    key, base = 0, int(BASE)
    for one in piece:
        key = (key * base + one + 1) % _HASHES
    return key
