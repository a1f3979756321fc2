"""Phrases found the plain way, without a shortcut: what the compiled search must agree with.

Every piece of every anchor is looked for by itself, every place is measured by rapidfuzz, every theme is searched in
every utterance, slots are regular expressions. Compiling, edit costs and guards are the real ones.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from pipeline.rules.anchors import Anchor, Pattern, anchors_of
from pipeline.rules.fit import ADDED, FAR, MIN_SCORE, NEAR, NEGATORS, SOUND_WEIGHT, STRETCH_SHARE
from pipeline.rules.guards import context_guard, guard
from pipeline.rules.match import PhraseTheme, Place, compile_theme
from pipeline.rules.phrases import PhraseIndex
from pipeline.rules.slots import LONGEST_SLOT, right_share
from pipeline.rules.variants import Choice, Gap, Literal, Slot
from pipeline.sounds import cut, near, sound_of
from pipeline.text import PreparedText, prepare

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪"
)
_DIGIT, _NUMBER = "[零一二三四五六七八九要]", "[零一二三四五六七八九十百千万点半几]"
EXPRESSIONS = {
    "姓氏": f"(?:欧阳|上官|司马|诸葛|[{_SURNAMES}])",
    "工号": f"{_DIGIT}{{2,}}(?:.?{_DIGIT}{{2,}})?",
    "数字": f"{_NUMBER}{{1,20}}",
    "金额": f"{_NUMBER}{{1,12}}(?:元|块|角|毛|分钱|人民币)",
    "时间": (
        f"(?:{_NUMBER}{{1,6}}(?:到{_NUMBER}{{1,4}})?个?半?(?:分钟|小时|钟头|天|点|号|日|月|周|星期|工作日|秒)"
        f"|(?:今|明|后)(?:天|晚)(?:上午|下午|早上|晚上)?|(?:上午|下午|晚上|中午)(?:{_NUMBER}{{1,4}}点)?"
        f"|下?(?:周|星期)[一二三四五六日末])"
    ),
    "部门": ".{1,6}?(?:部门|部|中心|科|组|处|专席|专员|营业厅|厅)",
    "称呼": f"(?:欧阳|[{_SURNAMES}])?(?:先生|女士|小姐|太太|阿姨|叔叔|大爷|大妈|老师|同志)",
}
_HANZI = re.compile(r"[\u4e00-\u9fff]")

Laying = tuple[float, int, int]  # score, start, end


class Fit(NamedTuple):
    """A part laid on ``chars[start:end]``: edits of sound and of character, characters of the literal."""

    start: int
    end: int
    sound: float
    char: int
    length: int = 0


class PlainIndex(PhraseIndex):
    """The index of a rulebook, with the plain search; remembers what it found."""

    def __init__(self, themes: Sequence[PhraseTheme], index: PhraseIndex) -> None:
        super().__init__(themes, index._samples, wanted=index._wanted)
        self._anchors = plain_anchors(themes)

    def _hits(self, texts: Sequence[str], themes: frozenset[str]) -> list[list[Place]]:
        return [list(plain_hits(self._themes, self._anchors, prepare(text), themes)) for text in texts]


def plain_anchors(themes: Sequence[PhraseTheme]) -> tuple[Anchor, ...]:
    return anchors_of(one for place, theme in enumerate(themes) for one in compile_theme(theme, place))


def plain_hits(
    themes: Sequence[PhraseTheme], anchors: Sequence[Anchor], text: PreparedText, wanted: frozenset[str]
) -> Iterator[Place]:
    found: dict[int, list[tuple[Laying, str]]] = defaultdict(list)
    for anchor in anchors:
        for place, patterns in anchor.wanted_by.items():
            if themes[place].id in wanted:
                for fit in dict.fromkeys(_fits(anchor, text)):
                    laid = [(_extended(pattern, fit, text), pattern.variant) for pattern in patterns]
                    found[place] += [(one, variant) for one, variant in laid if one is not None]
    for place, layings in found.items():
        theme = themes[place]
        kept: list[tuple[Laying, str]] = []
        for one, variant in sorted(layings, key=lambda f: (-round(f[0][0], 6), f[0][1] - f[0][2], f[0][1])):
            if all(one[2] <= other[1] or other[2] <= one[1] for other, _ in kept):
                kept.append((one, variant))
        for (score, start, end), variant in kept:
            if theme.mode != "fuzzy" and not {start, end} <= _borders(text):
                continue
            why = guard(text, start, end, theme.active_guards)
            why = why or context_guard(text, start, end, theme.unless_before, theme.unless_after)
            first, last = text.original_span(start, end)
            yield Place(theme.id, first, last, text.original[first:last], round(score, 3), variant, why)


def _borders(text: PreparedText) -> set[int]:
    ends = [0]
    for word in cut(text.chars):
        ends.append(ends[-1] + len(word))
    return set(ends)


def _fits(anchor: Anchor, text: PreparedText) -> Iterator[Fit]:
    literal, edits = anchor.literal, anchor.edits
    size = len(literal.sounds)
    cuts = [size * i // (edits + 1) for i in range(edits + 2)]
    starts = set()
    for first, last in pairwise(cuts):
        at = text.sounds.find(literal.sounds[first:last])
        while at >= 0:
            starts.add(at - first)
            at = text.sounds.find(literal.sounds[first:last], at + 1)
    for start in sorted(starts):
        low, high = max(0, start - edits), min(len(text.sounds), start + size + edits)
        at = text.sounds.find(literal.sounds, low, high)
        fit = exact_fit(literal, text, at) if at >= 0 else None
        if fit is None and edits:
            fit = aligned(literal, edits, text, low, high)
        if fit is not None:
            yield fit


def exact_fit(literal: Literal, text: PreparedText, at: int) -> Fit:
    end = at + len(literal.sounds)
    return Fit(at, end, 0, Levenshtein.distance(literal.chars, text.chars[at:end]), end - at)


def aligned(literal: Literal, edits: int, text: PreparedText, low: int, high: int) -> Fit | None:
    """Aligned with the whole of a narrow window; what is inserted before and after is not the literal's."""
    size, window = len(literal.sounds), text.sounds[low:high]
    if Levenshtein.distance(literal.sounds, window) > 2 * edits + max(0, high - low - size):
        return None
    start, end = low, high
    inner: list[tuple[str, int, int]] = []
    for edit in Levenshtein.editops(literal.sounds, window).as_list():
        what, at, there = edit
        if what == "insert":
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
    cost = _cost(literal, text, low, inner)
    char = Levenshtein.distance(literal.chars, text.chars[start:end])
    return None if cost is None else Fit(start, end, cost, char, size)


def _cost(literal: Literal, text: PreparedText, low: int, edits: list[tuple[str, int, int]]) -> float | None:
    """What the edits cost; None when one turns the meaning."""
    cost = 0.0
    for edit, at, there in edits:
        if edit != "insert" and (literal.chars[at] in NEGATORS or at in literal.fixed):
            return None
        if edit != "delete" and text.chars[low + there] in NEGATORS:
            return None
        if edit != "replace":
            cost += ADDED
        else:
            cost += NEAR if near(literal.sounds[at], text.sounds[low + there]) else FAR
    return cost


def _extended(pattern: Pattern, fit: Fit, text: PreparedText) -> Laying | None:
    start, end, sound, char, length = fit
    after, before = pattern.parts[pattern.anchor + 1 :], pattern.parts[: pattern.anchor][::-1]
    for parts, leftwards in ((after, False), (before, True)):
        slack = 0
        for part in parts:
            if isinstance(part, Gap):
                slack = part.most
                continue
            at = start if leftwards else end
            if isinstance(part, Slot):
                placed = slot_beside(part.name, text, at, slack, leftwards=leftwards)
            else:
                budget = [edits - sound for edits in pattern.budget[length:]]
                placed = _best_wording(part, text, at, slack, budget, leftwards)
            if placed is None:
                return None
            start, end = (placed.start, end) if leftwards else (start, placed.end)
            length, sound, char = length + placed.length, sound + placed.sound, char + placed.char
            slack = 0
    if sound > pattern.budget[length] or (pattern.exact and char):
        return None
    score = 1 - (SOUND_WEIGHT * sound + (1 - SOUND_WEIGHT) * char) / length
    return (score, start, end) if score >= MIN_SCORE else None


def _best_wording(
    part: Choice, text: PreparedText, at: int, slack: int, budget: Sequence[float], leftwards: bool
) -> Fit | None:
    best: Fit | None = None
    for literal in part.literals:
        size = len(literal.sounds)
        edits = min(math.floor(budget[size]), math.floor(STRETCH_SHARE * size))
        if edits < 0:
            continue
        low, high = (at - slack - size - edits, at) if leftwards else (at, at + slack + size + edits)
        fit = _fit_between(literal, edits, text, low, high)
        if fit is not None and fit.sound <= STRETCH_SHARE * size and (best is None or fit.sound < best.sound):
            best = fit
            if fit.sound == 0:
                break
    return best


def _fit_between(literal: Literal, edits: int, text: PreparedText, low: int, high: int) -> Fit | None:
    """The best placing of ``literal`` inside ``[low, high)``: fewest edits, then nearest its own length."""
    low, high = max(0, low), min(len(text.sounds), high)
    size = len(literal.sounds)
    exact = text.sounds.find(literal.sounds, low, high)
    if exact >= 0:
        return exact_fit(literal, text, exact)
    if edits == 0:
        return None
    if high - low > size + 2 * edits:
        cutoff = 100 * (1 - edits / size) - 1
        likest = fuzz.partial_ratio_alignment(literal.sounds, text.sounds[low:high], score_cutoff=cutoff)
        if likest is None:
            return None
        at = low + likest.dest_start
        low, high = max(low, at - edits), min(high, at + size + edits)
    return aligned(literal, edits, text, low, high)


def slot_beside(slot: str, text: PreparedText, at: int, slack: int, *, leftwards: bool) -> Fit | None:
    last = at if leftwards else len(text.chars)
    starts = (
        range(max(0, at - slack - LONGEST_SLOT), at) if leftwards else range(at, min(at + slack, last) + 1)
    )
    for start in starts:
        end = _filled(slot, text, start, last)
        if end is not None and (not leftwards or at - slack <= end):
            return Fit(start, end, 0, 0)
    return None


def _filled(slot: str, text: PreparedText, start: int, end: int) -> int | None:
    expression, share = EXPRESSIONS[slot], right_share(slot)
    if share == 1:
        match = re.compile(expression).match(text.chars, start, end)
        return match and match.end()
    on_sounds = re.compile(_HANZI.sub(lambda one: sound_of(one.group()), expression))
    match = on_sounds.match(text.sounds, start, end)
    if match is None:
        return None
    alphabet = _HANZI.findall(expression)
    right = sum(character in alphabet for character in text.chars[start : match.end()])
    return match.end() if right >= share * (match.end() - start) else None
