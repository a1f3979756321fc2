"""Coaching: one agent's page with clips to listen to; the library of typical cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pipeline.review import boards, charts
from pipeline.review.desk import desk_of, now
from pipeline.review.guard import Refused, Viewer, need
from pipeline.review.models import Case, Item, ReviewCall, Rule, User
from pipeline.review.pages import render
from pipeline.review.routes.call import visible_call

router = APIRouter()
Coach = Annotated[Viewer, Depends(need("coach"))]
Keeper = Annotated[Viewer, Depends(need("cases"))]
CLIPS = 12


@router.get("/coaching")
def agents(request: Request, viewer: Coach) -> Response:
    """Every agent, weakest first; an agent goes straight to the own page."""
    if viewer.role == "agent":
        return RedirectResponse(f"/coaching/{viewer.agent_id}", 303)
    with desk_of(request).database.reading() as session:
        lines = boards.grouped(session, boards.Period("", ""), "agent")
    return render(request, viewer, "agents.html", lines=lines)


@router.get("/coaching/{agent_id}")
def coaching(request: Request, viewer: Coach, agent_id: str) -> Response:
    if viewer.role == "agent" and agent_id != viewer.agent_id:
        raise Refused(404, "review.error.not_found")
    published = viewer.role == "agent"
    period = boards.Period("", "", agent=agent_id)
    with desk_of(request).database.reading() as session:
        known = session.scalar(select(func.max(ReviewCall.agent_name)).where(ReviewCall.agent_id == agent_id))
        calls = _calls(session, agent_id, published=published)
        clips = _clips(session, agent_id, published=published)
        lines = [] if published else boards.grouped(session, period, "day")
        faults = [] if published else boards.faults_by_rule(session, period)
        everybody = boards.overall(session, boards.Period("", ""))
        own = boards.overall(session, period)
    if known is None and not calls and viewer.role != "agent":
        raise Refused(404, "review.error.not_found")
    return render(
        request, viewer, "coaching.html", agent_id=agent_id, name=known or agent_id, calls=calls, clips=clips, own=own,
        everybody=everybody, trend=charts.trend([(x.label, x.mean, x.calls) for x in lines[-31:]], label="trend"),
        fault_chart=charts.bars([(t, n, f"{n} ({p:g})") for _, t, n, p in faults[:8]], label="faults", bad=True),
    )  # fmt: skip


@router.get("/cases")
def cases(request: Request, viewer: Keeper, kind: str = "") -> Response:
    with desk_of(request).database.reading() as session:
        statement = (
            select(Case, ReviewCall, User.name)
            .join(ReviewCall, ReviewCall.id == Case.call_pk)
            .join(User, User.id == Case.made_by)
            .order_by(Case.id.desc())
        )
        if kind in ("good", "bad"):
            statement = statement.where(Case.kind == kind)
        rows = session.execute(statement.limit(500)).all()
    return render(request, viewer, "cases.html", rows=rows, kind=kind)


@router.post("/cases")
def keep_case(
    request: Request,
    viewer: Keeper,
    call: Annotated[int, Form()],
    title: Annotated[str, Form(min_length=1, max_length=200)],
    kind: Annotated[str, Form()],
    start_s: Annotated[float, Form(ge=0)],
    end_s: Annotated[float, Form(ge=0)],
    rule_id: Annotated[str, Form(max_length=120)] = "",
) -> Response:
    if kind not in ("good", "bad") or end_s < start_s:
        raise Refused(400, "review.error.bad_request")
    with desk_of(request).database.writing() as session:
        visible_call(session, viewer, call)
        session.add(
            Case(call_pk=call, rule_id=rule_id or None, kind=kind, title=title, start_s=start_s, end_s=end_s,
                 made_by=viewer.id, made_at=now())
        )  # fmt: skip
    return RedirectResponse("/cases", 303)


@router.post("/cases/{case_id}/delete")
def drop_case(request: Request, viewer: Keeper, case_id: int) -> Response:
    with desk_of(request).database.writing() as session:
        session.execute(delete(Case).where(Case.id == case_id))
    return RedirectResponse("/cases", 303)


def _calls(session: Session, agent_id: str, *, published: bool) -> list[ReviewCall]:
    statement = select(ReviewCall).where(ReviewCall.agent_id == agent_id)
    if published:
        statement = statement.where(ReviewCall.state == "published")
    return list(session.scalars(statement.order_by(ReviewCall.date.desc(), ReviewCall.id.desc()).limit(40)))


def _clips(session: Session, agent_id: str, *, published: bool) -> list[tuple[Item, ReviewCall, str]]:
    """The agent's costliest faults that can be heard."""
    statement = (
        select(Item, ReviewCall, Rule.title)
        .join(ReviewCall, ReviewCall.id == Item.call_pk)
        .join(Rule, Rule.id == Item.rule_id)
        .where(ReviewCall.agent_id == agent_id, Item.outcome == "fail", Item.quote.is_not(None))
    )
    if published:
        statement = statement.where(ReviewCall.state == "published")
    rows = session.execute(statement.order_by(Item.points, Item.id.desc()).limit(CLIPS)).all()
    return [(item, call, title) for item, call, title in rows]
