"""The numbers behind the boards: by day, week, team, agent and rule, each with the calls it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Float, Integer, cast, func, select
from sqlalchemy.orm import Session

from pipeline.review.models import Item, ReviewCall, Rule

GROUPINGS = ("day", "week", "team", "agent", "rule")
SHOWN = 40  # groups drawn; the export has them all

_TOTAL = func.coalesce(ReviewCall.reviewed_total, ReviewCall.total)
_FATAL = func.coalesce(ReviewCall.reviewed_fatal, ReviewCall.fatal)


@dataclass(frozen=True, slots=True)
class Line:
    """One group. ``mean`` is of the reviewed score where there is one, else the machine's."""

    key: str
    label: str
    calls: int
    mean: float | None
    flagged: int
    fatal: int
    reviewed: int


@dataclass(frozen=True, slots=True)
class Period:
    """The days looked at, both ends included; empty strings: all."""

    start: str
    end: str
    team: str = ""
    agent: str = ""

    def where(self) -> list[Any]:
        c = ReviewCall
        found: list[Any] = []
        if self.start:
            found.append(c.date >= self.start)
        if self.end:
            found.append(c.date <= self.end)
        if self.team:
            found.append(c.team == self.team)
        if self.agent:
            found.append(c.agent_id == self.agent)
        return found


def overall(session: Session, period: Period) -> Line:
    found = _lines(session, period, [])
    return found[0] if found else Line("", "", 0, None, 0, 0, 0)


def grouped(session: Session, period: Period, by: str) -> list[Line]:
    """One line a day, week, team or agent, in the order one reads them."""
    c = ReviewCall
    if by in ("day", "week"):
        days = _lines(session, period, [c.date, c.date])
        return days if by == "day" else _weeks(days)
    if by == "team":
        return _lines(session, period, [func.coalesce(c.team, "–"), func.coalesce(c.team, "–")])
    return sorted(
        _lines(
            session,
            period,
            [func.coalesce(c.agent_id, "–"), func.max(func.coalesce(c.agent_name, c.agent_id, "–"))],
        ),
        key=lambda line: line.mean if line.mean is not None else 1e9,
    )


def faults_by_rule(session: Session, period: Period) -> list[tuple[str, str, int, float]]:
    """Commonest faults: rule, title, calls, points taken."""
    statement = (
        select(Item.rule_id, Rule.title, func.count(), func.sum(Item.points))
        .join(ReviewCall, ReviewCall.id == Item.call_pk)
        .join(Rule, Rule.id == Item.rule_id)
        .where(Item.outcome == "fail", *period.where())
        .group_by(Item.rule_id, Rule.title)
        .order_by(func.count().desc(), Item.rule_id)
    )
    return [
        (rule, title, count, float(points)) for rule, title, count, points in session.execute(statement).all()
    ]


def distribution(session: Session, period: Period, *, width: int = 10) -> list[tuple[str, int]]:
    """How many calls in each band of ten points."""
    band = cast(_TOTAL / width, Integer)
    rows = session.execute(
        select(band, func.count()).where(_TOTAL.is_not(None), *period.where()).group_by(band)
    ).all()
    counts: dict[int, int] = {}
    for at, count in rows:
        index = min(max(int(at), 0), 100 // width - 1)  # 100 itself belongs to the last band
        counts[index] = counts.get(index, 0) + count
    return [
        (f"{i * width}–{(i + 1) * width - 1 if i < 9 else 100}", counts.get(i, 0))
        for i in range(100 // width)
    ]


def extremes(session: Session, period: Period, *, best: bool, limit: int = 8) -> list[ReviewCall]:
    """The worst (fatal first) or best calls."""
    order = (_TOTAL.desc(), ReviewCall.confidence.desc()) if best else (_FATAL.desc(), _TOTAL.asc())
    statement = select(ReviewCall).where(_TOTAL.is_not(None), *period.where())
    return list(session.scalars(statement.order_by(*order, ReviewCall.id).limit(limit)))


def _lines(session: Session, period: Period, group: list[Any]) -> list[Line]:
    c = ReviewCall
    counts = [
        func.count(),
        func.avg(cast(_TOTAL, Float)),
        func.sum(cast(c.flagged, Integer)),
        func.sum(cast(_FATAL, Integer)),
        func.sum(cast(c.state.in_(("done", "published")), Integer)),
    ]
    statement = select(*group, *counts).where(*period.where())
    if group:
        statement = statement.group_by(group[0]).order_by(group[0])
    rows = session.execute(statement).all()
    return [
        Line(
            str(r[0]) if group else "",
            str(r[1]) if group else "",
            n,
            mean,
            flagged or 0,
            fatal or 0,
            done or 0,
        )
        for r in rows
        for n, mean, flagged, fatal, done in [r[-5:]]
        if n
    ]


def _weeks(days: list[Line]) -> list[Line]:
    weeks: dict[str, list[Line]] = {}
    for line in days:
        weeks.setdefault(_monday(line.key), []).append(line)
    return [_sum(monday, lines) for monday, lines in sorted(weeks.items())]


def _monday(day: str) -> str:
    """Of the day's week; calls that no source dates are a line of their own."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        return day
    return (when - timedelta(days=when.weekday())).isoformat()


def _sum(key: str, lines: list[Line]) -> Line:
    calls = sum(line.calls for line in lines)
    scored = [line for line in lines if line.mean is not None]
    weight = sum(line.calls for line in scored)
    mean = sum((line.mean or 0) * line.calls for line in scored) / weight if weight else None
    return Line(
        key,
        key,
        calls,
        mean,
        sum(x.flagged for x in lines),
        sum(x.fatal for x in lines),
        sum(x.reviewed for x in lines),
    )
