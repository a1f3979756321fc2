"""The two legs of a call: which is whose, and when one of them carries nothing at all."""

from __future__ import annotations

from pipeline.measures.activity import AGENT_ROLES, Activity
from pipeline.measures.cues import says
from pipeline.timeline import Spans, clip, gaps, total_s
from pipeline.types import Audition, Conversation, Span, Tone

MUSIC_SHARE = 0.4  # of a wait filled with music or ringing that make it a hold with music
MUTE_SHARE = 0.6  # of a wait in which the agent's leg carries nothing at all
CLEAN_LINE_RUNS, CLEAN_LINE_SHARE = (
    4,
    0.6,
)  # a leg silent so often, in so much of its pauses, never carries noise
ONE_WAY_MIN_S = 3.0


def kind_by_sound(span: Span, conversation: Conversation, heard: Activity) -> str:
    audition = conversation.audition
    if audition is None:
        return ""
    music = [t.span for t in audition.tones if t.kind == "music" or _rings(t)]
    if total_s(clip(music, span)) >= MUSIC_SHARE * span.duration_s:
        return "hold_music"
    legs = legs_of(conversation)
    if legs is None:
        return ""
    agent_leg, customer_leg = legs
    agent_gone = gone(audition, agent_leg, heard.agent)
    customer_gone = gone(audition, customer_leg, heard.customer)
    if _covers(agent_gone, span):
        around = _around(agent_gone, span)
        return "one_way" if _is_one_way(around, heard.customer, conversation, heard) else "mute"
    if _covers(customer_gone, span):
        return "one_way"
    return ""


def _rings(tone: Tone) -> bool:
    return tone.kind == "ringback"


def legs_of(conversation: Conversation) -> tuple[int, int] | None:
    """(agent's channel, customer's channel) in stereo; None where both share a channel."""
    audition = conversation.audition
    if audition is None or len(audition.voice) != 2 or audition.gate.layout == "identical":
        return None
    for roles, swap in ((AGENT_ROLES, False), (("customer",), True)):
        for turn in conversation.turns:
            if turn.role in roles and turn.channel is not None:
                agent = 1 - turn.channel if swap else turn.channel
                return agent, 1 - agent
    agent = conversation.call.agent_channel if conversation.call.agent_channel in (0, 1) else 0
    return int(agent or 0), 1 - int(agent or 0)


def gone(audition: Audition, channel: int, voice: Spans) -> Spans:
    """Long stretches in which the leg carries nothing, on a line that otherwise carries its noise.

    A line that is digitally silent in its ordinary pauses too (silence suppression) tells nothing.
    """
    if rests_in_silence(audition, channel, voice):
        return ()
    return tuple(s for s in audition.digital_silence[channel] if s.duration_s >= ONE_WAY_MIN_S)


def rests_in_silence(audition: Audition, channel: int, voice: Spans) -> bool:
    """Digital silence is this leg's ordinary pause: many stretches of it, in most of the time without voice."""
    silent = audition.digital_silence[channel]
    inner = clip(silent, Span(0.5, max(0.6, audition.duration_s - 0.5)))
    pauses = gaps(voice, Span(0.0, audition.duration_s))
    return len(inner) >= CLEAN_LINE_RUNS and total_s(silent) > CLEAN_LINE_SHARE * total_s(pauses)


def _covers(dead: Spans, span: Span) -> bool:
    return total_s(clip(dead, span)) >= MUTE_SHARE * span.duration_s


def _around(dead: Spans, span: Span) -> Span:
    return max(dead, key=lambda s: min(s.end_s, span.end_s) - max(s.start_s, span.start_s))


def _is_one_way(dead: Span, other_voice: Spans, conversation: Conversation, heard: Activity) -> bool:
    """The agent's leg is lost, not muted: it never comes back, or the customer talks into it."""
    if dead.end_s >= heard.window.end_s - 0.3:
        return True
    inside = [u for u in conversation.utterances if u.role == "customer" and within(u.span, dead)]
    if any(says(u.text, "cannot_hear") for u in inside):
        return True
    return total_s(clip(other_voice, dead)) > 0.3 * dead.duration_s


def within(span: Span, window: Span) -> bool:
    return window.start_s - 0.3 <= span.middle_s <= window.end_s + 0.3
