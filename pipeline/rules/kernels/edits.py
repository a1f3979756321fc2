"""Edit distances after Myers (1999): a step for each place of one string, a bit for each of the other.

Where many strings are laid on one text the bits are the text's, so that its masks serve all of them; a text
longer than 64 is looked through in stretches that overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint64

from pipeline.rules.kernels.codes import BITS, ONE

MILLI = 1000  # of costs, counted whole: three times as fast
FOUR = uint64(15)


@njit(cache=True)  # type: ignore[untyped-decorator]
def occurrences(text: Any, kinds: int, stride: int) -> Any:
    """Where each code stands in each stretch of 64 that begins ``stride`` after the one before: a bit a
    place, one row a stretch."""
    count = 1 + max(0, (len(text) - BITS + stride - 1) // stride)
    places = np.zeros((count, kinds), np.uint64)
    for stretch in range(count):
        low = stretch * stride
        for at in range(low, min(len(text), low + BITS)):
            places[stretch, text[at]] |= ONE << uint64(at - low)
    return places


def _four_steps() -> Any:
    """For every four bits that say up and four that say down: where that leads, and the lowest on the way."""
    found = np.zeros((16, 16, 2), np.int64)
    for up in range(16):
        for down in range(16):
            at = 0
            for place in range(4):
                at += (up >> place & 1) - (down >> place & 1)
                found[up, down] = at, min(at, found[up, down, 1])
    return found


_STEPS = _four_steps()


@njit(cache=True)  # type: ignore[untyped-decorator]
def lowest(up: Any, down: Any, length: int) -> int:
    """The lowest place, 0 or below, on a way of so many steps up and down, a bit each."""
    at = least = 0
    for _ in range(0, length, 4):
        steps = _STEPS[up & FOUR, down & FOUR]
        least = min(least, at + steps[1])
        at += steps[0]
        up, down = up >> uint64(4), down >> uint64(4)
    return least


@njit(cache=True)  # type: ignore[untyped-decorator]
def least_edits(text: Any, stride: int, kinds: int, codes: Any, starts: Any, shared: Any, asked: Any) -> Any:
    """Of each string ``asked`` for the Levenshtein distance to the part of the text that is nearest to it.
    ``shared``: how many of its first codes are those of the string before: their rows are known."""
    places = occurrences(text, kinds, stride)
    rises, falls = np.zeros(BITS + 1, np.uint64), np.zeros(BITS + 1, np.uint64)
    least = np.full(len(shared), BITS, np.int64)
    for stretch in range(len(places)):
        length = min(BITS, len(text) - stride * stretch)
        here = ~uint64(0) >> uint64(BITS - length)
        known = BITS  # rows that still are those of the string's own first codes
        for string in range(len(shared)):
            known = min(known, shared[string])
            if not asked[string]:
                continue
            first, size = starts[string], starts[string + 1] - starts[string]
            for at in range(known, size):
                same, rise, fall = places[stretch, codes[first + at]], rises[at], falls[at]
                across = same | fall
                along = (((same & rise) + rise) ^ rise) | same
                more = ((fall | ~(along | rise)) << ONE) | ONE
                less = (rise & along) << ONE
                rises[at + 1] = less | ~(across | more)
                falls[at + 1] = more & across
            known = BITS
            found = size + lowest(rises[size] & here, falls[size] & here, length)
            least[string] = min(least[string], found)
    return least


@njit(cache=True)  # type: ignore[untyped-decorator]
def least_cost(
    text: Any, codes: Any, first: int, last: int, edit: float, added: float, limit: float, row: Any
) -> float:
    """What the edits to the cheapest part of the text cost at least, when one code too many costs ``added``;
    counted on until it is more than ``limit``. ``row``: room for one number more than the text has codes."""
    whole_edit, whole_added = int(edit * MILLI), int(added * MILLI)
    enough = int(min(limit, 1e9) * MILLI)
    row[: len(text) + 1] = 0
    least = 0
    for at in range(first, last):
        corner, before = row[0], row[0] + whole_edit
        row[0] = least = before
        for place in range(len(text)):
            above = row[place + 1]
            cost = above + whole_edit
            if codes[at] != text[place]:
                corner += whole_edit
            cost = corner if corner < cost else cost
            before += whole_added
            before = cost if cost < before else before
            corner, row[place + 1] = above, before
            least = before if before < least else least
        if least > enough:
            break
    return least / MILLI


@njit(cache=True)  # type: ignore[untyped-decorator]
def edits_between(where: Any, text: Any, low: int, high: int, size: int) -> int:
    """Levenshtein distance of a string of that size (``where`` its codes stand, a bit a place) to the stretch
    of ``text[low:high]`` that is nearest to it."""
    rises, falls, last = ~uint64(0), uint64(0), ONE << uint64(size - 1)
    edits = least = size
    for at in range(low, high):
        same = where[text[at]]
        across = same | falls
        along = (((same & rises) + rises) ^ rises) | same
        more, less = falls | ~(along | rises), rises & along
        edits += (more & last != 0) - (less & last != 0)
        least = min(least, edits)
        more, less = more << ONE, less << ONE
        rises, falls = less | ~(across | more), more & across
    return least


@njit(cache=True)  # type: ignore[untyped-decorator]
def placed(where: Any, size: int, text: Any, low: int, high: int, nats: Any) -> Any:
    """Where in syllables ``low`` to ``high`` (two codes each) a string of ``size`` syllables, marked in
    ``where``, weighs most: start, end, weight, edits. A syllable shorter or longer it may be."""
    same, edit, _ = nats
    start = end = low
    edits, weight = 2 * size, same * size - edit * 2 * size
    last = ONE << uint64(2 * size - 1)
    for first in range(low, high):
        rises, falls, differs = ~uint64(0), uint64(0), 2 * size
        for at in range(2 * first, 2 * min(high, first + size + 1)):
            here = where[text[at]]
            across = here | falls
            along = (((here & rises) + rises) ^ rises) | here
            more, less = falls | ~(along | rises), rises & along
            differs += (more & last != 0) - (less & last != 0)
            more, less = (more << ONE) | ONE, less << ONE
            rises, falls = less | ~(across | more), more & across
            length = (at + 1) // 2 - first
            if at % 2 and length >= size - 1:
                weighs = same * size - edit * differs + same * max(0, length - size)
                if weighs > weight:
                    start, end, weight, edits = first, first + length, weighs, differs
    return start, end, weight, edits
