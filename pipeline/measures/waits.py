"""Silence and hold as numbers: how many, how long, announced, thanked, reassured."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

from pipeline.measures.activity import latencies
from pipeline.measures.gaps import is_hold, of_kind, wait_without_reassurance_s
from pipeline.measures.registry import Reading, Scene, for_call, measure, per_party
from pipeline.timeline import total_s
from pipeline.types import Gap, Role, Span

_HOLD = "holds are gaps of kind announced_hold, hold_music or mute of at least min_gap_s"


def _gaps(scene: Scene) -> list[Gap]:
    """Gaps inside the conversation that are long enough to be reported."""
    outside = ("before_answer", "after_farewell")
    least = scene.settings.min_gap_s - 1e-6
    return [g for g in scene.events.gaps if g.kind not in outside and g.span.duration_s >= least]


def _dead_air(scene: Scene) -> list[Gap]:
    return [g for g in of_kind(_gaps(scene), "dead_air") if g.waiting_on != "customer"]


def _holds(scene: Scene) -> list[Gap]:
    return [g for g in _gaps(scene) if is_hold(g)]


def _long_waits(scene: Scene) -> list[Gap]:
    """Waits of 30 s and more that the agent answers for."""
    return [g for g in (*_holds(scene), *_dead_air(scene)) if g.span.duration_s >= scene.settings.long_wait_s]


def _count(scene: Scene, pick: Callable[[Scene], Sequence[Gap]]) -> list[Reading]:
    return for_call(scene, lambda: Reading(float(len(pick(scene))), evidence=_spans(pick(scene))))


def _total(scene: Scene, pick: Callable[[Scene], Sequence[Gap]]) -> list[Reading]:
    return for_call(scene, lambda: Reading(total_s(_spans(pick(scene))), evidence=_spans(pick(scene))))


def _longest(scene: Scene, pick: Callable[[Scene], Sequence[Gap]]) -> list[Reading]:
    def read() -> Reading:
        found = max(pick(scene), key=lambda g: g.span.duration_s, default=None)
        return Reading(found.span.duration_s, evidence=(found.span,)) if found else Reading(0.0)

    return for_call(scene, read)


def _spans(found: Iterable[Gap]) -> tuple[Span, ...]:
    return tuple(g.span for g in found)


@measure(
    "silence_share",
    unit="share",
    description="通话中双方都不说话的时间所占比例。",
    formula="seconds in which neither party speaks / conversation_s",
    example="30 s of silence in a conversation of 120 s → 0.25",
)
def silence_share(scene: Scene) -> Iterable[Reading]:
    def read() -> Reading:
        whole = scene.heard.window.duration_s
        if not whole:
            return Reading(None, reason="the conversation has no length")
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
    return _count(scene, _gaps)


@measure(
    "gap_longest_s",
    unit="s",
    description="通话中最长的一次沉默。",
    formula="longest gap ≥ min_gap_s, 0 when there is none",
    example="silences of 4 and 18 s → 18",
)
def gap_longest_s(scene: Scene) -> Iterable[Reading]:
    return _longest(scene, _gaps)


@measure(
    "gap_total_s",
    unit="s",
    description="通话中沉默的总时长。",
    formula="sum of gaps ≥ min_gap_s",
    example="silences of 4 and 18 s → 22",
)
def gap_total_s(scene: Scene) -> Iterable[Reading]:
    return _total(scene, _gaps)


@measure(
    "dead_air_count",
    unit="gaps",
    description="未告知客户的冷场次数(轮到坐席说话)。",
    formula="number of dead_air gaps ≥ min_gap_s that wait on the agent",
    example="6 s after the customer's question → 1",
    source="S1 不能太长时间让客户茫然的等待",
)
def dead_air_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, _dead_air)


@measure(
    "dead_air_scored_count",
    unit="gaps",
    description="达到计分线的冷场次数。",
    formula="number of dead_air gaps ≥ dead_air_scored_s that wait on the agent",
    example="dead air of 4 s and 6 s → 1",
    source="S1; report from 3 s, score from 5 s",
)
def dead_air_scored_count(scene: Scene) -> Iterable[Reading]:
    least = scene.settings.dead_air_scored_s - 1e-6
    return _count(scene, lambda s: [g for g in _dead_air(s) if g.span.duration_s >= least])


@measure(
    "dead_air_longest_s",
    unit="s",
    description="最长的一次冷场。",
    formula="longest dead_air gap that waits on the agent, 0 when there is none",
    example="dead air of 4 s and 6 s → 6",
    source="S1",
)
def dead_air_longest_s(scene: Scene) -> Iterable[Reading]:
    return _longest(scene, _dead_air)


@measure(
    "dead_air_total_s",
    unit="s",
    description="冷场总时长。",
    formula="sum of dead_air gaps that wait on the agent",
    example="dead air of 4 s and 6 s → 10",
    source="S1",
)
def dead_air_total_s(scene: Scene) -> Iterable[Reading]:
    return _total(scene, _dead_air)


@measure(
    "hold_count",
    unit="holds",
    description="让客户等候的次数(告知等候、音乐等候、静音)。",
    formula=_HOLD,
    example="请稍等 … 20 s … → 1",
    source="S0 S1",
)
def hold_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, _holds)


@measure(
    "hold_total_s",
    unit="s",
    description="等候总时长。",
    formula="sum of holds; " + _HOLD,
    example="holds of 20 s and 35 s → 55",
    source="S0 等候要短",
)
def hold_total_s(scene: Scene) -> Iterable[Reading]:
    return _total(scene, _holds)


@measure(
    "hold_longest_s",
    unit="s",
    description="最长的一次等候。",
    formula="longest hold, 0 when there is none; " + _HOLD,
    example="holds of 20 s and 35 s → 35",
    source="S0",
)
def hold_longest_s(scene: Scene) -> Iterable[Reading]:
    return _longest(scene, _holds)


@measure(
    "hold_share",
    unit="share",
    description="等候占通话时长的比例。",
    formula="hold_total_s / conversation_s",
    example="55 s of 275 s → 0.2",
)
def hold_share(scene: Scene) -> Iterable[Reading]:
    whole = scene.heard.window.duration_s
    return for_call(scene, lambda: total_s(_spans(_holds(scene))) / whole if whole else None)


@measure(
    "hold_announced_count",
    unit="holds",
    description="事先告知客户的等候次数。",
    formula="holds with a please-wait of the agent within hold_announce_s before",
    example="麻烦您稍等片刻 … → 1",
    source="S1",
)
def hold_announced_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, lambda s: [g for g in _holds(s) if g.announced])


@measure(
    "hold_unannounced_count",
    unit="holds",
    description="没有告知就让客户等候的次数。",
    formula="holds without a please-wait before them",
    example="music begins at once → 1",
    source="S1",
)
def hold_unannounced_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, lambda s: [g for g in _holds(s) if not g.announced])


@measure(
    "hold_agreed_count",
    unit="holds",
    description="征得客户同意的等候次数。",
    formula="announced holds with the customer's consent heard between the please-wait and the silence",
    example="稍等片刻好吗?——好的。 → 1",
    source="S1",
)
def hold_agreed_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, lambda s: [g for g in _holds(s) if g.agreed])


@measure(
    "hold_unthanked_count",
    unit="holds",
    description="回到线上没有致歉或致谢的等候次数。",
    formula="holds without thanks or apology of the agent within return_window_s after",
    example="… 20 s … 查到了。 → 1",
    source="S0 S1 S3",
)
def hold_unthanked_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, lambda s: [g for g in _holds(s) if not g.thanked])


@measure(
    "hold_over_30s_count",
    unit="waits",
    description="达到 30 秒的等候次数。",
    formula="holds and dead air of at least long_wait_s",
    example="waits of 20 s and 35 s → 1",
    source="S0",
)
def hold_over_30s_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, _long_waits)


@measure(
    "hold_over_30s_unapologised_count",
    unit="waits",
    description="等候达到 30 秒而没有致歉的次数。",
    formula="waits of at least long_wait_s without thanks or apology within return_window_s after",
    example="… 35 s … 查到了。 → 1",
    source="S0",
)
def hold_over_30s_unapologised_count(scene: Scene) -> Iterable[Reading]:
    return _count(scene, lambda s: [g for g in _long_waits(s) if not g.thanked])


@measure(
    "hold_reassure_longest_s",
    unit="s",
    description="等候中最长的无安抚间隔(应每 15 秒安抚一次)。",
    formula="longest stretch of a hold or dead air between its start, the pleas for patience and its end",
    example="40 s with 请再稍等一下 at 14 s and 28 s → 14",
    source="S1",
)
def hold_reassure_longest_s(scene: Scene) -> Iterable[Reading]:
    def read() -> Reading:
        waits = (*_holds(scene), *_dead_air(scene))
        worst = max(waits, key=wait_without_reassurance_s, default=None)
        return Reading(wait_without_reassurance_s(worst), evidence=(worst.span,)) if worst else Reading(0.0)

    return for_call(scene, read)


@measure(
    "hold_record_s",
    unit="s",
    description="话单记录的保持时长。",
    formula="hold_s of the call record",
    example="hold_accum_seconds = 22 → 22",
)
def hold_record_s(scene: Scene) -> Iterable[Reading]:
    record = scene.conversation.call.cdr
    if record is None or record.hold_s is None:
        return [Reading(None, reason="the call record tells no hold")]
    return [Reading(record.hold_s)]


@measure(
    "hold_record_difference_s",
    unit="s",
    description="声音里的等候与话单保持时长之差;差得多说明有静默等候没按保持键,或录音不全。",
    formula="hold_total_s − hold_record_s",
    example="sound 25 s, record 22 s → 3",
)
def hold_record_difference_s(scene: Scene) -> Iterable[Reading]:
    record = scene.conversation.call.cdr
    if record is None or record.hold_s is None:
        return [Reading(None, reason="the call record tells no hold")]
    told = record.hold_s
    return for_call(scene, lambda: total_s(_spans(_holds(scene))) - told)


@measure(
    "mute_total_s",
    unit="s",
    description="坐席静音的总时长。",
    formula="sum of mute gaps: the agent's leg carries digital silence on a line that otherwise has noise",
    example="agent's leg at exact zero for 8 s → 8",
)
def mute_total_s(scene: Scene) -> Iterable[Reading]:
    return _total(scene, lambda s: of_kind(s.events.gaps, "mute"))


@measure(
    "one_way_s",
    unit="s",
    description="单通(一方听不到另一方)期间的沉默时长。",
    formula="sum of one_way gaps",
    example="customer's leg dead for the last 12 s → 12",
)
def one_way_s(scene: Scene) -> Iterable[Reading]:
    return _total(scene, lambda s: of_kind(s.events.gaps, "one_way"))


@measure(
    "before_answer_s",
    unit="s",
    description="接通前的时长。",
    formula="length of the before_answer gap, 0 when the recording begins at the answer",
    example="three rings → 11",
)
def before_answer_s(scene: Scene) -> Iterable[Reading]:
    return _total(scene, lambda s: of_kind(s.events.gaps, "before_answer"))


@measure(
    "after_farewell_s",
    unit="s",
    description="道别之后到挂机的沉默时长。",
    formula="length of the after_farewell gap",
    example="再见 … 2.5 s … release → 2.5",
)
def after_farewell_s(scene: Scene) -> Iterable[Reading]:
    return _total(scene, lambda s: of_kind(s.events.gaps, "after_farewell"))


@measure(
    "response_latency_s",
    unit="s",
    description="应答时延:对方说完到这一方开口的时间(中位数)。",
    formula="median of max(0, start of this party's turn − end of the other's), waits included",
    example="answers after 0.4, 0.6 and 3 s → 0.6",
)
def response_latency_s(scene: Scene) -> Iterable[Reading]:
    def read(role: Role) -> Reading:
        found = [seconds for _, seconds in latencies(scene.turns, role)]
        if not found:
            return Reading(None, reason="this party never answered the other")
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
    def read(role: Role) -> Reading:
        worst = max(latencies(scene.turns, role), key=lambda found: found[1], default=None)
        if worst is None:
            return Reading(None, reason="this party never answered the other")
        return Reading(worst[1], evidence=(worst[0],))

    return per_party(scene, read)
