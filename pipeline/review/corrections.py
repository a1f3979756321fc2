"""Corrected roles and transcript lines: the call as a person heard it, scored again at once.

A correction is an event like any decision. What the call comes to with its corrections is kept
beside it (``rescored``) and made anew when a correction is added or undone or the day is re-scored.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.report.calljson import decode, encode
from pipeline.report.rows import CallResult
from pipeline.review.desk import Desk
from pipeline.review.events import MAX_COMMENT, active, add_event, check_hands, locked_call
from pipeline.review.guard import Refused, Viewer
from pipeline.review.judge import CannotRescore, Correction, with_corrections
from pipeline.review.models import Event, Rescored, ReviewCall
from pipeline.types import Measured, Scorecard

ROLES = ("agent", "customer", "ivr", "unknown")


def correct(desk: Desk, viewer: Viewer, call_pk: int, *, index: int, role: str, text: str) -> None:
    """Correct one line and score the call again. Raises Refused."""
    from pipeline.review.decisions import refresh_reviewed

    if role not in ROLES or not text.strip() or len(text) > MAX_COMMENT:
        raise Refused(400, "review.error.bad_request")
    with desk.database.writing() as session:
        call = locked_call(session, call_pk)
        check_hands(session, viewer, call)
        before = corrected_record(session, desk, call).transcript.utterances
        if not 0 <= index < len(before):
            raise Refused(400, "review.error.bad_request")
        was = {"role": before[index].role, "text": before[index].text}
        payload = {"index": index, "role": role, "text": text.strip(), "was": was}
        add_event(session, viewer, call, "correct", payload=payload)
        rescore(session, desk, call)
        refresh_reviewed(session, desk, call)


def rescore(session: Session, desk: Desk, call: ReviewCall) -> None:
    """Make ``rescored`` fit the corrections that hold. Raises Refused 409 when it cannot be scored."""
    corrections = corrections_of(session, call.id)
    if not corrections:
        kept = session.get(Rescored, call.id)
        if kept is not None:
            session.delete(kept)
        return
    try:
        done = desk.judge.rescore(desk.record(call), corrections)
    except CannotRescore as error:
        raise Refused(409, "review.error.cannot_rescore") from error
    data = {"measured": encode(done.measured), "scorecard": encode(done.scorecard)}
    session.merge(Rescored(call_pk=call.id, data=data))


def corrected_record(session: Session, desk: Desk, call: ReviewCall) -> CallResult:
    """The call's record with its corrections in place, and what they made of its score."""
    record = desk.record(call)
    kept = session.get(Rescored, call.id)
    if kept is None:
        return record
    corrected = with_corrections(record, corrections_of(session, call.id))
    return _with_scores(corrected, kept.data)


def corrections_of(session: Session, call_pk: int) -> list[Correction]:
    """Corrections that hold, oldest first."""
    events = session.scalars(
        select(Event).where(Event.call_pk == call_pk, Event.kind.in_(("correct", "undo")))
    ).all()
    held = (e.payload for e in active(events) if e.kind == "correct")
    return [Correction(p["index"], p["role"], p["text"]) for p in held]


def _with_scores(record: CallResult, data: dict[str, Any]) -> CallResult:
    from dataclasses import replace

    return replace(
        record,
        measured=decode(Measured, data["measured"]),
        scorecard=decode(Scorecard, data["scorecard"]),
    )
