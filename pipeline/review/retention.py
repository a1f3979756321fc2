"""Deleting by age or by customer, and proving it: what went is listed and looked for afterwards.

Only what callqa made is deleted: a call's JSON and its artefacts, its rows in the day's tables,
workbook and page, and all the desk knows of it. The recordings are the switch's; their paths are
listed for whoever keeps them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import delete, select

from pipeline.report.calljson import CallFileError, call_file_name
from pipeline.report.rows import CallResult
from pipeline.report.tables import TableError, remove_calls
from pipeline.review.audit import note
from pipeline.review.desk import Desk
from pipeline.review.models import ReviewCall
from pipeline.store import ResultsError


@dataclass(frozen=True, slots=True)
class Proof:
    """What was deleted and what a search found afterwards (``left`` empty: nothing)."""

    calls: tuple[tuple[str, str], ...]  # date, call id
    files: tuple[str, ...]
    recordings: tuple[str, ...]  # not ours to delete
    left: tuple[str, ...] = field(default=())


def older_than(desk: Desk, date: str) -> list[tuple[str, str]]:
    """Calls of days before ``date``."""
    return [
        (day, call_id)
        for day in desk.results.days()
        if day < date
        for call_id in desk.results.day(day).ledger()["call_id"]
    ]


def of_customer(desk: Desk, number: str) -> list[tuple[str, str]]:
    """Calls whose record holds ``number`` (a customer's telephone number or id) in any field."""
    return [
        (day, record.call.id)
        for day, record in _records(desk)
        if record.call.cdr and number in _values(record)
    ]


def purge(desk: Desk, calls: Sequence[tuple[str, str]], *, who: str) -> Proof:
    """Delete ``calls``, then look for them everywhere callqa writes. Raises OSError, TableError."""
    files: list[str] = []
    recordings: list[str] = []
    by_day: dict[str, set[str]] = {}
    for day, call_id in calls:
        by_day.setdefault(day, set()).add(call_id)
    for day, ids in sorted(by_day.items()):
        folder = desk.results.path / day
        for call_id in sorted(ids):
            with suppress(CallFileError, ResultsError):  # no record: then no path is known either
                recordings += desk.results.day(day).call(call_id).call.paths
            for path in _files_of(folder, call_id):
                path.unlink(missing_ok=True)
                files.append(str(path))
        remove_calls(folder, ids)
        for name in ("scorecards.xlsx", "report.html"):  # they quote calls; callqa run writes them again
            path = folder / name
            if path.exists():
                path.unlink()
                files.append(str(path))
        _forget_in_manifest(folder / "run.json", ids)
        with desk.database.writing() as session:
            session.execute(delete(ReviewCall).where(ReviewCall.date == day, ReviewCall.call_id.in_(ids)))
    proof = Proof(tuple(calls), tuple(files), tuple(recordings), tuple(_left(desk, by_day)))
    for day, call_id in calls:
        note(desk, who, "purge", f"{day} {hashlib.sha256(call_id.encode()).hexdigest()[:16]}")
    return proof


def _records(desk: Desk) -> Iterator[tuple[str, CallResult]]:
    for date in desk.results.days():
        day = desk.results.day(date)
        for call_id in day.ledger()["call_id"]:
            try:
                yield date, day.call(call_id)
            except CallFileError:
                continue


def _values(record: CallResult) -> set[str]:
    cdr = record.call.cdr
    return {record.call.id, *(cdr.extra.values() if cdr else ())}


def _files_of(folder: Path, call_id: str) -> list[Path]:
    name = hashlib.sha256(call_id.encode()).hexdigest()[:24]  # as batch.store names artefacts
    found = [folder / "calls" / call_file_name(call_id)]
    return [p for p in [*found, *folder.glob(f"artefacts/*/{name[:2]}/{name}.*")] if p.exists()]


def _forget_in_manifest(path: Path, ids: set[str]) -> None:
    """run.json lists every call of the day; the deleted ones leave it too."""
    if not path.is_file():
        return
    run = json.loads(path.read_text(encoding="utf-8"))
    for key, name in (("calls", "id"), ("rows", "call_id"), ("failures", "call_id")):
        run[key] = [row for row in run.get(key, []) if row.get(name) not in ids]
    run["notes"] = {k: v for k, v in run.get("notes", {}).items() if k not in ids}
    tmp = path.with_name(".run.json.tmp")
    tmp.write_text(json.dumps(run, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    tmp.replace(path)


def _left(desk: Desk, by_day: dict[str, set[str]]) -> Iterator[str]:
    for day, ids in by_day.items():
        folder = desk.results.path / day
        for call_id in ids:
            yield from (str(p) for p in _files_of(folder, call_id))
        for name in ("ledger", "calls", "utterances", "measures", "verdicts"):
            try:
                rows = desk.results.day(day).table(name)
            except (TableError, ResultsError):
                continue
            yield from (f"{day}/{name}: {i}" for i in sorted(ids & set(rows["call_id"])))
        with desk.database.reading() as session:
            kept = session.scalars(
                select(ReviewCall.call_id).where(ReviewCall.date == day, ReviewCall.call_id.in_(ids))
            ).all()
        yield from (f"database: {day} {call_id}" for call_id in kept)
