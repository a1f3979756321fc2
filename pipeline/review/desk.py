"""The desk itself: where the results are, the database, the settings; handed to every request."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

from pipeline.config import ReviewConfig
from pipeline.report.calljson import CallFileError, read_call
from pipeline.report.rows import CallResult
from pipeline.review.database import Database
from pipeline.review.judge import Judge
from pipeline.review.models import ReviewCall
from pipeline.store import Results, open_results


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Desk:
    """One results folder under review."""

    results: Results
    database: Database
    config: ReviewConfig
    secret: str
    judge: Judge
    roots: dict[str, tuple[Path, ...]] = field(default_factory=dict)  # day -> folders sound may come from

    def record(self, call: ReviewCall) -> CallResult:
        """Everything about a call, from its file. Raises CallFileError."""
        return read_call(self.results.path / call.date, call.call_id)

    def recordings_of(self, date: str) -> tuple[Path, ...]:
        """Folders a day's sound may be served from, resolved."""
        if date not in self.roots:
            self.roots[date] = self._find_roots(date)
        return self.roots[date]

    def _find_roots(self, date: str) -> tuple[Path, ...]:
        named = list(self.config.recordings)
        if not named:
            try:
                run = json.loads((self.results.path / date / "run.json").read_text(encoding="utf-8"))
                named = [str(run["recordings"])]
            except (OSError, ValueError, KeyError, TypeError):
                named = []  # without it only the results folder itself is open
        folders = [Path(n).resolve() for n in named]
        return (*(p if p.is_dir() else p.parent for p in folders), self.results.path.resolve())


def open_desk(results: Path, *, url: str | None = None, config: ReviewConfig | None = None) -> Desk:
    """Open the results and the database (by default ``review.db`` in the results folder), schema up to date.

    Raises ResultsError, DatabaseError.
    """
    found = open_results(results)
    database = Database(url or f"sqlite:///{found.path.resolve() / 'review.db'}")
    database.migrate()
    return Desk(found, database, config or ReviewConfig(), database.secret("audio"), Judge(found.path))


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


__all__ = ["CallFileError", "Desk", "desk_of", "now", "open_desk"]
