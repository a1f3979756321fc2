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
MILLI = 1000  # of costs, counted whole: three times as fast
_ONE = uint64(1)
_FOUR = uint64(15)
_BASE = uint64(0x9E3779B97F4A7C15)


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
        steps = _STEPS[up & _FOUR, down & _FOUR]
        least = min(least, at + steps[1])
        at += steps[0]
        up, down = up >> uint64(4), down >> uint64(4)
    return least


@njit(cache=True)  # type: ignore[untyped-decorator]
def least_edits(text: Any, stride: int, kinds: int, codes: Any, starts: Any, shared: Any) -> Any:
    """Of each string the Levenshtein distance to the part of the text that is nearest to it. ``shared``: how
    many of its first codes are those of the string before: their rows are known."""
    places = occurrences(text, kinds, stride)
    rises, falls = np.zeros(BITS + 1, np.uint64), np.zeros(BITS + 1, np.uint64)
    least = np.full(len(shared), BITS, np.int64)
    for stretch in range(len(places)):
        length = min(BITS, len(text) - stride * stretch)
        here = ~uint64(0) >> uint64(BITS - length)
        for string in range(len(shared)):
            first, size = starts[string], starts[string + 1] - starts[string]
            for at in range(shared[string], size):
                same, rise, fall = places[stretch, codes[first + at]], rises[at], falls[at]
                across = same | fall
                along = (((same & rise) + rise) ^ rise) | same
                more = ((fall | ~(along | rise)) << _ONE) | _ONE
                less = (rise & along) << _ONE
                rises[at + 1] = less | ~(across | more)
                falls[at + 1] = more & across
            found = size + lowest(rises[size] & here, falls[size] & here, length)
            least[string] = min(least[string], found)
    return least


@njit(cache=True)  # type: ignore[untyped-decorator]
def _ones(bits: Any) -> int:
    """How many bits are set."""
    bits -= (bits >> _ONE) & uint64(0x5555555555555555)
    bits = (bits & uint64(0x3333333333333333)) + ((bits >> uint64(2)) & uint64(0x3333333333333333))
    bits = (bits + (bits >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return int64((bits * uint64(0x0101010101010101)) >> uint64(56))


@njit(cache=True)  # type: ignore[untyped-decorator]
def mask(codes: Any, first: int, last: int) -> Any:
    """Which codes there are, a bit each; every 64th has the same."""
    found = uint64(0)
    for at in range(first, last):
        found |= _ONE << uint64(codes[at] % BITS)
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def shared_heads(codes: Any, starts: Any) -> Any:
    """How many of its first codes each string has in common with the one before."""
    found = np.zeros(len(starts) - 1, np.int64)
    for string in range(1, len(found)):
        before, own, after = starts[string - 1], starts[string], starts[string + 1]
        while found[string] < min(own - before, after - own):
            if codes[before + found[string]] != codes[own + found[string]]:
                break
            found[string] += 1
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def masks(codes: Any, starts: Any) -> Any:
    """``mask`` of every string."""
    found = np.empty(len(starts) - 1, np.uint64)
    for string in range(len(found)):
        found[string] = mask(codes, starts[string], starts[string + 1])
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def least_cost(
    text: Any, codes: Any, first: int, last: int, edit: float, added: float, limit: float, row: Any
) -> float:
    """What the edits to the cheapest part of the text cost at least, when one code too many costs ``added``;
    counted on until it is more than ``limit``. ``row``: room for one number more than the text has codes."""
    whole_edit, whole_added, enough = int64(edit * MILLI), int64(added * MILLI), int64(min(limit, 1e9) * MILLI)
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
def weigh(
    points: Any,
    alphabet: Any,
    stride: int,
    codes: Any,
    starts: Any,
    has: Any,
    shared: Any,
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
    text, and that of each string: see bounds.py.

    A pattern (its parts ``flat_starts[i]`` to ``flat_starts[i + 1]``) is a row of parts, a part (its strings
    ``parts[part_starts[i]:part_starts[i + 1]]``) a choice of strings. Each is looked at more closely, up to
    ``looks`` times, until it is seen to weigh less than ``least``: what is not in the text at all, edits,
    what they cost.
    """
    text = folded(points, *alphabet)
    nowhere = ~mask(text, 0, len(text))
    row, edits = np.empty(len(text) + 1, np.int64), np.empty(0, np.int64)
    sizes = (starts[1:] - starts[:-1]) // 2
    costs = np.full(len(sizes), -np.inf)
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
                        differs = _ones(has[string] & nowhere)
                    else:
                        if not len(edits):
                            edits = least_edits(text, stride, alphabet[2], codes, starts, shared)
                        differs = edits[string]
                    if look < 2 or costs[string] < 0:  # a syllable too many gives what a syllable gives
                        costs[string] = edit * differs - (same if differs >= 2 else 0.0)
                    if look == 2 and not counted[string] and same * syllables - costs[string] > heaviest:
                        counted[string] = True
                        limit = same * syllables - heaviest
                        if alone:
                            limit = min(limit, same * syllables + given[flat] - least)
                        exact = least_cost(text, codes, first, last, edit, edit - same / 2, limit, row)
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
    return weight, likeness, part_weight, same * sizes - costs


@njit(cache=True)  # type: ignore[untyped-decorator]
def heaviest(
    points: Any,
    ends: Any,
    alphabet: Any,
    stride: int,
    codes: Any,
    starts: Any,
    has: Any,
    shared: Any,
    parts: Any,
    part_starts: Any,
    flat_starts: Any,
    given: Any,
    slots: Any,
    nats: Any,
    asked: Any,
    least: Any,
) -> Any:
    """The greatest weight that ``weigh`` tells of each of many texts, end to end in ``points``; ``least``:
    one a text."""
    found = np.empty(len(ends) - 1)
    for text in range(len(found)):
        found[text] = weigh(
            points[ends[text] : ends[text + 1]],
            alphabet,
            stride,
            codes,
            starts,
            has,
            shared,
            parts,
            part_starts,
            flat_starts,
            given,
            slots,
            nats,
            asked,
            least[text],
            3,
        )[0].max()
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def _mark(where: Any, string: Any) -> None:
    where[:] = 0
    for at in range(len(string)):
        where[string[at]] |= _ONE << uint64(at)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _place(where: Any, size: int, text: Any, low: int, high: int, nats: Any) -> Any:
    """Where in syllables ``low`` to ``high`` (two codes each) a string of ``size`` syllables, marked in
    ``where``, weighs most: start, end, weight, edits. A syllable shorter or longer it may be."""
    same, edit, _ = nats
    start = end = low
    edits, weight = 2 * size, same * size - edit * 2 * size
    last = _ONE << uint64(2 * size - 1)
    for first in range(low, high):
        rises, falls, differs = ~uint64(0), uint64(0), 2 * size
        for at in range(2 * first, 2 * min(high, first + size + 1)):
            here = where[text[at]]
            across = here | falls
            along = (((here & rises) + rises) ^ rises) | here
            more, less = falls | ~(along | rises), rises & along
            differs += (more & last != 0) - (less & last != 0)
            more, less = (more << _ONE) | _ONE, less << _ONE
            rises, falls = less | ~(across | more), more & across
            length = (at + 1) // 2 - first
            if at % 2 and length >= size - 1:
                weighs = same * size - edit * differs + same * max(0, length - size)
                if weighs > weight:
                    start, end, weight, edits = first, first + length, weighs, differs
    return start, end, weight, edits


@njit(cache=True)  # type: ignore[untyped-decorator]
def place(
    points: Any,
    alphabet: Any,
    codes: Any,
    starts: Any,
    wordings: Any,
    mosts: Any,
    least: float,
    spans: Any,
    nats: Any,
) -> Any:
    """The wording that weighs most in its window: number (-1: none weighs ``least``), start, end, weight,
    edits. ``spans``: how far before and after a place it may reach, in syllables, and whether as far as it is
    long besides, on either side."""
    text = folded(points, *alphabet)
    where = np.zeros(alphabet[2], np.uint64)
    number, start, end, weight, edits = -1, 0, 0, -np.inf, 0
    low, high, before, after = spans
    for string in wordings:
        if mosts[string] < least or mosts[string] <= weight:
            continue
        own = codes[starts[string] : starts[string + 1]]
        size = len(own) // 2
        first = max(0, low - before * size)
        last = min(len(text) // 2, high + after * size)
        _mark(where, own)
        found = _place(where, size, text, first, last, nats)
        if found[2] > weight:
            number = string
            start, end, weight, edits = found
    return number, start, end, weight, edits


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
        missing = _ones(has[string] & nowhere)
        # at best all that they share stands together, at one end of the text
        most[string] = same * size / 2 - edit * size * missing / (2 * size - missing) + 1e-6
    best, promises = np.full(count, -1, np.int64), np.full(count, -np.inf)
    for turn in range(count + len(most)):  # those that may promise most first: they rule out many
        string = most.argmax() if turn < count else turn - count
        if most[string] < promises[count - 1] or most[string] == -np.inf:
            continue
        most[string] = -np.inf
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
def beginnings(text: Any) -> Any:
    """The rolling hash of every beginning of the text."""
    found = np.zeros(len(text) + 1, np.uint64)
    for at in range(len(text)):
        found[at + 1] = found[at] * _BASE + uint64(text[at]) + _ONE
    return found


@njit(cache=True)  # type: ignore[untyped-decorator]
def _edits_between(where: Any, text: Any, low: int, high: int, size: int) -> int:
    """Levenshtein distance of a string of that size (``where`` its codes stand, a bit a place) to the stretch
    of ``text[low:high]`` that is nearest to it."""
    rises, falls, last = ~uint64(0), uint64(0), _ONE << uint64(size - 1)
    edits = least = size
    for at in range(low, high):
        same = where[text[at]]
        across = same | falls
        along = (((same & rises) + rises) ^ rises) | same
        more, less = falls | ~(along | rises), rises & along
        edits += (more & last != 0) - (less & last != 0)
        least = min(least, edits)
        more, less = more << _ONE, less << _ONE
        rises, falls = less | ~(across | more), more & across
    return least


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
    """Rows (anchor, start, edits at least): see anchors.py. ``hashes`` (a table of a power of two, 0 where empty) and
    ``pieces`` tell a piece's number by its hash; piece i belongs to the anchors ``owners[owner_starts[i]:
    owner_starts[i + 1]]``, each begun ``ways`` before the piece ends."""
    text = folded(points, *alphabet)
    hashes_to, scale = beginnings(text), powers(lengths[0])
    where, nowhere = np.zeros(alphabet[2], np.uint64), ~mask(text, 0, len(text))
    found, count, slots = np.empty((64, 3), np.int64), 0, uint64(len(hashes) - 1)
    for end in range(1, len(text) + 1):
        for length in lengths:
            if length > end:
                continue
            key = hashes_to[end] - hashes_to[end - length] * scale[length]
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
                if _ones(has[anchor] & nowhere) > may:
                    continue
                start, size, differs = end - 1 - ways[owner], last - first, 0
                if size <= BITS:
                    for at in range(first, last):
                        where[codes[at]] |= _ONE << uint64(at - first)
                    low, high = max(0, start - may), min(len(text), start + size + may)
                    differs = _edits_between(where, text, low, high, size)
                    for at in range(first, last):
                        where[codes[at]] = uint64(0)
                    if differs > may:
                        continue
                if count == len(found):
                    more = np.empty((2 * count, 3), np.int64)
                    more[:count] = found
                    found = more
                found[count, 0], found[count, 1], found[count, 2] = anchor, start, differs
                count += 1
    return found[:count]
