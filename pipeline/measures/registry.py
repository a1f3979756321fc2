"""The register of measures: every number callqa reports prints its own formula.

``@measure`` files a pure function ``(Conversation, Events, MeasureConfig) -> list[Measure]`` under
its name; docs/measures.md, the review page's tooltips and the measure-comparison operator are all
generated from the register.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.types import Conversation, Events, Measure

MeasureFn = Callable[[Conversation, Events, Any], list[Measure]]


@dataclass(frozen=True, slots=True)
class MeasureInfo:
    name: str
    unit: str
    description: str  # one Chinese or English sentence a supervisor can read
    formula: str
    example: str
    source: str  # document or reference the definition or threshold comes from
    compute: MeasureFn


REGISTRY: dict[str, MeasureInfo] = {}


def measure(
    name: str, *, unit: str, description: str, formula: str, example: str, source: str = ""
) -> Callable[[MeasureFn], MeasureFn]:
    """Register the decorated function as the measure ``name``; a second use of a name is an error."""

    def register(compute: MeasureFn) -> MeasureFn:
        if name in REGISTRY:
            raise ValueError(f"measure {name!r} is registered twice")
        REGISTRY[name] = MeasureInfo(name, unit, description, formula, example, source, compute)
        return compute

    return register
