"""The desk's database: what was loaded, who decided what, and who looked.

Calls and their faults are copies of a day's tables and may be loaded again; events are the truth of
the review and are only ever added to (triggers in the migrations see to it).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import DateTime, TypeDecorator


class Utc(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database (SQLite keeps no zone)."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="")  # "": single sign-on only
    role: Mapped[str] = mapped_column(String(20))
    agent_id: Mapped[str | None] = mapped_column(String(80))  # whose calls an agent may see
    lang: Mapped[str] = mapped_column(String(5), default="zh")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Utc)


class LoginSession(Base):
    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Utc)
    seen_at: Mapped[datetime] = mapped_column(Utc)


class LoginFailure(Base):
    __tablename__ = "login_failures"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Utc, index=True)


class Secret(Base):
    """Made at first start, never shown: signs the audio paths."""

    __tablename__ = "secrets"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(100))


class LoadedDay(Base):
    __tablename__ = "days"
    date: Mapped[str] = mapped_column(String(10), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    calls: Mapped[int]
    loaded_at: Mapped[datetime] = mapped_column(Utc)


class Rule(Base):
    """A rule's words, learnt from the call files of a day."""

    __tablename__ = "rules"
    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    group: Mapped[str] = mapped_column("group_name", String(120))
    fatal: Mapped[bool] = mapped_column(default=False)


class ReviewCall(Base):
    """A call's row of the queue: the machine's result, the reviewed one, and its way through the desk."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("date", "call_id"),
        Index("ix_calls_queue", "flagged", "priority", "id"),
        Index("ix_calls_day", "date", "flagged", "priority"),
        Index("ix_calls_team", "team", "flagged", "priority"),
        Index("ix_calls_agent", "agent_id", "flagged", "priority"),
        Index("ix_calls_assignee", "assignee_id", "state", "priority"),
        Index("ix_calls_board", "date", "team", "agent_id", "total", "flagged", "fatal"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    date: Mapped[str] = mapped_column(String(10))
    call_id: Mapped[str] = mapped_column(String(300))
    agent_id: Mapped[str | None] = mapped_column(String(80))
    agent_name: Mapped[str | None] = mapped_column(String(120))
    team: Mapped[str | None] = mapped_column(String(120))
    direction: Mapped[str] = mapped_column(String(10))
    started_at: Mapped[datetime | None] = mapped_column(Utc)
    duration_s: Mapped[float]
    standard: Mapped[str] = mapped_column(String(120))
    total: Mapped[float | None]
    grade: Mapped[str] = mapped_column(String(20))
    fatal: Mapped[bool]
    flagged: Mapped[bool]
    flags: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(100))
    confidence: Mapped[float]  # the lesser of role and recognition confidence
    priority: Mapped[float]  # what is most worth a supervisor's minute comes first
    state: Mapped[str] = mapped_column(String(12), default="new")  # new taken done published
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reviewed_total: Mapped[float | None]
    reviewed_grade: Mapped[str | None] = mapped_column(String(20))
    reviewed_fatal: Mapped[bool | None]
    published_at: Mapped[datetime | None] = mapped_column(Utc)
    withdrawn: Mapped[bool] = mapped_column(default=False)  # no longer in the day's tables


class Item(Base):
    """A fault or a doubt of a call; what passed needs no row."""

    __tablename__ = "items"
    __table_args__ = (Index("ix_items_rule", "rule_id", "call_pk"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    rule_id: Mapped[str] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(20))
    points: Mapped[float]
    start_s: Mapped[float | None]
    end_s: Mapped[float | None]
    quote: Mapped[str | None] = mapped_column(Text)
    score: Mapped[float | None]


class Event(Base):
    """One thing a person did to a call. Never changed, never deleted but with the call itself."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_call", "call_pk", "rule_id", "id"),
        Index("ix_events_rule", "rule_id", "kind"),
        Index("ix_events_user", "user_id", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"))
    rule_id: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))  # see decisions.KINDS
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(Utc)
    reason: Mapped[str] = mapped_column(String(40), default="")
    comment: Mapped[str] = mapped_column(Text, default="")
    payload: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    undoes: Mapped[int | None] = mapped_column(ForeignKey("events.id"))


class Appeal(Base):
    __tablename__ = "appeals"
    __table_args__ = (UniqueConstraint("call_pk", "rule_id"), Index("ix_appeals_state", "state", "due_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"))
    rule_id: Mapped[str] = mapped_column(String(120))
    agent_user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(String(12))  # open answered escalated final
    opened_at: Mapped[datetime] = mapped_column(Utc)
    due_at: Mapped[datetime] = mapped_column(Utc)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # who, when, what, why


class Notice(Base):
    __tablename__ = "notices"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Utc)
    key: Mapped[str] = mapped_column(String(60))
    link: Mapped[str] = mapped_column(String(200))
    values: Mapped[dict[str, Any]] = mapped_column("slots", JSON, default=dict)
    read: Mapped[bool] = mapped_column(default=False)


class CalibrationRound(Base):
    __tablename__ = "rounds"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(Utc)
    closed: Mapped[bool] = mapped_column(default=False)
    rules: Mapped[list[str]] = mapped_column(JSON, default=list)


class RoundCall(Base):
    __tablename__ = "round_calls"
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True)
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)


class RoundUser(Base):
    __tablename__ = "round_users"
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)


class RoundAnswer(Base):
    """One reviewer's blind answer about one item of one call."""

    __tablename__ = "round_answers"
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True)
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(Utc)


class SavedFilter(Base):
    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("user_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(600))


class Audit(Base):
    """Who looked at, listened to or changed what. No foreign keys: it outlives what it names."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Utc, index=True)
    user: Mapped[str] = mapped_column("user_name", String(80))
    action: Mapped[str] = mapped_column(String(40), index=True)
    target: Mapped[str] = mapped_column(String(400))
    address: Mapped[str] = mapped_column(String(80), default="")


class Peaks(Base):
    """The drawn waveform's numbers, computed once a recording."""

    __tablename__ = "peaks"
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    data: Mapped[bytes] = mapped_column(LargeBinary)  # uint8, channel after channel


class Rescored(Base):
    """What a call with corrected lines comes to; made again whenever they change."""

    __tablename__ = "rescored"
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class Case(Base):
    """A clip worth teaching with."""

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    call_pk: Mapped[int] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    rule_id: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(10))  # good bad
    title: Mapped[str] = mapped_column(String(200))
    start_s: Mapped[float]
    end_s: Mapped[float]
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(Utc)
