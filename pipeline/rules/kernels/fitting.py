"""Wordings laid on a text: see ``rules/fit.py``.

A wording, and a text, is its sounds and its characters as numbers (0: one that no wording has) and a row of traits for
each of them (``rules/script.py``). ``room``: arrays to work in, for costs of beginnings of two strings, edits, sounds
seen, edits of stretches, spans of these, ways of programs. ``nats``: what a near, an added and a far syllable cost.
"""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np

from pipeline.rules.kernels.borrowing import borrowing
from pipeline.rules.script import FINAL, INITIAL, TURNS

DELETE, INSERT, REPLACE = 0, 1, 2
NOWHERE = (-1, -1, np.inf)  # start, end, what it costs


@borrowing
def begins(text: Any, at: int, string: Any) -> bool:
    """Does ``text[at:]`` begin with the string?"""
    if at < 0 or at + len(string) > len(text):
        return False
    for place in range(len(string)):  # noqa: SIM110  # all() compiles to something slower
        if text[at + place] != string[place]:
            return False
    return True


@borrowing
def find(text: Any, string: Any, low: int, high: int) -> int:
    """Where the string first stands in ``text[low:high]``; -1 where it does not."""
    for at in range(low, high - len(string) + 1):
        if begins(text, at, string):
            return at
    return -1


@borrowing
def mark(seen: Any, sounds: Any, low: int, high: int) -> None:
    """Remember which sounds a stretch holds, for ``missing``: those as new as ``seen[0]``, which no wording has."""
    now = seen[0] = seen[0] + 1
    for at in range(low, high):
        seen[sounds[at]] = now


@borrowing
def missing(seen: Any, sounds: Any, first: int, last: int, most: int) -> int:
    """How many of these sounds are not in the stretch that was marked, counted no further than ``most + 1``:
    each is an edit at least."""
    found, now = 0, seen[0]
    for at in range(first, last):
        if seen[sounds[at]] != now:
            found += 1
            if found > most:
                break
    return found


@borrowing
def distance(costs: Any, own: Any, other: Any, replaced: int) -> int:
    """Edits from one string to another, one replaced counting ``replaced``; ``costs[i, j]`` tells those of
    their beginnings afterwards."""
    for there in range(len(other) + 1):
        costs[0, there] = there
    for at in range(len(own)):
        before = costs[at + 1, 0] = at + 1
        for there in range(len(other)):
            cost = costs[at, there] if own[at] == other[there] else costs[at, there] + replaced
            before = costs[at + 1, there + 1] = min(cost, costs[at, there + 1] + 1, before + 1)
    return int(costs[len(own), len(other)])


@borrowing
def traced(own: Any, other: Any, skipped: int, costs: Any, edits: Any) -> int:
    """The edits from one string to another (what, where in the one, where in the other), first to last, as rapidfuzz
    tells them: how many. ``skipped`` characters stand before both."""
    at, there = len(own), len(other)
    count = left = distance(costs, own, other, 1)
    while left:
        if at and costs[at, there] > costs[at - 1, there]:
            at, what = at - 1, DELETE
        else:
            there -= 1
            if at == 0 or costs[at - 1, there] > costs[at, there]:
                what = INSERT
            else:
                at, what = at - 1, REPLACE
                if own[at] == other[there]:
                    continue
        left -= 1
        edits[left, 0], edits[left, 1], edits[left, 2] = what, at + skipped, there + skipped
    return count


@borrowing
def aligned(own: Any, traits: Any, most: int, heard: Any, heard_traits: Any, nats: Any, room: Any) -> Any:
    """Start, end and cost of a wording aligned with the whole of a narrow window; what is inserted before and
    after is not the wording's. NOWHERE beyond ``most`` edits, or when an edit turns the meaning."""
    costs, edits = room[0], room[1]
    size, width = len(own), len(heard)
    head = tail = 0
    while head < min(size, width) and own[head] == heard[head]:
        head += 1
    while tail < min(size, width) - head and own[size - 1 - tail] == heard[width - 1 - tail]:
        tail += 1
    count = traced(own[head : size - tail], heard[head : width - tail], head, costs, edits)
    if count > 2 * most + max(0, width - size):
        return NOWHERE
    start, end, inner = 0, width, 0
    for turn in range(count):
        what, at, there = edits[turn, 0], edits[turn, 1], edits[turn, 2]
        if what == INSERT:
            # around the wording, or as well there as inside: one 下 of 一下下周 belongs to 一下
            if begins(heard, there + 1 - at, own[:at]):
                start, inner = there + 1 - at, 0
                continue
            if begins(heard, there, own[at:]):
                end = there + size - at
                break
        edits[inner, 0], edits[inner, 1], edits[inner, 2] = what, at, there
        inner += 1
    if inner > most or start >= end:
        return NOWHERE
    return start, end, cost_of(edits, inner, traits, heard_traits, nats)


@borrowing
def cost_of(edits: Any, count: int, traits: Any, heard_traits: Any, nats: Any) -> float:
    """What the edits from a wording to the words heard cost; endless when one turns the meaning."""
    near, added, far = nats
    cost = 0.0
    for turn in range(count):
        what, at, there = edits[turn, 0], edits[turn, 1], edits[turn, 2]
        if (what != INSERT and traits[at, TURNS]) or (what != DELETE and heard_traits[there, TURNS]):
            return np.inf
        if what != REPLACE:
            cost += added
        elif (
            traits[at, INITIAL] == heard_traits[there, INITIAL]
            or traits[at, FINAL] == heard_traits[there, FINAL]
        ):
            cost += near
        else:
            cost += far
    return cost


@borrowing
def fit_between(
    own: Any, traits: Any, most: int, text: Any, text_traits: Any, low: int, high: int, nats: Any, room: Any
) -> Any:
    """Start, end and cost of the best placing of a wording inside ``[low, high)``: fewest edits, then nearest its
    own length; NOWHERE when it takes more than ``most`` edits."""
    size = len(own)
    low, high = max(0, low), min(len(text), high)
    exact = find(text, own, low, high)
    if exact >= 0:
        return exact, exact + size, 0.0
    if most == 0:
        return NOWHERE
    if high - low > size + 2 * most:
        # one fast look says where in a wide window, if anywhere, it can lie
        at = likest(own, text[low:high], 100 * (1 - most / size) - 1, room)
        if at < 0:
            return NOWHERE
        low, high = max(low, low + at - most), min(high, low + at + size + most)
    start, end, cost = aligned(own, traits, most, text[low:high], text_traits[low:high], nats, room)
    return low + start, low + end, cost


@borrowing
def likest(own: Any, window: Any, cutoff: float, room: Any) -> int:
    """Where in a window longer than the string rapidfuzz's partial ratio (0 to 100, ``cutoff`` at least) finds it
    likest; -1 where nowhere."""
    size = len(own)
    found, best = likest_whole(own, window, cutoff, room)
    likeness = 0.0
    if found >= 0 and (1.0 - best / (2 * size)) * 100 >= cutoff:
        likeness = cutoff = (1.0 - best / (2 * size)) * 100
    for turn in range(2 * size - 1):  # shorter stretches, at the beginning, then at the end
        length = turn + 1 if turn < size - 1 else 2 * size - 1 - turn
        start = 0 if turn < size - 1 else len(window) - length
        if 200 * length / (size + length) < cutoff - 1e-6:
            continue  # were all of it the string's
        if (
            find(own, window[length - 1 : length] if turn < size - 1 else window[start : start + 1], 0, size)
            < 0
        ):
            continue
        share = 1.0 - distance(room[0], own, window[start : start + length], 2) / (size + length)
        if share >= cutoff / 100 and share * 100 > likeness:
            found, likeness, cutoff = start, share * 100, share * 100
    return found if likeness >= cutoff else -1


@borrowing
def likest_whole(own: Any, window: Any, cutoff: float, room: Any) -> Any:
    """The same of stretches as long as the string, all but the last: start (-1: none is that like), and the edits, one
    replaced counting two. Looks between two stretches only where there may be a better one, in rapidfuzz's order, so
    that of equals the same is found."""
    size, cells = len(own), len(window) - len(own)
    found, least = -1, int(np.ceil(2 * size * min(1.0, 1.0 - cutoff / 100 + 1e-5)))
    costs, edits, spans = room[0], room[3], room[4]
    for start in range(cells):
        edits[start] = -1
    spans[0, 0], spans[0, 1] = 0, cells - 1
    turn, count = 0, 1
    while turn < count:
        first, last = spans[turn, 0], spans[turn, 1]
        turn += 1
        for start in (first, last):
            if edits[start] < 0:
                edits[start] = distance(costs, own, window[start : start + size], 2)
                if edits[start] < least:
                    found, least = start, edits[start]
        between = last - first
        fewer = (between - abs(edits[first] - edits[last]) // 2) // 2 * 2  # there may be in between
        if between > 1 and min(edits[first], edits[last]) - fewer < least:
            center = first + between // 2
            spans[count, 0], spans[count, 1] = first, center
            spans[count + 1, 0], spans[count + 1, 1] = center, last
            count += 2
    return found, least


@borrowing
def best_wording(
    wordings: Any,
    one: int,
    other: int,
    text: Any,
    low: int,
    high: int,
    leftwards: bool,
    budget: Any,
    stretch: float,
    nats: Any,
    room: Any,
) -> Any:
    """Of the wordings ``one`` to ``other`` that which fits with fewest edits between ``low`` and ``high``, its own
    length beyond; the longest of equals: its number (-1: none fits), start, end, cost. ``budget``: (b, i, spent) when
    ``b[i + n] - spent`` edits are allowed to n characters; ``stretch``: and at most as a share of these. The first
    exact one wins: wordings are tried from the longest."""
    (starts, sounds, _, traits), (heard, _, heard_traits), (budgets, offset, spent) = wordings, text, budget
    found, start, end, least = -1, -1, -1, np.inf
    longest = starts[one + 1] - starts[one]
    reach = longest + floor(stretch * longest)
    first, last = (max(0, low - reach), high) if leftwards else (low, min(len(heard), high + reach))
    mark(room[2], heard, first, last)
    for wording in range(one, other):
        first, last = starts[wording], starts[wording + 1]
        size = last - first
        most = min(floor(budgets[offset + size] - spent), floor(stretch * size))
        if most < 0 or missing(room[2], sounds, first, last, most) > most:
            continue
        begin, stop = (low - size - most, high) if leftwards else (low, high + size + most)
        begin, stop, cost = fit_between(
            sounds[first:last], traits[first:last], most, heard, heard_traits, begin, stop, nats, room
        )
        if cost <= stretch * size and cost < least:
            found, start, end, least = wording, begin, stop, cost
            if cost == 0:
                break
    return found, start, end, least
