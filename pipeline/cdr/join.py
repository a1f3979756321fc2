"""Several rows of one call (a transfer, a consult, a repeated export) into one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from pipeline.types import CallRecord


def join_rows(records: Iterable[CallRecord]) -> list[CallRecord]:
    """One record per (call_id, file); a row without a file belongs to every file of its call."""
    calls: dict[str, list[CallRecord]] = {}
    for record in records:
        calls.setdefault(record.call_id, []).append(record)
    return [joined for rows in calls.values() for joined in _join_call(rows)]


def _join_call(rows: list[CallRecord]) -> list[CallRecord]:
    if len(rows) == 1:
        return rows
    files = dict.fromkeys(row.file for row in rows if row.file)
    if len(files) <= 1:
        return [_one(rows)]
    return [_one([row for row in rows if row.file in (None, file)]) for file in files]


def _one(rows: list[CallRecord]) -> CallRecord:
    """The first row's values where they are known, then the later rows'; but the last agent and the last
    release, since they are who ended the call. ``extra`` tells of everyone it passed through."""
    if len(rows) == 1:
        return rows[0]
    rows = sorted(rows, key=lambda row: row.started_at.timestamp() if row.started_at else 0.0)
    values: dict[str, Any] = {}
    for name in (f.name for f in fields(CallRecord)):
        known = [getattr(row, name) for row in rows if getattr(row, name) not in (None, "unknown", ())]
        if known:
            values[name] = known[0]
    last = next((row for row in reversed(rows) if row.agent_id or row.agent_name), rows[-1])
    released = next((row for row in reversed(rows) if row.hangup_side != "unknown"), rows[-1])
    agents = list(dict.fromkeys(who for row in rows if (who := row.agent_id or row.agent_name)))
    extra = {key: value for row in rows for key, value in row.extra.items()}
    if len(agents) > 1:
        extra |= {"agents": ",".join(agents), "transfers": str(len(agents) - 1)}
    holds = [row.hold_s for row in rows if row.hold_s is not None]
    return replace(
        rows[0],
        **values
        | {
            "agent_id": last.agent_id,
            "agent_name": last.agent_name,
            "team": last.team or values.get("team"),
            "hangup_side": released.hangup_side,
            "hangup_detail": released.hangup_detail,
            "started_at": _edge(rows, "started_at", min),
            "answered_at": _edge(rows, "answered_at", min),
            "ended_at": _edge(rows, "ended_at", max),
            "hold_s": sum(holds) if holds and not _same_row_twice(rows) else (holds[0] if holds else None),
            "extra": extra,
        },
    )


def _same_row_twice(rows: list[CallRecord]) -> bool:
    return len({(row.started_at, row.agent_id, row.hold_s) for row in rows}) == 1


def _edge(rows: list[CallRecord], name: str, pick: Any) -> datetime | None:
    times = [getattr(row, name) for row in rows if getattr(row, name) is not None]
    return pick(times) if times else None
