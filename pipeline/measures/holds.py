"""Holds as numbers: how many, how long, announced, agreed to, thanked for, reassured, and what the record says."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.measures.registry import Reading, Scene, for_call, measure, untold
from pipeline.measures.waiting import counted, holds, longest, spans_of, total
from pipeline.timeline import total_s

_HOLD = "holds are gaps of kind announced_hold, hold_music or mute of at least min_gap_s"


@measure(
    "hold_count",
    unit="holds",
    description="让客户等候的次数(告知等候、音乐等候、静音)。",
    formula=_HOLD,
    example="请稍等 … 20 s … → 1",
    source="S0 S1",
)
def hold_count(scene: Scene) -> Iterable[Reading]:
    """Waits the customer was put into: announced, with music, or with the agent muted.

    ::

        agent     请稍等              让您久等了
        customer        好的
        hold                |-- 20 s --|          → 1
    """
    return counted(scene, holds, by_role=True)


@measure(
    "hold_total_s",
    unit="s",
    description="等候总时长。",
    formula="sum of holds; " + _HOLD,
    example="holds of 20 s and 35 s → 55",
    source="S0 等候要短",
)
def hold_total_s(scene: Scene) -> Iterable[Reading]:
    """All of them together.

    ::

        talk     ▇▇▇          ▇▇▇               ▇▇
        holds       |- 20 s -|   |--- 35 s ----|    → 55
    """
    return total(scene, holds, by_role=True)


@measure(
    "hold_longest_s",
    unit="s",
    description="最长的一次等候。",
    formula="longest hold, 0 when there is none; " + _HOLD,
    example="holds of 20 s and 35 s → 35",
    source="S0",
)
def hold_longest_s(scene: Scene) -> Iterable[Reading]:
    """The longest of them.

    ::

        talk     ▇▇▇          ▇▇▇               ▇▇
        holds       |- 20 s -|   |--- 35 s ----|    → 35
    """
    return longest(scene, holds, by_role=True)


@measure(
    "hold_share",
    unit="share",
    description="等候占通话时长的比例。",
    formula="hold_total_s / conversation_s",
    example="55 s of 275 s → 0.2",
)
def hold_share(scene: Scene) -> Iterable[Reading]:
    """How much of the conversation was waiting.

    ::

        conversation |----------- 275 s -----------|
        holds          |20|          |- 35 -|           55 / 275 → 0.2
    """
    if scene.heard.without_roles:
        return [untold("no_roles")]
    whole = scene.heard.window.duration_s
    return for_call(scene, lambda: total_s(spans_of(holds(scene))) / whole if whole else None)


@measure(
    "hold_announced_count",
    unit="holds",
    description="事先告知客户的等候次数。",
    formula="holds with a please-wait of the agent within hold_announce_s before",
    example="麻烦您稍等片刻 … → 1",
    source="S1",
)
def hold_announced_count(scene: Scene) -> Iterable[Reading]:
    """Holds the agent asked for.

    ::

        agent     请稍等              查到了     ♪ ♪ ♪
        holds         |-- announced --|          |-- not --|     → 1
    """
    return counted(scene, lambda s: [g for g in holds(s) if g.announced], by_role=True)


@measure(
    "hold_unannounced_count",
    unit="holds",
    description="没有告知就让客户等候的次数。",
    formula="holds without a please-wait before them",
    example="music begins at once → 1",
    source="S1",
)
def hold_unannounced_count(scene: Scene) -> Iterable[Reading]:
    """Holds that began without a word.

    ::

        agent     请稍等              查到了     ♪ ♪ ♪
        holds         |-- announced --|          |-- not --|     → 1
    """
    return counted(scene, lambda s: [g for g in holds(s) if not g.announced], by_role=True)


@measure(
    "hold_agreed_count",
    unit="holds",
    description="征得客户同意的等候次数。",
    formula="announced holds with the customer's consent heard between the please-wait and the silence",
    example="稍等片刻好吗?——好的。 → 1",
    source="S1",
)
def hold_agreed_count(scene: Scene) -> Iterable[Reading]:
    """Holds to which the customer said yes.

    ::

        agent     稍等好吗?           请稍等
        customer           好的
        holds                 |----|        |-----|     → 1
    """
    return counted(scene, lambda s: [g for g in holds(s) if g.agreed], by_role=True)


@measure(
    "hold_unthanked_count",
    unit="holds",
    description="回到线上没有致歉或致谢的等候次数。",
    formula="holds without thanks or apology of the agent within return_window_s after",
    example="… 20 s … 查到了。 → 1",
    source="S0 S1 S3",
)
def hold_unthanked_count(scene: Scene) -> Iterable[Reading]:
    """Holds after which the agent goes on as if nothing had been.

    ::

        holds     |------| 让您久等了     |------| 查到了
        thanked            yes                    no       → 1
    """
    return counted(scene, lambda s: [g for g in holds(s) if not g.thanked], by_role=True)


@measure(
    "hold_record_s",
    unit="s",
    description="话单记录的保持时长。",
    formula="hold_s of the call record",
    example="hold_accum_seconds = 22 → 22",
)
def hold_record_s(scene: Scene) -> Iterable[Reading]:
    """The hold as the switch counted it.

    ::

        record    hold key pressed |--- 22 s ---| released     → 22
    """
    record = scene.conversation.call.cdr
    if record is None or record.hold_s is None:
        return [untold("no_hold_told")]
    return [Reading(record.hold_s)]


@measure(
    "hold_record_difference_s",
    unit="s",
    description="声音里的等候与话单保持时长之差;差得多说明有静默等候没按保持键,或录音不全。",
    formula="hold_total_s − hold_record_s",
    example="sound 25 s, record 22 s → 3",
)
def hold_record_difference_s(scene: Scene) -> Iterable[Reading]:
    """What the sound knows of that the switch does not.

    ::

        sound     请稍等 |----- 25 s -----|
        record             |--- 22 s ---|        25 − 22 → 3
    """
    record = scene.conversation.call.cdr
    if record is None or record.hold_s is None:
        return [untold("no_hold_told")]
    told = record.hold_s
    return for_call(scene, lambda: total_s(spans_of(holds(scene))) - told)


@measure(
    "hold_record_disagrees",
    unit="0/1",
    description="话单保持时长与声音里的等候对不上。",
    formula="1 when |hold_record_difference_s| > hold_record_tolerance_s",
    example="sound 25 s, record 40 s → 1",
)
def hold_record_disagrees(scene: Scene) -> Iterable[Reading]:
    """Record and sound do not tell the same wait: one of them is not whole.

    ::

        sound     请稍等 |----- 25 s -----|
        record             |------------ 40 s ------------|     15 s apart → 1
    """
    (apart,) = hold_record_difference_s(scene)
    if not isinstance(apart.value, float):
        return [apart]
    return [Reading(float(abs(apart.value) > scene.settings.hold_record_tolerance_s))]
