"""The queue: which calls, in which order, fast over 100,000 of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from pipeline.review.models import Item, LoadedDay, ReviewCall, Rule, User

STATES = ("new", "taken", "done", "published")
SORTS = ("priority", "total", "newest", "confidence")
COUNT_LIMIT = 10_000  # beyond this the page says "10000+": nobody pages there, and counting stays quick
_FACETS_KEPT_S = 300.0


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue shows; empty means any. Everything a saved filter or a link holds."""

    date_from: str = ""
    date_to: str = ""
    team: str = ""
    agent: str = ""
    rule: str = ""
    grade: str = ""
    fatal: str = ""  # "1": fatal only
    confidence: str = ""  # at most this
    state: str = ""
    assignee: str = ""  # "me", "none" or a user's id
    flagged: str = "1"  # "": all calls
    q: str = ""  # part of a call id
    sort: str = "priority"

    @classmethod
    def of(cls, values: Mapping[str, str]) -> QueueFilter:
        """From a query string; unknown names and odd values are left out."""
        kept = {f.name: values[f.name].strip()[:120] for f in fields(cls) if f.name in values}
        if "flagged" not in kept and any(kept.values()):
            kept["flagged"] = ""  # a form with the box unticked sends nothing
        if kept.get("sort") not in SORTS:
            kept["sort"] = "priority"
        return cls(**kept)

    def query(self, **changes: str) -> str:
        """As a query string, with ``changes``."""
        values = {f.name: getattr(self, f.name) for f in fields(self)} | changes
        return urlencode({k: v for k, v in values.items() if v or k == "flagged"})


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    call: ReviewCall
    assignee: str | None
    faults: tuple[tuple[str, str, float, str], ...]  # title, outcome, points, rule id


def conditions(wanted: QueueFilter, *, viewer_id: int) -> list[ColumnElement[bool]]:
    """The WHERE parts; every value travels as a bound parameter."""
    c = ReviewCall
    found: list[ColumnElement[bool]] = []
    if wanted.flagged == "1":
        found.append(c.flagged.is_(True))
    for column, value in ((c.team, wanted.team), (c.agent_id, wanted.agent), (c.state, wanted.state)):
        if value:
            found.append(column == value)
    if wanted.date_from:
        found.append(c.date >= wanted.date_from)
    if wanted.date_to:
        found.append(c.date <= wanted.date_to)
    if wanted.grade:
        found.append(func.coalesce(c.reviewed_grade, c.grade) == wanted.grade)
    if wanted.fatal == "1":
        found.append(func.coalesce(c.reviewed_fatal, c.fatal).is_(True))
    if (most := _number(wanted.confidence)) is not None:
        found.append(c.confidence <= most)
    if wanted.assignee == "me":
        found.append(c.assignee_id == viewer_id)
    elif wanted.assignee == "none":
        found.append(c.assignee_id.is_(None))
    elif wanted.assignee.isdecimal() and len(wanted.assignee) < 10:
        found.append(c.assignee_id == int(wanted.assignee))
    if wanted.rule:
        found.append(c.id.in_(select(Item.call_pk).where(Item.rule_id == wanted.rule)))
    if wanted.q:
        found.append(c.call_id.contains(wanted.q, autoescape=True))
    return found


def ordered(statement: Any, sort: str) -> Any:
    c = ReviewCall
    orders = {
        "priority": (c.priority.desc(), c.id.desc()),  # one way round, so that the index gives the order
        "total": (func.coalesce(c.reviewed_total, c.total).asc(), c.id),
        "newest": (c.date.desc(), c.started_at.desc(), c.id),
        "confidence": (c.confidence.asc(), c.id),
    }
    return statement.order_by(*orders.get(sort, orders["priority"]))


def queue_page(
    session: Session, wanted: QueueFilter, *, viewer_id: int, page: int, size: int
) -> tuple[list[QueueRow], int]:
    """Rows of one page (from 1) and how many calls match, counted up to COUNT_LIMIT + 1."""
    where = conditions(wanted, viewer_id=viewer_id)
    matching = select(ReviewCall.id).where(*where).limit(COUNT_LIMIT + 1).subquery()
    count = session.scalar(select(func.count()).select_from(matching)) or 0
    statement = select(ReviewCall, User.name).outerjoin(User, User.id == ReviewCall.assignee_id).where(*where)
    found = session.execute(ordered(statement, wanted.sort).limit(size).offset((page - 1) * size)).all()
    faults = _faults(session, [call.id for call, _ in found])
    return [QueueRow(call, name, tuple(faults.get(call.id, ()))) for call, name in found], count


def neighbours(
    session: Session, wanted: QueueFilter, *, viewer_id: int, call_pk: int, reach: int = 500
) -> tuple[int, int, int | None, int | None]:
    """Where a call stands in the queue: (place from 1 or 0, of how many, previous, next)."""
    statement = select(ReviewCall.id).where(*conditions(wanted, viewer_id=viewer_id))
    ids = list(session.scalars(ordered(statement, wanted.sort).limit(reach)))
    if call_pk not in ids:
        return 0, len(ids), None, ids[0] if ids else None
    at = ids.index(call_pk)
    return at + 1, len(ids), ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def matching_ids(session: Session, wanted: QueueFilter, *, viewer_id: int, limit: int) -> list[int]:
    statement = select(ReviewCall.id).where(*conditions(wanted, viewer_id=viewer_id))
    return list(session.scalars(ordered(statement, wanted.sort).limit(limit)))


@dataclass(frozen=True, slots=True)
class Facets:
    """What the filter boxes offer."""

    dates: tuple[str, ...]
    teams: tuple[str, ...]
    agents: tuple[tuple[str, str], ...]  # id, name
    grades: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]  # id, title


class FacetCache:
    """Facets change when a day is loaded, not between two clicks: kept, and dropped on loading."""

    def __init__(self) -> None:
        self._at = -1e9
        self._facets: Facets | None = None
        self._lock = threading.Lock()  # after a load one request reads them, the others wait for it

    def get(self, session: Session) -> Facets:
        with self._lock:
            if self._facets is None or time.monotonic() - self._at > _FACETS_KEPT_S:
                self._facets, self._at = read_facets(session), time.monotonic()
            return self._facets

    def clear(self) -> None:
        self._facets = None


def read_facets(session: Session) -> Facets:
    c = ReviewCall
    agents = session.execute(
        select(c.agent_id, func.max(c.agent_name)).where(c.agent_id.is_not(None)).group_by(c.agent_id)
    ).all()
    return Facets(
        tuple(session.scalars(select(LoadedDay.date).order_by(LoadedDay.date.desc()))),
        tuple(session.scalars(select(c.team).where(c.team.is_not(None)).distinct().order_by(c.team))),  # type: ignore[arg-type]
        tuple(sorted((str(agent), str(name or agent)) for agent, name in agents)),
        tuple(session.scalars(select(c.grade).distinct().order_by(c.grade))),
        tuple((r.id, r.title) for r in session.scalars(select(Rule).order_by(Rule.id))),
    )


def _faults(session: Session, pks: list[int]) -> dict[int, list[tuple[str, str, float, str]]]:
    rows = session.execute(
        select(Item.call_pk, Rule.title, Item.outcome, Item.points, Item.rule_id)
        .join(Rule, Rule.id == Item.rule_id)
        .where(Item.call_pk.in_(pks))
        .order_by(Item.points, Item.rule_id)
    )
    found: dict[int, list[tuple[str, str, float, str]]] = {}
    for pk, title, outcome, points, rule_id in rows:
        found.setdefault(pk, []).append((title, outcome, points, rule_id))
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
