"""Releases by the agent that are no fault (S0, S4), and what the agent says after the goodbye."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.config import MeasureConfig
from pipeline.measures.activity import AGENT_ROLES, Activity
from pipeline.measures.cues import saying, says
from pipeline.types import Conversation, Gap, Span, Utterance


def excuse(
    conversation: Conversation,
    heard: Activity,
    gaps: Sequence[Gap],
    released: float | None,
    settings: MeasureConfig,
) -> str | None:
    """Why a release by the agent is no fault (S0), or None.

    ``two_abuse_warnings``: two civility warnings were given. ``nuisance``: the fixed polite line was said
    (S4). ``dead_line``: the customer was never heard and told so, or their leg died. ``silent_customer``:
    no answer to the closing line, and 5 s waited.
    """
    said = conversation.utterances
    if len(saying(said, "civility_warning", *AGENT_ROLES)) >= 2:
        return "two_abuse_warnings"
    if saying(said, "nuisance_line", *AGENT_ROLES):
        return "nuisance"
    if _line_is_dead(said, heard, gaps):
        return "dead_line"
    if released is not None and _no_answer(said, heard, released, settings):
        return "silent_customer"
    return None


def _line_is_dead(said: Sequence[Utterance], heard: Activity, gaps: Sequence[Gap]) -> bool:
    if not heard.heard:
        return False
    if not heard.customer and saying(said, "no_voice_second", *AGENT_ROLES):
        return True
    end = heard.window.end_s
    return any(g.kind == "one_way" and g.span.end_s >= end - 1.0 for g in gaps)


def _no_answer(said: Sequence[Utterance], heard: Activity, released: float, settings: MeasureConfig) -> bool:
    closing = saying(said, "closing_line", *AGENT_ROLES)
    if not closing or not heard.heard:
        return False
    after = Span(closing[-1].span.end_s, released)
    if any(s.start_s >= after.start_s - 0.1 for s in heard.customer):
        return False
    last = max((s.end_s for s in heard.agent), default=0.0)
    return released - last >= settings.hangup_wait_s - 0.2


def talk_after_farewell(said: Sequence[Utterance], heard: Activity, released: float) -> list[Utterance]:
    """The agent's words after their own last goodbye that are no goodbye themselves."""
    goodbyes = saying(said, "farewell", *AGENT_ROLES)
    if not goodbyes:
        return []
    first = goodbyes[-1]
    return [
        u
        for u in said
        if u.role in AGENT_ROLES
        and first.span.end_s <= u.span.start_s <= released
        and not says(u.text, "backchannel")
    ]
