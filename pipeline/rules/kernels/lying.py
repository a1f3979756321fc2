"""Where in a text the anchors of patterns may lie: see ``rules/pieces.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint64

from pipeline.rules.kernels.codes import BITS, ONE, beginnings, mask, ones, powers
from pipeline.rules.kernels.edits import edits_between
from pipeline.rules.kernels.fitting import mark, missing


@njit(cache=True)  # type: ignore[untyped-decorator]
def grown(rows: Any, count: int) -> Any:
    """The rows with room for so many."""
    if count <= len(rows):
        return rows
    more = np.empty((2 * count, rows.shape[1]), rows.dtype)
    for row in range(len(rows)):
        for column in range(rows.shape[1]):
            more[row, column] = rows[row, column]
    return more


@njit(cache=True)  # type: ignore[untyped-decorator]
def lying(
    text: Any,
    number: int,
    pieces: Any,
    sounds: Any,
    wanted: Any,
    tried: Any,
    where: Any,
    seen: Any,
) -> Any:
    """Rows (anchor, the stretch it may lie in, edits at least) of a text's sounds. ``sounds``: of the anchors;
    ``tried``: where, in the text of which ``number``, each anchor was tried last; ``where``: zeros, room for the
    places of each sound."""
    hashes, piece_numbers, piece_starts, owners, has, lengths = pieces
    hashes_to, scale, nowhere = beginnings(text), powers(lengths[0]), ~mask(text, 0, len(text))
    found, count, slots = np.empty((64, 4), np.int64), 0, uint64(len(hashes) - 1)
    mark(seen, text, 0, len(text))
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
            piece = piece_numbers[slot]
            for owner in range(piece_starts[piece], piece_starts[piece + 1]):
                anchor, start, most = owners[owner, 0], end - 1 - owners[owner, 1], owners[owner, 2]
                if ones(has[owner] & nowhere) > most or not wanted[anchor]:
                    continue
                first, last = owners[owner, 3], owners[owner, 4]
                once = (number << 32) + start
                if missing(seen, sounds, first, last, most) > most or tried[anchor] == once:
                    continue
                tried[anchor] = once
                size, differs = last - first, 0
                low, high = max(0, start - most), min(len(text), start + size + most)
                if size <= BITS:
                    for at in range(first, last):
                        where[sounds[at]] |= ONE << uint64(at - first)
                    differs = edits_between(where, text, low, high, size)
                    for at in range(first, last):
                        where[sounds[at]] = uint64(0)
                    if differs > most:
                        continue
                found = grown(found, count + 1)
                found[count, 0], found[count, 1], found[count, 2], found[count, 3] = (
                    anchor,
                    low,
                    high,
                    differs,
                )
                count += 1
    return found[:count]
