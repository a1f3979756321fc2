"""Who talked how much, over whom, and where the greeting and the goodbye lie."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from pipeline.measures.activity import AGENT_ROLES, PARTIES, latencies
from pipeline.measures.cues import cue_span, saying
from pipeline.measures.hangup import last_speaker
from pipeline.measures.registry import Reading, Scene, for_call, measure, per_party, untold
from pipeline.timeline import total_s
from pipeline.types import Role


def _silent(scene: Scene) -> Reading:
    return untold("no_roles" if scene.heard.without_roles else "nobody_spoke")


@measure(
    "talk_s",
    unit="s",
    description="说话时长(出声的时间)。",
    formula="seconds of the party's voice between answer and release",
    example="voice 1–4 s and 6–8 s → 5",
)
def talk_s(scene: Scene) -> Iterable[Reading]:
    """The party's own voice.

    ::

        agent     ▇▇▇  ▇▇        3 s + 2 s → 5
    """
    return per_party(scene, lambda role: total_s(scene.heard.of(role)))


@measure(
    "talk_share",
    unit="share",
    description="说话占比:这一方说话时长占双方说话时长的比例。",
    formula="talk_s / (agent's talk_s + customer's talk_s)",
    example="agent 60 s, customer 40 s → 0.6",
    source="S0 通话简练",
)
def talk_share(scene: Scene) -> Iterable[Reading]:
    """Its part of all that is said.

    ::

        agent     ▇▇▇▇▇▇    ▇▇▇      60 s
        customer        ▇▇▇     ▇▇▇  40 s     → 0.6
    """

    def read(role: Role) -> Reading:
        both = total_s(scene.heard.agent) + total_s(scene.heard.customer)
        if not both:
            return _silent(scene)
        return Reading(total_s(scene.heard.of(role)) / both)

    return per_party(scene, read)


@measure(
    "turn_count",
    unit="turns",
    description="发言轮数(对方话中的应和不算一轮)。",
    formula="number of floor turns: voice joined over pauses ≤ 1.5 s and over the other's sounds below 0.7 s",
    example="agent, customer, agent → agent 2, customer 1",
)
def turn_count(scene: Scene) -> Iterable[Reading]:
    """How often the party takes the floor.

    ::

        agent     ▇▇▇ ▇▇▇▇        ▇▇▇
        customer       ▇    ▇▇▇▇▇          agent 2, customer 1 (the short sound is none)
    """
    return per_party(scene, lambda role: float(sum(t.role == role for t in scene.turns)))


@measure(
    "longest_monologue_s",
    unit="s",
    description="最长的一次连续发言。",
    formula="longest floor turn, its own pauses ≤ 1.5 s included",
    example="turns of 4, 12 and 7 s → 12",
    source="S0 通话简练",
)
def longest_monologue_s(scene: Scene) -> Iterable[Reading]:
    """The longest it keeps it.

    ::

        agent     ▇▇▇▇   ▇▇▇▇▇ ▇▇▇▇▇▇   ▇▇▇▇▇▇▇
        turns     4 s    12 s           7 s     → 12
    """

    def read(role: Role) -> Reading:
        mine = [t.span for t in scene.turns if t.role == role]
        if not mine:
            return untold("never_spoke")
        longest = max(mine, key=lambda s: s.duration_s)
        return Reading(longest.duration_s, evidence=(longest,))

    return per_party(scene, read)


@measure(
    "duration_s",
    unit="s",
    description="录音时长。",
    formula="length of the recording",
    example="a file of 92.4 s → 92.4",
)
def duration_s(scene: Scene) -> Iterable[Reading]:
    """The whole recording, rings and busy tone included.

    ::

        recording |ring ring|您好 … 再见|busy busy|
                  |-------------- 92.4 s ---------|
    """
    audition = scene.conversation.audition
    seconds = audition.duration_s if audition else scene.conversation.call.duration_s
    if not seconds:
        return [untold("text_only")]
    return [Reading(seconds)]


@measure(
    "conversation_s",
    unit="s",
    description="通话时长:从接通到挂机。",
    formula="release − answer; the answer is the end of the ringing, the release the start of the busy tone",
    example="rings until 11 s, busy from 95 s → 84",
)
def conversation_s(scene: Scene) -> Iterable[Reading]:
    """From the answer to the release.

    ::

        recording |ring ring|您好 … 再见|busy busy|
                  0        11          95           → 84
    """
    return for_call(scene, lambda: scene.heard.window.duration_s)


@measure(
    "first_speaker",
    unit="text",
    description="先开口的一方。",
    formula="role of the earliest voice after the answer",
    example="agent at 0.8 s, customer at 3 s → agent",
)
def first_speaker(scene: Scene) -> Iterable[Reading]:
    """Who opens the conversation.

    ::

        answer    ↓
        agent       ▇▇▇▇
        customer         ▇▇▇                 → agent
    """

    def read() -> Reading:
        starts = {role: scene.heard.of(role)[0].start_s for role in PARTIES if scene.heard.of(role)}
        if not starts:
            return _silent(scene)
        return Reading(min(starts, key=lambda role: starts[role]))

    return for_call(scene, read)


@measure(
    "last_speaker",
    unit="text",
    description="最后说话的一方。",
    formula="role of the voice that ends last before the release",
    example="agent until 80 s, customer until 81 s → customer",
)
def last_speaker_measure(scene: Scene) -> Iterable[Reading]:
    """Whose voice ends last.

    ::

        agent     ▇▇▇▇      |80 s
        customer       ▇▇▇▇▇▇|81 s           → customer
    """

    def read() -> Reading:
        role = last_speaker(scene.heard)
        return _silent(scene) if role == "unknown" else Reading(role)

    return for_call(scene, read)


def _position(scene: Scene, cue: str, *, last: bool) -> list[Reading]:
    def read(role: Role) -> Reading:
        roles = AGENT_ROLES if role == "agent" else ("customer",)
        found = saying(scene.conversation.utterances, cue, *roles)
        if not found:
            return untold(f"no_{cue}")
        span = cue_span(found[-1 if last else 0], cue)
        return Reading(span.start_s, evidence=(span,))

    return per_party(scene, read)


@measure(
    "greeting_at_s",
    unit="s",
    description="第一次问候的时刻。",
    formula="start of the first words of cues.yaml: greeting",
    example="您好 at 1.2 s → 1.2",
    source="S0 S1",
)
def greeting_at_s(scene: Scene) -> Iterable[Reading]:
    """Where the party greets.

    ::

        agent     |您好,工号…|
                  ↑ 1.2 s
    """
    return _position(scene, "greeting", last=False)


@measure(
    "farewell_at_s",
    unit="s",
    description="最后一次道别的时刻。",
    formula="start of the last words of cues.yaml: farewell",
    example="再见 at 88.4 s → 88.4",
    source="S0 S1",
)
def farewell_at_s(scene: Scene) -> Iterable[Reading]:
    """Where the party takes its last leave.

    ::

        agent     |感谢您的来电,再见|
                                ↑ 88.4 s
    """
    return _position(scene, "farewell", last=True)


@measure(
    "response_latency_s",
    unit="s",
    description="应答时延:对方说完到这一方开口的时间(中位数)。",
    formula="median of max(0, start of this party's turn − end of the other's), waits included",
    example="answers after 0.4, 0.6 and 3 s → 0.6",
)
def response_latency_s(scene: Scene) -> Iterable[Reading]:
    """How long the other party waits for an answer, as a rule.

    ::

        customer  ▇▇▇    ▇▇▇      ▇▇
        agent       0.4▇▇   0.6▇▇▇   3 s▇▇     median → 0.6
    """

    def read(role: Role) -> Reading:
        found = [seconds for _, seconds in latencies(scene.turns, role)]
        if not found:
            return untold("never_answered")
        return Reading(statistics.median(found))

    return per_party(scene, read)


@measure(
    "response_latency_longest_s",
    unit="s",
    description="最慢的一次应答时延。",
    formula="longest silence before this party answers the other",
    example="answers after 0.4, 0.6 and 3 s → 3",
)
def response_latency_longest_s(scene: Scene) -> Iterable[Reading]:
    """How long it waits at worst.

    ::

        customer  ▇▇▇    ▇▇▇      ▇▇
        agent       0.4▇▇   0.6▇▇▇   3 s▇▇     longest → 3
    """

    def read(role: Role) -> Reading:
        worst = max(latencies(scene.turns, role), key=lambda found: found[1], default=None)
        if worst is None:
            return untold("never_answered")
        return Reading(worst[1], evidence=(worst[0],))

    return per_party(scene, read)
