"""Events: what people did to a call, kept in order and never changed; the rules for adding one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review.desk import now
from pipeline.review.guard import Refused, Viewer
from pipeline.review.models import Event, ReviewCall, User

MAX_COMMENT = 2000  # characters


def cancelled(events: Iterable[Event]) -> set[int]:
    """Events taken back by an undo that itself still holds."""
    gone: set[int] = set()
    for event in sorted(events, key=lambda e: e.id, reverse=True):
        if event.kind == "undo" and event.undoes is not None and event.id not in gone:
            gone.add(event.undoes)
    return gone


def active(events: Iterable[Event]) -> list[Event]:
    """What was done and still holds, oldest first; the undos themselves are left out."""
    everything = list(events)
    gone = cancelled(everything)
    return sorted((e for e in everything if e.kind != "undo" and e.id not in gone), key=lambda e: e.id)


def add_event(
    session: Session,
    viewer: Viewer,
    call: ReviewCall,
    kind: str,
    *,
    rule_id: str | None = None,
    reason: str = "",
    comment: str = "",
    payload: dict[str, Any] | None = None,
    undoes: int | None = None,
) -> Event:
    event = Event(
        call_pk=call.id, rule_id=rule_id, kind=kind, user_id=viewer.id, at=now(), reason=reason,
        comment=comment.strip(), payload=payload or {}, undoes=undoes,
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event


def locked_call(session: Session, call_pk: int) -> ReviewCall:
    """The call, held until the transaction ends. Raises Refused 404."""
    call = session.scalar(select(ReviewCall).where(ReviewCall.id == call_pk).with_for_update())
    if call is None:
        raise Refused(404, "review.error.not_found")
    return call


def check_hands(session: Session, viewer: Viewer, call: ReviewCall) -> None:
    """Is the call this viewer's to change? Raises Refused 409 with the name of whoever has it."""
    if call.state == "published" and viewer.role != "supervisor":
        raise Refused(409, "review.error.published")
    if call.assignee_id not in (None, viewer.id) and viewer.role != "supervisor":
        owner = session.get(User, call.assignee_id)
        raise Refused(409, "review.error.taken_by", name=owner.name if owner else "")


def check_seen(session: Session, call_pk: int, rule_id: str, seen: int) -> None:
    """Raises Refused 409 with the name of whoever decided since."""
    latest = session.execute(
        select(Event.id, User.name)
        .join(User, User.id == Event.user_id)
        .where(Event.call_pk == call_pk, Event.rule_id == rule_id)
        .order_by(Event.id.desc())
        .limit(1)
    ).first()
    if latest is not None and latest[0] != seen:
        raise Refused(409, "review.error.decided_by", name=latest[1])
