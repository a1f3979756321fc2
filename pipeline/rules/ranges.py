"""Ranges: the part of a call a condition looks at. Several keys together mean all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal

from pipeline import timeline
from pipeline.rules.answer import Answer, Hit
from pipeline.rules.window import Window, gone, unsure
from pipeline.types import Span

if TYPE_CHECKING:
    from pipeline.rules.facts import CallFacts

# A greeting may be split by the caller's "喂" and a ring; three agent utterances hold it all.
OPENING_AGENT_UTTERANCES = 3
# Offer of further help, its answer, the farewell and the caller's own goodbye: six at most.
CLOSING_UTTERANCES = 6
GapName = Literal[
    "hold", "announced_hold", "dead_air", "hold_music", "mute", "one_way", "thinking", "before_answer",
    "after_farewell",
]  # fmt: skip
HOLD_KINDS = ("announced_hold", "hold_music", "mute")


class ConditionType:
    """Stands for "a condition" in a field's type; conditions have a grammar of their own."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where to look. ``nth`` chooses the anchor's hit, from 1, or "last"."""

    first: int | None = None
    last: int | None = None
    first_s: float | None = None
    last_s: float | None = None
    middle: tuple[int, int] | None = None
    phase: Literal["opening", "body", "closing"] | None = None
    before: ConditionType | None = None
    after: ConditionType | None = None
    around: ConditionType | None = None
    nth: int | Literal["last"] = 1
    within: int | None = None
    within_s: float | None = None
    during: tuple[GapName, ...] | None = None

    def __post_init__(self) -> None:
        if sum(a is not None for a in (self.before, self.after, self.around)) > 1:
            raise ValueError("more than one of before, after, around")
        if (self.within is not None or self.within_s is not None) and not self.anchor:
            raise ValueError("within without before, after or around")
        if self.nth != "last" and self.nth < 1:
            raise ValueError(f"nth: {self.nth} (it counts from 1)")
        numbers = (
            self.first,
            self.last,
            self.first_s,
            self.last_s,
            self.within,
            self.within_s,
            *(self.middle or ()),
        )
        if any(number is not None and number < 0 for number in numbers):
            raise ValueError("a negative number in a range")

    @property
    def anchor(self) -> Any:
        return self.before or self.after or self.around

    def parts(self) -> tuple[Any, ...]:
        return (self.anchor,) if self.anchor else ()

    @property
    def opening(self) -> int:
        """Within how many utterances, of the role or of the agent, from the start it looks; 0: anywhere."""
        return self.first or (OPENING_AGENT_UTTERANCES if self.phase == "opening" else 0)

    def window(self, facts: CallFacts, within: Window, role: str) -> Window:
        """The window, inside ``within``; missing or unsure windows say why."""
        if facts.truncated and (self.last or self.last_s or self.phase == "closing"):
            return unsure("录音不完整,听不到结尾")
        asked = (role, self.first, self.last, self.middle, self.first_s, self.last_s, self.phase, self.during)
        if asked not in facts.windows:  # many rules look at the same places
            facts.windows[asked] = reduce(Window.meet, self._places(facts, role), facts.whole)
        within = within.meet(facts.windows[asked])
        return within.meet(self._anchored(facts, role)) if self.anchor else within

    def _places(self, facts: CallFacts, role: str) -> list[Window]:
        """Of each key but the anchor, where it looks."""
        found: list[Window] = []
        own = facts.indexes(role)
        if self.first is not None:
            found.append(_covering(facts, own[: self.first], from_start=True))
        if self.last is not None:
            found.append(_covering(facts, own[-self.last :], to_end=True))
        if self.middle is not None:
            head, tail = self.middle
            found.append(_covering(facts, own[head : len(own) - tail]))
        if self.first_s is not None or self.last_s is not None:
            found.append(self._seconds(facts))
        if self.phase is not None:
            found.append(_phase(facts, self.phase))
        if self.during is not None:
            found.append(_during(facts, self.during))
        return found

    def _seconds(self, facts: CallFacts) -> Window:
        if not facts.timed:
            return unsure("文字没有时间")
        speech = timeline.hull(u.span for u in facts.utterances) or Span(0.0, facts.duration_s)
        start_s, end_s = 0.0, facts.duration_s
        if self.first_s is not None:
            end_s = speech.start_s + self.first_s
        if self.last_s is not None:
            start_s = max(start_s, speech.end_s - self.last_s)
        return between(facts, Span(start_s, end_s))

    def _anchored(self, facts: CallFacts, role: str) -> Window:
        answer: Answer = self.anchor.answer(facts, facts.whole)
        if answer.value == "unknown":
            return unsure(answer.why)
        chosen = _nth(answer.hits, self.nth) if answer.value == "hit" else None
        if chosen is None:
            return gone("未出现所要求的前提")
        if self.within_s is not None and not facts.timed:
            return unsure("文字没有时间")
        side = "after" if self.after else "before" if self.before else "around"
        return beside(facts, chosen, side, role=role, within=self.within, within_s=self.within_s)


def _nth(hits: tuple[Hit, ...], nth: int | str) -> Hit | None:
    ordered = sorted(hits, key=lambda hit: (hit.evidence.span.start_s, hit.index or 0))
    if nth == "last":
        return ordered[-1] if ordered else None
    return ordered[int(nth) - 1] if 0 < int(nth) <= len(ordered) else None


def between(facts: CallFacts, span: Span) -> Window:
    """The utterances whose middle lies in ``span``, and the span."""
    inside = (i for i, u in enumerate(facts.utterances) if span.start_s <= u.span.middle_s < span.end_s)
    return Window(frozenset(inside), (span,))


def beside(
    facts: CallFacts,
    hit: Hit,
    side: str,
    *,
    role: str,
    within: int | None = None,
    within_s: float | None = None,
) -> Window:
    """The window before, after or around a hit: at most ``within`` utterances of ``role`` and
    ``within_s`` seconds on each side. An utterance that goes on after the hit counts as after."""
    reach = float("inf") if within_s is None else within_s
    span = hit.evidence.span
    indexes: list[int] = []
    start_s, end_s = span.start_s, span.end_s
    if side in ("before", "around"):
        start_s = max(0.0, span.start_s - reach)
        earlier = [i for i in facts.indexes(role) if _before(facts, i, hit) and _near(facts, i, span, reach)]
        indexes += earlier if within is None else earlier[-within:] if within else []
    if side in ("after", "around"):
        end_s = min(facts.duration_s, span.end_s + reach)
        later = [i for i in facts.indexes(role) if _after(facts, i, hit) and _near(facts, i, span, reach)]
        indexes += later if within is None else later[:within]
    if side == "around" and hit.index is not None:
        indexes.append(hit.index)
    return Window(frozenset(indexes), (Span(start_s, max(start_s, end_s)),))


def _before(facts: CallFacts, index: int, hit: Hit) -> bool:
    if hit.index is not None:
        return index < hit.index
    return facts.utterances[index].span.start_s < hit.evidence.span.start_s


def _after(facts: CallFacts, index: int, hit: Hit) -> bool:
    if hit.index is not None:
        return index > hit.index
    return facts.utterances[index].span.end_s > hit.evidence.span.end_s


def _near(facts: CallFacts, index: int, span: Span, reach: float) -> bool:
    other = facts.utterances[index].span
    return other.start_s - span.end_s <= reach and span.start_s - other.end_s <= reach


def _covering(
    facts: CallFacts, indexes: tuple[int, ...], *, from_start: bool = False, to_end: bool = False
) -> Window:
    if not indexes:
        return Window(frozenset(), (Span(0.0, facts.duration_s),))
    start_s = 0.0 if from_start else facts.utterances[indexes[0]].span.start_s
    end_s = facts.duration_s if to_end else facts.utterances[indexes[-1]].span.end_s
    # every role's utterances in between: the caller decides whose it wants
    inside = (i for i in range(len(facts.utterances)) if _bounds(i, indexes, from_start, to_end))
    return Window(frozenset(inside), (Span(start_s, max(start_s, end_s)),))


def _bounds(index: int, indexes: tuple[int, ...], from_start: bool, to_end: bool) -> bool:
    return (from_start or index >= indexes[0]) and (to_end or index <= indexes[-1])


def _phase(facts: CallFacts, phase: str) -> Window:
    agent = facts.indexes("agent")
    count = len(facts.utterances)
    opening = agent[OPENING_AGENT_UTTERANCES - 1] if len(agent) >= OPENING_AGENT_UTTERANCES else count - 1
    closing = max(0, count - CLOSING_UTTERANCES)
    if phase == "opening":
        return _covering(facts, tuple(range(opening + 1)), from_start=True)
    if phase == "closing":
        return _covering(facts, tuple(range(closing, count)), to_end=True)
    return _covering(facts, tuple(range(opening + 1, closing)))


def _during(facts: CallFacts, kinds: tuple[str, ...]) -> Window:
    if not facts.sound:
        return unsure("只有文字,没有录音")
    wanted = HOLD_KINDS if kinds == ("hold",) else kinds
    spans = timeline.merge(gap.span for gap in facts.events.gaps if gap.kind in wanted)
    if not spans:
        return gone("通话中没有等待")
    inside = (i for i, u in enumerate(facts.utterances) if any(timeline.touches(s, u.span) for s in spans))
    return Window(frozenset(inside), spans)
