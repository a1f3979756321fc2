"""A quick look at which strings are likest to a text: rapidfuzz's ratios, for those that may be among the best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint64

from pipeline.rules.kernels.codes import folded, mark, mask, ones

SPARE = 1e-6  # of a ratio, more than rounding takes


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ratio(where: Any, size: int, text: Any, start: int, stop: int) -> float:
    """rapidfuzz's ``ratio``, 0 to 1, of a string of that size (``where`` its codes stand, a bit a place)
    and ``text[start:stop]``: twice what is common to both in order, of all they have."""
    free = ~uint64(0)
    for at in range(start, stop):
        hit = free & where[text[at]]
        free = (free + hit) | (free - hit)
    whole = size + stop - start
    return 1.0 - (whole - 2 * ones(~free)) / whole


@njit(cache=True)  # type: ignore[untyped-decorator]
def _partial_ratio(where: Any, size: int, text: Any, least: float) -> float:
    """The greatest ``_ratio`` to a stretch of the text as long as the string, or shorter and at its ends;
    ``least`` where none is greater."""
    best, known = least, 0
    for stop in range(1, len(text) + size):
        start, end = max(0, stop - size), min(stop, len(text))
        if stop <= len(text) and where[text[stop - 1]]:
            known += 1
        if stop > size and where[text[start - 1]]:
            known -= 1
        if 2 * known <= best * (size + end - start):  # what is common to both is no more than it knows
            continue
        # a stretch with another code at its end, or its beginning, is no better than without it
        if where[text[stop - 1 if stop <= len(text) else start]]:
            best = max(best, _ratio(where, size, text, start, end))
    return best


@njit(cache=True)  # type: ignore[untyped-decorator]
def likeliest(
    points: Any, alphabet: Any, codes: Any, starts: Any, has: Any, count: int, nats: Any, cutoff: float
) -> Any:
    """The strings that promise most by their partial ratio to the text, if that is ``cutoff`` (0 to 100):
    numbers, the best first, of equals the later; -1 where there are no more. ``nats``: see ``weigh``."""
    same, edit, _ = nats
    text = folded(points, *alphabet)
    where, nowhere = np.zeros(alphabet[2], np.uint64), ~mask(text, 0, len(text))
    most = np.empty(len(starts) - 1)
    for string in range(len(most)):
        size = starts[string + 1] - starts[string]
        missing = ones(has[string] & nowhere)
        # at best all that they share stands together, at one end of the text
        most[string] = same * size / 2 - edit * size * missing / (2 * size - missing) + 1e-6
    best, promises = np.full(count, -1, np.int64), np.full(count, -np.inf)
    for turn in range(count + len(most)):  # those that may promise most first: they rule out many
        string = int(most.argmax()) if turn < count else turn - count
        if most[string] < promises[count - 1] or most[string] == -np.inf:
            continue
        most[string] = -np.inf
        own = codes[starts[string] : starts[string + 1]]
        size = len(own)
        mark(where, own)
        if size > len(text):
            ratio = _ratio(where, size, text, 0, len(text))
        else:
            # what would neither come to the cutoff nor among the best need not be told exactly
            needed = 1.0 - (same * size / 2 - promises[count - 1]) / (edit * size)
            ratio = _partial_ratio(where, size, text, max(needed, cutoff / 100) - SPARE)
            if size == len(text):
                mark(where, text)
                ratio = _partial_ratio(where, size, own, ratio)
        score = np.float64(np.float32(ratio * 100.0))
        if score < cutoff:
            continue
        share = score / 100
        if size > len(text):
            promise = same * (size / 2) - edit * (size - share * (size + len(text)) / 2)
        else:
            promise = same * (size / 2) - edit * size * (1 - share)
        place = count
        while place > 0 and (promise, string) > (promises[place - 1], best[place - 1]):
            place -= 1
        for later in range(count - 1, place, -1):
            best[later], promises[later] = best[later - 1], promises[later - 1]
        if place < count:
            best[place], promises[place] = string, promise
    return best
