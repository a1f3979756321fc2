"""Patterns laid around their anchors: see ``rules/match.py``; what they are made of, ``rules/tables.py``."""

from __future__ import annotations

from typing import Any

from pipeline.rules.kernels.borrowing import borrowing
from pipeline.rules.kernels.fitting import best_wording, distance
from pipeline.rules.kernels.slots import slot_beside
from pipeline.rules.tables import GAP, SLOT


@borrowing
def char_edits(wordings: Any, wording: int, text: Any, start: int, end: int, costs: Any) -> int:
    """Characters of the wording written otherwise in the text."""
    starts, chars = wordings[0], wordings[2]
    return distance(costs, chars[starts[wording] : starts[wording + 1]], text[1][start:end], 1)


@borrowing
def extended(
    pattern: Any, patterns: Any, wordings: Any, slots: Any, text: Any, fit: Any, terms: Any, room: Any
) -> Any:
    """The parts of a pattern laid around its anchor's ``fit``, those to its right first: start, end, characters (0: it
    does not fit), cost, edits of characters."""
    (_, parts, budgets), (nats, stretch, _, _), starts = patterns, terms, wordings[0]
    start, end, length, cost, chars = fit
    for step in (1, -1):
        slack, part = 0, pattern[2] + step
        while pattern[0] <= part < pattern[1]:
            kind, first, last = parts[part, 0], parts[part, 1], parts[part, 2]
            part += step
            if kind == GAP:
                slack = first
                continue
            if kind == SLOT:
                begin, stop = slot_beside(
                    first, slots, text, end if step > 0 else start, slack, step < 0, room[5]
                )
            else:
                low, high = (end, end + slack) if step > 0 else (start - slack, start)
                budget = (budgets, pattern[3] + length, cost)
                wording, begin, stop, more = best_wording(
                    wordings, first, last, text, low, high, step < 0, budget, stretch, nats, room
                )
                if wording >= 0:
                    length += starts[wording + 1] - starts[wording]
                    cost += more
                    chars += char_edits(wordings, wording, text, begin, stop, room[0])
            if begin < 0:
                return start, end, 0, cost, chars
            start, end, slack = (start, stop, 0) if step > 0 else (begin, end, 0)
    return start, end, length, cost, chars


@borrowing
def scored(
    number: int, patterns: Any, wordings: Any, slots: Any, text: Any, fit: Any, terms: Any, room: Any
) -> Any:
    """Start, end and score of a pattern, its anchor laid by ``fit`` (start, end, characters, cost, edits of
    characters); the score is 0 where it does not fit."""
    (rows, _, budgets), (_, _, weight, enough) = patterns, terms
    pattern = rows[number]
    start, end, length, cost, chars = fit
    if pattern[1] - pattern[0] > 1:
        start, end, length, cost, chars = extended(pattern, patterns, wordings, slots, text, fit, terms, room)
    if length == 0 or cost > budgets[pattern[3] + length] or (pattern[4] and chars):
        return start, end, 0.0
    score = 1 - (weight * cost + (1 - weight) * chars) / length
    return start, end, score if score >= enough else 0.0
