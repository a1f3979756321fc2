"""Simulated calls as the rules see them: truth text, truth events, no audio. For accuracy and speed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.callsim.grammar import generate_scripts
from pipeline.callsim.plan import plan_call
from pipeline.callsim.script import Script
from pipeline.callsim.truth import truth_of
from pipeline.callsim.voices import VoiceSet
from pipeline.rules.measured import measured_text
from pipeline.types import (
    Call,
    CallRecord,
    Conversation,
    Events,
    Gap,
    HangUp,
    Measured,
    Overlap,
    Span,
    Tone,
    Turn,
    Utterance,
)

Damage = Callable[[str], str]
STARTED = datetime.fromisoformat("2026-11-20T10:00:00+08:00")  # no festival


@dataclass(frozen=True, slots=True)
class Simulated:
    """A call and what must, must not and may be found in it (rule ids)."""

    conversation: Conversation
    measured: Measured
    planted: frozenset[str]
    forbidden: frozenset[str]
    clean: bool


def simulated_calls(
    calls: int, seed: int, *, which: VoiceSet = "heldout", damage: Damage | None = None
) -> Iterator[Simulated]:
    """Calls of the grammar's set ``which``; ``damage`` spoils each utterance's text as a recogniser would."""
    for script in generate_scripts(calls, seed, which):
        yield simulated_call(script, damage=damage)


def simulated_call(script: Script, *, damage: Damage | None = None) -> Simulated:
    truth = truth_of(plan_call(script))
    conversation = _conversation(script, truth, damage)
    measured = measured_text(conversation, _events(truth))
    planted = frozenset(fault["rule_id"] for fault in truth["faults"])
    return Simulated(conversation, measured, planted, frozenset(truth["must_not_find"]), truth["clean"])


def _span(item: dict[str, Any]) -> Span:
    return Span(item["start_s"], item["end_s"])


def _conversation(script: Script, truth: dict[str, Any], damage: Damage | None) -> Conversation:
    heard = [u for u in truth["utterances"] if u["heard"]]
    utterances = tuple(
        Utterance(u["role"], _span(u), damage(u["text"]) if damage else u["text"], (), 0.9, u["channel"])
        for u in heard
    )
    started = script.started_at or STARTED
    record = CallRecord(
        script.id,
        agent_id=script.agent.id,
        direction=script.direction,
        started_at=started,
        ring_s=script.ring_s if script.ring_s is not None else truth["answered_at_s"],
        hangup_side=truth["release"]["by"],
        business=script.business,
        customer_flags=tuple(script.customer.flags),
        agent_channel=truth["agent_channel"],
    )
    call = Call(
        script.id, ("",), "", 8000, 2, truth["duration_s"], started, script.direction,
        script.agent.id, None, script.agent.team, truth["agent_channel"], record,
    )  # fmt: skip
    turns = tuple(Turn(u.span, u.role, u.channel, "channel", 1.0) for u in utterances)
    return Conversation(call, None, turns, utterances)


def _events(truth: dict[str, Any]) -> Events:
    waits = list(truth["waits"])
    rest = [g for g in truth["gaps"] if g["kind"] in ("before_answer", "after_farewell")]
    gaps = tuple(
        Gap(
            _span(g),
            g["kind"],
            g["waiting_on"],
            g["announced"],
            g["agreed"],
            g["thanked"],
            tuple(g["reassured_at_s"]),
        )
        for g in sorted(waits + rest, key=lambda g: g["start_s"])
    )
    overlaps = tuple(
        Overlap(_span(o), o["kind"], o["by"], o["over"], o["gave_way"]) for o in truth["overlaps"]
    )
    tones = tuple(Tone(t["kind"], _span(t), t["channel"], t["count"], t["detail"]) for t in truth["tones"])
    return Events(gaps, overlaps, tones, _release(truth["release"]))


def _release(told: dict[str, Any]) -> HangUp:
    return HangUp(
        told["by"] or "unknown",
        0.95,
        told["at_s"],
        after_last_words_s=told["after_last_words_s"],
        excused=told["excused"],
    )
