"""Appeals: asked by agents, answered by supervisors, ended by a second one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from pipeline.review import appeals
from pipeline.review.desk import desk_of, now
from pipeline.review.guard import Viewer, need
from pipeline.review.models import Rule
from pipeline.review.pages import render

router = APIRouter()
Reader = Annotated[Viewer, Depends(need("appeals"))]
Appellant = Annotated[Viewer, Depends(need("appeal"))]
Answerer = Annotated[Viewer, Depends(need("answer_appeal"))]
Closer = Annotated[Viewer, Depends(need("decide_appeal"))]
Text = Annotated[str, Form(max_length=2000)]


@router.get("/appeals")
def list_appeals(request: Request, viewer: Reader) -> Response:
    with desk_of(request).database.reading() as session:
        rows = appeals.listed(session, viewer)
        titles = {rule.id: rule.title for rule in session.query(Rule)}
    return render(request, viewer, "appeals.html", rows=rows, titles=titles, now=now())


@router.post("/calls/{pk}/appeal")
def open_appeal(
    request: Request, viewer: Appellant, pk: int, rule_id: Annotated[str, Form(max_length=120)], why: Text
) -> Response:
    appeals.open_appeal(desk_of(request), viewer, pk, rule_id, why=why)
    return RedirectResponse("/appeals", 303)


@router.post("/appeals/{appeal_id}/answer")
def answer(
    request: Request, viewer: Answerer, appeal_id: int, verdict: Annotated[str, Form()], why: Text
) -> Response:
    appeals.answer(desk_of(request), viewer, appeal_id, verdict=verdict, why=why)
    return RedirectResponse("/appeals", 303)


@router.post("/appeals/{appeal_id}/escalate")
def escalate(request: Request, viewer: Appellant, appeal_id: int, why: Text = "") -> Response:
    appeals.escalate(desk_of(request), viewer, appeal_id, why=why)
    return RedirectResponse("/appeals", 303)


@router.post("/appeals/{appeal_id}/close")
def close(
    request: Request, viewer: Closer, appeal_id: int, verdict: Annotated[str, Form()], why: Text
) -> Response:
    appeals.close(desk_of(request), viewer, appeal_id, verdict=verdict, why=why)
    return RedirectResponse("/appeals", 303)
