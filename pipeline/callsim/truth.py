"""The truth of a planned call as plain JSON: what an honest listener would write down.

Gap and overlap kinds are those of ``pipeline.types``; times are seconds with three decimals.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.callsim.line import MIX_GAIN
from pipeline.callsim.placed import Mark, Plan, Said, Sound
from pipeline.callsim.plan import DEAD_AIR_S, person_of, side_of
from pipeline.callsim.script import OverlapKind, Script, Speaker
from pipeline.callsim.voices import count_characters
from pipeline.timeline import hull, overlap
from pipeline.types import Gap, GapKind, Overlap, Span

BACKCHANNEL_S = 1.2  # a shorter line spoken over another, unless the script says otherwise


def truth_of(plan: Plan) -> dict[str, Any]:
    """Everything about one call that a test may compare with; see docs/simulator.md for the fields."""
    script = plan.script
    return {
        "call_id": script.id,
        "title": script.title,
        "set": script.set,
        "seed": script.seed,
        "business": script.business,
        "direction": script.direction,
        "layout": script.layout,
        "agent_channel": None if script.layout == "mono" else _channel(script, "agent"),
        "codec": script.line.codec,
        "duration_s": plan.duration_s,
        "answered_at_s": plan.answered_s,
        "utterances": [_line(script, i, line) for i, line in enumerate(plan.said)],
        "gaps": [_gap(g) for g in find_gaps(plan)],
        "waits": [_gap(w) for w in find_waits(plan)],
        "overlaps": [_overlap(o) for o in find_overlaps(plan)],
        "tones": [
            {
                "kind": s.kind,
                **_span(s.span),
                "channel": None if s.leg is None else _channel(script, s.leg),
                "count": s.event.count if s.kind in ("ringback", "busy", "congestion") else None,
                "detail": s.event.digits or (s.event.style if s.kind == "music" else ""),
            }
            for s in sorted(plan.sounds, key=lambda s: s.span)
        ],
        "silent_legs": [
            {"channel": _channel(script, m.silent_leg), **_span(m.span)} for m in plan.marks if m.silent_leg
        ],
        "release": _release(plan),
        "rates": {role: _rate(plan, role) for role in ("agent", "customer")},
        "levels_dbfs": {role: _level(script, role) for role in ("agent", "customer")},
        "faults": list(_faults(plan)),
        "must_not_find": list(script.must_not_find),
        "undecided": list(script.undecided),
        "clean": not script.all_faults(),
        "record_lies_about": sorted(script.record),
    }


def find_gaps(plan: Plan) -> list[Gap]:
    """Every silence of 0.3 s and more with its kind."""
    heard = plan.heard()
    return [_typed(plan, heard, span) for span in plan.silences()]


def find_waits(plan: Plan) -> list[Gap]:
    """Waits as a customer lives them: stretches joined over the agent's "one moment more"."""
    reassuring = {line.span.start_s: line for line in plan.said if line.event.reassures}
    waits: list[Gap] = []
    open_until: float | None = None
    for gap in find_gaps(plan):
        if waits and open_until is not None and abs(gap.span.start_s - open_until) < 1e-6:
            held = waits[-1]
            at = next(s for s, line in reassuring.items() if abs(line.span.end_s - gap.span.start_s) < 1e-6)
            waits[-1] = Gap(
                Span(held.span.start_s, gap.span.end_s),
                held.kind,
                held.waiting_on,
                held.announced,
                held.agreed,
                held.thanked or gap.thanked,
                (*held.reassured_at_s, at),
            )
        elif gap.kind not in ("thinking", "before_answer", "after_farewell"):
            waits.append(gap)
        else:
            open_until = None
            continue
        following = reassuring.get(gap.span.end_s)
        open_until = following.span.end_s if following else None
    return waits


def find_overlaps(plan: Plan) -> list[Overlap]:
    """Every stretch in which two parties speak, by who began over whom."""
    heard = plan.heard()
    found: list[Overlap] = []
    for i, first in enumerate(heard):
        for later in heard[i + 1 :]:
            if later.span.start_s >= first.span.end_s:
                break  # lines are in order of their starts
            if side_of(later.role) == side_of(first.role):
                continue
            common = overlap([p.span for p in first.phrases], [p.span for p in later.phrases])
            span = hull(common)
            if span is not None:
                kind = later.event.overlap or _overlap_kind(later)
                found.append(Overlap(span, kind, later.role, first.role, later.event.gave_way))
    return found


def _overlap_kind(later: Said) -> OverlapKind:
    return "backchannel" if later.span.duration_s < BACKCHANNEL_S else "interruption"


def _typed(plan: Plan, heard: Sequence[Said], span: Span) -> Gap:
    before = [line for line in heard if line.span.end_s <= span.start_s + 1e-6]
    after = [line for line in heard if line.span.start_s >= span.end_s - 1e-6]
    mark = _mark_over(plan, span)
    played = _played_over(plan, span)
    event = mark.event if mark else played.event if played else None
    if not before or span.end_s <= plan.answered_s:
        kind: GapKind = "before_answer"
    elif mark is not None:
        kind = mark.kind
    elif played is not None:
        kind = "hold_music"  # ringing or music the customer waits with, as in a transfer
    elif not after:
        kind = "after_farewell"
    else:
        kind = "dead_air" if span.duration_s >= DEAD_AIR_S else "thinking"
    waiting_on: Speaker = after[0].role if after else "customer"
    return Gap(
        span=span,
        kind=kind,
        waiting_on=event.waiting_on if event and event.do == "wait" else waiting_on,
        announced=bool(event and event.announced),
        agreed=bool(event and event.agreed),
        thanked=bool(event and event.thanked),
    )


def _mark_over(plan: Plan, span: Span) -> Mark | None:
    """The wait that fills most of a silence; at least half of it."""
    best = max(plan.marks, key=lambda m: _common_s(m.span, span), default=None)
    return best if best is not None and _common_s(best.span, span) >= 0.5 * span.duration_s else None


def _played_over(plan: Plan, span: Span) -> Sound | None:
    """Ringing or music over half of a silence and more."""
    heard = [s for s in plan.sounds if s.kind in ("ringback", "music")]
    best = max(heard, key=lambda s: _common_s(s.span, span), default=None)
    return best if best is not None and _common_s(best.span, span) >= 0.5 * span.duration_s else None


def _common_s(one: Span, other: Span) -> float:
    return max(0.0, min(one.end_s, other.end_s) - max(one.start_s, other.start_s))


def _faults(plan: Plan) -> Iterator[dict[str, Any]]:
    """Planted faults; those that an event planted have a place and, where words were said, a quote."""
    placed: set[str] = set()
    for line in plan.said:
        for rule in line.event.fault:
            placed.add(rule)
            yield {"rule_id": rule, **_span(line.span), "quote": line.text, "role": line.role}
    for mark in plan.marks:
        for rule in mark.event.fault:
            placed.add(rule)
            yield {"rule_id": rule, **_span(mark.span), "quote": "", "role": mark.event.waiting_on}
    for rule in plan.script.all_faults():
        if rule not in placed:
            yield {"rule_id": rule, "start_s": None, "end_s": None, "quote": "", "role": "agent"}


def _release(plan: Plan) -> dict[str, Any]:
    release = plan.script.release
    last = max((line.span.end_s for line in plan.heard()), default=None)
    at = plan.released_s
    return {
        "by": release.by if at is not None else "unknown",
        "at_s": at,
        "after_last_words_s": round(at - last, 3) if at is not None and last is not None else None,
        "last_speaker": max(plan.heard(), key=lambda s: s.span.end_s).role if plan.heard() else None,
        "excused": release.excused,
    }


def _rate(plan: Plan, role: str) -> dict[str, Any]:
    """Characters a minute: inside phrases, and over whole lines with their pauses."""
    lines = [s for s in plan.heard() if s.role == role]
    characters = sum(count_characters(line.text) for line in lines)
    spoken = sum(p.span.duration_s for line in lines for p in line.phrases)
    whole = sum(line.span.duration_s for line in lines)
    return {
        "characters": characters,
        "spoken_s": round(spoken, 3),
        "cpm": round(60 * characters / spoken, 2) if spoken else None,
        "cpm_with_pauses": round(60 * characters / whole, 2) if whole else None,
    }


def _level(script: Script, role: Speaker) -> float:
    """RMS of a party's speech as it lies in the recording: softer where both legs share a channel."""
    level = person_of(script, role).level_dbfs
    return round(level + 20 * math.log10(MIX_GAIN), 2) if script.layout == "mono" else level


def _line(script: Script, index: int, line: Said) -> dict[str, Any]:
    return {
        "index": index,
        "role": line.role,
        "channel": _channel(script, line.role),
        "text": line.text,
        **_span(line.span),
        "phrases": [{"text": p.text, **_span(p.span)} for p in line.phrases],
        "cpm": line.cpm,
        "language": line.event.language,
        "heard": line.heard,
    }


def _channel(script: Script, role: Speaker | None) -> int:
    if script.layout == "mono":
        return 0
    agent = 0 if script.layout == "legs" else script.agent_channel
    return agent if role is not None and side_of(role) == "agent" else 1 - agent


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "kind": gap.kind,
        **_span(gap.span),
        "waiting_on": gap.waiting_on,
        "announced": gap.announced,
        "agreed": gap.agreed,
        "thanked": gap.thanked,
        "reassured_at_s": list(gap.reassured_at_s),
    }


def _overlap(found: Overlap) -> dict[str, Any]:
    return {
        "kind": found.kind,
        **_span(found.span),
        "by": found.by,
        "over": found.over,
        "gave_way": found.gave_way,
    }


def _span(span: Span) -> dict[str, float]:
    return {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)}
