"""Who made sound when: voice activity by party, the one view of a call that every event is read from.

Gaps and overlaps come from voice activity and never from word times, which lie after long silences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.timeline import Spans, clip, gaps, merge, overlap, subtract, total_s
from pipeline.types import Conversation, Role, Span, Utterance

AGENT_ROLES: tuple[Role, ...] = ("agent", "agent2")
PARTIES: tuple[Role, ...] = ("agent", "customer")
TURN_JOIN_S = 1.5  # a party that stops longer has let the floor go


@dataclass(frozen=True, slots=True)
class Activity:
    """Voice of the two parties in a window; ``window`` runs from the answer to the release.

    A second agent counts as the agent's side. ``nobodys``: voice whose party is not known, which ends a
    silence all the same. ``heard`` is False when there is no sound to go by (a dialogue that came as
    text): nothing timed can then be said.
    """

    window: Span
    agent: Spans
    customer: Spans
    heard: bool = True
    nobodys: Spans = ()

    def of(self, role: Role | None) -> Spans:
        return {"agent": self.agent, "agent2": self.agent, "customer": self.customer}.get(role or "", ())

    @property
    def anyone(self) -> Spans:
        return merge((*self.agent, *self.customer, *self.nobodys))

    @property
    def without_roles(self) -> bool:
        """Somebody speaks, and of nobody is it known who it is."""
        return bool(self.nobodys) and not self.agent and not self.customer

    @property
    def silences(self) -> Spans:
        """Where neither party speaks.

        ::

            agent     ▇▇▇      ▇▇
            customer     ▇▇▇      ▇
            silences       ▁▁▁▁  ▁ ▁
        """
        return gaps(self.anyone, self.window)

    @property
    def both(self) -> Spans:
        return overlap(self.agent, self.customer)


def activity(conversation: Conversation) -> Activity:
    """Voice by party. In stereo the channel's voice inside the party's turns, in mono the turns' voice."""
    if not conversation.timed or (conversation.audition is None and not conversation.turns):
        return Activity(Span(0.0, 0.0), (), (), heard=False)
    agent = party_voice(conversation, AGENT_ROLES)
    customer = party_voice(conversation, ("customer",))
    nobodys = party_voice(conversation, ("unknown",))
    end = conversation_end_s(conversation)
    window = Span(min(conversation_start_s(conversation), end), end)
    return Activity(window, clip(agent, window), clip(customer, window), nobodys=clip(nobodys, window))


def party_voice(conversation: Conversation, roles: Sequence[Role]) -> Spans:
    """Voice of the turns of ``roles``; the turns themselves where no voice was listened for."""
    found: list[Span] = []
    for turn in conversation.turns:
        if turn.role not in roles:
            continue
        if conversation.audition is None:
            found.append(turn.span)
            continue
        channels = conversation.audition.voice
        channel = turn.channel if turn.channel is not None and turn.channel < len(channels) else 0
        found += clip(channels[channel], turn.span)
    return merge(found)


def conversation_start_s(conversation: Conversation) -> float:
    """The answer: end of the ringing heard, else what the record tells, else the start of the recording.

    The record's answer counts only when nobody has spoken before it, since recordings often begin at
    the answer and their times then count from there.
    """
    audition = conversation.audition
    if audition is not None and audition.answered_at_s is not None:
        return audition.answered_at_s
    record = conversation.call.cdr
    started = conversation.call.started_at
    if record is None or record.answered_at is None or started is None:
        return 0.0
    if (record.answered_at.tzinfo is None) != (started.tzinfo is None):
        return 0.0
    offset = (record.answered_at - started).total_seconds()
    first = min((t.span.start_s for t in conversation.turns), default=0.0)
    return offset if 0.0 < offset <= first + 0.5 else 0.0


def conversation_end_s(conversation: Conversation) -> float:
    """The release as the line tells it: a final busy or congestion tone; else the end of the recording."""
    audition = conversation.audition
    if audition is None:
        return max((t.span.end_s for t in conversation.turns), default=conversation.call.duration_s)
    last_voice = max((s.end_s for voice in audition.voice for s in voice), default=0.0)
    final = [t.span.start_s for t in audition.tones if t.kind in ("busy", "congestion")]
    after = [at for at in final if at >= last_voice - 0.5]
    return min(after) if after else audition.duration_s


@dataclass(frozen=True, slots=True)
class FloorTurn:
    """One party holding the floor, its own short pauses and the other's backchannels included."""

    role: Role
    span: Span
    voice: Spans

    @property
    def voiced_s(self) -> float:
        return total_s(self.voice)


def floor_turns(heard: Activity, *, backchannel_s: float = 0.7) -> tuple[FloorTurn, ...]:
    """The turns of a call, in order; what a party says in passing (under 0.7 s inside the other's turn) is none.

    ::

        agent     ▇▇▇ ▇▇▇▇ ▇▇▇           ▇▇▇
        customer         ▇      ▇▇▇▇▇
        turns     |--- agent -| |cust| |agent|
    """
    pieces = [(s, "agent") for s in heard.agent] + [(s, "customer") for s in heard.customer]
    others = {"agent": heard.customer, "customer": heard.agent}
    kept = sorted(
        (s, role) for s, role in pieces if s.duration_s >= backchannel_s or not _inside_turn(s, others[role])
    )
    turns: list[tuple[Role, list[Span]]] = []
    for span, role in kept:
        same = turns and turns[-1][0] == role and span.start_s - turns[-1][1][-1].end_s <= TURN_JOIN_S
        if same:
            turns[-1][1].append(span)
        else:
            turns.append((role, [span]))  # type: ignore[arg-type]
    return tuple(FloorTurn(role, Span(v[0].start_s, max(s.end_s for s in v)), merge(v)) for role, v in turns)


def _inside_turn(span: Span, other: Spans) -> bool:
    """Speaks the other party both just before and just after?"""
    before = any(s.start_s < span.start_s and s.end_s > span.start_s - 0.4 for s in other)
    after = any(s.start_s < span.end_s + 0.6 and s.end_s > span.end_s for s in other)
    return before and after


def voice_under(heard: Activity, utterance: Utterance) -> Spans:
    """The party's voice that belongs to an utterance: spans that lie in it for the larger part."""
    found = []
    for span in heard.of(utterance.role):
        shared = min(span.end_s, utterance.span.end_s) - max(span.start_s, utterance.span.start_s)
        if shared > 0.3 * min(span.duration_s, utterance.span.duration_s):
            found.append(span)
    return tuple(found)


def latencies(turns: Sequence[FloorTurn], role: Role) -> list[tuple[Span, float]]:
    """Silence before ``role`` answers the other party: (where, seconds); overlapping answers count 0."""
    return [
        (Span(min(a.span.end_s, b.span.start_s), b.span.start_s), max(0.0, b.span.start_s - a.span.end_s))
        for a, b in pairwise(turns)
        if b.role == role and a.role != role
    ]


def alone(heard: Activity, role: Role) -> Spans:
    """Where ``role`` speaks and the other does not."""
    other: Role = "customer" if role == "agent" else "agent"
    return subtract(heard.of(role), heard.of(other))
