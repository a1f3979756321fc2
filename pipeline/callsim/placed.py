"""A call laid out in time: what the planner makes, the renderer obeys and the truth tells."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.callsim.script import Event, Script, Speaker
from pipeline.timeline import gaps as gaps_between
from pipeline.types import GapKind, Span

LISTED_GAP_S = 0.3  # shorter silences between lines are not listed


@dataclass(frozen=True, slots=True)
class Phrase:
    """A breath group, spoken at a constant rate."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the dialogue in its place. ``cpm`` is the rate inside phrases, pauses left out."""

    event: Event
    role: Speaker
    text: str
    span: Span
    phrases: tuple[Phrase, ...]
    cpm: float
    heard: bool = True  # False: the leg carried nothing
    follows_at_s: float | None = None  # start of the line it was placed against


@dataclass(frozen=True, slots=True)
class Sound:
    """A tone, music, cough or laugh in its place. ``leg`` None: on both."""

    kind: str
    span: Span
    leg: Speaker | None
    event: Event


@dataclass(frozen=True, slots=True)
class Mark:
    """What a stretch of time is for: a wait of a kind, or a leg that carries nothing."""

    kind: GapKind
    span: Span
    event: Event
    silent_leg: Speaker | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    script: Script
    said: tuple[Said, ...]
    sounds: tuple[Sound, ...]
    marks: tuple[Mark, ...]
    answered_s: float
    released_s: float | None  # None: the recording broke off before
    duration_s: float

    def heard(self) -> tuple[Said, ...]:
        return tuple(s for s in self.said if s.heard)

    def silences(self) -> tuple[Span, ...]:
        """Where no party speaks, from 0.3 s on."""
        window = Span(0.0, self.duration_s)
        quiet = gaps_between([s.span for s in self.heard()], window)
        return tuple(g for g in quiet if g.duration_s >= LISTED_GAP_S)
