"""Decisions as events: who said what of which item, when and why; nothing is ever overwritten.

What holds now is folded from the events: the latest decision of an item that no later undo took
back. Two people on one item: each says which event they had last seen, and the second is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review.corrections import corrected_record, rescore
from pipeline.review.desk import CallFileError, Desk
from pipeline.review.events import (
    MAX_COMMENT,
    active,
    add_event,
    cancelled,
    check_hands,
    check_seen,
    locked_call,
)
from pipeline.review.guard import Refused, Viewer
from pipeline.review.judge import Reckoned
from pipeline.review.models import Event, Rescored, ReviewCall, User
from pipeline.types import Outcome

Answer = Literal["confirm", "pass", "fail", "unknown", "not_applicable"]
ANSWERS: tuple[str, ...] = ("confirm", "pass", "fail", "unknown", "not_applicable")
DECIDING = ("confirm", "overrule")
REASONS = (
    "misheard",
    "wrong_role",
    "wrong_person",
    "context",
    "said_elsewhere",
    "bad_line",
    "rule_too_strict",
    "other",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds of one item."""

    rule_id: str
    outcome: Outcome
    kind: str  # confirm or overrule
    by: str
    at: datetime
    reason: str
    comment: str
    event_id: int
    machine: Outcome  # the machine's outcome when it was decided
    points: float | None = None  # set by hand


@dataclass(frozen=True, slots=True)
class Standing:
    """What all events of a call come to."""

    decisions: dict[str, Decision]
    final: float | None  # a final score set by hand
    last_of: dict[str, int]  # rule -> latest event about it, undone or not


def standing(session: Session, call_pk: int) -> Standing:
    """Fold a call's events."""
    rows = session.execute(
        select(Event, User.name).join(User, User.id == Event.user_id).where(Event.call_pk == call_pk)
    ).all()
    names = {event.id: name for event, name in rows}
    events = [event for event, _ in rows]
    decisions: dict[str, Decision] = {}
    final: float | None = None
    for event in active(events):
        if event.kind in DECIDING and event.rule_id:
            decisions[event.rule_id] = _decision(event, names[event.id])
        elif event.kind == "final":
            final = event.payload["total"]
    last: dict[str, int] = {}
    for event in events:
        if event.rule_id:
            last[event.rule_id] = max(last.get(event.rule_id, 0), event.id)
    return Standing(decisions, final, last)


def decide(
    desk: Desk,
    viewer: Viewer,
    call_pk: int,
    rule_id: str,
    *,
    answer: str,
    seen: int,
    reason: str = "",
    comment: str = "",
) -> int:
    """Confirm or overrule one item; the new event's id.

    ``seen`` is the latest event of the item the person was shown, 0 for none. Raises Refused: 409
    when somebody else was first, 400 for a decision that makes no sense.
    """
    with desk.database.writing() as session:
        call = locked_call(session, call_pk)
        check_hands(session, viewer, call)
        check_seen(session, call_pk, rule_id, seen)
        event = decide_in(session, desk, viewer, call, rule_id, answer=answer, reason=reason, comment=comment)
        return event.id


def decide_in(
    session: Session,
    desk: Desk,
    viewer: Viewer,
    call: ReviewCall,
    rule_id: str,
    *,
    answer: str,
    reason: str,
    comment: str,
) -> Event:
    """The decision itself, inside a transaction that holds the call. Raises Refused 400."""
    if answer not in ANSWERS or len(comment) > MAX_COMMENT:
        raise Refused(400, "review.error.bad_request")
    machine = _machine_outcome(session, desk, call, rule_id)
    outcome = machine if answer == "confirm" else answer
    kind = "confirm" if outcome == machine else "overrule"
    if kind == "overrule" and reason not in REASONS:
        raise Refused(400, "review.error.reason_missing")
    payload = {"outcome": outcome, "machine": machine, "fingerprint": call.fingerprint}
    event = add_event(
        session, viewer, call, kind, rule_id=rule_id, reason=reason, comment=comment, payload=payload
    )
    if call.state == "new":
        call.state, call.assignee_id = "taken", viewer.id
    refresh_reviewed(session, desk, call)
    return event


def set_final(desk: Desk, viewer: Viewer, call_pk: int, *, total: float, comment: str) -> None:
    """A final score by hand; the comment is not optional."""
    if not 0 <= total <= 200 or not comment.strip() or len(comment) > MAX_COMMENT:
        raise Refused(400, "review.error.final_needs_why")
    with desk.database.writing() as session:
        call = locked_call(session, call_pk)
        check_hands(session, viewer, call)
        add_event(session, viewer, call, "final", comment=comment, payload={"total": total})
        refresh_reviewed(session, desk, call)


def undo(desk: Desk, viewer: Viewer, call_pk: int, event_id: int) -> None:
    """Take one event back by adding another."""
    with desk.database.writing() as session:
        call = locked_call(session, call_pk)
        check_hands(session, viewer, call)
        target = session.get(Event, event_id)
        if (
            target is None
            or target.call_pk != call_pk
            or target.kind not in (*DECIDING, "final", "undo", "correct")
        ):
            raise Refused(404, "review.error.not_found")
        events = session.scalars(select(Event).where(Event.call_pk == call_pk)).all()
        if target.id in cancelled(events):
            raise Refused(409, "review.error.already_undone")
        add_event(session, viewer, call, "undo", rule_id=target.rule_id, undoes=event_id)
        rescore(session, desk, call)
        refresh_reviewed(session, desk, call)


def refresh_reviewed(session: Session, desk: Desk, call: ReviewCall) -> None:
    """The reviewed score of a call from its events; none when nobody decided anything."""
    session.flush()
    held = standing(session, call.id)
    reviewed = reckoned(session, desk, call, held)
    call.reviewed_total = reviewed.total if reviewed else None
    call.reviewed_grade = reviewed.grade if reviewed else None
    call.reviewed_fatal = reviewed.fatal if reviewed else None


def reckoned(session: Session, desk: Desk, call: ReviewCall, held: Standing) -> Reckoned | None:
    """The call's score with all that people did; None when nobody did anything."""
    if not held.decisions and held.final is None and session.get(Rescored, call.id) is None:
        return None
    try:
        card = corrected_record(session, desk, call).scorecard
    except CallFileError as error:
        raise Refused(409, "review.error.no_record") from error
    outcomes = {rule_id: d.outcome for rule_id, d in held.decisions.items()}
    return desk.judge.reckon(call.date, card, outcomes, final=held.final)


def _machine_outcome(session: Session, desk: Desk, call: ReviewCall, rule_id: str) -> Outcome:
    try:
        items = corrected_record(session, desk, call).scorecard.items
    except CallFileError as error:
        raise Refused(409, "review.error.no_record") from error
    found = next((item for item in items if item.rule_id == rule_id), None)
    if found is None:
        raise Refused(404, "review.error.not_found")
    return found.outcome


def _decision(event: Event, by: str) -> Decision:
    payload = event.payload
    return Decision(
        event.rule_id or "", payload["outcome"], event.kind, by, event.at, event.reason, event.comment, event.id,
        payload["machine"],
    )  # fmt: skip
