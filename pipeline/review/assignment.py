"""Whose call it is: take, release, assign; two people never hold the same one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review.decisions import decide, standing
from pipeline.review.desk import Desk
from pipeline.review.events import add_event, check_hands, locked_call
from pipeline.review.guard import Refused, Viewer
from pipeline.review.models import Item, ReviewCall, User
from pipeline.review.queries import QueueFilter, matching_ids

MAX_EVENLY = 2000

Done = tuple[int, int]  # calls changed, calls left alone


def take(desk: Desk, viewer: Viewer, pks: Sequence[int]) -> Done:
    """Calls nobody has become the viewer's; the others are left alone and counted."""
    done = 0
    with desk.database.writing() as session:
        for pk in sorted(set(pks)):  # one order for everybody: no two transactions wait for each other
            call = locked_call(session, pk)
            if call.assignee_id is None and call.state == "new":
                call.assignee_id, call.state = viewer.id, "taken"
                add_event(session, viewer, call, "take")
                done += 1
    return done, len(set(pks)) - done


def release(desk: Desk, viewer: Viewer, pks: Sequence[int]) -> Done:
    """Own calls (a supervisor: anybody's) that are not done go back to the queue."""
    done = 0
    with desk.database.writing() as session:
        for pk in sorted(set(pks)):
            call = locked_call(session, pk)
            own = call.assignee_id == viewer.id or viewer.role == "supervisor"
            if own and call.assignee_id is not None and call.state == "taken":
                call.assignee_id, call.state = None, "new"
                add_event(session, viewer, call, "release")
                done += 1
    return done, len(set(pks)) - done


def bulk_confirm(desk: Desk, viewer: Viewer, pks: Sequence[int]) -> Done:
    """Confirm every failed item of calls without any decision yet, and mark them done."""
    done = 0
    for pk in sorted(set(pks)):
        try:
            with desk.database.reading() as session:
                decided = standing(session, pk).decisions
                failed = session.scalars(
                    select(Item.rule_id).where(Item.call_pk == pk, Item.outcome == "fail")
                ).all()
            if decided:
                continue
            for rule_id in failed:
                decide(desk, viewer, pk, rule_id, answer="confirm", seen=0)
            finish(desk, viewer, pk)
            done += 1
        except Refused:
            continue  # somebody else has it: counted as left alone
    return done, len(set(pks)) - done


def finish(desk: Desk, viewer: Viewer, pk: int) -> None:
    """Mark a call as reviewed. Raises Refused."""
    with desk.database.writing() as session:
        call = locked_call(session, pk)
        check_hands(session, viewer, call)
        if call.state in ("new", "taken"):
            call.state = "done"
            call.assignee_id = call.assignee_id or viewer.id
            add_event(session, viewer, call, "done")


def assign(desk: Desk, viewer: Viewer, pks: Sequence[int], *, to: str) -> int:
    """Give calls to one reviewer by id; how many. Raises Refused."""
    with desk.database.writing() as session:
        user = session.get(User, int(to)) if to.isdecimal() and len(to) < 10 else None
        if user is None or user.role not in ("qa", "supervisor") or not user.active:
            raise Refused(400, "review.error.bad_request")
        return sum(_give(session, viewer, pk, user.id) for pk in sorted(set(pks)))


def assign_evenly(desk: Desk, viewer: Viewer, pks: Sequence[int] | None, wanted: QueueFilter) -> int:
    """Deal calls out one by one, most worth a minute first, to whoever has fewest in hand."""
    with desk.database.writing() as session:
        users = session.scalars(select(User.id).where(User.role == "qa", User.active)).all()
        if not users:
            raise Refused(400, "review.error.no_reviewers")
        load = {
            user: len(session.scalars(
                select(ReviewCall.id).where(ReviewCall.assignee_id == user, ReviewCall.state == "taken")
            ).all())
            for user in users
        }  # fmt: skip
        ids = list(pks) if pks else matching_ids(session, wanted, viewer_id=viewer.id, limit=MAX_EVENLY)
        done = 0
        for pk in ids:
            least = min(users, key=lambda user: (load[user], user))
            if _give(session, viewer, pk, least, only_free=True):
                load[least] += 1
                done += 1
        return done


def _give(session: Session, viewer: Viewer, pk: int, user_id: int, *, only_free: bool = False) -> bool:
    call = locked_call(session, pk)
    if call.state not in ("new", "taken") or (only_free and call.assignee_id is not None):
        return False
    call.assignee_id, call.state = user_id, "taken"
    add_event(session, viewer, call, "assign", payload={"to": user_id})
    return True
