"""Corrected roles and transcript lines: the call as a person heard it, scored again at once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.report.rows import CallResult
from pipeline.review.decisions import active
from pipeline.review.desk import Desk
from pipeline.review.models import Event, ReviewCall


def corrections_of(session: Session, call_pk: int) -> list[Event]:
    """Corrections that hold, oldest first."""
    events = session.scalars(
        select(Event).where(Event.call_pk == call_pk, Event.kind.in_(("correct", "undo")))
    ).all()
    return [e for e in active(events) if e.kind == "correct"]


def corrected_lines(session: Session, call_pk: int) -> frozenset[int]:
    return frozenset(int(e.payload["index"]) for e in corrections_of(session, call_pk))


def corrected_record(session: Session, desk: Desk, call: ReviewCall) -> CallResult:
    """The call's record with its corrections in place."""
    return desk.record(call)
