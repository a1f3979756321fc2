"""Users, the audit log, and everybody's own notices."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import delete, select, update

from pipeline.review.audit import note
from pipeline.review.desk import desk_of
from pipeline.review.guard import Refused, Viewer, need
from pipeline.review.models import Audit, LoginSession, Notice, User
from pipeline.review.pages import render

router = APIRouter()
Admin = Annotated[Viewer, Depends(need("admin"))]
SignedIn = Annotated[Viewer, Depends(need("signed_in"))]


@router.get("/users")
def users(request: Request, viewer: Admin) -> Response:
    with desk_of(request).database.reading() as session:
        rows = session.scalars(select(User).order_by(User.name)).all()
    return render(request, viewer, "users.html", rows=rows)


@router.post("/users/{user_id}/active")
def switch(request: Request, viewer: Admin, user_id: int) -> Response:
    """On or off; off ends the user's sessions at once."""
    desk = desk_of(request)
    if user_id == viewer.id:
        raise Refused(400, "review.error.bad_request")  # nobody locks out the last administrator by accident
    with desk.database.writing() as session:
        user = session.get(User, user_id)
        if user is None:
            raise Refused(404, "review.error.not_found")
        user.active = not user.active
        if not user.active:
            session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))
        told = f"{user.name} {'on' if user.active else 'off'}"
    note(desk, viewer, "user", told)
    return RedirectResponse("/users", 303)


@router.get("/audit")
def audit(request: Request, viewer: Admin, q: str = "", before: int = 0) -> Response:
    with desk_of(request).database.reading() as session:
        statement = select(Audit).order_by(Audit.id.desc()).limit(200)
        if q:
            statement = statement.where(
                Audit.target.contains(q[:100], autoescape=True) | (Audit.user == q) | (Audit.action == q)
            )
        if before > 0:
            statement = statement.where(Audit.id < before)
        rows = session.scalars(statement).all()
    return render(request, viewer, "audit.html", rows=rows, q=q)


@router.get("/notices")
def notices(request: Request, viewer: SignedIn) -> Response:
    with desk_of(request).database.reading() as session:
        rows = session.scalars(
            select(Notice).where(Notice.user_id == viewer.id).order_by(Notice.id.desc()).limit(100)
        ).all()
    return render(request, viewer, "notices.html", rows=rows)


@router.post("/notices/read")
def read_all(request: Request, viewer: SignedIn) -> Response:
    with desk_of(request).database.writing() as session:
        session.execute(update(Notice).where(Notice.user_id == viewer.id).values(read=True))
    return RedirectResponse("/notices", 303)
