"""The reviewed score: the machine's card with the decided items put in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.types import Outcome, Scorecard


@dataclass(frozen=True, slots=True)
class Reckoned:
    total: float | None
    grade: str
    fatal: bool


def reckon(card: Scorecard, outcomes: Mapping[str, Outcome], *, final: float | None) -> Reckoned:
    """Total, grade and fatal flag of ``card`` with ``outcomes`` by rule; ``final`` overrides the total."""
    fatal = any(item.fatal and outcomes.get(item.rule_id, item.outcome) == "fail" for item in card.items)
    back = sum(
        item.points
        for item in card.items
        if item.outcome == "fail" and outcomes.get(item.rule_id, "fail") != "fail"
    )
    total = card.total - back if card.total is not None else None
    if final is not None:
        total = final
    return Reckoned(total, card.grade, fatal)
