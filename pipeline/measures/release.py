"""The release: who let go first, how sure that is, and whether the agent waited."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.measures.activity import AGENT_ROLES
from pipeline.measures.cues import saying
from pipeline.measures.excuses import talk_after_farewell
from pipeline.measures.registry import Reading, Scene, for_call, measure, untold
from pipeline.timeline import clip, total_s
from pipeline.types import HangUp


def _hangup(scene: Scene) -> HangUp | None:
    return scene.events.hangup


@measure(
    "hangup_side",
    unit="text",
    description="先挂机的一方:agent 坐席、customer 客户、system 线路;拿不准时为空。",
    formula="the side with probability ≥ hangup_min_probability, fused from record, sound and words",
    example="busy tone on the customer's leg → customer",
    source="S0 后于客户挂机",
)
def hangup_side(scene: Scene) -> Iterable[Reading]:
    """Who let go first.

    ::

        agent     …再见
        customer       再见
        line                 busy busy (customer's leg)     → customer
    """
    found = _hangup(scene)
    if found is None or found.side == "unknown":
        return [untold("release_unknown")]
    return [Reading(found.side)]


@measure(
    "hangup_probability",
    unit="0..1",
    description="挂机方判断的把握。",
    formula="softmax of prior + summed clue weights (log-odds) per side",
    example="busy tone 4.0 and customer's goodbye 1.6 → 0.997",
)
def hangup_probability(scene: Scene) -> Iterable[Reading]:
    """How sure that is.

    ::

        clues     busy tone +4.0, goodbye +1.6, prior +0.4 for the customer
                  agent 0.0, system −2.0           → 0.997
    """
    found = _hangup(scene)
    return [Reading(found.probability) if found else untold("no_sound")]


@measure(
    "hangup_record_disagrees",
    unit="0/1",
    description="话单与声音、话语推断的挂机方不一致。",
    formula="1 when sound and words alone decide for another side than the record names",
    example="record says customer, busy tone on the agent's leg → 1",
)
def hangup_record_disagrees(scene: Scene) -> Iterable[Reading]:
    """Sound and words against the record.

    ::

        record    customer
        line      … 再见  busy busy (agent's leg)  → 1
    """
    found = _hangup(scene)
    if found is None or not any(c.source.startswith("cdr:") for c in found.clues):
        return [untold("no_side")]
    return [Reading(float(found.record_disagrees))]


@measure(
    "hangup_after_last_words_s",
    unit="s",
    description="最后一句话到挂机的时间。",
    formula="release − end of the last voice",
    example="last word at 88 s, release at 90.5 s → 2.5",
    source="S0 (5 s)",
)
def hangup_after_last_words_s(scene: Scene) -> Iterable[Reading]:
    """How long the line stayed open.

    ::

        anyone    …再见|88 s
        release             ↑ 90.5 s               → 2.5
    """
    found = _hangup(scene)
    if found is None or found.after_last_words_s is None:
        return [untold("nobody_or_no_sound")]
    return [Reading(found.after_last_words_s)]


@measure(
    "hangup_agent_waited_s",
    unit="s",
    description="坐席说完结束语后等待的时间。",
    formula="release − end of the agent's last voice, 0 when there is no farewell or closing line before",
    example="再见 until 88 s, release at 94 s → 6",
    source="S0 (5 s)",
)
def hangup_agent_waited_s(scene: Scene) -> Iterable[Reading]:
    """How long the agent gave the customer to say something.

    ::

        agent     …再见|88 s
        release               ↑ 94 s               → 6
    """
    found = _hangup(scene)
    if found is None or found.released_at_s is None or not scene.heard.agent:
        return [untold("agent_or_no_sound")]
    said = scene.conversation.utterances
    closed = saying(said, "farewell", *AGENT_ROLES) or saying(said, "closing_line", *AGENT_ROLES)
    if not closed:
        return [untold("no_closing_line")]
    return [Reading(max(0.0, found.released_at_s - scene.heard.agent[-1].end_s))]


@measure(
    "hangup_agent_talk_after_farewell_s",
    unit="s",
    description="坐席道别之后、挂机之前又说话的时长。",
    formula="seconds of the agent's voice in utterances after their last farewell",
    example="再见 … 哎呀烦死了 (1.2 s) → 1.2",
    source="S0",
)
def hangup_agent_talk_after_farewell_s(scene: Scene) -> Iterable[Reading]:
    """What the customer was not meant to hear.

    ::

        agent     …再见   哎呀烦死了
                          |1.2 s|  release         → 1.2
    """

    def read() -> Reading:
        found = _hangup(scene)
        if found is None or found.released_at_s is None:
            return untold("no_sound")
        after = talk_after_farewell(scene.conversation.utterances, scene.heard, found.released_at_s)
        seconds = sum(total_s(clip(scene.heard.agent, u.span)) for u in after)
        return Reading(seconds, evidence=tuple(u.span for u in after))

    return for_call(scene, read)


@measure(
    "hangup_excused",
    unit="text",
    description="坐席先挂机的免责理由:两次文明用语警告、线路不通、骚扰电话、客户无应答;没有则为空文本。",
    formula="two_abuse_warnings | dead_line | nuisance | silent_customer | empty text",
    example="no answer to the closing line and 5 s waited → silent_customer",
    source="S0 S4",
)
def hangup_excused(scene: Scene) -> Iterable[Reading]:
    """Why the agent may let go first.

    ::

        agent     …我挂线了,再见
        customer                  (nothing for 5 s)
        release                        ↑           → silent_customer
    """
    found = _hangup(scene)
    if found is None:
        return [untold("no_sound")]
    return [Reading(found.excused or "")]
