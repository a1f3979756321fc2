"""Edit distances after Myers (1999): a step for each place of the text, a bit for each of the string."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint32, uint64

from pipeline.rules.kernels.codes import LANE, ONE

MILLI = 1000  # of costs, counted whole: three times as fast
TOP = uint32(LANE - 1)
# whole numbers narrower than 64 bits, so that the processor takes many strings at once
_NARROW = dict.fromkeys(("same", "rise", "fall", "along", "more", "less", "differ", "hit", "left"), uint32)


@njit(cache=True)  # type: ignore[untyped-decorator]
def places(starts: Any) -> Any:
    """Of each string the bits that are its own in its lane: see ``codes.lanes``."""
    own = np.empty(len(starts) - 1, np.uint32)
    for string in range(len(own)):
        size = min(LANE, starts[string + 1] - starts[string])
        own[string] = ((ONE << uint64(size)) - ONE) << uint64(LANE - size)
    return own


@njit(cache=True, locals=_NARROW)  # type: ignore[untyped-decorator]
def least_edits(text: Any, starts: Any, lanes: Any) -> Any:
    """Of each string the Levenshtein distance to the part of the text that is nearest to it; of one longer than
    ``LANE`` that of its beginning, which is no more."""
    rises = places(starts)
    falls, edits = np.zeros_like(rises), np.empty_like(rises)
    for string in range(len(edits)):
        edits[string] = min(LANE, starts[string + 1] - starts[string])
    least = edits.copy()
    for code in text:
        here = lanes[code]
        for string in range(len(edits)):
            same, rise, fall = here[string], rises[string], falls[string]
            along = (((same & rise) + rise) ^ rise) | same | fall
            more = fall | ~(along | rise)
            less = rise & along
            differ = edits[string] + (more >> TOP) - (less >> TOP)
            edits[string], least[string] = differ, min(least[string], differ)
            more <<= 1
            less <<= 1
            rises[string], falls[string] = less | ~(along | more), more & along
    return least


@njit(cache=True, locals=_NARROW)  # type: ignore[untyped-decorator]
def unshared(text: Any, starts: Any, lanes: Any) -> Any:
    """Of each string, of a long one its beginning, the bits of the codes that it and the text do not have in common
    in order."""
    found = places(starts)
    for code in text:
        here = lanes[code]
        for string in range(len(found)):
            left = found[string]
            hit = left & here[string]
            found[string] = (left + hit) | (left - hit)
    return found


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
    same, edit = nats.same, nats.edit
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
