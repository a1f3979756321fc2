"""The register of measures: every number callqa reports prints its own formula.

``@measure`` files a pure function of a ``Scene`` under its name; docs/measures.md, the review page's
tooltips and the measure-comparison operator are all generated from the register. The function gives
readings; the register adds name and unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.config import MeasureConfig
from pipeline.measures.activity import PARTIES, Activity, FloorTurn, activity, floor_turns
from pipeline.strings import text
from pipeline.types import Conversation, Events, Measure, Role, Span


@dataclass(frozen=True, slots=True)
class Scene:
    """What measures read: a conversation, what happened in it, and views of it made once."""

    conversation: Conversation
    events: Events
    settings: MeasureConfig
    heard: Activity
    turns: tuple[FloorTurn, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value for one role (None: the whole call); ``reason`` says why there is none."""

    value: float | str | None
    role: Role | None = None
    evidence: tuple[Span, ...] = ()
    reason: str = ""


def untold(why: str, role: Role | None = None, **values: Any) -> Reading:
    """No value, and why: the string ``measure.<why>``."""
    return Reading(None, role, reason=text(f"measure.{why}", **values))


MeasureFn = Callable[[Scene], Iterable[Reading]]


@dataclass(frozen=True, slots=True)
class MeasureInfo:
    name: str
    unit: str
    description: str  # one Chinese sentence a supervisor can read
    formula: str
    example: str
    source: str  # document or reference the definition or threshold comes from
    theme: str  # the module it is written in: rate, waits, talk, voice, line
    compute: MeasureFn


REGISTRY: dict[str, MeasureInfo] = {}


def measure(
    name: str, *, unit: str, description: str, formula: str, example: str, source: str = ""
) -> Callable[[MeasureFn], MeasureFn]:
    """Register the decorated function as the measure ``name``; a second use of a name is an error."""

    def register(compute: MeasureFn) -> MeasureFn:
        if name in REGISTRY:
            raise ValueError(f"measure {name!r} is registered twice")
        theme = compute.__module__.rsplit(".", 1)[-1]
        REGISTRY[name] = MeasureInfo(name, unit, description, formula, example, source, theme, compute)
        return compute

    return register


def scene_of(conversation: Conversation, events: Events, settings: MeasureConfig) -> Scene:
    heard = activity(conversation)
    turns = floor_turns(heard) if heard.heard else ()
    return Scene(conversation, events, settings, heard, turns)


def compute_all(scene: Scene) -> tuple[Measure, ...]:
    """Every registered measure, in the order of registration."""
    return tuple(
        Measure(
            info.name, _plain(r.value), info.unit, r.role, r.evidence, r.reason if r.value is None else ""
        )
        for info in REGISTRY.values()
        for r in info.compute(scene)
    )


def per_party(scene: Scene, read: Callable[[Role], Reading | float | None]) -> list[Reading]:
    """One reading each for agent and customer; without sound or roles, two that say so."""
    why = "no_sound" if not scene.heard.heard else "no_roles" if scene.heard.without_roles else ""
    if why:
        return [untold(why, role) for role in PARTIES]
    return [_reading(read(role), role) for role in PARTIES]


def for_call(scene: Scene, read: Callable[[], Reading | float | str | None]) -> list[Reading]:
    """One reading for the whole call; without sound, one that says so."""
    if not scene.heard.heard:
        return [untold("no_sound")]
    return [_reading(read(), None)]


def _reading(found: Reading | float | str | None, role: Role | None) -> Reading:
    if isinstance(found, Reading):
        return Reading(found.value, role, found.evidence, found.reason)
    return untold("never_happened", role) if found is None else Reading(found, role)


def _plain(value: float | str | None) -> float | str | None:
    """Rounded to a thousandth, so that the same call gives the same bytes on every machine."""
    return value if value is None or isinstance(value, str) else round(float(value), 3)
