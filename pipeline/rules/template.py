"""A scorecard template: which rules count, for how much, and which calls a person should see."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pipeline.rules.ranges import ConditionType


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the scorecard.

    ``points``: lost on a fail (deduct), possible (weighted). ``repeat``: further points for each
    further time, up to ``repeat_cap`` in all. ``critical`` counts in the second score too.
    """

    rule: str
    points: float = 0.0
    bonus: float = 0.0
    fatal: bool = False
    critical: bool = False
    weight: float | None = None
    repeat: float = 0.0
    repeat_cap: float | None = None
    line: int = field(default=0, metadata={"hidden": True})

    def __post_init__(self) -> None:
        if min(self.points, self.bonus, self.repeat) < 0:
            raise ValueError(f"negative points for {self.rule}; write how much is at stake, without a sign")
        if not (self.points or self.bonus or self.fatal):
            raise ValueError(f"no points, bonus or fatal for {self.rule}")
        if self.bonus and (self.points or self.fatal):
            raise ValueError(f"{self.rule} with bonus and points; a bonus item takes nothing")

    @property
    def at_stake(self) -> float:
        """The most this item can take: what its share in the total's confidence is measured by."""
        return self.points if self.repeat_cap is None else max(self.points, self.repeat_cap)


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """Items that belong together. ``cap``: the most the group takes (deduct). ``weight`` (weighted)."""

    name: str
    items: tuple[Item, ...]
    cap: float | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Flagging:
    """Which calls a person should hear."""

    fatal: bool = True
    below: float | None = None
    confidence_below: float | None = None
    sample_percent: float = 0.0
    per_agent: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.sample_percent <= 100:
            raise ValueError(f"sample_percent: {self.sample_percent}; it lies between 0 and 100")


@dataclass(frozen=True)
class Template:
    """A scorecard file."""

    file: str = field(metadata={"hidden": True})
    line: int = field(metadata={"hidden": True})
    name: str
    title: str
    version: str
    school: Literal["deduct", "weighted"]
    groups: tuple[ItemGroup, ...]
    grades: tuple[tuple[str, float], ...]
    fits: ConditionType | None = field(default=None, metadata={"key": "for"})
    priority: int = 0
    start: float = 100.0
    floor: float = 0.0
    flagging: Flagging = Flagging()
    note: str = ""

    def __post_init__(self) -> None:
        rules = [item.rule for item in self.items]
        twice = {rule for rule in rules if rules.count(rule) > 1}
        if twice:
            raise ValueError(f"rules on the scorecard twice: {', '.join(sorted(twice))}")
        if not rules:
            raise ValueError("no items")
        limits = [limit for _, limit in self.grades]
        if limits != sorted(limits, reverse=True):
            raise ValueError("grades not from the best down")

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for group in self.groups for item in group.items)

    def grade(self, total: float) -> str:
        return next((name for name, limit in self.grades if total >= limit), self.grades[-1][0])
