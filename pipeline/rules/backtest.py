"""What other lexicons would change: calls that flip, points, agents, rules. Pure, over pairs of scorecards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.types import Scorecard


@dataclass(frozen=True, slots=True)
class CallChange:
    """One call whose scorecard changes. ``rules``: rule id → (outcome before, after)."""

    call_id: str
    agent: str
    before: float | None
    after: float | None
    grade_before: str
    grade_after: str
    fatal_before: bool
    fatal_after: bool
    flagged_before: bool
    flagged_after: bool
    rules: Mapping[str, tuple[str, str]]

    @property
    def points(self) -> float:
        """Total after − before; 0 where either could not be judged."""
        return 0.0 if self.before is None or self.after is None else round(self.after - self.before, 2)

    @property
    def flips(self) -> bool:
        """Another grade, fatal mark or place on the flagged list: what people would notice."""
        return (
            self.grade_before != self.grade_after
            or self.fatal_before != self.fatal_after
            or self.flagged_before != self.flagged_after
        )


@dataclass(slots=True)
class RuleChange:
    """How a rule's verdicts move, and the points with them."""

    points: float = 0.0
    moves: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return sum(self.moves.values())


@dataclass(slots=True)
class AgentChange:
    calls: int = 0
    before: float = 0.0
    after: float = 0.0

    @property
    def points(self) -> float:
        """Mean total after − before."""
        return (self.after - self.before) / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Backtest:
    """``calls``: those that change, the largest change first."""

    compared: int
    skipped: int  # never scored before, or not scorable now
    calls: tuple[CallChange, ...]
    agents: Mapping[str, AgentChange]
    rules: Mapping[str, RuleChange]
    standards: tuple[str, ...]

    @property
    def flipped(self) -> tuple[CallChange, ...]:
        return tuple(call for call in self.calls if call.flips)


def compare(pairs: Iterable[tuple[str, Scorecard | None, Scorecard | None]]) -> Backtest:
    """``pairs``: agent, scorecard before, scorecard after; None for a side that does not exist."""
    changed: list[CallChange] = []
    agents: dict[str, AgentChange] = {}
    rules: dict[str, RuleChange] = {}
    standards: dict[str, None] = {}
    compared = skipped = 0
    for agent, before, after in pairs:
        if before is None or after is None:
            skipped += 1
            continue
        compared += 1
        standards[
            f"{before.standard.name} {before.standard.version} → {after.standard.name} {after.standard.version}"
        ] = None
        change = _call_change(agent, before, after)
        if change.rules or change.points or change.flips:
            changed.append(change)
        _count_agent(agents, agent, before, after)
        _count_rules(rules, before, after)
    changed.sort(key=lambda c: (-abs(c.points), not c.flips, c.call_id))
    moved = {name: r for name, r in sorted(rules.items(), key=lambda i: -i[1].calls) if r.calls or r.points}
    ordered = dict(sorted(agents.items(), key=lambda item: (item[1].points, item[0])))
    return Backtest(compared, skipped, tuple(changed), ordered, moved, tuple(standards))


def _call_change(agent: str, before: Scorecard, after: Scorecard) -> CallChange:
    one = {item.rule_id: item.outcome for item in before.items}
    other = {item.rule_id: item.outcome for item in after.items}
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return CallChange(
        before.call_id, agent, before.total, after.total, before.grade, after.grade,
        before.fatal, after.fatal, before.flagged, after.flagged,
        {name: (one.get(name, "–"), other.get(name, "–")) for name in names},
    )  # fmt: skip


def _count_agent(agents: dict[str, AgentChange], agent: str, before: Scorecard, after: Scorecard) -> None:
    if before.total is not None and after.total is not None:
        one = agents.setdefault(agent, AgentChange())
        one.calls += 1
        one.before += before.total
        one.after += after.total


def _count_rules(rules: dict[str, RuleChange], before: Scorecard, after: Scorecard) -> None:
    one = {item.rule_id: item for item in before.items}
    other = {item.rule_id: item for item in after.items}
    for name in {**one, **other}:
        was, now = one.get(name), other.get(name)
        move = (was.outcome if was else "–", now.outcome if now else "–")
        points = (now.points if now else 0.0) - (was.points if was else 0.0)
        if move[0] != move[1] or points:
            change = rules.setdefault(name, RuleChange())
            change.points += points
            if move[0] != move[1]:
                change.moves[move] = change.moves.get(move, 0) + 1
