"""Silence as numbers: how much, how often, whose it was."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.measures.gaps import of_kind
from pipeline.measures.registry import Reading, Scene, for_call, measure, untold
from pipeline.measures.waiting import counted, dead_air, longest, reported_gaps, total
from pipeline.timeline import total_s


@measure(
    "silence_share",
    unit="share",
    description="通话中双方都不说话的时间所占比例。",
    formula="seconds in which neither party speaks / conversation_s",
    example="30 s of silence in a conversation of 120 s → 0.25",
)
def silence_share(scene: Scene) -> Iterable[Reading]:
    """Nobody's time out of everybody's.

    ::

        agent     ▇▇▇      ▇▇
        customer     ▇▇▇      ▇
        silence         ▁▁▁  ▁     4 of 13 → 0.31
    """

    def read() -> Reading:
        whole = scene.heard.window.duration_s
        if not whole:
            return untold("no_length")
        return Reading(total_s(scene.heard.silences) / whole)

    return for_call(scene, read)


@measure(
    "gap_count",
    unit="gaps",
    description="通话中达到下限的沉默次数(不论原因)。",
    formula="number of gaps ≥ min_gap_s between answer and goodbye",
    example="silences of 1.2, 4 and 18 s → 2",
)
def gap_count(scene: Scene) -> Iterable[Reading]:
    """Silences that are long enough to be reported, whatever they were.

    ::

        anyone   ▇▇ ▇▇▇▇    ▇▇▇              ▇▇
        silence    1    |4 s|   |--- 18 s ---|     → 2
    """
    return counted(scene, reported_gaps)


@measure(
    "gap_longest_s",
    unit="s",
    description="通话中最长的一次沉默。",
    formula="longest gap ≥ min_gap_s, 0 when there is none",
    example="silences of 4 and 18 s → 18",
)
def gap_longest_s(scene: Scene) -> Iterable[Reading]:
    """The longest of them.

    ::

        anyone   ▇▇ ▇▇▇▇    ▇▇▇              ▇▇
        silence    1    |4 s|   |--- 18 s ---|     → 18
    """
    return longest(scene, reported_gaps)


@measure(
    "gap_total_s",
    unit="s",
    description="通话中沉默的总时长。",
    formula="sum of gaps ≥ min_gap_s",
    example="silences of 4 and 18 s → 22",
)
def gap_total_s(scene: Scene) -> Iterable[Reading]:
    """All of them together.

    ::

        anyone   ▇▇ ▇▇▇▇    ▇▇▇              ▇▇
        silence    1    |4 s|   |--- 18 s ---|     → 22
    """
    return total(scene, reported_gaps)


@measure(
    "dead_air_count",
    unit="gaps",
    description="未告知客户的冷场次数(轮到坐席说话)。",
    formula="number of dead_air gaps ≥ min_gap_s that wait on the agent",
    example="6 s after the customer's question → 1",
    source="S1 不能太长时间让客户茫然的等待",
)
def dead_air_count(scene: Scene) -> Iterable[Reading]:
    """The agent owes an answer, and the customer hears nothing and does not know why.

    ::

        customer  ▇▇▇?
        agent            …      ▇▇▇▇
        dead air      |- 6 s --|        → 1
    """
    return counted(scene, dead_air, by_role=True)


@measure(
    "dead_air_scored_count",
    unit="gaps",
    description="达到计分线的冷场次数。",
    formula="number of dead_air gaps ≥ dead_air_scored_s that wait on the agent",
    example="dead air of 4 s and 6 s → 1",
    source="S1; report from 3 s, score from 5 s",
)
def dead_air_scored_count(scene: Scene) -> Iterable[Reading]:
    """Those long enough to cost a point.

    ::

        customer  ▇▇?      ▇▇?
        agent        ~4 s ▇    ~6 s  ▇▇     ≥ 5 s → 1
    """
    least = scene.settings.dead_air_scored_s - 1e-6
    return counted(scene, lambda s: [g for g in dead_air(s) if g.span.duration_s >= least], by_role=True)


@measure(
    "dead_air_longest_s",
    unit="s",
    description="最长的一次冷场。",
    formula="longest dead_air gap that waits on the agent, 0 when there is none",
    example="dead air of 4 s and 6 s → 6",
    source="S1",
)
def dead_air_longest_s(scene: Scene) -> Iterable[Reading]:
    """The longest of them.

    ::

        customer  ▇▇?      ▇▇?
        agent        ~4 s ▇    ~6 s  ▇▇     → 6
    """
    return longest(scene, dead_air, by_role=True)


@measure(
    "dead_air_total_s",
    unit="s",
    description="冷场总时长。",
    formula="sum of dead_air gaps that wait on the agent",
    example="dead air of 4 s and 6 s → 10",
    source="S1",
)
def dead_air_total_s(scene: Scene) -> Iterable[Reading]:
    """All of them together.

    ::

        customer  ▇▇?      ▇▇?
        agent        ~4 s ▇    ~6 s  ▇▇     → 10
    """
    return total(scene, dead_air, by_role=True)


@measure(
    "mute_total_s",
    unit="s",
    description="坐席静音的总时长。",
    formula="sum of mute gaps: the agent's leg carries digital silence on a line that otherwise has noise",
    example="agent's leg at exact zero for 8 s → 8",
)
def mute_total_s(scene: Scene) -> Iterable[Reading]:
    """The agent's leg carries exactly nothing, on a line that otherwise carries its noise.

    ::

        agent's leg    ~~~▇▇▇~~00000000~~▇▇~
        mute                   |8 s---|        → 8
    """
    return total(scene, lambda s: of_kind(s.events.gaps, "mute"))


@measure(
    "one_way_s",
    unit="s",
    description="单通(一方听不到另一方)期间的沉默时长。",
    formula="sum of one_way gaps",
    example="customer's leg dead for the last 12 s → 12",
)
def one_way_s(scene: Scene) -> Iterable[Reading]:
    """A leg is lost: one of the two talks into nothing.

    ::

        agent's leg     ~▇▇~~~▇▇喂?~~▇▇喂?~~|
        customer's leg  ▇▇~~000000000000000|     silent 12 s of it → 12
    """
    return total(scene, lambda s: of_kind(s.events.gaps, "one_way"))


@measure(
    "before_answer_s",
    unit="s",
    description="接通前的时长。",
    formula="length of the before_answer gap, 0 when the recording begins at the answer",
    example="three rings → 11",
)
def before_answer_s(scene: Scene) -> Iterable[Reading]:
    """Rings, menus and queue music.

    ::

        line     menu ♪♪♪ ring ring |您好 …
                 |------ 11 s ------|          → 11
    """
    return total(scene, lambda s: of_kind(s.events.gaps, "before_answer"))


@measure(
    "after_farewell_s",
    unit="s",
    description="道别之后到挂机的沉默时长。",
    formula="length of the after_farewell gap",
    example="再见 … 2.5 s … release → 2.5",
)
def after_farewell_s(scene: Scene) -> Iterable[Reading]:
    """From the last goodbye to the release.

    ::

        agent     …再见
        customer       再见
        silence            |2.5 s| release     → 2.5
    """
    return total(scene, lambda s: of_kind(s.events.gaps, "after_farewell"))
