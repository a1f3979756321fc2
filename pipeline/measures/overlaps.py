"""Both at once: interruption told from backchannel, from help and agreement, and from echo.

The parameters are those of the commercial reference: Tencent Cloud Contact Center's quality rule for
抢话 (overlap in ms, minimum characters, minimum time the first party had spoken) and Amazon Connect
Contact Lens, which count an interruption only when it takes the floor.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pipeline.config import MeasureConfig
from pipeline.measures.activity import Activity
from pipeline.measures.cues import plain, says
from pipeline.text import count_syllables
from pipeline.timeline import clip, merge, overlap, total_s
from pipeline.types import Conversation, Overlap, Role, Span, Utterance

FLOOR_JOIN_S = 0.7  # a breath inside a turn does not give the floor away
LISTED_OVERLAP_S = 0.1
GAVE_WAY_S = 1.0  # the first party falls silent within this time of being talked over …
STAYS_AWAY_S = 0.5  # … and stays so this long
BACKCHANNEL_MAX_S = 0.9
COOPERATIVE_MAX_CHARS = 8
ECHO_DELAY_S = 0.4  # ITU-T G.131: what comes later is a second voice, if it says the same or not


def find_overlaps(
    conversation: Conversation, heard: Activity, settings: MeasureConfig
) -> tuple[Overlap, ...]:
    """Every overlap of at least 0.1 s: who began over whom, and what it was.

    ::

        first     ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
        second        ▇            ▇▇▇▇▇▇▇▇▇▇▇▇▇
                      嗯 backchannel  ↑ interruption, from here to where one of them stops
    """
    if not heard.heard:
        return ()
    found = []
    agent, customer = merge(heard.agent, join_s=FLOOR_JOIN_S), merge(heard.customer, join_s=FLOOR_JOIN_S)
    for both in overlap(agent, customer):
        real = overlap(clip(heard.agent, both), clip(heard.customer, both))
        if total_s(real) < LISTED_OVERLAP_S - 1e-6:  # the same wherever in the call it lies
            continue
        agent_turn, customer_turn = _holding(both, agent), _holding(both, customer)
        by: Role = "agent" if agent_turn.start_s >= customer_turn.start_s else "customer"
        mine, theirs = (agent_turn, customer_turn) if by == "agent" else (customer_turn, agent_turn)
        span = Span(real[0].start_s, real[-1].end_s)
        found.append(_judged(span, by, mine, theirs, total_s(real), conversation, settings))
    return tuple(found)


def _holding(span: Span, turns: Sequence[Span]) -> Span:
    return next(t for t in turns if t.start_s <= span.start_s + 1e-6 and t.end_s >= span.end_s - 1e-6)


def _judged(
    span: Span,
    by: Role,
    mine: Span,
    theirs: Span,
    both_s: float,
    conversation: Conversation,
    settings: MeasureConfig,
) -> Overlap:
    over: Role = "customer" if by == "agent" else "agent"
    said = _said(by, mine, conversation.utterances)
    first_said = _said(over, Span(theirs.start_s, span.end_s), conversation.utterances)
    gave_way = theirs.end_s - mine.start_s <= GAVE_WAY_S and mine.end_s - theirs.end_s >= STAYS_AWAY_S
    kind = "interruption"
    if _is_echo(said, _said(over, Span(mine.start_s - ECHO_DELAY_S, mine.end_s), conversation.utterances)):
        kind = "echo"
    elif _is_backchannel(said, mine, theirs, settings):
        kind = "backchannel"
    elif _turns_met(span, mine, theirs, both_s, settings):
        kind = "cooperative"
    elif span.start_s - theirs.start_s < settings.interruption_floor_s:
        kind = "cooperative"  # both began: nobody had the floor yet
    elif _helps(said, first_said) and not gave_way:
        kind = "cooperative"
    sure = 0.6 + 0.4 * conversation.role_confidence if said else 0.5
    return Overlap(span, kind, by, over, gave_way and kind == "interruption", round(sure, 3))  # type: ignore[arg-type]


def _said(role: Role, span: Span, utterances: Sequence[Utterance]) -> str:
    """What ``role`` said within ``span``, by word times where there are any."""
    parts = []
    for utterance in utterances:
        if utterance.role != role or not (
            utterance.span.start_s < span.end_s + 0.2 and utterance.span.end_s > span.start_s - 0.2
        ):
            continue
        if utterance.words:
            parts += [
                w.text for w in utterance.words if span.start_s - 0.2 <= w.span.middle_s <= span.end_s + 0.2
            ]
        else:
            parts.append(utterance.text)
    return "".join(parts)


def _is_echo(said: str, first_said: str) -> bool:
    """The same words on both legs at the same time: the line, not a person."""
    mine, theirs = plain(said), plain(first_said)
    return len(mine) >= 4 and mine in theirs


def _is_backchannel(said: str, mine: Span, theirs: Span, settings: MeasureConfig) -> bool:
    """嗯, 好的, 对: a listener's sign that leaves the floor where it is.

    Without words, a sound too short for ``interruption_min_chars`` characters inside the other's turn.
    """
    if said:
        return says(said, "backchannel") or (
            count_syllables(said) < settings.interruption_min_chars and mine.duration_s <= BACKCHANNEL_MAX_S
        )
    return mine.duration_s <= BACKCHANNEL_MAX_S and mine.end_s <= theirs.end_s + 0.3


def _turns_met(span: Span, mine: Span, theirs: Span, both_s: float, settings: MeasureConfig) -> bool:
    """The first party was ending anyway: a short overlap at the end of its turn."""
    at_end = span.end_s >= theirs.end_s - 0.1
    return both_s < settings.interruption_min_s or (at_end and both_s < settings.interruption_ending_s)


def _helps(said: str, first_said: str) -> bool:
    """Completes or repeats the other's words (collaborative completion, Lerner 1996), and stays short."""
    mine, theirs = plain(said), plain(first_said)
    if not 2 <= len(mine) <= COOPERATIVE_MAX_CHARS:
        return False
    shared = sum(1 for a, b in itertools.pairwise(mine) if a + b in theirs)
    return shared >= max(1, (len(mine) - 1) // 2)
