"""Operators over how the parties talk: utterance, speaker, rate, repeat, interruption."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from pipeline.rules.answer import Hit
from pipeline.rules.facts import CallFacts
from pipeline.rules.operator import Findings, cannot_tell, in_order, operator, unheard
from pipeline.rules.phrases import REMEMBERED_CHARS
from pipeline.rules.window import Window
from pipeline.text import count_syllables, prepare
from pipeline.types import Evidence, Overlap


@operator("utterance", by_role=True)
@dataclass(frozen=True, slots=True)
class Said:
    """There is an utterance of that size, whatever its words; ``except``: but none that holds a phrase of
    these themes (a question or a formula is no explanation, however long)."""

    min_chars: int = 1
    max_chars: int | None = None
    min_s: float | None = None
    max_s: float | None = None
    except_: tuple[str, ...] = field(default=(), metadata={"key": "except"})

    def __post_init__(self) -> None:
        in_order(min_chars=(self.min_chars, self.max_chars), min_s=(self.min_s, self.max_s))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        if (self.min_s is not None or self.max_s is not None) and not facts.timed:
            return cannot_tell("文字没有时间")
        spared = {heard.index for theme in self.except_ for heard in facts.themes.get(theme, ())}
        fitting = (i for i in facts.chosen(role, window) if i not in spared and self._fits(facts, i))
        return Findings(tuple(map(facts.hit, fitting)))

    def _fits(self, facts: CallFacts, index: int) -> bool:
        utterance = facts.utterances[index]
        chars, length_s = _chars(utterance.text), utterance.span.duration_s
        return (
            chars >= self.min_chars
            and (self.max_chars is None or chars <= self.max_chars)
            and (self.min_s is None or length_s >= self.min_s)
            and (self.max_s is None or length_s <= self.max_s)
        )


def _chars(text: str) -> int:
    return _short_chars(text) if len(text) <= REMEMBERED_CHARS else count_syllables(text)


@lru_cache(maxsize=20_000)
def _short_chars(text: str) -> int:
    return count_syllables(text)


@operator("speaker", hears="text", by_role=True)
@dataclass(frozen=True, slots=True)
class Speaker:
    """The role speaks at that place: first, last, or a number from 1 (−1 is the last)."""

    SHORT = "at"

    at: int | Literal["first", "last"] = "first"

    def __post_init__(self) -> None:
        if self.at == 0:
            raise ValueError("at: 0 (it counts from 1; -1 is the last)")

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        everyone = list(facts.chosen("any", window))
        wanted = {"first": 1, "last": -1}.get(str(self.at), self.at)
        place = int(wanted) - 1 if int(wanted) > 0 else int(wanted)
        if not -len(everyone) <= place < len(everyone):
            return Findings()
        index = everyone[place]
        if facts.utterances[index].role == "unknown":
            return cannot_tell("说话人不明")
        return Findings((facts.hit(index),) if facts.utterances[index].role == role else ())


@operator("rate", hears="text times")
@dataclass(frozen=True, slots=True)
class Rate:
    """Characters a minute (syllables over the time from first to last word) outside [min, max]."""

    min: float | None = None
    max: float | None = None
    per: Literal["utterance", "average"] = "utterance"
    min_chars: int = 12  # a shorter utterance's rate says nothing

    def __post_init__(self) -> None:
        if self.min is None and self.max is None:
            raise ValueError("neither min nor max")
        in_order(min=(self.min, self.max))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        long_enough = [
            (index, chars, facts.utterances[index].span.duration_s)
            for index in facts.chosen(role, window)
            if (chars := _chars(facts.utterances[index].text)) >= self.min_chars
        ]
        if not long_enough:
            return cannot_tell(f"没有超过 {self.min_chars} 字的话,无法计算语速")
        if self.per == "utterance":
            return Findings(tuple(facts.hit(i) for i, chars, s in long_enough if self._outside(chars, s)))
        outside = self._outside(sum(c for _, c, _ in long_enough), sum(s for _, _, s in long_enough))
        return Findings((facts.hit(long_enough[0][0]),) if outside else ())

    def _outside(self, chars: int, length_s: float) -> bool:
        rate = chars * 60 / max(length_s, 0.1)
        return (self.min is not None and rate < self.min) or (self.max is not None and rate > self.max)


@operator("repeat", hears="text")
@dataclass(frozen=True, slots=True)
class Repeat:
    """The same sentence is said again: the ``times``-th time within ``within`` utterances of the role."""

    within: int = 6
    times: int = 2
    min_chars: int = 6
    similarity: float = 0.85
    except_: tuple[str, ...] = field(default=(), metadata={"key": "except"})

    def __post_init__(self) -> None:
        if self.times < 2:
            raise ValueError(f"times: {self.times}; a repeat needs 2")
        in_order(similarity=(self.similarity, 1.0), within=(self.times - 1, self.within))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        spared = {heard.index for theme in self.except_ for heard in facts.themes.get(theme, ())}
        texts = {i: prepare(facts.utterances[i].text).chars for i in facts.chosen(role, window)}
        order = [i for i in texts if len(texts[i]) >= self.min_chars and i not in spared]
        own = list(texts)
        hits: list[Hit] = []
        for at, index in enumerate(order):
            recent = [i for i in order[:at] if own.index(index) - own.index(i) <= self.within]
            same = sum(self._same(texts[i], texts[index]) for i in recent)
            if same >= self.times - 1:
                hits.append(facts.hit(index))
        doubts = unheard(facts, window, role)
        return Findings(tuple(hits), doubts.doubts, doubts.doubt)

    def _same(self, one: str, other: str) -> bool:
        cutoff = self.similarity * 100
        return bool(fuzz.ratio(one, other, score_cutoff=cutoff) >= cutoff)


@operator("interruption", hears="sound")
@dataclass(frozen=True, slots=True)
class Interruption:
    """The role begins to talk over the other party. ``after_s``: the other had talked that long."""

    min_s: float = 0.0
    min_chars: int = 0
    after_s: float = 0.0
    gave_way: bool | None = None
    kinds: tuple[Literal["interruption", "backchannel", "cooperative", "echo"], ...] = ("interruption",)

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        hits = [
            Hit(self._shown(facts, overlap), self._index(facts, overlap), self._unsure(facts, overlap))
            for overlap in facts.events.overlaps
            if role in ("any", overlap.by) and window.touches(overlap.span) and self._fits(facts, overlap)
        ]
        return Findings(tuple(hits))

    def _fits(self, facts: CallFacts, overlap: Overlap) -> bool:
        if overlap.kind not in self.kinds or overlap.span.duration_s < self.min_s:
            return False
        if self.gave_way is not None and overlap.gave_way != self.gave_way:
            return False
        index = self._index(facts, overlap)
        if self.min_chars and index is not None and _chars(facts.utterances[index].text) < self.min_chars:
            return False
        began = max(
            (u.span.start_s for u in facts.utterances if _is_under(u.role, u.span.start_s, overlap)),
            default=None,
        )
        return not self.after_s or began is None or overlap.span.start_s - began >= self.after_s

    def _unsure(self, facts: CallFacts, overlap: Overlap) -> bool:
        return overlap.confidence < facts.doubts.events

    def _index(self, facts: CallFacts, overlap: Overlap) -> int | None:
        """The utterance that cut in: the role's one that begins nearest to the overlap."""
        near = [
            (abs(facts.utterances[i].span.start_s - overlap.span.start_s), i)
            for i in facts.indexes(overlap.by)
            if abs(facts.utterances[i].span.start_s - overlap.span.start_s) < 1.0
        ]
        return min(near)[1] if near else None

    def _shown(self, facts: CallFacts, overlap: Overlap) -> Evidence:
        index = self._index(facts, overlap)
        quote = facts.utterances[index].text[:60] if index is not None else ""
        return Evidence(overlap.span, overlap.by, quote, overlap.confidence)


def _is_under(role: str, start_s: float, overlap: Overlap) -> bool:
    return role == overlap.over and start_s <= overlap.span.start_s
