"""Where in a text the anchors of patterns may lie: see ``rules/anchors.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint64

from pipeline.rules.kernels.codes import BITS, ONE, beginnings, folded, mask, ones, powers
from pipeline.rules.kernels.edits import edits_between


@njit(cache=True)  # type: ignore[untyped-decorator]
def lying(
    points: Any,
    alphabet: Any,
    lengths: Any,
    hashes: Any,
    pieces: Any,
    owner_starts: Any,
    owners: Any,
    ways: Any,
    codes: Any,
    starts: Any,
    has: Any,
    edits: Any,
    wanted: Any,
) -> Any:
    """Rows (anchor, the stretch it may lie in, edits at least): see anchors.py. ``hashes`` (a table of a power of
    two, 0 where empty) and ``pieces`` tell a piece's number by its hash; piece i belongs to the anchors
    ``owners[owner_starts[i]:owner_starts[i + 1]]``, each begun ``ways`` before the piece ends."""
    text = folded(points, *alphabet)
    hashes_to, scale = beginnings(text), powers(lengths[0])
    where, nowhere = np.zeros(alphabet[2], np.uint64), ~mask(text, 0, len(text))
    found, count, slots = np.empty((64, 4), np.int64), 0, uint64(len(hashes) - 1)
    for end in range(1, len(text) + 1):
        for length in lengths:
            if length > end:
                continue
            key = hashes_to[end] - hashes_to[end - length] * scale[length]
            slot = key & slots
            while hashes[slot] != 0 and hashes[slot] != key:
                slot = (slot + ONE) & slots
            if hashes[slot] == 0:
                continue
            piece = pieces[slot]
            for owner in range(owner_starts[piece], owner_starts[piece + 1]):
                anchor = owners[owner]
                if not wanted[anchor]:
                    continue
                first, last, may = starts[anchor], starts[anchor + 1], edits[anchor]
                if ones(has[anchor] & nowhere) > may:
                    continue
                start, size, differs = end - 1 - ways[owner], last - first, 0
                low, high = max(0, start - may), min(len(text), start + size + may)
                if size <= BITS:
                    for at in range(first, last):
                        where[codes[at]] |= ONE << uint64(at - first)
                    differs = edits_between(where, text, low, high, size)
                    for at in range(first, last):
                        where[codes[at]] = uint64(0)
                    if differs > may:
                        continue
                if count == len(found):
                    more = np.empty((2 * count, 4), np.int64)
                    more[:count] = found
                    found = more
                found[count, 0], found[count, 1], found[count, 2], found[count, 3] = (
                    anchor,
                    low,
                    high,
                    differs,
                )
                count += 1
    return found[:count]
