"""What someone may do: rights by role, checked on the server for every page, answer and sound.

A route declares its right: ``viewer: Annotated[Viewer, Depends(need("decide"))]``. Requests that
change something must carry the session's token (form field ``csrf`` or header ``X-CSRF-Token``).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import update

from pipeline.review.auth import find_session
from pipeline.review.desk import desk_of, now
from pipeline.review.models import LoginSession, ReviewCall

COOKIE = "callqa_session"
SEEN_EVERY = timedelta(seconds=60)  # a click more often than this needs no write

_QA, _SUP, _AGENT, _ANALYST, _ADMIN = "qa", "supervisor", "agent", "analyst", "admin"
RIGHTS: dict[str, frozenset[str]] = {
    "signed_in": frozenset({_QA, _SUP, _AGENT, _ANALYST, _ADMIN}),
    "queue": frozenset({_QA, _SUP, _ADMIN}),
    "listen": frozenset({_QA, _SUP, _AGENT, _ANALYST, _ADMIN}),  # an agent: own published calls only
    "decide": frozenset({_QA, _SUP}),
    "assign": frozenset({_SUP, _ADMIN}),
    "publish": frozenset({_SUP}),
    "appeal": frozenset({_AGENT}),
    "appeals": frozenset({_SUP, _AGENT, _ADMIN}),
    "answer_appeal": frozenset({_SUP}),
    "decide_appeal": frozenset({_SUP, _ADMIN}),
    "calibrate": frozenset({_QA, _SUP}),
    "run_calibration": frozenset({_SUP, _ADMIN}),
    "learn": frozenset({_SUP, _ANALYST, _ADMIN}),
    "boards": frozenset({_QA, _SUP, _ANALYST, _ADMIN}),
    "coach": frozenset({_QA, _SUP, _AGENT, _ADMIN}),  # an agent: the own page only
    "cases": frozenset({_QA, _SUP, _ADMIN}),
    "export": frozenset({_SUP, _ANALYST, _ADMIN}),
    "see_numbers": frozenset({_SUP}),  # phone, identity and card numbers in the clear
    "admin": frozenset({_ADMIN}),
}


class Refused(Exception):
    """A request that is not answered; ``key`` is the string to show, its slots in ``values``."""

    def __init__(self, status: int, key: str, **values: object) -> None:
        super().__init__(key)
        self.status, self.key, self.values = status, key, values


class NotSignedIn(Exception):
    """No live session."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking."""

    id: int
    name: str
    role: str
    agent_id: str | None
    lang: str
    csrf: str
    session_hash: str
    address: str

    def can(self, right: str) -> bool:
        return self.role in RIGHTS[right]

    def may_see(self, call: ReviewCall) -> bool:
        """An agent sees own published calls; everybody else with the right to listen sees all."""
        if self.role != _AGENT:
            return self.can("listen")
        return call.state == "published" and call.agent_id is not None and call.agent_id == self.agent_id


async def _sent_token(request: Request) -> str | None:
    """The token a changing request carries; None for one that only reads."""
    if request.method in ("GET", "HEAD"):
        return None
    header = request.headers.get("x-csrf-token")
    if header:
        return header
    value = (await request.form()).get("csrf", "")
    return value if isinstance(value, str) else ""


def current_viewer(request: Request, sent: Annotated[str | None, Depends(_sent_token)]) -> Viewer:
    """The viewer of this request. Raises NotSignedIn, Refused."""
    desk, moment = desk_of(request), now()
    token = request.cookies.get(COOKIE, "")
    with desk.database.reading() as session:
        found = find_session(session, token, config=desk.config, at=moment) if token else None
    if found is None:
        raise NotSignedIn
    login, user = found
    vouched = vouched_name(request)
    if vouched is not None and vouched != user.name:
        raise NotSignedIn  # the proxy now speaks for somebody else
    if sent is not None and not hmac.compare_digest(sent.encode(), login.csrf.encode()):
        raise Refused(403, "review.error.csrf")
    if moment - login.seen_at > SEEN_EVERY:
        with desk.database.writing() as session:
            session.execute(
                update(LoginSession).where(LoginSession.token_hash == login.token_hash).values(seen_at=moment)
            )
    return Viewer(
        user.id,
        user.name,
        user.role,
        user.agent_id,
        user.lang,
        login.csrf,
        login.token_hash,
        address_of(request),
    )


def need(right: str) -> Callable[..., Viewer]:
    """Dependency: the viewer, if the role has ``right``; 403 otherwise."""
    allowed = RIGHTS[right]

    def check(viewer: Annotated[Viewer, Depends(current_viewer)]) -> Viewer:
        if viewer.role not in allowed:
            raise Refused(403, "review.error.forbidden")
        return viewer

    check.right = right  # type: ignore[attr-defined]  # read by the authorisation test
    return check


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def vouched_name(request: Request) -> str | None:
    """The name a trusted reverse proxy vouches for; None when single sign-on is off or absent."""
    config = desk_of(request).config
    if not config.sso_header or address_of(request) not in config.sso_trusted:
        return None
    return request.headers.get(config.sso_header) or None
