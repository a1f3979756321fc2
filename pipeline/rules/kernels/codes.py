"""Texts as small numbers, and what is told of them at a glance: masks, lanes, hashes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64, njit, uint64

BITS = 64
LANE = 32  # places of a string among many
ONE = uint64(1)
BASE = uint64(0x9E3779B97F4A7C15)  # of rolling hashes, modulo 2**64


@njit(cache=True)  # type: ignore[untyped-decorator]
def folded(points: Any, first: int, known: int, kinds: int) -> Any:
    """Code points as numbers below ``kinds``: ``known`` of them, from ``first`` on, each its own; all others
    share the rest, so that some pass for each other."""
    codes = np.empty(len(points), np.int64)
    for at in range(len(points)):
        code = int64(points[at]) - first
        codes[at] = code if 0 <= code < known else known + points[at] % (kinds - known)
    return codes


@njit(cache=True)  # type: ignore[untyped-decorator]
def ones(bits: Any) -> int:
    """How many bits are set."""
    bits -= (bits >> ONE) & uint64(0x5555555555555555)
    bits = (bits & uint64(0x3333333333333333)) + ((bits >> uint64(2)) & uint64(0x3333333333333333))
    bits = (bits + (bits >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return int64((bits * uint64(0x0101010101010101)) >> uint64(56))


@njit(cache=True)  # type: ignore[untyped-decorator]
def mask(codes: Any, first: int, last: int) -> Any:
    """Which codes there are, a bit each; every 64th has the same."""
    found = uint64(0)
    for at in range(first, last):
        found |= ONE << uint64(codes[at] % BITS)
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def mark(where: Any, string: Any) -> None:
    where[:] = 0
    for at in range(len(string)):
        where[string[at]] |= ONE << uint64(at)


@njit(cache=True)  # type: ignore[untyped-decorator]
def lanes(codes: Any, starts: Any, kinds: int) -> Any:
    """Where in each string every code stands, a bit a place: one row a code, one column a string, so that a
    loop over strings runs over many at once. The last place is the topmost bit; of a string longer than
    ``LANE`` the beginning is told. Bits below a shorter one are set for every code: what is before it never differs."""
    found = np.zeros((kinds, len(starts) - 1), np.uint32)
    for string in range(len(starts) - 1):
        size = min(LANE, starts[string + 1] - starts[string])
        for kind in range(kinds):
            found[kind, string] = (ONE << uint64(LANE - size)) - ONE
        for at in range(size):
            found[codes[starts[string] + at], string] |= ONE << uint64(LANE - size + at)
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def powers(count: int) -> Any:
    """Of the base of rolling hashes, modulo 2**64."""
    found = np.ones(count + 1, np.uint64)
    for place in range(count):
        found[place + 1] = found[place] * BASE
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def beginnings(text: Any) -> Any:
    """The rolling hash of every beginning of the text."""
    found = np.zeros(len(text) + 1, np.uint64)
    for at in range(len(text)):
        found[at + 1] = found[at] * BASE + uint64(text[at]) + ONE
    return found
