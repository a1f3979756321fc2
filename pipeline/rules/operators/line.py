"""Operators over the line: gap, tone, loudness, hangup, length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pipeline import timeline
from pipeline.rules.answer import Hit
from pipeline.rules.facts import CallFacts
from pipeline.rules.operator import Findings, cannot_tell, in_order, operator
from pipeline.rules.ranges import HOLD_KINDS, GapName
from pipeline.rules.window import Window
from pipeline.types import Evidence, Gap, Role, Span, Tone

_NAMES = {
    "announced_hold": "等待", "dead_air": "无声", "hold_music": "等待音乐", "mute": "静音",
    "one_way": "单向无声", "thinking": "停顿", "before_answer": "接听前", "after_farewell": "道别后无声",
}  # fmt: skip


@operator("gap", hears="sound", by_role=False)
@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch in which nobody speaks. ``total_s`` asks for the sum instead of one stretch;
    ``unreassured_s``: some part of it that long went by without a reassurance."""

    kinds: tuple[GapName, ...] = ("dead_air",)
    min_s: float = 0.0
    max_s: float | None = None
    waiting_on: Literal["agent", "customer"] | None = None
    announced: bool | None = None
    agreed: bool | None = None
    thanked: bool | None = None
    unreassured_s: float | None = None
    total_s: float | None = None

    def __post_init__(self) -> None:
        in_order(min_s=(self.min_s, self.max_s), unreassured_s=(self.unreassured_s, self.max_s))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        gaps = [gap for gap in facts.events.gaps if window.touches(gap.span) and self._fits(gap)]
        if self.total_s is not None and timeline.total_s(g.span for g in gaps) < self.total_s:
            return Findings()
        return Findings(tuple(self._hit(facts, gap) for gap in gaps))

    def _fits(self, gap: Gap) -> bool:
        kinds = {*self.kinds, *HOLD_KINDS} if "hold" in self.kinds else self.kinds
        asked = [(self.announced, gap.announced), (self.agreed, gap.agreed), (self.thanked, gap.thanked)]
        return (
            gap.kind in kinds
            and gap.span.duration_s >= self.min_s
            and (self.max_s is None or gap.span.duration_s <= self.max_s)
            and (self.waiting_on is None or gap.waiting_on == self.waiting_on)
            and all(want is None or want == has for want, has in asked)
            and (self.unreassured_s is None or _unreassured_s(gap) >= self.unreassured_s)
        )

    def _hit(self, facts: CallFacts, gap: Gap) -> Hit:
        quote = f"{_NAMES[gap.kind]} {gap.span.duration_s:.1f} 秒"
        shown = Evidence(gap.span, gap.waiting_on, quote, gap.confidence)
        return Hit(shown, doubtful=gap.confidence < facts.doubts.events)


def _unreassured_s(gap: Gap) -> float:
    marks = [gap.span.start_s, *sorted(gap.reassured_at_s), gap.span.end_s]
    return max(later - earlier for earlier, later in pairwise(marks))


@operator("tone", hears="sound", by_role=False)
@dataclass(frozen=True, slots=True)
class ToneHeard:
    """A labelled tone or music is heard."""

    SHORT = "kinds"

    kinds: tuple[Literal["ringback", "busy", "congestion", "dtmf", "beep", "music", "ivr", "tone"], ...]
    min_cycles: int | None = None
    max_cycles: int | None = None
    min_s: float = 0.0

    def __post_init__(self) -> None:
        in_order(min_cycles=(self.min_cycles, self.max_cycles), min_s=(self.min_s, None))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        tones = [t for t in facts.events.tones if window.touches(t.span) and self._fits(t)]
        return Findings(
            tuple(
                Hit(
                    Evidence(t.span, "unknown", f"{t.kind}×{t.count or 1}", t.confidence),
                    doubtful=t.confidence < facts.doubts.events,
                )
                for t in tones
            )
        )

    def _fits(self, tone: Tone) -> bool:
        cycles = tone.count or 1
        return (
            tone.kind in self.kinds
            and tone.span.duration_s >= self.min_s
            and (self.min_cycles is None or cycles >= self.min_cycles)
            and (self.max_cycles is None or cycles <= self.max_cycles)
        )


@operator("loudness", hears="sound")
@dataclass(frozen=True, slots=True)
class Loudness:
    """The role's speech level does one of these (dBFS, dB); from the line measures and frames."""

    below_dbfs: float | None = None
    above_dbfs: float | None = None
    jump_db: float | None = None
    span_db: float | None = None
    quieter_than_other_db: float | None = None

    def __post_init__(self) -> None:
        asked = (self.below_dbfs, self.above_dbfs, self.jump_db, self.span_db, self.quieter_than_other_db)
        if all(value is None for value in asked):
            raise ValueError(
                "nothing asked (below_dbfs, above_dbfs, jump_db, span_db, quieter_than_other_db)"
            )

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        found: list[Hit] = []
        doubts: list[str] = []
        for wanted, value, spans, unit in self._asked(facts, role):
            if value is None:
                doubts.append(f"没有测得{unit}")
            elif wanted(value):
                span = timeline.hull(spans) or window.hull or Span(0.0, facts.duration_s)
                found.append(Hit(Evidence(span, _role(role), f"{unit} {value:.1f} dB")))
        return Findings(tuple(found), tuple(doubts), 1.0 if doubts else 0.0)

    def _asked(self, facts: CallFacts, role: str):  # type: ignore[no-untyped-def]
        def value_of(name: str):  # type: ignore[no-untyped-def]
            measure = facts.measure(name, role)
            usable = measure is not None and isinstance(measure.value, int | float)
            return (float(measure.value), measure.evidence) if usable else (None, ())  # type: ignore

        if self.below_dbfs is not None:
            yield lambda v: v < self.below_dbfs, *value_of("level_dbfs"), "音量"
        if self.above_dbfs is not None:
            yield lambda v: v > self.above_dbfs, *value_of("level_dbfs"), "音量"
        if self.jump_db is not None:
            yield lambda v: abs(v) >= self.jump_db, *value_of("level_jump_db"), "音量突变"
        if self.span_db is not None:
            yield lambda v: v >= self.span_db, level_span_db(facts, role), (), "音量起伏"
        if self.quieter_than_other_db is not None:
            value, spans = value_of("level_difference_db")  # agent − customer
            signed = None if value is None else (value if role == "agent" else -value)
            yield lambda v: v <= -self.quieter_than_other_db, signed, spans, "双方音量差"


def level_span_db(facts: CallFacts, role: str) -> float | None:
    """95th − 5th percentile of the utterances' mean levels (dB) of a role; None below 3 utterances."""
    audition = facts.conversation.audition
    if audition is None:
        return None
    frames, levels = audition.level_dbfs, []
    for index in facts.indexes(role):
        utterance = facts.utterances[index]
        channel = utterance.channel if utterance.channel is not None else 0
        if channel >= len(frames.values):
            continue
        start = int(utterance.span.start_s / frames.step_s)
        values = frames.values[channel][start : int(utterance.span.end_s / frames.step_s)]
        if len(values):
            levels.append(10 * math.log10(sum(10 ** (v / 10) for v in values) / len(values)))
    if len(levels) < 3:
        return None
    levels.sort()
    return levels[int(0.95 * (len(levels) - 1))] - levels[int(0.05 * (len(levels) - 1))]


def _role(role: str) -> Role:
    return "customer" if role == "customer" else "agent" if role == "agent" else "unknown"


@operator("hangup", by_role=False)
@dataclass(frozen=True, slots=True)
class Released:
    """That side released the call, within / after so many seconds of the last words.

    ``excused: false`` asks for a release without an excuse (two abuse warnings, dead line …).
    """

    SHORT = "side"

    side: Literal["agent", "customer", "system"]
    within_s: float | None = None
    after_s: float | None = None
    excused: bool | None = None
    min_probability: float | None = None

    def __post_init__(self) -> None:
        in_order(after_s=(self.after_s, self.within_s), min_probability=(self.min_probability, 1.0))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        hangup = facts.events.hangup
        if hangup is None or hangup.side == "unknown":
            return cannot_tell("不能确定谁先挂机")
        sure = hangup.probability >= (self.min_probability or facts.doubts.hangup)
        waited_s = hangup.after_last_words_s
        if waited_s is None and (self.within_s is not None or self.after_s is not None):
            return cannot_tell("不知道挂机前等了几秒")
        if self.excused is not None and bool(hangup.excused) != self.excused:
            return Findings(why=f"挂机有因:{hangup.excused}" if hangup.excused else "")
        if waited_s is not None and not self._in_time(waited_s):
            return Findings(why=f"最后一句话之后 {waited_s:.1f} 秒挂机")
        if hangup.side != self.side:
            return Findings() if sure else cannot_tell(f"谁先挂机把握不足({hangup.probability:.2f})")
        at_s = hangup.released_at_s if hangup.released_at_s is not None else facts.duration_s
        shown = Evidence(Span(at_s, at_s + 0.5), _role(self.side), "挂机", hangup.probability)
        return Findings((Hit(shown, doubtful=not sure),))

    def _in_time(self, waited_s: float) -> bool:
        early = self.after_s is not None and waited_s < self.after_s
        return not early and (self.within_s is None or waited_s <= self.within_s)


@operator("length", hears="times", by_role=False)
@dataclass(frozen=True, slots=True)
class Length:
    """The recording is at least ``min_s`` and at most ``max_s`` long."""

    min_s: float = 0.0
    max_s: float | None = None

    def __post_init__(self) -> None:
        in_order(min_s=(self.min_s, self.max_s))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        length_s = facts.duration_s
        if length_s < self.min_s or (self.max_s is not None and length_s > self.max_s):
            return Findings(why=f"录音长 {length_s:.0f} 秒")
        return Findings((Hit(Evidence(Span(0.0, length_s), "unknown", f"录音长 {length_s:.0f} 秒")),))
