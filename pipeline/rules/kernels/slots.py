"""Slots filled beside a place of a text: see ``rules/slots.py``."""

from __future__ import annotations

from typing import Any

from pipeline.rules.kernels.borrowing import borrowing
from pipeline.rules.slots import DONE, ONE_OF


@borrowing
def run(steps: Any, sets: Any, step: int, text: Any, start: int, end: int, stack: Any) -> int:
    """Where the program, begun at ``step``, ends that reads ``text[start:end]`` from its beginning; -1 where it does
    not. ``sets``: by number, the codes one of which is read; ``stack``: room for the other ways."""
    stack[0, 0], stack[0, 1] = step, start
    ways = 1
    while ways:
        ways -= 1
        step, at = stack[ways, 0], stack[ways, 1]
        while True:
            what, to, other = steps[step, 0], steps[step, 1], steps[step, 2]
            if what == DONE:
                return int(at)
            if what == ONE_OF:
                if at == end or not sets[to, text[at]]:
                    break
                at, step = at + 1, step + 1
                continue
            if other:
                stack[ways, 0], stack[ways, 1] = step + other, at
                ways += 1
            step += to
    return -1


@borrowing
def fill(slot: int, slots: Any, text: Any, chars: Any, start: int, end: int, stack: Any) -> int:
    """End of the slot when it is filled from ``start`` on, inside ``[start, end)``; else -1."""
    steps, sets, starts, shares, rights, _ = slots
    if shares[slot] == 1:
        return run(steps, sets, starts[slot], chars, start, end, stack)
    stop = run(steps, sets, starts[slot], text, start, end, stack)
    right = 0
    for at in range(start, stop):
        right += rights[slot, chars[at]]
    return stop if right >= shares[slot] * (stop - start) else -1


@borrowing
def slot_beside(slot: int, slots: Any, text: Any, at: int, slack: int, leftwards: bool, stack: Any) -> Any:
    """Start and end of the slot filled within ``slack`` characters after, or before, place ``at``; -1 where it is
    not."""
    heard, chars = text[0], text[1]
    low, high, last = (
        (max(0, at - slack - slots[5]), at, at) if leftwards else (at, at + slack + 1, len(heard))
    )
    for start in range(low, min(high, last + 1)):
        end = fill(slot, slots, heard, chars, start, last, stack)
        if end >= 0 and (not leftwards or at - slack <= end):
            return start, end
    return -1, -1
