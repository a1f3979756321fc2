"""The queue: filter, take, release, assign, in bulk; saved filters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import delete, select

from pipeline.review.assignment import assign, assign_evenly, bulk_confirm, release, take
from pipeline.review.desk import desk_of
from pipeline.review.guard import Refused, Viewer, need
from pipeline.review.load import load_new_days
from pipeline.review.models import SavedFilter, User
from pipeline.review.pages import render
from pipeline.review.queries import COUNT_LIMIT, SORTS, STATES, QueueFilter, queue_page

router = APIRouter()
Reader = Annotated[Viewer, Depends(need("queue"))]
Decider = Annotated[Viewer, Depends(need("decide"))]
Assigner = Annotated[Viewer, Depends(need("assign"))]
MAX_BULK = 500


@router.get("/queue")
def queue(request: Request, viewer: Reader, page: int = 1) -> Response:
    desk = desk_of(request)
    wanted = QueueFilter.of(request.query_params)
    page, size = min(max(page, 1), 100_000), desk.config.page_size
    with desk.database.reading() as session:
        rows, count = queue_page(session, wanted, viewer_id=viewer.id, page=page, size=size)
        facets = request.app.state.facets.get(session)
        saved = session.scalars(
            select(SavedFilter).where(SavedFilter.user_id == viewer.id).order_by(SavedFilter.name)
        ).all()
        reviewers = session.scalars(
            select(User).where(User.role.in_(("qa", "supervisor")), User.active).order_by(User.name)
        ).all()
    return render(
        request, viewer, "queue.html", rows=rows, count=count, count_limit=COUNT_LIMIT, wanted=wanted, facets=facets,
        page=page, pages=max(1, -(-min(count, COUNT_LIMIT) // size)), saved=saved, reviewers=reviewers,
        states=STATES, sorts=SORTS,
    )  # fmt: skip


@router.post("/queue/bulk")
def bulk(
    request: Request,
    viewer: Decider,
    action: Annotated[str, Form()],
    call: Annotated[list[int], Form()],
    query: Annotated[str, Form()] = "",
) -> Response:
    actions = {"take": take, "release": release, "confirm": bulk_confirm}
    if action not in actions or len(call) > MAX_BULK:
        raise Refused(400, "review.error.bad_request")
    done, missed = actions[action](desk_of(request), viewer, call)
    return _back(query, f"{action}:{done}:{missed}")


@router.post("/queue/assign")
def assign_calls(
    request: Request,
    viewer: Assigner,
    to: Annotated[str, Form()],
    call: Annotated[list[int] | None, Form()] = None,
    query: Annotated[str, Form()] = "",
) -> Response:
    """To one reviewer, or ``evenly`` over all: the ticked calls, or what the filter matches."""
    desk = desk_of(request)
    wanted = QueueFilter.of(dict(request.query_params) or _parsed(query))
    if call is not None and len(call) > MAX_BULK:
        raise Refused(400, "review.error.bad_request")
    if to == "evenly":
        done = assign_evenly(desk, viewer, call, wanted)
    else:
        done = assign(desk, viewer, call or [], to=to)
    return _back(query, f"assign:{done}:0")


@router.post("/filters")
def save_filter(
    request: Request,
    viewer: Reader,
    name: Annotated[str, Form(min_length=1, max_length=60)],
    query: Annotated[str, Form(max_length=600)] = "",
) -> Response:
    clean = QueueFilter.of(_parsed(query)).query()
    with desk_of(request).database.writing() as session:
        old = session.scalar(
            select(SavedFilter).where(SavedFilter.user_id == viewer.id, SavedFilter.name == name)
        )
        if old is None:
            session.add(SavedFilter(user_id=viewer.id, name=name, query=clean))
        else:
            old.query = clean
    return RedirectResponse(f"/queue?{clean}", 303)


@router.post("/filters/{filter_id}/delete")
def delete_filter(request: Request, viewer: Reader, filter_id: int) -> Response:
    with desk_of(request).database.writing() as session:
        session.execute(
            delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == viewer.id)
        )
    return RedirectResponse("/queue", 303)


@router.post("/days/load")
def load_days(request: Request, viewer: Assigner) -> Response:
    """Take in days written or re-scored since."""
    loaded = load_new_days(desk_of(request))
    request.app.state.facets.clear()
    return _back("", f"load:{sum(d.added + d.updated for d in loaded)}:0")


def _parsed(query: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(query[:600], keep_blank_values=True))


def _back(query: str, told: str) -> Response:
    wanted = QueueFilter.of(_parsed(query)).query() if query else ""
    return RedirectResponse(
        f"/queue?{wanted}&told={told}" if wanted else f"/queue?told={told}&flagged=1", 303
    )
