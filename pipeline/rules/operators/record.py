"""Operators over numbers and the call record: measure, record."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from pipeline import timeline
from pipeline.rules.answer import Hit
from pipeline.rules.errors import RuleError
from pipeline.rules.facts import CallFacts
from pipeline.rules.operator import Findings, cannot_tell, operator
from pipeline.rules.shape import GRAMMARS, convert
from pipeline.rules.window import Window
from pipeline.rules.yamltree import Map, Tree
from pipeline.types import CallRecord, Evidence, Role, Span

RECORD_FIELDS = frozenset(f.name for f in fields(CallRecord)) - {"extra", "file"}
DERIVED_FIELDS = frozenset({"festival", "weekday", "hour"})


@operator("measure")
@dataclass(frozen=True, slots=True)
class Compare:
    """A registered measure compares so; several comparisons must all hold."""

    name: str
    above: float | None = None
    below: float | None = None
    min: float | None = None
    max: float | None = None
    equals: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if all(v is None for v in (self.above, self.below, self.min, self.max, self.equals)):
            raise ValueError("no comparison (above, below, min, max or equals)")
        _check_bounds(self)

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        measure = facts.measure(self.name, role)
        if measure is None:
            return cannot_tell(f"没有测量 {self.name}")
        if measure.value is None:
            return cannot_tell(measure.reason or f"{self.name} 无法测得")
        shown = f"{self.name} = {_shown(measure.value)} {measure.unit}".strip()
        if not self.holds(measure.value):
            return Findings(why=shown)
        spans = measure.evidence or (timeline.hull(window.spans) or Span(0.0, facts.duration_s),)
        hits = tuple(Hit(Evidence(span, _role(measure.role), shown)) for span in spans[:20])
        return Findings(hits, why=shown)

    def holds(self, value: float | str) -> bool:
        if self.equals is not None and _shown(value) not in {_plain(v) for v in self.equals}:
            return False
        if isinstance(value, str):
            return self.equals is not None
        return not (
            (self.above is not None and value <= self.above)
            or (self.below is not None and value >= self.below)
            or (self.min is not None and value < self.min)
            or (self.max is not None and value > self.max)
        )


def _check_bounds(asked: Any) -> None:
    """Raises ValueError when no number can keep the bounds."""
    low = max((v for v in (asked.above, asked.min) if v is not None), default=-math.inf)
    high = min((v for v in (asked.below, asked.max) if v is not None), default=math.inf)
    if low > high or (low == high and low in (asked.above, asked.below)):
        raise ValueError(f"bounds that nothing can keep ({low:g} to {high:g})")


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _plain(text: str) -> str:
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text


def _role(role: Role | None) -> Role:
    return role or "unknown"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits a record's number must keep."""

    above: float | None = None
    below: float | None = None
    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        if all(v is None for v in (self.above, self.below, self.min, self.max)):
            raise ValueError("no comparison (above, below, min or max)")
        _check_bounds(self)

    def holds(self, value: float) -> bool:
        return Compare("", self.above, self.below, self.min, self.max).holds(value)


@operator("record", by_role=False)
@dataclass(frozen=True, slots=True)
class Recorded:
    """The call record says so: every field given has (one of) the values, or keeps the bounds."""

    wanted: dict[str, tuple[str, ...] | Bounds]

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        unknown = ""
        shown: list[str] = []
        for name, wanted in self.wanted.items():
            value = field_value(facts, name)
            if value is None:
                unknown = unknown or f"通话记录没有 {name}"
            elif not _agrees(value, wanted):
                return Findings(why=f"{name} = {_text(value)}")
            else:
                shown.append(f"{name} = {_text(value)}")
        if unknown:
            return cannot_tell(unknown)
        return Findings((Hit(Evidence(Span(0.0, 0.0), "unknown", "; ".join(shown))),))


def _build(tree: Tree) -> Recorded:
    if not isinstance(tree, Map) or not tree.items:
        expected = "record: {field: value, …}"
        raise RuleError(tree.file, tree.line, expected=expected, found="something else")
    return Recorded(
        {
            name: convert(Bounds if isinstance(value, Map) else tuple[str, ...], value, what=f"record.{name}")
            for name, value in tree.items.items()
        }
    )


_VALUES = {"type": ["string", "number", "array", "object"]}
GRAMMARS[Recorded] = (_build, {"type": "object", "additionalProperties": _VALUES})


def field_value(facts: CallFacts, name: str) -> Any:
    """A record field, a derived one, or a column of the customer's own file; None when unknown."""
    record = facts.record
    call = facts.conversation.call
    if name in DERIVED_FIELDS:
        started = call.started_at or (record.started_at if record else None)
        if started is None:
            return None
        if name == "festival":
            return facts.festivals.on(started.date()) if facts.festivals else None
        return started.isoweekday() if name == "weekday" else started.hour
    value = getattr(record, name, None) if record and name in RECORD_FIELDS else None
    if value in (None, "unknown"):
        value = getattr(call, name, None) if name in ("direction", "agent_id", "team") else None
    if value in (None, "unknown") and record:
        value = record.extra.get(name) or None
    if name == "customer_flags" and record is not None:
        return record.customer_flags
    return None if value == "unknown" else value


def _agrees(value: Any, wanted: tuple[str, ...] | Bounds) -> bool:
    if isinstance(wanted, Bounds):
        try:
            return wanted.holds(float(value))
        except (TypeError, ValueError):
            return False
    values = value if isinstance(value, tuple) else (value,)
    return any(_text(v) in wanted for v in values)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
