"""Everything as xlsx or CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review import boards, learning
from pipeline.review.audit import note
from pipeline.review.desk import desk_of
from pipeline.review.exports import XLSX, as_csv, as_xlsx
from pipeline.review.guard import Refused, Viewer, need
from pipeline.review.models import Event, ReviewCall, User
from pipeline.review.queries import QueueFilter, conditions, ordered
from pipeline.review.routes.boards import period_of

router = APIRouter()
Exporter = Annotated[Viewer, Depends(need("export"))]
Sheet = tuple[Sequence[str], list[Sequence[Any]]]
MAX_ROWS = 200_000


@router.get("/export/{what}.{kind}")
def export(request: Request, viewer: Exporter, what: str, kind: str) -> Response:
    """``what``: calls (as the queue filters them), decisions, learning, or a board's grouping."""
    if kind not in ("xlsx", "csv") or what not in _SHEETS:
        raise Refused(404, "review.error.not_found")
    desk = desk_of(request)
    with desk.database.reading() as session:
        head, rows = _SHEETS[what](session, request, viewer)
    note(desk, viewer, "export", f"{what}.{kind} {len(rows)} {request.url.query}")
    see_numbers = viewer.can("see_numbers")
    headers = {"content-disposition": f'attachment; filename="{what}.{kind}"'}
    if kind == "csv":
        return Response(
            as_csv(head, rows, see_numbers=see_numbers), media_type="text/csv; charset=utf-8", headers=headers
        )
    return Response(as_xlsx(what, head, rows, see_numbers=see_numbers), media_type=XLSX, headers=headers)


def _calls(session: Session, request: Request, viewer: Viewer) -> Sheet:
    names = (
        "date", "call_id", "agent_id", "agent_name", "team", "direction", "duration_s", "standard", "total", "grade",
        "fatal", "flagged", "flags", "confidence", "state", "reviewed_total", "reviewed_grade", "reviewed_fatal",
    )  # fmt: skip
    wanted = QueueFilter.of(request.query_params)
    statement = select(*(getattr(ReviewCall, n) for n in names)).where(
        *conditions(wanted, viewer_id=viewer.id)
    )
    return names, [tuple(r) for r in session.execute(ordered(statement, wanted.sort).limit(MAX_ROWS)).all()]


def _decisions(session: Session, request: Request, viewer: Viewer) -> Sheet:
    rows = session.execute(
        select(Event, ReviewCall.date, ReviewCall.call_id, User.name)
        .join(ReviewCall, ReviewCall.id == Event.call_pk)
        .join(User, User.id == Event.user_id)
        .order_by(Event.id)
        .limit(MAX_ROWS)
    ).all()
    head = (
        "id",
        "at",
        "date",
        "call_id",
        "rule_id",
        "kind",
        "machine",
        "outcome",
        "reason",
        "comment",
        "by",
        "undoes",
    )
    return head, [
        (e.id, e.at.isoformat(), date, call_id, e.rule_id, e.kind, e.payload.get("machine"), e.payload.get("outcome"),
         e.reason, e.comment, name, e.undoes)
        for e, date, call_id, name in rows
    ]  # fmt: skip


def _learning(session: Session, request: Request, viewer: Viewer) -> Sheet:
    head = ("rule_id", "title", "confirmed", "overruled", "missed", "precision", "low", "high", "threshold")
    return head, [tuple(getattr(r, n) for n in head) for r in learning.rule_records(session)]


def _rules(session: Session, request: Request, viewer: Viewer) -> Sheet:
    return ("rule_id", "title", "calls", "points"), list(boards.faults_by_rule(session, period_of(request)))


def _board(by: str) -> Callable[[Session, Request, Viewer], Sheet]:
    def sheet(session: Session, request: Request, viewer: Viewer) -> Sheet:
        head = ("key", "label", "calls", "mean", "flagged", "fatal", "reviewed")
        return head, [
            tuple(getattr(x, n) for n in head) for x in boards.grouped(session, period_of(request), by)
        ]

    return sheet


_SHEETS: dict[str, Callable[[Session, Request, Viewer], Sheet]] = {
    "calls": _calls,
    "decisions": _decisions,
    "learning": _learning,
    "rule": _rules,
    **{by: _board(by) for by in ("day", "week", "team", "agent")},
}
