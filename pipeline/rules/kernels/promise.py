"""A quick look at which strings are likest to a text: rapidfuzz's ratios, for those that may be among the best."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, uint64

from pipeline.rules.kernels.codes import mark, ones
from pipeline.rules.kernels.edits import unshared

SPARE = 1e-6  # of a ratio, more than rounding takes


@njit(cache=True)  # type: ignore[untyped-decorator]
def _shared(where: Any, text: Any, start: int, stop: int) -> int:
    """How many codes ``text[start:stop]`` has in common, in order, with a string (``where`` its codes stand, a bit a
    place)."""
    free = ~uint64(0)
    for at in range(start, stop):
        hit = free & where[text[at]]
        free = (free + hit) | (free - hit)
    return ones(~free)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ratio(shared: int, size: int, other: int) -> float:
    """rapidfuzz's ``ratio``, 0 to 1, of strings of these sizes: twice what they share, of all they have."""
    return 1.0 - (size + other - 2 * shared) / (size + other)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _partial_ratio(where: Any, size: int, text: Any, shared: int, least: float) -> float:
    """The greatest ``_ratio`` to a stretch of the text as long as the string, or shorter and at its ends;
    ``least`` where none is greater. ``shared``: codes in common with all of the text, at most."""
    best, known, most = least, 0, size
    if 2 * shared > best * 2 * size:
        for stop in range(1, len(text) + 1):
            known += where[text[stop - 1]] != 0
            most += 1  # a stretch has at most one code more in common than the one before
            if stop > size:
                known -= where[text[stop - size - 1]] != 0
            # nor more than it knows; and with another code at its end it is no better than without
            if stop >= size and min(known, most) > best * size and where[text[stop - 1]]:
                most = _shared(where, text, stop - size, stop)
                best = max(best, _ratio(most, size, size))
    for tail in (False, True):
        start, end = (len(text) - size + 1, len(text)) if tail else (0, size - 1)
        shared = _shared(where, text, start, end)
        for length in range(1, size):
            if 2 * min(shared, length) > best * (size + length):
                low = end - length if tail else 0
                if where[text[low if tail else length - 1]]:
                    best = max(best, _ratio(_shared(where, text, low, low + length), size, length))
    return best


@njit(cache=True)  # type: ignore[untyped-decorator]
def _promise(where: Any, own: Any, text: Any, shared: int, nats: Any, cutoff: float, least: float) -> float:
    """Nats that a string promises by its ratio to the text; told closely only from ``least`` on, and none below the
    ``cutoff``. ``where``: room for a bit mask of every code."""
    same, edit, size = nats.same, nats.edit, len(own)
    mark(where, own)
    if size > len(text):
        ratio = _ratio(_shared(where, text, 0, len(text)), size, len(text))
    else:
        needed = 1.0 - (same * size / 2 - least) / (edit * size)
        ratio = _partial_ratio(where, size, text, shared, max(needed, cutoff / 100) - SPARE)
        if size == len(text):
            mark(where, text)
            ratio = _partial_ratio(where, size, own, shared, ratio)
    score = np.float64(np.float32(ratio * 100.0))
    if score < cutoff:
        return -np.inf
    share = score / 100
    if size > len(text):
        return same * (size / 2) - edit * (size - share * (size + len(text)) / 2)
    return same * (size / 2) - edit * size * (1 - share)


@njit(cache=True)  # type: ignore[untyped-decorator]
def likeliest(text: Any, patterns: Any, asked: Any, count: int, cutoff: float) -> Any:
    """Which of the strings ``asked`` for are among the ``count`` that promise most by their partial ratio to the text,
    if that is ``cutoff`` (0 to 100): numbers, the best first, of equals the later."""
    same, edit = patterns.nats.same, patterns.nats.edit
    starts, left = patterns.starts, unshared(text, patterns.starts, patterns.lanes)
    where = np.zeros(len(patterns.lanes), np.uint64)
    best, promises = np.full(count, -1, np.int64), np.full(count, -np.inf)
    for these in (True, False):  # of the others those matter that promise more than one asked for
        least = -np.inf if these else _floor(best, promises, asked)
        for string in range(len(asked)):
            if asked[string] != these:
                continue
            size, lost = starts[string + 1] - starts[string], ones(uint64(left[string]))
            # at best all that they share stands together, at one end of a text that is longer
            share = size / (2 * size - lost) if size <= len(text) else 1.0
            if same * size / 2 - edit * lost * share + SPARE < least:
                continue
            own = patterns.codes[starts[string] : starts[string + 1]]
            promise = _promise(where, own, text, size - lost, patterns.nats, cutoff, least)
            if promise > -np.inf:
                _put(best, promises, string, promise)
                least = promises[-1] if these else _floor(best, promises, asked)
    return best[np.array([number >= 0 and asked[number] for number in best])]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _put(best: Any, promises: Any, string: int, promise: float) -> None:
    """In its place among the best, if it is one of them."""
    place = len(best)
    while place > 0 and (promise, string) > (promises[place - 1], best[place - 1]):
        place -= 1
    for later in range(len(best) - 1, place, -1):
        best[later], promises[later] = best[later - 1], promises[later - 1]
    if place < len(best):
        best[place], promises[place] = string, promise


@njit(cache=True)  # type: ignore[untyped-decorator]
def _floor(best: Any, promises: Any, asked: Any) -> float:
    """What the last of the best that was asked for promises; infinite where there is none."""
    for place in range(len(best) - 1, -1, -1):
        if best[place] >= 0 and asked[best[place]]:
            return float(promises[place])
    return np.inf
