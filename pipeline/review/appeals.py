"""Appeals: the agent asks, a supervisor answers, another decides; ``final`` ends it.

open → answered (the agent may escalate) → escalated → final. An answer in the agent's favour, or no
escalation within the window, is final too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review import notices
from pipeline.review.corrections import corrected_record
from pipeline.review.decisions import decide_in, standing
from pipeline.review.desk import Desk, now
from pipeline.review.events import MAX_COMMENT, add_event, locked_call
from pipeline.review.guard import Refused, Viewer
from pipeline.review.models import Appeal, ReviewCall, User

ANSWERS = ("accept", "reject")


def open_appeal(desk: Desk, viewer: Viewer, call_pk: int, rule_id: str, *, why: str) -> int:
    """The agent's appeal against one failed item of an own published call. Raises Refused."""
    if not why.strip() or len(why) > MAX_COMMENT:
        raise Refused(400, "review.error.appeal_needs_why")
    with desk.database.writing() as session:
        call = locked_call(session, call_pk)
        if not viewer.may_see(call) or viewer.role != "agent":
            raise Refused(404, "review.error.not_found")
        window = timedelta(days=desk.config.appeal_days)
        if call.published_at is None or now() > call.published_at + window:
            raise Refused(409, "review.error.appeal_late", days=desk.config.appeal_days)
        if session.scalar(select(Appeal.id).where(Appeal.call_pk == call_pk, Appeal.rule_id == rule_id)):
            raise Refused(409, "review.error.appeal_twice")
        if _outcome(session, desk, call, rule_id) != "fail":
            raise Refused(400, "review.error.appeal_not_failed")
        appeal = Appeal(
            call_pk=call_pk, rule_id=rule_id, agent_user_id=viewer.id, state="open", opened_at=now(),
            due_at=now() + window, steps=[_step(viewer, "appeal", why)],
        )  # fmt: skip
        session.add(appeal)
        session.flush()
        add_event(session, viewer, call, "appeal", rule_id=rule_id, comment=why)
        link = f"/appeals#a{appeal.id}"
        notices.tell_role(
            session, "supervisor", "notice.appeal_opened", link, call=call.call_id, name=viewer.name
        )
        told = _told(appeal, call, viewer, "appeal", why)
    notices.post_webhook(desk, told)
    return appeal.id


def answer(desk: Desk, viewer: Viewer, appeal_id: int, *, verdict: str, why: str) -> None:
    """A supervisor's answer to an open appeal. Raises Refused; 409 when somebody else was first."""
    with desk.database.writing() as session:
        appeal, call = _held(session, appeal_id, state="open")
        _rule(session, desk, viewer, appeal, call, verdict=verdict, why=why, kind="answer")
        appeal.answered_by = viewer.id
        appeal.state = "final" if verdict == "accept" else "answered"
        appeal.due_at = now() + timedelta(days=desk.config.appeal_days)
        _tell_agent(session, appeal, call, "notice.appeal_answered")
        told = _told(appeal, call, viewer, "answer", why)
    notices.post_webhook(desk, told)


def escalate(desk: Desk, viewer: Viewer, appeal_id: int, *, why: str) -> None:
    """The agent asks for a second level, within the window. Raises Refused."""
    with desk.database.writing() as session:
        appeal, call = _held(session, appeal_id, state="answered")
        if appeal.agent_user_id != viewer.id:
            raise Refused(404, "review.error.not_found")
        if now() > appeal.due_at:
            raise Refused(409, "review.error.appeal_late", days=desk.config.appeal_days)
        appeal.state = "escalated"
        appeal.due_at = now() + timedelta(days=desk.config.appeal_days)
        _append(appeal, _step(viewer, "escalate", why))
        add_event(session, viewer, call, "escalate", rule_id=appeal.rule_id, comment=why)
        for role in ("supervisor", "admin"):
            notices.tell_role(
                session, role, "notice.appeal_escalated", f"/appeals#a{appeal.id}", but=appeal.answered_by,
                call=call.call_id, name=viewer.name,
            )  # fmt: skip
        told = _told(appeal, call, viewer, "escalate", why)
    notices.post_webhook(desk, told)


def close(desk: Desk, viewer: Viewer, appeal_id: int, *, verdict: str, why: str) -> None:
    """The second level's word, by somebody other than who answered. Raises Refused."""
    with desk.database.writing() as session:
        appeal, call = _held(session, appeal_id, state="escalated")
        if appeal.answered_by == viewer.id:
            raise Refused(403, "review.error.appeal_same_person")
        _rule(session, desk, viewer, appeal, call, verdict=verdict, why=why, kind="close")
        appeal.state = "final"
        _tell_agent(session, appeal, call, "notice.appeal_final")
        told = _told(appeal, call, viewer, "close", why)
    notices.post_webhook(desk, told)


def listed(session: Session, viewer: Viewer) -> list[tuple[Appeal, ReviewCall, str]]:
    """Appeals the viewer may see, open and overdue ones first: (appeal, call, agent's name)."""
    statement = (
        select(Appeal, ReviewCall, User.name)
        .join(ReviewCall, ReviewCall.id == Appeal.call_pk)
        .join(User, User.id == Appeal.agent_user_id)
    )
    if viewer.role == "agent":
        statement = statement.where(Appeal.agent_user_id == viewer.id)
    found = [(a, c, n) for a, c, n in session.execute(statement.limit(1000)).all()]
    waiting = {"open": 0, "escalated": 0, "answered": 1, "final": 2}
    return sorted(found, key=lambda row: (waiting[row[0].state], row[0].due_at))


def _rule(
    session: Session,
    desk: Desk,
    viewer: Viewer,
    appeal: Appeal,
    call: ReviewCall,
    *,
    verdict: str,
    why: str,
    kind: str,
) -> None:
    if verdict not in ANSWERS or not why.strip() or len(why) > MAX_COMMENT:
        raise Refused(400, "review.error.appeal_needs_why")
    _append(appeal, _step(viewer, verdict, why))
    add_event(session, viewer, call, kind, rule_id=appeal.rule_id, comment=why)
    if verdict == "accept":
        decide_in(session, desk, viewer, call, appeal.rule_id, answer="pass", reason="other", comment=why)


def _held(session: Session, appeal_id: int, *, state: str) -> tuple[Appeal, ReviewCall]:
    appeal = session.get(Appeal, appeal_id)
    if appeal is None:
        raise Refused(404, "review.error.not_found")
    call = locked_call(session, appeal.call_pk)
    session.refresh(appeal)
    if appeal.state != state:
        raise Refused(409, "review.error.appeal_moved_on")
    return appeal, call


def _outcome(session: Session, desk: Desk, call: ReviewCall, rule_id: str) -> str:
    decided = standing(session, call.id).decisions.get(rule_id)
    if decided is not None:
        return decided.outcome
    items = corrected_record(session, desk, call).scorecard.items
    return next((item.outcome for item in items if item.rule_id == rule_id), "")


def _tell_agent(session: Session, appeal: Appeal, call: ReviewCall, key: str) -> None:
    notices.tell(session, [appeal.agent_user_id], key, f"/appeals#a{appeal.id}", call=call.call_id)


def _append(appeal: Appeal, step: dict[str, Any]) -> None:
    appeal.steps = [*appeal.steps, step]  # a new list: a changed one would not be seen as changed


def _step(viewer: Viewer, what: str, why: str) -> dict[str, Any]:
    return {"by": viewer.name, "at": now().isoformat(timespec="seconds"), "what": what, "why": why.strip()}


def _told(appeal: Appeal, call: ReviewCall, viewer: Viewer, step: str, why: str) -> dict[str, Any]:
    """What the webhook carries: no quote, no recording, no customer's number."""
    return {"appeal": appeal.id, "call_id": call.call_id, "rule_id": appeal.rule_id, "step": step,
            "state": appeal.state, "by": viewer.name}  # fmt: skip
