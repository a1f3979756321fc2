"""Conversations from a few lines: voice spans of the two legs, and what was said."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from pipeline.types import (
    Audition,
    Call,
    CallRecord,
    ChannelGate,
    Conversation,
    Frames,
    Role,
    Span,
    Tone,
    Turn,
    Utterance,
)

Pair = tuple[float, float]


def spans(*pairs: Pair) -> tuple[Span, ...]:
    return tuple(Span(a, b) for a, b in pairs)


def talk(
    agent: Sequence[Pair] = (),
    customer: Sequence[Pair] = (),
    said: Sequence[tuple[Role, float, float, str]] = (),
    *,
    duration_s: float = 60.0,
    tones: Sequence[Tone] = (),
    silent: tuple[Sequence[Pair], Sequence[Pair]] = ((), ()),
    record: CallRecord | None = None,
    asr: float | None = 0.9,
    answered_s: float | None = None,
    agent_channel: int = 0,
    levels: tuple[float, float] = (-20.0, -24.0),
    nuclei: tuple[Sequence[float], Sequence[float]] = ((), ()),
) -> Conversation:
    """A stereo conversation; every leg carries line noise save where ``silent`` says otherwise."""
    legs = [spans(*agent), spans(*customer)]
    roles: list[Role] = ["agent", "customer"]
    order = (0, 1) if agent_channel == 0 else (1, 0)
    heard = Audition(
        duration_s=duration_s,
        gate=ChannelGate("stereo", (False, False), (0.0, 0.0), (None, None), (40.0, 40.0)),
        voice=tuple(legs[i] for i in order),
        tones=tuple(tones),
        digital_silence=tuple(spans(*silent[i]) for i in order),
        level_dbfs=Frames(0.02, tuple(_levels(legs[i], levels[i], duration_s) for i in order)),
        pitch_hz=None,
        nuclei_s=tuple(tuple(nuclei[i]) for i in order),
        clicks_s=((), ()),
        noise_floor_dbfs=(-60.0, -60.0),
        answered_at_s=answered_s,
    )
    turns = [Turn(span, roles[leg], order.index(leg), "channel", 1.0) for leg in (0, 1) for span in legs[leg]]
    return Conversation(
        call=call(duration_s, record=record, agent_channel=agent_channel),
        audition=heard,
        turns=tuple(sorted(turns, key=lambda t: t.span)),
        utterances=tuple(
            Utterance(role, Span(a, b), text, (), 0.9, order.index(0 if role.startswith("agent") else 1))
            for role, a, b, text in said
        ),
        asr_confidence=asr,
    )


def call(
    duration_s: float = 60.0, *, record: CallRecord | None = None, agent_channel: int | None = 0
) -> Call:
    return Call(
        "c1", ("c1.wav",), "", 8000, 2, duration_s, None, "inbound", "8021", None, None, agent_channel, record
    )


def text_only(*said: tuple[Role, str]) -> Conversation:
    """A dialogue without sound or times."""
    lines = [Utterance(r, Span(float(i), float(i + 1)), t, (), 1.0) for i, (r, t) in enumerate(said)]
    return Conversation(call(0.0), None, (), tuple(lines), timed=False)


def _levels(voice: Sequence[Span], level: float, duration_s: float) -> array[float]:
    row = array("f", [-60.0] * round(duration_s / 0.02))
    for span in voice:
        for i in range(round(span.start_s / 0.02), min(len(row), round(span.end_s / 0.02))):
            row[i] = level
    return row
