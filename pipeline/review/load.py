"""Taking a day's tables into the desk's database: twice changes nothing, a re-score keeps every decision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from pipeline.review.desk import CallFileError, Desk, now
from pipeline.review.guard import Refused
from pipeline.review.models import Event, Item, LoadedDay, ReviewCall, Rule

if TYPE_CHECKING:
    import pandas as pd

_LOOK_FOR_TITLES_IN = 50  # call files read until every rule has its title


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a day did; all zero when the tables had not changed."""

    date: str
    added: int = 0
    updated: int = 0
    withdrawn: int = 0


def load_new_days(desk: Desk) -> list[Loaded]:
    """Load every day whose tables are new or changed, oldest first."""
    done = (load_day(desk, date) for date in desk.results.days())
    return [found for found in done if found.added or found.updated or found.withdrawn]


def load_day(desk: Desk, date: str) -> Loaded:
    """One day in one transaction. Raises ResultsError, TableError."""
    day = desk.results.day(date)
    digest = _digest(day.path)
    with desk.database.reading() as session:
        known = session.get(LoadedDay, date)
        if known is not None and known.digest == digest:
            return Loaded(date)
    calls, faults = day.calls(), _faults(day.verdicts())
    with desk.database.writing() as session:
        loaded = _take_calls(session, date, calls, faults)
        _take_items(session, date, faults)
        _learn_rules(session, desk, date, faults)
        session.merge(LoadedDay(date=date, digest=digest, calls=len(calls), loaded_at=now()))
    _recount_decided(desk, date)
    return loaded


def worth_a_minute(*, fatal: bool, lost: float, doubts: int, confidence: float, flags: str) -> float:
    """What is most worth a supervisor's minute, higher first.

    A fatal item outweighs everything; then points lost (they decide the agent's score), items the
    machine could not judge (only a person can), and doubt about what was heard: a deduction the
    machine itself is unsure of is where a listener changes most.
    """
    return round(
        200.0 * fatal
        + min(lost, 100.0)
        + 3.0 * min(doubts, 10)
        + 20.0 * (1.0 - confidence) * (lost > 0)
        + 10.0 * ("complaint" in flags),
        2,
    )


def _digest(day: Path) -> str:
    whole = hashlib.sha256()
    for name in ("calls", "verdicts"):
        path = day / "tables" / f"{name}.parquet"
        if path.is_file():
            whole.update(path.read_bytes())
    return whole.hexdigest()


def _faults(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Failed and unknown items, their first evidence each."""
    kept = verdicts[verdicts["outcome"].isin(["fail", "unknown"])]
    return kept.drop_duplicates(["call_id", "rule_id"])


def _take_calls(session: Session, date: str, calls: pd.DataFrame, faults: pd.DataFrame) -> Loaded:
    known = _pks(session, date)
    lost = (-faults[faults["outcome"] == "fail"].groupby("call_id")["points"].sum()).to_dict()
    doubts = faults[faults["outcome"] == "unknown"].groupby("call_id").size().to_dict()
    rows = [
        _call_values(row, lost=lost.get(row["call_id"], 0.0), doubts=int(doubts.get(row["call_id"], 0)))
        for row in _records(calls)
    ]
    fresh = [{"state": "new", **row} for row in rows if row["call_id"] not in known]
    changed = [{"id": known[row["call_id"]], **row} for row in rows if row["call_id"] in known]
    if fresh:
        session.execute(insert(ReviewCall), fresh)
    if changed:
        session.execute(update(ReviewCall), changed)
    gone = set(known) - {row["call_id"] for row in rows}
    _withdraw(session, [known[call_id] for call_id in gone])
    return Loaded(date, len(fresh), len(changed), len(gone))


def _call_values(row: dict[str, Any], *, lost: float, doubts: int) -> dict[str, Any]:
    sure = min(row["role_confidence"], row["asr_confidence"] if row["asr_confidence"] is not None else 0.0)
    same = (
        "date", "call_id", "agent_id", "agent_name", "team", "direction", "duration_s", "standard", "total",
        "grade", "fatal", "flagged", "flags", "fingerprint",
    )  # fmt: skip
    started = row["started_at"]
    return {name: row[name] for name in same} | {
        "started_at": started.to_pydatetime() if started is not None else None,
        "confidence": sure,
        "withdrawn": False,
        "priority": worth_a_minute(
            fatal=row["fatal"], lost=lost, doubts=doubts, confidence=sure, flags=row["flags"]
        ),
    }


def _take_items(session: Session, date: str, faults: pd.DataFrame) -> None:
    of_day = select(ReviewCall.id).where(ReviewCall.date == date)
    session.execute(delete(Item).where(Item.call_pk.in_(of_day)))
    pks = _pks(session, date)
    names = ("rule_id", "outcome", "points", "start_s", "end_s", "quote", "score")
    rows = [
        {"call_pk": pks[row["call_id"]], **{name: row[name] for name in names}} for row in _records(faults)
    ]
    if rows:
        session.execute(insert(Item), rows)


def _learn_rules(session: Session, desk: Desk, date: str, faults: pd.DataFrame) -> None:
    """Titles stand in the call files, not in the tables; a few files tell them all."""
    known = set(session.scalars(select(Rule.id)))
    missing = set(faults["rule_id"]) - known
    for call_id in faults["call_id"].unique()[:_LOOK_FOR_TITLES_IN]:
        if not missing:
            return
        try:
            items = desk.results.day(date).call(str(call_id)).scorecard.items
        except CallFileError:
            continue
        for item in items:
            if item.rule_id not in known:
                session.add(Rule(id=item.rule_id, title=item.title, group=item.group, fatal=item.fatal))
                known.add(item.rule_id)
        missing -= known
    for rule_id in missing:
        session.add(Rule(id=rule_id, title=rule_id, group="", fatal=False))


def _withdraw(session: Session, pks: list[int]) -> None:
    """Calls no longer in the tables go, unless somebody worked on them: then they stay, marked."""
    if not pks:
        return
    touched = set(session.scalars(select(Event.call_pk).where(Event.call_pk.in_(pks))))
    session.execute(delete(ReviewCall).where(ReviewCall.id.in_([pk for pk in pks if pk not in touched])))
    session.execute(update(ReviewCall).where(ReviewCall.id.in_(touched)).values(withdrawn=True))


def _recount_decided(desk: Desk, date: str) -> None:
    """Calls with decisions get their reviewed score anew, over the new machine result."""
    from pipeline.review.corrections import rescore
    from pipeline.review.decisions import refresh_reviewed

    with desk.database.reading() as session:
        decided = session.scalars(
            select(ReviewCall.id)
            .where(ReviewCall.date == date, ReviewCall.id.in_(select(Event.call_pk)))
            .order_by(ReviewCall.id)
        ).all()
    for pk in decided:
        with desk.database.writing() as session:
            call = session.get_one(ReviewCall, pk)
            with suppress(Refused):  # its file is gone: the old reviewed score stands
                rescore(session, desk, call)
                refresh_reviewed(session, desk, call)


def _pks(session: Session, date: str) -> dict[str, int]:
    """The day's calls: their own id -> ours."""
    rows = session.execute(select(ReviewCall.call_id, ReviewCall.id).where(ReviewCall.date == date))
    return dict(rows.all())  # type: ignore[arg-type]


def _records(frame: pd.DataFrame) -> Iterable[dict[str, Any]]:
    """Rows as dicts with None for every kind of missing."""
    plain = frame.astype(object).where(frame.notna(), None)
    return plain.to_dict("records")  # type: ignore[return-value]
