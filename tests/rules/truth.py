"""Simulated calls as the rules see them, straight from the truth: words, events and record, no audio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.callsim.plan import plan_call
from pipeline.callsim.script import Script
from pipeline.callsim.truth import truth_of
from pipeline.rules.measured import measured_text
from pipeline.types import (
    Call,
    CallRecord,
    Conversation,
    Events,
    Gap,
    HangUp,
    Measure,
    Measured,
    Overlap,
    Span,
    Turn,
    Utterance,
)


def facts_of(
    script: Script, *, heard: Callable[[str], str] = lambda text: text
) -> tuple[Conversation, Measured]:
    """What a perfect listener would have handed to the rules; ``heard`` damages the words."""
    truth = truth_of(plan_call(script))
    utterances = tuple(
        Utterance(u["role"], Span(u["start_s"], u["end_s"]), heard(u["text"]), (), 1.0, u["channel"])
        for u in truth["utterances"]
        if u.get("heard", True)
    )
    turns = tuple(Turn(u.span, u.role, u.channel, "channel", 1.0) for u in utterances)
    conversation = Conversation(_call(script, truth), None, turns, utterances, 1.0, 1.0)
    events = _events(truth)
    computed = measured_text(conversation, events).measures
    return conversation, Measured(computed + _stated(script, truth), events)


def _call(script: Script, truth: Mapping[str, Any]) -> Call:
    record = CallRecord(
        script.id,
        agent_id=script.agent.id,
        direction=script.direction,
        started_at=script.started_at,
        ring_s=script.ring_s,
        business=script.business,
        customer_flags=script.customer.flags,
    )
    return Call(
        script.id, (), "", 8000, 2, truth["duration_s"], script.started_at, script.direction,
        script.agent.id, script.agent.name, script.agent.team, truth["agent_channel"], record,
    )  # fmt: skip


def _events(truth: Mapping[str, Any]) -> Events:
    waits = [_gap(w) for w in truth["waits"]]
    gaps = [_gap(g) for g in truth["gaps"]]
    outside = [g for g in gaps if not any(w.span.start_s <= g.span.middle_s < w.span.end_s for w in waits)]
    overlaps = tuple(
        Overlap(Span(o["start_s"], o["end_s"]), o["kind"], o["by"], o["over"]) for o in truth["overlaps"]
    )
    release = truth["release"]
    hangup = None
    if release and release["by"] in ("agent", "customer"):
        hangup = HangUp(
            release["by"], 0.95, release["at_s"], after_last_words_s=release["after_last_words_s"],
            excused=release["excused"],
        )  # fmt: skip
    return Events(tuple(sorted([*waits, *outside], key=lambda g: g.span)), overlaps, (), hangup)


def _gap(gap: Mapping[str, Any]) -> Gap:
    return Gap(
        Span(gap["start_s"], gap["end_s"]), gap["kind"], gap["waiting_on"], gap["announced"], gap["agreed"],
        gap["thanked"], tuple(gap["reassured_at_s"]),
    )  # fmt: skip


def _stated(script: Script, truth: Mapping[str, Any]) -> tuple[Measure, ...]:
    rung = sum(t["count"] or 0 for t in truth["tones"] if t["kind"] == "ringback")
    rings = float(rung or round((script.ring_s or 0.0) / 5.0))
    cpm = truth["rates"]["agent"]["cpm"]
    band = "fast" if cpm > 300 else "ok"
    return (
        Measure("rings", rings, "rings"),
        Measure("rate_band", band, "text", "agent"),
        Measure("elderly_caller", 0.0, ""),
    )
