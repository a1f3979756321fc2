"""Opening the desk's database: SQLite beside the results, or any server by URL; schema kept by Alembic.

A write takes the lock when it begins (``BEGIN IMMEDIATE`` on SQLite, ``FOR UPDATE`` rows on a server),
so that what was read before deciding is still true when it is written.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from pipeline.review.models import Secret


class DatabaseError(RuntimeError):
    """The database cannot be opened; the message names it, what was expected and what was found."""


class Database:
    """``url`` is an SQLAlchemy URL; ``sqlite:///PATH`` needs nothing installed."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine = _engine(url)
        except (ArgumentError, ImportError) as error:
            raise DatabaseError(
                f"{_safe(url)}: expected a database URL with its driver; found: {error}"
            ) from error
        self._writer = self.engine.execution_options(immediate=True)
        # SQLite lets waiting writers starve; in one process they take turns, on a server rows are locked
        self._turn: Any = threading.Lock() if url.startswith("sqlite") else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: all of it or, on any exception or a kill, none of it. Never inside another."""
        with self._turn, Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to ``revision``; a newer release opens an older one's database with this."""
        from alembic import command

        try:
            with self.engine.begin() as connection:
                command.upgrade(alembic_config(connection), revision)
        except DBAPIError as error:
            raise DatabaseError(
                f"{_safe(self.url)}: expected a usable database; found: {error.orig}"
            ) from error

    def secret(self, name: str) -> str:
        """The secret of this desk, made on first use."""
        with self.writing() as session:
            row = session.get(Secret, name)
            if row is None:
                row = Secret(name=name, value=secrets.token_urlsafe(48))
                session.add(row)
            return row.value


def alembic_config(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=20, max_overflow=30, pool_pre_ping=True)
    engine = create_engine(url, pool_size=20, max_overflow=30, connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _safe(url: str) -> str:
    """The URL without its password."""
    from sqlalchemy.engine import make_url

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "database URL"
