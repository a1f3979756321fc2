"""Who someone is: passwords (argon2id), log-in with a limit on guessing, sessions.

A session's token is 256 random bits in an HttpOnly cookie; the database keeps only its hash, so a
stolen copy of the database opens no session.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pipeline.config import ReviewConfig
from pipeline.review.models import LoginFailure, LoginSession, User

ROLES = ("qa", "supervisor", "agent", "analyst", "admin")
MIN_PASSWORD = 10  # characters; NIST SP 800-63B asks for 8, with nothing about their kinds
ATTEMPTS_PER_ADDRESS = 6  # times the limit of one name: an office shares one address

# OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class AuthError(ValueError):
    """A user that cannot be made or a log-in refused; ``key`` is the string to show."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def add_user(
    session: Session, *, name: str, password: str, role: str, agent_id: str | None = None, at: datetime
) -> User:
    """A new user. An empty password leaves single sign-on as the only way in. Raises AuthError."""
    name = name.strip()
    if not name or len(name) > 80 or not name.isprintable():
        raise AuthError("review.user.bad_name")
    if role not in ROLES:
        raise AuthError("review.user.bad_role")
    if role == "agent" and not agent_id:
        raise AuthError("review.user.agent_id_missing")
    if password and len(password) < MIN_PASSWORD:
        raise AuthError("review.user.short_password")
    if session.scalar(select(User).where(User.name == name)):
        raise AuthError("review.user.taken")
    user = User(
        name=name,
        password_hash=_HASHER.hash(password) if password else "",
        role=role,
        agent_id=agent_id,
        created_at=at,
    )
    session.add(user)
    session.flush()
    return user


def set_password(session: Session, *, name: str, password: str) -> None:
    """A new password; every session of the user ends. Raises AuthError."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None:
        raise AuthError("review.user.unknown")
    if len(password) < MIN_PASSWORD:
        raise AuthError("review.user.short_password")
    user.password_hash = _HASHER.hash(password)
    session.execute(delete(LoginSession).where(LoginSession.user_id == user.id))


def reserve_attempt(
    session: Session, *, name: str, address: str, config: ReviewConfig, at: datetime
) -> int | None:
    """Count an attempt before its password is looked at, so that parallel guesses count too.

    The attempt's id, to be forgotten after success; None when the name or address must wait.
    """
    since = at - timedelta(seconds=config.login_window_s)
    session.execute(delete(LoginFailure).where(LoginFailure.at < since))
    by_name = _count(session, LoginFailure.name == name)
    by_address = _count(session, LoginFailure.address == address)
    if by_name >= config.login_attempts or by_address >= config.login_attempts * ATTEMPTS_PER_ADDRESS:
        return None
    attempt = LoginFailure(name=name, address=address, at=at)
    session.add(attempt)
    session.flush()
    return attempt.id


def check_password(session: Session, *, name: str, password: str) -> User | None:
    """The active user of that name and password. Takes as long for a name that does not exist."""
    user = session.scalar(select(User).where(User.name == name, User.active))
    stored = user.password_hash if user and user.password_hash else _decoy()
    try:
        _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return None
    return user if user and user.password_hash else None


def forget_attempt(session: Session, attempt: int) -> None:
    session.execute(delete(LoginFailure).where(LoginFailure.id == attempt))


def start_session(session: Session, user: User, *, at: datetime) -> str:
    """A fresh token, whatever cookie the browser came with: nobody can plant one."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=_digest(token),
            user_id=user.id,
            csrf=secrets.token_urlsafe(32),
            created_at=at,
            seen_at=at,
        )
    )
    return token


def find_session(
    session: Session, token: str, *, config: ReviewConfig, at: datetime
) -> tuple[LoginSession, User] | None:
    """The live session of a token with its active user."""
    row = session.execute(
        select(LoginSession, User)
        .join(User, User.id == LoginSession.user_id)
        .where(LoginSession.token_hash == _digest(token), User.active)
    ).first()
    if row is None:
        return None
    login: LoginSession = row[0]
    too_old = at - login.created_at > timedelta(hours=config.session_hours)
    too_idle = at - login.seen_at > timedelta(minutes=config.idle_minutes)
    return None if too_old or too_idle else (login, row[1])


def end_session(session: Session, token: str) -> None:
    session.execute(delete(LoginSession).where(LoginSession.token_hash == _digest(token)))


def _count(session: Session, condition: object) -> int:
    return session.scalar(select(func.count()).select_from(LoginFailure).where(condition)) or 0  # type: ignore[arg-type]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _decoy() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))
