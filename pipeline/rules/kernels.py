"""Inner loops compiled by numba: where strings are many and short, calling a library costs more than its work.

Strings come as arrays of small codes, many of them end to end: the i-th is ``codes[starts[i]:starts[i + 1]]``.
The edit distance is Myers' (1999), a row a step and a bit a place of the text, so that one text's masks
serve every string laid on it. A text longer than 64 is looked through in stretches that overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64, njit, uint64

BITS = 64
_ONE = uint64(1)
_BASE = uint64(0x9E3779B97F4A7C15)


@njit(cache=True)  # type: ignore[untyped-decorator]
def occurrences(text: Any, kinds: int, stride: int) -> Any:
    """Where each code stands in each stretch of 64 that begins ``stride`` after the one before: a bit a
    place, one row a stretch."""
    count = 1 + max(0, (len(text) - BITS + stride - 1) // stride)
    places = np.zeros((count, kinds), np.uint64)
    for stretch in range(count):
        low = stretch * stride
        for at in range(low, min(len(text), low + BITS)):
            places[stretch, text[at]] |= _ONE << uint64(at - low)
    return places


@njit(cache=True)  # type: ignore[untyped-decorator]
def least_edits(places: Any, length: int, codes: Any, first: int, last: int) -> int:
    """Levenshtein distance of ``codes[first:last]`` to the part of a stretch that is nearest to it."""
    rises, falls = uint64(0), uint64(0)
    for at in range(first, last):
        same = places[codes[at]]
        across = same | falls
        along = (((same & rises) + rises) ^ rises) | same
        more = ((falls | ~(along | rises)) << _ONE) | _ONE
        less = (rises & along) << _ONE
        rises = less | ~(across | more)
        falls = more & across
    edits = least = last - first
    for place in range(length):
        bit = uint64(place)
        edits += int64((rises >> bit) & _ONE) - int64((falls >> bit) & _ONE)
        least = min(least, edits)
    return least


@njit(cache=True)  # type: ignore[untyped-decorator]
def edits_anywhere(places: Any, length: int, stride: int, codes: Any, first: int, last: int) -> int:
    """``least_edits`` over all stretches of a text of that length."""
    least = last - first
    for stretch in range(len(places)):
        here = min(BITS, length - stride * stretch)
        least = min(least, least_edits(places[stretch], here, codes, first, last))
    return least


@njit(cache=True)  # type: ignore[untyped-decorator]
def absent(places: Any, codes: Any, first: int, last: int) -> int:
    """How many of ``codes[first:last]`` are nowhere in the text: that many edits at least, at a glance."""
    missing = 0
    for at in range(first, last):
        nowhere = 1
        for stretch in range(len(places)):
            if places[stretch, codes[at]]:
                nowhere = 0
        missing += nowhere
    return missing


@njit(cache=True)  # type: ignore[untyped-decorator]
def least_cost(text: Any, codes: Any, first: int, last: int, edit: float, added: float, row: Any) -> float:
    """What the edits to the cheapest part of the text cost, when one code too many costs ``added``.
    ``row``: room for one number more than the text has codes."""
    row[: len(text) + 1] = 0.0
    for at in range(first, last):
        corner, row[0] = row[0], row[0] + edit
        for place in range(len(text)):
            cost = corner if codes[at] == text[place] else corner + edit
            corner = row[place + 1]
            row[place + 1] = min(cost, corner + edit, row[place] + added)
    return row[: len(text) + 1].min()


@njit(cache=True)  # type: ignore[untyped-decorator]
def weigh(
    text: Any,
    stride: int,
    kinds: int,
    codes: Any,
    starts: Any,
    sizes: Any,
    parts: Any,
    part_starts: Any,
    flat_starts: Any,
    given: Any,
    slots: Any,
    nats: Any,
    asked: Any,
    least: float,
    looks: int,
) -> Any:
    """The most that a pattern's weight, its likeness, and the weight of each of its parts can come to in the
    text, each string's fewest edits and the least that they cost, as far as they were counted: see bounds.py.

    A pattern (its parts ``flat_starts[i]`` to ``flat_starts[i + 1]``) is a row of parts, a part (its strings
    ``parts[part_starts[i]:part_starts[i + 1]]``) a choice of strings. Each is looked at more closely, up to
    ``looks`` times, until it is seen to weigh less than ``least``: what is not in the text at all, edits,
    what they cost.
    """
    places, row = occurrences(text, kinds, stride), np.empty(len(text) + 1)
    edits, costs = np.full(len(sizes), -1, np.int64), np.full(len(sizes), -np.inf)
    counted = np.zeros(len(sizes), np.bool_)
    weight, likeness = given.copy(), np.ones(len(given))
    part_weight = np.full(len(part_starts) - 1, np.inf)
    same, edit, never = nats
    for flat in range(len(given)):
        alone = flat_starts[flat + 1] - flat_starts[flat] == 1 and slots[flat] == 0
        for look in range(looks if asked[flat] else 0):
            total, missing, size = given[flat], 0.0, float(slots[flat])
            for part in range(flat_starts[flat], flat_starts[flat + 1]):
                heaviest, fewest, longest, likest = -np.inf, np.inf, 0.0, 0.0
                for place in range(part_starts[part], part_starts[part + 1]):
                    string = parts[place]
                    first, last, syllables = starts[string], starts[string + 1], sizes[string]
                    if look == 0:
                        differs = absent(places, codes, first, last)
                    else:
                        if edits[string] < 0:
                            edits[string] = edits_anywhere(places, len(text), stride, codes, first, last)
                        differs = edits[string]
                    if look < 2 or costs[string] < 0:  # a syllable too many gives what a syllable gives
                        costs[string] = edit * differs - (same if differs >= 2 else 0.0)
                    if look == 2 and not counted[string] and same * syllables - costs[string] > heaviest:
                        counted[string] = True
                        exact = least_cost(text, codes, first, last, edit, edit - same / 2, row)
                        costs[string] = max(costs[string], exact)
                    own = same * syllables - costs[string]
                    if differs >= syllables:
                        own -= never
                    heaviest = max(heaviest, own)
                    lacks = min(syllables, differs / 2)
                    fewest = min(fewest, lacks)
                    longest = max(longest, syllables)
                    likest = max(likest, 1 - lacks / max(1, syllables))
                part_weight[part] = heaviest
                total += heaviest
                missing += fewest
                size += longest
            weight[flat] = total
            likeness[flat] = likest if alone else 1 - missing / size
            if total < least:
                break
    return weight, likeness, part_weight, edits, costs


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ones(bits: Any) -> int:
    """How many bits are set."""
    bits -= (bits >> _ONE) & uint64(0x5555555555555555)
    bits = (bits & uint64(0x3333333333333333)) + ((bits >> uint64(2)) & uint64(0x3333333333333333))
    bits = (bits + (bits >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return int64((bits * uint64(0x0101010101010101)) >> uint64(56))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ratio(where: Any, size: int, text: Any, start: int, stop: int) -> float:
    """rapidfuzz's ``ratio``, 0 to 1, of a string of that size (``where`` its codes stand, a bit a place)
    and ``text[start:stop]``: twice what is common to both in order, of all they have."""
    free = ~uint64(0)
    for at in range(start, stop):
        hit = free & where[text[at]]
        free = (free + hit) | (free - hit)
    whole = size + stop - start
    return 1.0 - (whole - 2 * _ones(~free)) / whole


@njit(cache=True)  # type: ignore[untyped-decorator]
def _partial_ratio(where: Any, size: int, text: Any) -> float:
    """The greatest ``_ratio`` to a stretch of the text as long as the string, or shorter and at its ends."""
    best = 0.0
    for stop in range(1, len(text) + size):
        start = max(0, stop - size)
        # a stretch with another code at its end, or its beginning, is no better than without it
        if where[text[stop - 1 if stop <= len(text) else start]]:
            best = max(best, _ratio(where, size, text, start, min(stop, len(text))))
    return best


@njit(cache=True)  # type: ignore[untyped-decorator]
def _mark(where: Any, string: Any) -> None:
    where[:] = 0
    for at in range(len(string)):
        where[string[at]] |= _ONE << uint64(at)


@njit(cache=True)  # type: ignore[untyped-decorator]
def likeliest(text: Any, codes: Any, starts: Any, kinds: int, count: int, nats: Any, cutoff: float) -> Any:
    """The strings that promise most by their partial ratio to the text, if that is ``cutoff`` (0 to 100):
    numbers, the best first, of equals the later; -1 where there are no more. ``nats``: see ``weigh``."""
    same, edit, _ = nats
    where, present = np.zeros(kinds, np.uint64), np.zeros(kinds, np.uint8)
    for at in range(len(text)):
        present[text[at]] = 1
    most = np.empty(len(starts) - 1)
    for string in range(len(most)):
        size, shared = starts[string + 1] - starts[string], 0
        for at in range(starts[string], starts[string + 1]):
            shared += present[codes[at]]
        # at best all that they share stands together, at one end of the text
        most[string] = same * size / 2 - edit * size * (size - shared) / (size + shared)
    best, promises = np.full(count, -1, np.int64), np.full(count, -np.inf)
    for string in np.argsort(-most):
        if most[string] + 1e-6 < promises[count - 1]:
            break
        own = codes[starts[string] : starts[string + 1]]
        size = len(own)
        _mark(where, own)
        if size > len(text):
            ratio = _ratio(where, size, text, 0, len(text))
        else:
            ratio = _partial_ratio(where, size, text)
            if size == len(text):
                _mark(where, text)
                ratio = max(ratio, _partial_ratio(where, size, own))
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


@njit(cache=True)  # type: ignore[untyped-decorator]
def powers(count: int) -> Any:
    """Of the base of rolling hashes, modulo 2**64."""
    found = np.ones(count + 1, np.uint64)
    for place in range(count):
        found[place + 1] = found[place] * _BASE
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def heads(text: Any) -> Any:
    """The rolling hash of every beginning of the text."""
    found = np.zeros(len(text) + 1, np.uint64)
    for at in range(len(text)):
        found[at + 1] = found[at] * _BASE + uint64(text[at]) + _ONE
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def _fits(where: Any, text: Any, low: int, high: int, size: int, edits: int) -> bool:
    """Does a string of that size (``where`` its codes stand, a bit a place) differ from some stretch of
    ``text[low:high]`` by so many edits at most?"""
    rises, falls, last = ~uint64(0), uint64(0), _ONE << uint64(size - 1)
    differs = size
    for at in range(low, high):
        same = where[text[at]]
        across = same | falls
        along = (((same & rises) + rises) ^ rises) | same
        more, less = falls | ~(along | rises), rises & along
        differs += (more & last != 0) - (less & last != 0)
        if differs <= edits:
            return True
        more, less = more << _ONE, less << _ONE
        rises, falls = less | ~(across | more), more & across
    return False


@njit(cache=True)  # type: ignore[untyped-decorator]
def lying(
    text: Any,
    kinds: int,
    lengths: Any,
    hashes: Any,
    pieces: Any,
    owner_starts: Any,
    owners: Any,
    ways: Any,
    codes: Any,
    starts: Any,
    edits: Any,
    wanted: Any,
) -> Any:
    """Rows (anchor, start): see anchors.py. ``hashes`` (a table of a power of two, 0 where empty) and
    ``pieces`` tell a piece's number by its hash; piece i belongs to the anchors ``owners[owner_starts[i]:
    owner_starts[i + 1]]``, each begun ``ways`` before the piece ends."""
    beginnings, scale = heads(text), powers(lengths[0])
    where, present = np.zeros(kinds, np.uint64), np.zeros(kinds, np.uint8)
    for at in range(len(text)):
        present[text[at]] = 1
    found, count, slots = np.empty((64, 2), np.int64), 0, uint64(len(hashes) - 1)
    for end in range(1, len(text) + 1):
        for length in lengths:
            if length > end:
                continue
            key = beginnings[end] - beginnings[end - length] * scale[length]
            slot = key & slots
            while hashes[slot] != 0 and hashes[slot] != key:
                slot = (slot + _ONE) & slots
            if hashes[slot] == 0:
                continue
            piece = pieces[slot]
            for owner in range(owner_starts[piece], owner_starts[piece + 1]):
                anchor = owners[owner]
                if not wanted[anchor]:
                    continue
                first, last, may = starts[anchor], starts[anchor + 1], edits[anchor]
                missing = 0
                for at in range(first, last):
                    missing += not present[codes[at]]
                if missing > may:
                    continue
                start, size = end - 1 - ways[owner], last - first
                if size <= BITS:
                    for at in range(first, last):
                        where[codes[at]] |= _ONE << uint64(at - first)
                    low, high = max(0, start - may), min(len(text), start + size + may)
                    fits = _fits(where, text, low, high, size, may)
                    for at in range(first, last):
                        where[codes[at]] = uint64(0)
                    if not fits:
                        continue
                if count == len(found):
                    more = np.empty((2 * count, 2), np.int64)
                    more[:count] = found
                    found = more
                found[count, 0], found[count, 1] = anchor, start
                count += 1
    return found[:count]
