"""Log-in, log-out, language."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select, update

from pipeline.review.audit import note
from pipeline.review.auth import (
    check_password,
    end_session,
    find_session,
    forget_attempt,
    reserve_attempt,
    start_session,
)
from pipeline.review.desk import desk_of, now
from pipeline.review.guard import COOKIE, Refused, Viewer, address_of, need, vouched_name
from pipeline.review.models import User
from pipeline.review.pages import render

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(need("signed_in"))]

HOME = {"agent": "/coaching", "analyst": "/boards"}


@router.get("/")
def home(viewer: SignedIn) -> Response:
    return RedirectResponse(HOME.get(viewer.role, "/queue"), 303)


@router.get("/login")
def login_page(request: Request, next: str = "/") -> Response:
    vouched = vouched_name(request)
    if vouched is not None:
        return _sign_in_vouched(request, vouched, next)
    return render(request, None, "login.html", next=_local(next), problem="", name="")


@router.post("/login")
def login(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=500)],
    next: Annotated[str, Form()] = "/",
) -> Response:
    desk, address, moment = desk_of(request), address_of(request), now()
    with desk.database.writing() as session:
        attempt = reserve_attempt(session, name=name[:80], address=address, config=desk.config, at=moment)
    if attempt is None:
        note(desk, name, "login.limited", "", address=address)
        return _again(request, "login.wait", name, next, 429)
    with desk.database.reading() as session:
        user = check_password(session, name=name, password=password)
    if user is None:
        note(desk, name, "login.failed", "", address=address)
        return _again(request, "login.wrong", name, next, 401)
    with desk.database.writing() as session:
        forget_attempt(session, attempt)
    return _signed_in(request, user, next)


@router.post("/logout")
def logout(request: Request, viewer: SignedIn) -> Response:
    desk = desk_of(request)
    with desk.database.writing() as session:
        end_session(session, request.cookies.get(COOKIE, ""))
    note(desk, viewer, "logout", "")
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.post("/language")
def language(request: Request, viewer: SignedIn, lang: Annotated[str, Form()]) -> Response:
    if lang not in ("zh", "en"):
        raise Refused(400, "review.error.bad_request")
    with desk_of(request).database.writing() as session:
        session.execute(update(User).where(User.id == viewer.id).values(lang=lang))
    return RedirectResponse("/", 303)


def _again(request: Request, problem: str, name: str, next: str, status: int) -> Response:
    return render(request, None, "login.html", status=status, next=_local(next), problem=problem, name=name)


def _signed_in(request: Request, user: User, next: str) -> Response:
    desk = desk_of(request)
    with desk.database.writing() as session:
        old = request.cookies.get(COOKIE, "")
        if old and find_session(session, old, config=desk.config, at=now()):
            end_session(session, old)
        token = start_session(session, user, at=now())
    note(desk, user.name, "login", user.role, address=address_of(request))
    answer = RedirectResponse(_local(next), 303)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=desk.config.secure_cookies)
    return answer


def _sign_in_vouched(request: Request, name: str, next: str) -> Response:
    desk = desk_of(request)
    with desk.database.reading() as session:
        user = session.scalar(select(User).where(User.name == name, User.active))
    if user is None:
        note(desk, name, "login.unknown_sso", "", address=address_of(request))
        raise Refused(403, "review.error.sso_unknown")
    return _signed_in(request, user, next)


def _local(target: str) -> str:
    """A path of this site, whatever was asked for."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe and "\\" not in target else "/"
