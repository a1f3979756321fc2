"""What happened: silences, overlaps, the release, and every number measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.types.base import Role, Side, Span
from pipeline.types.sound import Tone

GapKind = Literal[
    "announced_hold",
    "dead_air",
    "hold_music",
    "mute",
    "one_way",
    "thinking",
    "before_answer",
    "after_farewell",
]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which neither party speaks."""

    span: Span
    kind: GapKind
    waiting_on: Role  # whose turn it was to speak
    announced: bool = False
    agreed: bool = False  # the customer's consent was heard
    thanked: bool = False  # thanks or apology on return
    reassured_at_s: tuple[float, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Both parties at once. ``by`` began over ``over``."""

    span: Span
    kind: Literal["interruption", "backchannel", "cooperative", "echo"]
    by: Role
    over: Role
    gave_way: bool = False  # the first speaker stopped
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class HangUpClue:
    source: str  # "cdr:freeswitch", "busy tone", "leg silent", "words" …
    side: Side
    weight: float
    why: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Who released first, fused from record, sound and words."""

    side: Side
    probability: float
    released_at_s: float | None
    clues: tuple[HangUpClue, ...] = ()
    record_disagrees: bool = False
    after_last_words_s: float | None = None  # last speech of anyone → release
    excused: str | None = None  # why an agent's release is no fault


@dataclass(frozen=True, slots=True)
class Events:
    gaps: tuple[Gap, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    tones: tuple[Tone, ...] = ()
    hangup: HangUp | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One number (or word) about a call, for one role or the whole call (role None)."""

    name: str
    value: float | str | None
    unit: str
    role: Role | None = None
    evidence: tuple[Span, ...] = ()
    reason: str = ""  # why value is None


@dataclass(frozen=True, slots=True)
class Measured:
    measures: tuple[Measure, ...]
    events: Events
