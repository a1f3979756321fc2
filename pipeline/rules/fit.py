"""Laying the parts of a pattern on a text: the edit distances, and where a part may stand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from pipeline.rules.variants import STRETCH_SHARE, Choice, Literal, Slot, SoundMasks, fill_slot
from pipeline.sounds import near
from pipeline.text import PreparedText

LONGEST_SLOT = 12  # characters a slot may take before a literal
NEAR = 1.0  # a syllable replaced by one that shares its initial or final; the least any edit costs
ADDED = 1.25  # a syllable too many or too few: four characters cannot afford it
FAR = 1.5  # any other syllable
NEGATORS = frozenset("不没未别无非勿")  # one more or less turns the meaning round: never a small edit
_distance = Levenshtein.distance
_editops = Levenshtein.editops


class Fit(NamedTuple):
    """A part laid on ``chars[start:end]``: cost in edits of sound, edits of character.

    ``sound`` adds up what the edits cost (NEAR, ADDED, FAR): recognisers mishear towards near sounds,
    while another word (不会 for 不管) is usually far.
    """

    start: int
    end: int
    sound: float
    char: int
    length: int = 0  # characters of the literal; 0 for a slot


class Laid(NamedTuple):
    """What the parts laid so far add up to."""

    length: int
    sound: float
    char: int

    def plus(self, fit: Fit) -> Laid:
        return Laid(self.length + fit.length, self.sound + fit.sound, self.char + fit.char)


Budget = Sequence[float]  # characters → edits allowed


def exact_fit(literal: Literal, chars: str, at: int) -> Fit:
    """``literal`` laid where its very sounds begin."""
    end = at + len(literal.sounds)
    heard = chars[at:end]
    return Fit(at, end, 0, 0 if heard == literal.chars else _distance(literal.chars, heard), end - at)


def _fit_between(literal: Literal, edits: int, chars: str, sounds: str, low: int, high: int) -> Fit | None:
    """The best placing of ``literal`` inside ``[low, high)``: fewest edits, then nearest its own length."""
    low, high = max(0, low), min(len(sounds), high)
    size = len(literal.sounds)
    exact = sounds.find(literal.sounds, low, high)
    if exact >= 0:
        return exact_fit(literal, chars, exact)
    if edits == 0 or _lacks(literal.sounds, sounds[low:high], edits):
        return None
    if high - low > size + 2 * edits:
        # one fast look says where in a wide window, if anywhere, it can lie
        cutoff = 100 * (1 - edits / size) - 1
        near_by = fuzz.partial_ratio_alignment(literal.sounds, sounds[low:high], score_cutoff=cutoff)
        if near_by is None:
            return None
        at = low + near_by.dest_start
        low, high = max(low, at - edits), min(high, at + size + edits)
    return aligned(literal, edits, chars, sounds, low, high)


def aligned(literal: Literal, edits: int, chars: str, sounds: str, low: int, high: int) -> Fit | None:
    """Align with the whole of a narrow window; what is inserted before and after is not the literal's.
    None beyond the budget, or when an edit turns the meaning."""
    size, window = len(literal.sounds), sounds[low:high]
    most = 2 * edits + max(0, high - low - size)
    if _distance(literal.sounds, window, score_cutoff=most) > most:
        return None
    start, end = low, high
    inner: list[tuple[str, int, int]] = []
    # tuples, though rapidfuzz's stub says otherwise: a third of the time of its objects
    for edit in cast("list[tuple[str, int, int]]", _editops(literal.sounds, window).as_list()):
        what, at, there = edit
        if what == "insert":
            # around the literal, or as well there as inside: one 下 of 一下下周 belongs to 一下
            if window.endswith(literal.sounds[:at], 0, there + 1):
                start = low + there + 1 - at
                inner.clear()
                continue
            if window.startswith(literal.sounds[at:], there):
                end = low + there + size - at
                break
        inner.append(edit)
    if len(inner) > edits or start >= end:
        return None
    cost = _cost(literal, chars, sounds, low, inner)
    return None if cost is None else Fit(start, end, cost, _distance(literal.chars, chars[start:end]), size)


def _lacks(wanted: str, window: str, edits: int) -> bool:
    """More syllables are missing from the window than there are edits: nothing in it can fit. Most
    candidates end here, at a tenth of the price of a distance."""
    for syllable in wanted:
        if syllable not in window:
            if edits == 0:
                return True
            edits -= 1
    return False


def _cost(
    literal: Literal, chars: str, sounds: str, low: int, edits: Iterable[tuple[str, int, int]]
) -> float | None:
    """What the edits from ``literal`` to the words heard from ``low`` on cost; None when one turns the
    meaning."""
    cost = 0.0
    for edit, at, there in edits:
        if edit != "insert" and (literal.chars[at] in NEGATORS or at in literal.fixed):
            return None
        if edit != "delete" and chars[low + there] in NEGATORS:
            return None
        if edit != "replace":
            cost += ADDED
        else:
            cost += NEAR if near(literal.sounds[at], sounds[low + there]) else FAR
    return cost


def place_right(
    part: Choice | Slot,
    text: PreparedText,
    masks: SoundMasks,
    at: int,
    slack: int,
    laid: Laid,
    budget: Budget,
) -> Fit | None:
    """``part`` within ``slack`` characters after ``at``, or None."""
    if isinstance(part, Slot):
        for start in range(at, min(at + slack, len(text.chars)) + 1):
            end = fill_slot(part.name, text.chars, text.sounds, start, len(text.chars))
            if end is not None:
                return Fit(start, end, 0, 0)
        return None
    return _best_wording(part, text, masks, at, at + slack, laid, budget, leftwards=False)


def place_left(
    part: Choice | Slot,
    text: PreparedText,
    masks: SoundMasks,
    at: int,
    slack: int,
    laid: Laid,
    budget: Budget,
) -> Fit | None:
    """``part`` ending within ``slack`` characters before ``at``, or None."""
    if isinstance(part, Slot):
        for start in range(max(0, at - slack - LONGEST_SLOT), at):
            end = fill_slot(part.name, text.chars, text.sounds, start, at)
            if end is not None and at - slack <= end:
                return Fit(start, end, 0, 0)
        return None
    return _best_wording(part, text, masks, at - slack, at, laid, budget, leftwards=True)


def _best_wording(
    part: Choice,
    text: PreparedText,
    masks: SoundMasks,
    low: int,
    high: int,
    laid: Laid,
    budget: Budget,
    *,
    leftwards: bool,
) -> Fit | None:
    """The wording that fits with fewest edits between ``low`` and ``high``, its own length beyond; the
    longest of equals. The first exact one wins: wordings are tried from the longest."""
    sounds, longest = text.sounds, len(part.literals[0].sounds)
    room = budget[laid.length + longest] - laid.sound  # no wording has more
    reach = longest + math.floor(STRETCH_SHARE * longest)
    first, last = (max(0, low - reach), high) if leftwards else (low, min(len(sounds), high + reach))
    absent = ~masks.of(first, last)
    if (part.common & absent).bit_count() > room:
        return None
    best: Fit | None = None
    for literal in part.literals:
        missing = (literal.mask & absent).bit_count()
        if missing > room:
            continue
        size = len(literal.sounds)
        edits = min(math.floor(budget[laid.length + size] - laid.sound), math.floor(STRETCH_SHARE * size))
        if edits < missing:
            continue
        start, end = (low - size - edits, high) if leftwards else (low, high + size + edits)
        fit = _fit_between(literal, edits, text.chars, sounds, start, end)
        if fit is None or fit.sound > STRETCH_SHARE * size:
            continue
        if best is None or fit.sound < best.sound:
            best = fit
            if fit.sound == 0:
                break
    return best
