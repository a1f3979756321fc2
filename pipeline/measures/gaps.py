"""Silences told apart: hold, music, mute, one-way audio, dead air, thinking, before answer, after farewell."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipeline.config import MeasureConfig
from pipeline.measures.activity import AGENT_ROLES, Activity
from pipeline.measures.cues import cue_span, says
from pipeline.measures.legs import kind_by_sound, within
from pipeline.timeline import clip, subtract, total_s
from pipeline.types import Conversation, Gap, Role, Span, Utterance

HEARD_LEAST_S = 1.5  # a longer remark inside a wait is talk, and ends the wait
FAREWELL_LAST_S = 12.0


def find_gaps(conversation: Conversation, heard: Activity, settings: MeasureConfig) -> tuple[Gap, ...]:
    """Every silence of at least ``listed_gap_s`` between the parties, typed, in order.

    A wait that the agent only interrupts to ask for patience stays one gap.

    ::

        agent     …请稍等        请再稍等       对不起让您久等了
        customer        好的
        gaps               |---- announced_hold ----|
                                 ↑ reassured
    """
    if not heard.heard:
        return ()
    silences = [s for s in heard.silences if s.duration_s >= settings.listed_gap_s - 1e-6]
    waits = _waits(silences, conversation.utterances, heard, settings)
    found = [_typed(span, marks, conversation, heard, settings) for span, marks in waits]
    before = _before_answer(conversation, heard)
    return tuple([before, *found] if before else found)


def _before_answer(conversation: Conversation, heard: Activity) -> Gap | None:
    if heard.window.start_s < 0.3:
        return None
    return Gap(Span(0.0, heard.window.start_s), "before_answer", "agent")


# ---------------------------------------------------------------- silences → waits


def _waits(
    silences: Sequence[Span], utterances: Sequence[Utterance], heard: Activity, settings: MeasureConfig
) -> list[tuple[Span, tuple[float, ...]]]:
    """Join silences that only a plea for patience, or a short sound of the customer, divides."""
    waits: list[tuple[Span, tuple[float, ...]]] = []
    for silence in silences:
        if waits:
            span, marks = waits[-1]
            between = Span(span.end_s, silence.start_s)
            long_enough = min(span.duration_s, silence.duration_s) >= settings.thinking_s - 0.5
            pleas = _pleas(between, utterances, heard) if long_enough else None
            if pleas is not None:
                waits[-1] = (Span(span.start_s, silence.end_s), marks + pleas)
                continue
        waits.append((silence, ()))
    return waits


def _pleas(between: Span, utterances: Sequence[Utterance], heard: Activity) -> tuple[float, ...] | None:
    """Times of the pleas for patience in ``between``; None when it holds any other talk."""
    said = [u for u in utterances if within(u.span, between)]
    pleas = [u for u in said if u.role in AGENT_ROLES and _is_plea(u.text)]
    talk = subtract(clip(heard.anyone, between), [_padded(u.span) for u in pleas])
    if total_s(talk) > HEARD_LEAST_S or not pleas:
        return None
    for other in said:
        if other not in pleas and not says(other.text, "backchannel") and not says(other.text, "consent"):
            return None
    return tuple(u.span.start_s for u in pleas)


def _is_plea(text: str) -> bool:
    """Asks for more patience without announcing a result: 请再稍等, never 让您久等了."""
    return (says(text, "reassure") or says(text, "please_wait")) and not says(text, "return_thanks")


# ---------------------------------------------------------------- one wait → its kind


def _typed(
    span: Span,
    reassured: tuple[float, ...],
    conversation: Conversation,
    heard: Activity,
    settings: MeasureConfig,
) -> Gap:
    last = _last_before(span, heard)
    if _is_after_farewell(span, conversation, heard, settings.thinking_s):
        return Gap(span, "after_farewell", "customer", confidence=_sure(conversation))
    announced = _announcement(span, conversation.utterances, settings)
    waiting_on = _waiting_on(span, last, conversation, heard, announced=announced is not None)
    gap = Gap(
        span,
        "thinking",
        waiting_on,
        announced=announced is not None,
        agreed=announced is not None and _agreed(announced, span, conversation.utterances),
        thanked=_thanked(span, conversation.utterances, settings),
        reassured_at_s=reassured,
        confidence=_sure(conversation),
    )
    kind = kind_by_sound(span, conversation, heard)
    if kind == "hold_music":
        return replace(gap, kind="hold_music", waiting_on="agent")
    if kind == "mute":
        return replace(gap, kind="mute", waiting_on="agent")
    if kind == "one_way":
        return replace(gap, kind="one_way")
    if announced is not None and _is_long(span, settings.thinking_s) and waiting_on == "agent":
        return replace(gap, kind="announced_hold")
    if _is_long(span, settings.thinking_s):
        return replace(gap, kind="dead_air")
    return gap


def _is_after_farewell(span: Span, conversation: Conversation, heard: Activity, thinking_s: float) -> bool:
    """The silence that ends the call: short, or with a goodbye before it, or nothing was recognised.

    A long one without a goodbye is dead air that somebody gave up on.
    """
    if span.end_s < heard.window.end_s - 0.05 or not heard.anyone:
        return False
    if not conversation.utterances or not _is_long(span, thinking_s):
        return True
    near = [u for u in conversation.utterances if u.span.end_s >= span.start_s - FAREWELL_LAST_S]
    return any(says(u.text, "farewell") or says(u.text, "closing_line") for u in near)


# ---------------------------------------------------------------- words around a wait


def _announcement(span: Span, utterances: Sequence[Utterance], settings: MeasureConfig) -> Utterance | None:
    """The agent's please-wait before the silence, with nothing but an answer to it in between."""
    before = [u for u in utterances if u.span.start_s < span.start_s + 0.3]
    recent = [u for u in before if u.span.end_s >= span.start_s - settings.hold_announce_s]
    for said in reversed(recent[-4:]):
        if said.role in AGENT_ROLES and says(said.text, "please_wait"):
            return said if _is_late(said, span, settings) else None
        if said.role in AGENT_ROLES and not says(said.text, "backchannel"):
            return None  # the agent has said something else since: that wait is over
    return None


def _is_late(said: Utterance, span: Span, settings: MeasureConfig) -> bool:
    """The plea lies within the announcement window, even inside a long utterance."""
    return cue_span(said, "please_wait").end_s >= span.start_s - settings.hold_announce_s


def _agreed(announced: Utterance, span: Span, utterances: Sequence[Utterance]) -> bool:
    """The customer says yes between the please-wait and shortly after the silence begins."""
    window = Span(cue_span(announced, "please_wait").start_s, span.start_s + 1.0)
    answers = [u for u in utterances if u.role == "customer" and within(u.span, window)]
    return any(says(u.text, "consent") for u in answers)


def _thanked(span: Span, utterances: Sequence[Utterance], settings: MeasureConfig) -> bool:
    window = Span(span.end_s - 0.5, span.end_s + settings.return_window_s)
    after = [u for u in utterances if u.role in AGENT_ROLES and _starts_in(u, window)]
    return any(says(u.text, "return_thanks") or says(u.text, "apology") for u in after)


def _last_before(span: Span, heard: Activity) -> Role:
    """Who spoke last before ``span``; the agent is to speak first in a call."""
    ends = {role: max((s.end_s for s in heard.of(role) if s.end_s <= span.start_s + 0.05), default=-1.0)
            for role in ("agent", "customer")}  # fmt: skip
    if max(ends.values()) < 0:
        return "unknown"
    return "agent" if ends["agent"] >= ends["customer"] else "customer"


def _next_after(span: Span, heard: Activity) -> Role:
    starts = {role: min((s.start_s for s in heard.of(role) if s.start_s >= span.end_s - 0.05), default=1e9)
              for role in ("agent", "customer")}  # fmt: skip
    if min(starts.values()) >= 1e9:
        return "unknown"
    return "agent" if starts["agent"] <= starts["customer"] else "customer"


def _waiting_on(
    span: Span, last: Role, conversation: Conversation, heard: Activity, *, announced: bool
) -> Role:
    """Whose turn it was. After a plea to wait, the agent's; after a question, the one asked; else by the floor.

    A customer's short 好的 to an agent's question-free remark hands the floor back to the agent.
    """
    if heard.without_roles:
        return "unknown"
    if announced or last == "unknown":
        return "agent"
    said = [u for u in conversation.utterances if u.span.start_s < span.start_s]
    if last == "customer":
        return "agent"
    if said and said[-1].role in AGENT_ROLES and _asks(said[-1].text):
        return "customer"
    follows = _next_after(span, heard)
    return "customer" if follows == "unknown" else follows


def _is_long(span: Span, least_s: float) -> bool:
    """At least that long; a rounding error of the times must not decide."""
    return span.duration_s >= least_s - 1e-6


def _asks(text: str) -> bool:
    return text.rstrip().endswith(("?", "?", "吗", "呢")) or says(text, "question")


def _sure(conversation: Conversation) -> float:
    """Words decide the kind, so a gap is as sure as the recognition and the roles."""
    words = conversation.asr_confidence if conversation.asr_confidence is not None else 0.5
    return round(min(1.0, conversation.role_confidence) * (0.5 + 0.5 * words), 3)


def _starts_in(utterance: Utterance, window: Span) -> bool:
    return window.start_s <= utterance.span.start_s <= window.end_s


def _padded(span: Span, by_s: float = 0.4) -> Span:
    return Span(span.start_s - by_s, span.end_s + by_s)


# ---------------------------------------------------------------- questions asked of gaps


def is_hold(gap: Gap) -> bool:
    """Announced or not, the caller was put aside: hold, music, mute."""
    return gap.kind in ("announced_hold", "hold_music", "mute")


def wait_without_reassurance_s(gap: Gap) -> float:
    """The longest stretch of a wait without a word from the agent.

    ::

        wait       |--------------------------|
        reassured        ↑           ↑
        longest          |-----------|
    """
    return max(s.duration_s for s in unreassured(gap))


def unreassured(gap: Gap) -> list[Span]:
    """The stretches of a wait between its start, the agent's words and its end."""
    marks = [gap.span.start_s, *gap.reassured_at_s, gap.span.end_s]
    return [Span(a, b) for a, b in itertools.pairwise(marks)]


def of_kind(found: Iterable[Gap], *kinds: str) -> list[Gap]:
    return [g for g in found if g.kind in kinds]
