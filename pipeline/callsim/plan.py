"""From a script to exact times: every line, sound, gap and overlap to the millisecond, without audio.

Because a speaker's rate is exact, the length of a line follows from its characters. So the plan is
the truth, the renderer only has to obey it, and thousands of calls can be planned without a voice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.callsim.placed import Mark, Phrase, Plan, Said, Sound
from pipeline.callsim.script import Event, Person, Script, Speaker
from pipeline.callsim.sounds import cadence_s, dtmf_s
from pipeline.callsim.voices import count_characters
from pipeline.types import GapKind, Span

COMMA_PAUSE_S, SENTENCE_PAUSE_S = 0.18, 0.32  # inside a line, at 220 characters a minute
SHORTEST_PHRASE_S = 0.3  # nobody says 喂 in less
DEAD_AIR_S = 3.0  # a silence from here on is not thinking (standards page, hold.dead_air)
# Full-width marks are written as escapes: they look like their ASCII sisters in many fonts.
_SHORT = ",;:\u3001\uff0c\uff1b\uff1a"
_LONG = ".?!\u3002\u2026\uff1f\uff01"
_PHRASES = re.compile(f"([^{_SHORT}{_LONG}]+)([{_SHORT}{_LONG}]*)")


@dataclass
class _Desk:
    """The state while events are laid out one after the other; seconds, on a millisecond grid."""

    script: Script
    rng: np.random.Generator
    now: float = 0.0
    last: Said | None = None
    answered: float | None = None
    said: list[Said] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def plan_call(script: Script) -> Plan:
    """Lay the script out in time. Natural pauses are drawn from the script's seed."""
    desk = _Desk(script, np.random.default_rng(script.seed))
    for event in script.events:
        _place(desk, event)
    released = _ms(desk.now + script.release.after_s)
    duration = released + 0.25
    if script.release.busy:
        beats = Event("busy", count=script.release.busy, by="customer")
        leg: Speaker = "customer" if script.release.by == "customer" else "agent"
        end = _ms(released + 0.3 + cadence_s("busy", beats.count))
        desk.sounds.append(Sound("busy", Span(_ms(released + 0.3), end), leg, beats))
        duration = end + 0.1
    plan = Plan(
        script=script,
        said=_unheard(desk),
        sounds=tuple(desk.sounds),
        # What a side hears after the other let go comes from the switch, whatever its leg did.
        marks=tuple(_bounded(m, released if script.release.busy else duration) for m in desk.marks),
        answered_s=_answered(desk),
        released_s=released,
        duration_s=_ms(duration),
    )
    return plan if script.cut_s is None or script.cut_s >= plan.duration_s else _cut(plan, script.cut_s)


def _place(desk: _Desk, event: Event) -> None:
    if event.do == "say":
        _say(desk, event)
    elif event.do in ("one_way", "die"):
        # Seconds of 0 and a dead leg last until the end of the recording.
        end = desk.now + event.seconds if event.do == "one_way" and event.seconds else float("inf")
        desk.marks.append(Mark("one_way", Span(desk.now, end), event, silent_leg=event.by))
    elif event.do == "answer":
        desk.answered = desk.now
    elif event.do in ("hold", "wait", "mute"):
        _wait(desk, event)
    else:
        start = desk.now + (0.3 if event.gap_s is None else event.gap_s)
        span = Span(_ms(start), _ms(start + _sound_s(event, desk.rng)))
        leg = event.by if event.do in ("cough", "laugh") else _leg(event)
        desk.sounds.append(Sound(event.do, span, leg, event))
        desk.now = span.end_s


def _say(desk: _Desk, event: Event) -> None:
    assert event.role is not None
    person = person_of(desk.script, event.role)
    natural = float(desk.rng.uniform(0.35, 0.75))
    if desk.marks and desk.marks[-1].span.end_s == desk.now:
        natural = 0.0  # a wait lasts exactly as long as it says
    if event.at_s is not None and desk.last is not None:
        start = desk.last.span.start_s + event.at_s
    else:
        start = max(0.0, desk.now + (natural if event.gap_s is None else event.gap_s))
    cpm = event.cpm or person.cpm
    phrases = tuple(_phrases(event.text, _ms(start), cpm * (3.6 if event.language == "en" else 1.0)))
    line = Said(
        event=event,
        role=event.role,
        text=event.text,
        span=Span(phrases[0].span.start_s, phrases[-1].span.end_s),
        phrases=phrases,
        cpm=cpm,
        follows_at_s=desk.last.span.start_s if desk.last else None,
    )
    desk.said.append(line)
    desk.now = max(desk.now, line.span.end_s)
    if event.at_s is None:
        desk.last = line


def _wait(desk: _Desk, event: Event) -> None:
    span = Span(desk.now, _ms(desk.now + event.seconds))
    kind: GapKind
    if event.kind is not None:
        kind = event.kind
    elif event.do == "mute":
        kind = "mute"
    elif event.do == "hold":
        kind = "hold_music" if event.sound == "music" else "announced_hold" if event.announced else "dead_air"
    else:
        kind = "dead_air" if event.seconds >= DEAD_AIR_S else "thinking"
    silent = event.by if event.do == "mute" else None
    desk.marks.append(Mark(kind, span, event, silent_leg=silent))
    if event.do == "hold" and event.sound == "music":
        inside = Span(_ms(span.start_s + 0.2), _ms(span.end_s - 0.1))
        desk.sounds.append(Sound("music", inside, _leg(event), event))
    desk.now = span.end_s


def _phrases(text: str, start_s: float, cpm: float) -> Iterator[Phrase]:
    at = start_s
    for words, marks in _PHRASES.findall(text):
        count = count_characters(words)
        if count == 0:
            continue
        end = _ms(at + max(SHORTEST_PHRASE_S, 60 * count / cpm))
        yield Phrase(words, Span(at, end))
        pause = COMMA_PAUSE_S if not marks or marks[0] in _SHORT else SENTENCE_PAUSE_S
        at = _ms(end + pause * min(1.5, 220 / cpm))


def _unheard(desk: _Desk) -> tuple[Said, ...]:
    """Lines whose leg carried nothing at their middle are not heard."""
    silent = [(m.silent_leg, m.span) for m in desk.marks if m.silent_leg]
    return tuple(
        replace(
            line,
            heard=not any(
                side_of(line.role) == leg and span.start_s <= line.span.middle_s < span.end_s
                for leg, span in silent
            ),
        )
        for line in sorted(desk.said, key=lambda line: line.span)
    )


def _answered(desk: _Desk) -> float:
    if desk.answered is not None:
        return desk.answered
    rung = [s.span.end_s for s in desk.sounds if s.kind == "ringback"]
    # A menu answers nobody, and whom the desk calls picks up before the agent speaks.
    called = ("customer",) if desk.script.direction == "outbound" else ("agent", "agent2")
    picked_up = [line.span.start_s for line in desk.said if line.role in called]
    if not rung or not picked_up or rung[0] > picked_up[0]:
        return 0.0
    return max(0.0, _ms(picked_up[0] - 0.3))


def _cut(plan: Plan, at_s: float) -> Plan:
    """The recording breaks off: what comes later is gone, what was going on ends there."""
    at_s = _ms(at_s)
    window = Span(0.0, at_s)
    said = []
    for line in plan.said:
        kept = tuple(_clip(p, at_s) for p in line.phrases if p.span.start_s < at_s - 0.05)
        if kept:
            text = line.text if kept == line.phrases else "\uff0c".join(p.text for p in kept)
            said.append(
                replace(line, text=text, phrases=kept, span=Span(line.span.start_s, kept[-1].span.end_s))
            )
    return replace(
        plan,
        said=tuple(said),
        sounds=tuple(replace(s, span=_inside(s.span, window)) for s in plan.sounds if s.span.start_s < at_s),
        marks=tuple(replace(m, span=_inside(m.span, window)) for m in plan.marks if m.span.start_s < at_s),
        released_s=plan.released_s if plan.released_s is not None and plan.released_s <= at_s else None,
        duration_s=at_s,
    )


def _clip(phrase: Phrase, at_s: float) -> Phrase:
    if phrase.span.end_s <= at_s:
        return phrase
    share = (at_s - phrase.span.start_s) / phrase.span.duration_s
    return Phrase(phrase.text[: max(1, int(len(phrase.text) * share))], Span(phrase.span.start_s, at_s))


def _inside(span: Span, window: Span) -> Span:
    return Span(max(span.start_s, window.start_s), min(span.end_s, window.end_s))


def _bounded(mark: Mark, duration_s: float) -> Mark:
    return replace(mark, span=_inside(mark.span, Span(0.0, _ms(duration_s))))


def _sound_s(event: Event, rng: np.random.Generator) -> float:
    if event.do in ("ringback", "busy", "congestion"):
        return cadence_s(event.do, event.count)  # type: ignore[arg-type]
    if event.do == "dtmf":
        return dtmf_s(event.digits)
    if event.do == "beep":
        return event.seconds or 0.2
    return event.seconds or float(rng.uniform(0.5, 0.9))


def _leg(event: Event) -> Speaker | None:
    """Which leg carries a tone: the exchange plays to the customer, so the agent's, unless told."""
    if event.on == "both":
        return None
    if event.on is not None:
        return event.on
    return "customer" if event.do in ("dtmf", "busy") else "agent"


def side_of(role: Speaker) -> Speaker:
    """The leg a speaker is on: the customer alone on one, everybody else on the agent's."""
    return "customer" if role == "customer" else "agent"


def person_of(script: Script, role: Speaker) -> Person:
    if role == "ivr":
        return IVR
    return {"agent": script.agent, "customer": script.customer, "agent2": script.agent2}[role]


def _ms(seconds: float) -> float:
    return round(seconds * 1000) / 1000


IVR = Person(cpm=200.0, level_dbfs=-18.0)
