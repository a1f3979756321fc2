"""Patterns as arrays, for the compiled search (``kernels/search.py``)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline.rules.anchors import Anchor, Pattern
from pipeline.rules.fit import ADDED, FAR, MIN_SCORE, NEAR, SOUND_WEIGHT, STRETCH_SHARE
from pipeline.rules.kernels import ends
from pipeline.rules.pieces import pieces_of
from pipeline.rules.script import TURNS, Script
from pipeline.rules.slots import DONE, LONGEST_SLOT, ONE_OF, SLOTS, right_share, slot_chars
from pipeline.rules.variants import Choice, Gap, Literal
from pipeline.sounds import sound_of

CHOICE, GAP, SLOT = 0, 1, 2  # kinds of parts
WHOLE = np.int64


class Tables(NamedTuple):
    """``wordings``: starts, sounds, characters, traits; the i-th is ``sounds[starts[i]:starts[i + 1]]``, those of a
    choice stand side by side, the longest first.
    ``patterns``: rows (first and last part, the anchor, where its budget begins, is it exact), parts, budgets; parts
    are rows (kind; first and last wording, or greatest length, or place among SLOTS).
    ``anchors``: rows (wording, edits, characters of its longest pattern, first and last group).
    ``groups``: rows (theme, first and last of its ``anchor_patterns``).
    ``pieces``: see pieces.py; ``slots``: see ``slot_programs``.
    ``sizes``: longest wording, widest window it is looked for in, kinds of sounds.
    ``terms``: what edits cost, STRETCH_SHARE, SOUND_WEIGHT, MIN_SCORE."""

    wordings: tuple[Any, Any, Any, Any]
    patterns: tuple[Any, Any, Any]
    anchors: Any
    groups: Any
    anchor_patterns: Any
    pieces: tuple[Any, ...]
    slots: tuple[Any, ...]
    sizes: tuple[int, int, int]
    terms: tuple[tuple[float, float, float], float, float, float]


def compiled(patterns: Sequence[Pattern], anchors: Sequence[Anchor]) -> tuple[Tables, Script]:
    """Patterns and their anchors as the kernels read them, and what reads texts for them."""
    choices = dict.fromkeys(part for one in patterns for part in one.parts if isinstance(part, Choice))
    literals = [literal for choice in choices for literal in choice.literals]
    script = Script((one.sounds for one in literals), (one.chars for one in literals))
    wordings = starts, sounds, _, _ = _wordings(literals, script)
    firsts = dict(zip(choices, ends(choice.literals for choice in choices).tolist()))
    rows, groups, owned = _anchors(anchors, {one: number for number, one in enumerate(literals)}, patterns)
    spans = [
        (edits, int(starts[wording]), int(starts[wording + 1])) for wording, edits in rows[:, :2].tolist()
    ]
    longest = max((len(one.chars) for one in literals), default=0)
    edits = max(math.floor(STRETCH_SHARE * longest), *(anchor.edits for anchor in anchors), 0)
    gap = max((part.most for one in patterns for part in one.parts if isinstance(part, Gap)), default=0)
    tables = Tables(
        wordings,
        (
            _patterns(patterns),
            _parts(patterns, firsts),
            np.array([e for one in patterns for e in one.budget]),
        ),
        rows,
        groups,
        owned,
        tuple(pieces_of(spans, sounds)),
        slot_programs(script),
        (longest, longest + 2 * edits + gap, script.sounds.size),
        ((NEAR, ADDED, FAR), STRETCH_SHARE, SOUND_WEIGHT, MIN_SCORE),
    )
    return tables, script


def _wordings(literals: Sequence[Literal], script: Script) -> tuple[Any, Any, Any, Any]:
    sounds, chars, traits = script.read(
        "".join(x.sounds for x in literals), "".join(x.chars for x in literals)
    )
    fixed = [at in one.fixed for one in literals for at in range(len(one.chars))]
    traits[:, TURNS] |= np.array(fixed, bool)
    return ends(one.chars for one in literals), sounds, chars, traits


def _parts(patterns: Sequence[Pattern], firsts: Mapping[Choice, int]) -> Any:
    slots, rows = list(SLOTS), []
    for part in (part for one in patterns for part in one.parts):
        if isinstance(part, Choice):
            rows.append((CHOICE, firsts[part], firsts[part] + len(part.literals)))
        elif isinstance(part, Gap):
            rows.append((GAP, part.most, 0))
        else:
            rows.append((SLOT, slots.index(part.name), 0))
    return _rows(rows, 3)


def _patterns(patterns: Sequence[Pattern]) -> Any:
    parts, budgets = ends(one.parts for one in patterns), ends(one.budget for one in patterns)
    own = ((one.anchor, one.exact) for one in patterns)
    return _rows(
        [(p, q, p + at, b, exact) for p, q, b, (at, exact) in zip(parts, parts[1:], budgets, own)], 5
    )


def _anchors(
    anchors: Sequence[Anchor], literals: Mapping[Literal, int], patterns: Sequence[Pattern]
) -> tuple[Any, Any, Any]:
    """Anchors, groups, and the patterns of these: see Tables."""
    numbers = {pattern: number for number, pattern in enumerate(patterns)}
    groups = [group for anchor in anchors for group in anchor.wanted_by.items()]
    firsts, owned = ends(anchor.wanted_by for anchor in anchors), ends(own for _, own in groups)
    return (
        _rows(
            [(literals[x.literal], x.edits, x.longest, p, q) for x, p, q in zip(anchors, firsts, firsts[1:])],
            5,
        ),
        _rows([(theme, p, q) for (theme, _), p, q in zip(groups, owned, owned[1:])], 3),
        np.array([numbers[one] for _, own in groups for one in own], WHOLE),
    )


def slot_programs(script: Script) -> tuple[Any, ...]:
    """For ``kernels/slots.py``: the steps of all programs, rows (what; which set, or where to; or else where to); the
    sets of codes that are read; where each program begins; the share of characters that must be right, and which
    of them these are; LONGEST_SLOT."""
    steps: list[tuple[int, int, int]] = []
    read: list[tuple[Any, Any]] = []  # the set's number, its codes
    starts, rights = [], np.zeros((len(SLOTS), script.chars.size), bool)
    for number, (name, program) in enumerate(SLOTS.items()):
        starts.append(len(steps))
        rights[number, script.chars.numbers("".join(slot_chars(name)))] = True
        for step in program:
            if step.what == ONE_OF:
                steps.append((ONE_OF, len(read), 0))
                read.append((len(read), _codes(step.characters, script, exact=right_share(name) == 1)))
            else:
                steps.append(step[:3])
        steps.append((DONE, 0, 0))
    sets = np.zeros((len(read), max(script.sounds.size, script.chars.size)), bool)
    for place in read:
        sets[place] = True
    shares = np.array([right_share(name) for name in SLOTS])
    return _rows(steps, 3), sets, np.array(starts, WHOLE), shares, rights, LONGEST_SLOT


def _codes(characters: str, script: Script, *, exact: bool) -> Any:
    if not characters:
        return slice(None)
    return (
        script.chars.numbers(characters)
        if exact
        else script.sounds.numbers("".join(map(sound_of, characters)))
    )


def _rows(rows: Sequence[Sequence[int]], columns: int) -> Any:
    return np.array(rows, WHOLE).reshape(-1, columns)
