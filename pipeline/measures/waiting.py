"""Which of a call's silences count for what: gaps that are reported, dead air, holds, long waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipeline.measures.gaps import is_hold, of_kind
from pipeline.measures.registry import Reading, Scene, for_call, untold
from pipeline.timeline import total_s
from pipeline.types import Gap, Span

Pick = Callable[[Scene], Sequence[Gap]]


def reported_gaps(scene: Scene) -> list[Gap]:
    """Gaps inside the conversation that are long enough to be reported.

    ::

        before_answer |您好 ▇▇ 1 s ▇▇ |--- 4 s ---| ▇▇ 再见 after_farewell
        reported                      ↑
    """
    outside = ("before_answer", "after_farewell")
    least = scene.settings.min_gap_s - 1e-6
    return [g for g in scene.events.gaps if g.kind not in outside and g.span.duration_s >= least]


def dead_air(scene: Scene) -> list[Gap]:
    """Unannounced waits that the agent answers for."""
    return [g for g in of_kind(reported_gaps(scene), "dead_air") if g.waiting_on != "customer"]


def holds(scene: Scene) -> list[Gap]:
    """Waits of kind announced_hold, hold_music or mute."""
    return [g for g in reported_gaps(scene) if is_hold(g)]


def waits(scene: Scene) -> list[Gap]:
    """All that the agent answers for."""
    return [*holds(scene), *dead_air(scene)]


def long_waits(scene: Scene) -> list[Gap]:
    """Waits of 30 s and more that the agent answers for (S0)."""
    return [g for g in waits(scene) if g.span.duration_s >= scene.settings.long_wait_s]


def counted(scene: Scene, pick: Pick, *, by_role: bool = False) -> list[Reading]:
    """How many; ``by_role``: cannot be told where nobody knows which voice is the agent's."""
    return _told(scene, lambda: Reading(float(len(pick(scene))), evidence=spans_of(pick(scene))), by_role)


def total(scene: Scene, pick: Pick, *, by_role: bool = False) -> list[Reading]:
    """Seconds of all."""
    return _told(
        scene, lambda: Reading(total_s(spans_of(pick(scene))), evidence=spans_of(pick(scene))), by_role
    )


def longest(scene: Scene, pick: Pick, *, by_role: bool = False) -> list[Reading]:
    """Seconds of the longest, 0 without any."""

    def read() -> Reading:
        found = max(pick(scene), key=lambda g: g.span.duration_s, default=None)
        return Reading(found.span.duration_s, evidence=(found.span,)) if found else Reading(0.0)

    return _told(scene, read, by_role)


def spans_of(found: Iterable[Gap]) -> tuple[Span, ...]:
    return tuple(g.span for g in found)


def _told(scene: Scene, read: Callable[[], Reading], by_role: bool) -> list[Reading]:
    if by_role and scene.heard.without_roles:
        return [untold("no_roles")]
    return for_call(scene, read)
