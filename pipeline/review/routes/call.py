"""The call page and what is decided on it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.measures.registry import REGISTRY
from pipeline.report.callline import hangup_words
from pipeline.review import assignment, decisions
from pipeline.review.audio import sound_token
from pipeline.review.audit import note
from pipeline.review.callview import CallView, view_call
from pipeline.review.corrections import correct, corrected_record, corrections_of
from pipeline.review.desk import Desk, desk_of, now
from pipeline.review.events import active, add_event, locked_call
from pipeline.review.guard import Refused, Viewer, need
from pipeline.review.models import Appeal, Event, ReviewCall, User
from pipeline.review.notices import tell_agent
from pipeline.review.pages import render, words
from pipeline.review.queries import QueueFilter, neighbours
from pipeline.review.timeline_svg import timeline_svg

router = APIRouter()
Listener = Annotated[Viewer, Depends(need("listen"))]
Decider = Annotated[Viewer, Depends(need("decide"))]
Publisher = Annotated[Viewer, Depends(need("publish"))]


def visible_call(session: Session, viewer: Viewer, pk: int) -> ReviewCall:
    """The call, if there is one and the viewer may see it; the same 404 otherwise, so ids tell nothing."""
    call = session.get(ReviewCall, pk)
    if call is None or not viewer.may_see(call):
        raise Refused(404, "review.error.not_found")
    return call


@router.get("/calls/{pk}")
def call_page(request: Request, viewer: Listener, pk: int) -> Response:
    desk = desk_of(request)
    values = _page_values(request, desk, viewer, pk)
    note(desk, viewer, "open", values["call"].call_id)
    return render(request, viewer, "call.html", **values)


@router.get("/find/{date}/{call_id:path}")
def find_call(request: Request, viewer: Listener, date: str, call_id: str) -> Response:
    """The page of a call by its own id, for links in workbooks and mails."""
    with desk_of(request).database.reading() as session:
        found = session.scalar(
            select(ReviewCall).where(ReviewCall.date == date, ReviewCall.call_id == call_id)
        )
        if found is None or not viewer.may_see(found):
            raise Refused(404, "review.error.not_found")
    return RedirectResponse(f"/calls/{found.id}", 303)


@router.get("/api/calls/{pk}")
def call_api(request: Request, viewer: Listener, pk: int) -> Response:
    """A call's items and decisions as JSON, numbers covered as on the page."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        call = visible_call(session, viewer, pk)
        held = decisions.standing(session, pk)
        record = corrected_record(session, desk, call)
    view = view_call(record, held, see_numbers=viewer.can("see_numbers"))
    note(desk, viewer, "read", call.call_id)
    return JSONResponse(
        {
            "call_id": call.call_id,
            "total": call.total,
            "reviewed_total": call.reviewed_total,
            "items": [
                {"rule_id": i.verdict.rule_id, "machine": i.verdict.outcome, "outcome": i.outcome,
                 "points": i.verdict.points, "quotes": [p.quote for p in i.places], "seen": i.seen}
                for i in view.items
            ],
        }
    )  # fmt: skip


@router.post("/calls/{pk}/decide")
def decide(
    request: Request,
    viewer: Decider,
    pk: int,
    rule_id: Annotated[str, Form(max_length=120)],
    answer: Annotated[str, Form()],
    seen: Annotated[int, Form()],
    reason: Annotated[str, Form()] = "",
    comment: Annotated[str, Form()] = "",
) -> Response:
    desk = desk_of(request)
    decisions.decide(desk, viewer, pk, rule_id, answer=answer, seen=seen, reason=reason, comment=comment)
    return _panel(request, desk, viewer, pk)


@router.post("/calls/{pk}/undo")
def undo(request: Request, viewer: Decider, pk: int, event: Annotated[int, Form()]) -> Response:
    desk = desk_of(request)
    decisions.undo(desk, viewer, pk, event)
    return _panel(request, desk, viewer, pk)


@router.post("/calls/{pk}/final")
def final(
    request: Request,
    viewer: Decider,
    pk: int,
    total: Annotated[float, Form()],
    comment: Annotated[str, Form()] = "",
) -> Response:
    desk = desk_of(request)
    decisions.set_final(desk, viewer, pk, total=total, comment=comment)
    return _panel(request, desk, viewer, pk)


@router.post("/calls/{pk}/correct")
def correct_line(
    request: Request,
    viewer: Decider,
    pk: int,
    index: Annotated[int, Form()],
    role: Annotated[str, Form()],
    text: Annotated[str, Form()],
) -> Response:
    """Another speaker or other words for one line; the page comes back scored again."""
    correct(desk_of(request), viewer, pk, index=index, role=role, text=text)
    return RedirectResponse(f"/calls/{pk}", 303)


@router.post("/calls/{pk}/finish")
def finish(request: Request, viewer: Decider, pk: int, query: Annotated[str, Form()] = "") -> Response:
    """Done with this call; on to the next of the queue it came from."""
    desk = desk_of(request)
    wanted = _wanted(query)
    with desk.database.reading() as session:
        *_, following = neighbours(session, wanted, viewer_id=viewer.id, call_pk=pk)
    assignment.finish(desk, viewer, pk)
    target = f"/calls/{following}?{wanted.query()}" if following else f"/queue?{wanted.query()}"
    return RedirectResponse(target, 303)


@router.post("/calls/{pk}/publish")
def publish(request: Request, viewer: Publisher, pk: int) -> Response:
    """The agent may see the call from now on, and appeal for as long as the window is open."""
    desk = desk_of(request)
    with desk.database.writing() as session:
        call = locked_call(session, pk)
        if call.state not in ("done", "published"):
            raise Refused(409, "review.error.not_done")
        if call.state == "done":
            call.state, call.published_at = "published", now()
            add_event(session, viewer, call, "publish")
            tell_agent(session, call, "notice.published", f"/calls/{pk}")
    return _panel(request, desk, viewer, pk)


def _page_values(request: Request, desk: Desk, viewer: Viewer, pk: int) -> dict[str, Any]:
    wanted = _wanted(request.url.query)
    with desk.database.reading() as session:
        call = visible_call(session, viewer, pk)
        place: tuple[int, int, int | None, int | None] = (0, 0, None, None)
        if viewer.can("queue"):
            place = neighbours(session, wanted, viewer_id=viewer.id, call_pk=pk)
        values = _panel_values(session, desk, viewer, call)
        owner = session.get(User, call.assignee_id) if call.assignee_id else None
    view: CallView = values["view"]
    token = sound_token(desk.secret, session_hash=viewer.session_hash, call_pk=pk)
    return values | {
        "place": place,
        "owner": owner.name if owner else None,
        "query": wanted.query(),
        "audio": f"/calls/{pk}/audio/{token}",
        "timeline": timeline_svg(view, words(viewer.lang), peaks_href=f"/calls/{pk}/peaks.svg"),
        "formulas": REGISTRY,
        "released": hangup_words(view.record.measured.events.hangup, viewer.lang),
    }


def _panel_values(session: Session, desk: Desk, viewer: Viewer, call: ReviewCall) -> dict[str, Any]:
    held = decisions.standing(session, call.id)
    record = corrected_record(session, desk, call)
    view = view_call(
        record,
        held,
        see_numbers=viewer.can("see_numbers"),
        corrected=frozenset(c.index for c in corrections_of(session, call.id)),
    )
    history = session.execute(
        select(Event, User.name)
        .join(User, User.id == Event.user_id)
        .where(Event.call_pk == call.id)
        .order_by(Event.id.desc())
    ).all()
    standing_ids = {e.id for e in active([e for e, _ in history])}
    appeals = {a.rule_id: a for a in session.scalars(select(Appeal).where(Appeal.call_pk == call.id))}
    return {
        "call": call, "view": view, "held": held, "history": history, "active": standing_ids, "appeals": appeals,
        "reasons": decisions.REASONS, "now": now(), "appeal_days": desk.config.appeal_days,
    }  # fmt: skip


def _panel(request: Request, desk: Desk, viewer: Viewer, pk: int) -> Response:
    """The score and items anew for the page's script; a whole page for a browser without it."""
    if request.headers.get("x-panel") != "1":
        return RedirectResponse(f"/calls/{pk}", 303)
    with desk.database.reading() as session:
        values = _panel_values(session, desk, viewer, visible_call(session, viewer, pk))
    return render(request, viewer, "_panel.html", **values)


def _wanted(query: str) -> QueueFilter:
    from urllib.parse import parse_qsl

    return QueueFilter.of(dict(parse_qsl(query[:600], keep_blank_values=True)))
