"""Long waits: the 30 s that need an apology, the 15 s after which somebody must say a word."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pipeline.measures.gaps import unreassured, wait_without_reassurance_s
from pipeline.measures.registry import Reading, Scene, for_call, measure, untold
from pipeline.measures.waiting import counted, long_waits, spans_of, waits
from pipeline.types import Gap


@measure(
    "hold_over_30s_count",
    unit="waits",
    description="达到 30 秒的等候次数。",
    formula="holds and dead air of at least long_wait_s",
    example="waits of 20 s and 35 s → 1",
    source="S0",
)
def hold_over_30s_count(scene: Scene) -> Iterable[Reading]:
    """Waits so long that they need an apology, held or simply silent.

    ::

        waits     |- 20 s -|     |------ 35 s ------|     ≥ 30 s → 1
    """
    return counted(scene, long_waits, by_role=True)


@measure(
    "hold_over_30s_unapologised_count",
    unit="waits",
    description="等候达到 30 秒而没有致歉的次数。",
    formula="waits of at least long_wait_s without thanks or apology within return_window_s after",
    example="… 35 s … 查到了。 → 1",
    source="S0",
)
def hold_over_30s_unapologised_count(scene: Scene) -> Iterable[Reading]:
    """Those that got none.

    ::

        waits     |------ 35 s ------| 查到了     → 1
    """
    return counted(scene, lambda s: [g for g in long_waits(s) if not g.thanked], by_role=True)


@measure(
    "hold_reassure_longest_s",
    unit="s",
    description="等候中最长的无安抚间隔(应每 15 秒安抚一次)。",
    formula="longest stretch of a hold or dead air between its start, the pleas for patience and its end",
    example="40 s with 请再稍等一下 at 14 s and 28 s → 14",
    source="S1",
)
def hold_reassure_longest_s(scene: Scene) -> Iterable[Reading]:
    """The longest the customer was left without a word inside a wait.

    ::

        wait       |-------------- 40 s --------------|
        reassured            ↑14 s        ↑28 s           → 14
    """
    if scene.heard.without_roles:
        return [untold("no_roles")]

    def read() -> Reading:
        worst = max(waits(scene), key=wait_without_reassurance_s, default=None)
        return Reading(wait_without_reassurance_s(worst), evidence=(worst.span,)) if worst else Reading(0.0)

    return for_call(scene, read)


@measure(
    "hold_reassure_missed_count",
    unit="times",
    description="等候中超过 15 秒没有安抚的次数。",
    formula="stretches of a hold or dead air longer than reassure_every_s without a word, as many as fit into each",
    example="40 s with one 请再稍等一下 at 14 s → 1; without any → 2",
    source="S1",
)
def hold_reassure_missed_count(scene: Scene) -> Iterable[Reading]:
    """How often the customer should have been told that somebody is still there.

    ::

        wait       |-------------- 40 s --------------|
        reassured             ↑14 s   (26 s without)       26 s > 15 s → 1
    """
    every = scene.settings.reassure_every_s

    def missed(gap: Gap) -> int:
        return sum(math.floor((s.duration_s - 1e-6) / every) for s in unreassured(gap))

    if scene.heard.without_roles:
        return [untold("no_roles")]
    found = [g for g in waits(scene) if missed(g)]
    return for_call(scene, lambda: Reading(float(sum(map(missed, found))), evidence=spans_of(found)))
