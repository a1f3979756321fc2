"""The analysts' door: a results folder, a day, its tables as pandas DataFrames.

::

    from pipeline.store import open_results
    day = open_results("results").day("2026-11-21")
    day.calls().groupby("team")["total"].mean()
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.report.rows import CallResult

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|undated")


class ResultsError(ValueError):
    """A results folder or day that is not there; the message names path, expected, found."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's results. Every table method raises TableError when the file breaks the contract."""

    date: str
    path: Path

    def calls(self) -> pd.DataFrame:
        """One row a scored call."""
        return self.table("calls")

    def ledger(self) -> pd.DataFrame:
        """One row a recording or record: where it ended."""
        return self.table("ledger")

    def utterances(self) -> pd.DataFrame:
        """One row an utterance."""
        return self.table("utterances")

    def measures(self) -> pd.DataFrame:
        """One row a measure and role."""
        return self.table("measures")

    def verdicts(self) -> pd.DataFrame:
        """One row an item, further rows for further evidence of it."""
        return self.table("verdicts")

    def table(self, name: str) -> pd.DataFrame:
        from pipeline.report.tables import read_table

        return read_table(self.path, name)

    def call(self, call_id: str) -> CallResult:
        """Everything about one call. Raises CallFileError."""
        from pipeline.report.calljson import read_call

        return read_call(self.path, call_id)


@dataclass(frozen=True, slots=True)
class Results:
    """A results folder: one folder a day."""

    path: Path

    def days(self) -> list[str]:
        """Days whose tables are written, oldest first; before them ``undated``, calls no source dates."""
        return sorted((day.name for day in self._day_dirs()), key=lambda name: (name != "undated", name))

    def day(self, date: str) -> Day:
        """``date`` YYYY-MM-DD, or "last". Raises ResultsError."""
        days = self.days()
        if date == "last" and days:
            date = days[-1]
        if date not in days:
            found = ", ".join(days[-5:]) if days else "no day with tables"
            raise ResultsError(f"{self.path}: expected results of {date!r}; found: {found}")
        return Day(date, self.path / date)

    def calls(self) -> pd.DataFrame:
        """The calls of every day, one frame; the ``date`` column tells them apart."""
        import pandas as pd

        frames = [self.day(date).calls() for date in self.days()]
        if not frames:
            raise ResultsError(f"{self.path}: expected at least one day with tables; found: none")
        return pd.concat(frames, ignore_index=True)

    def _day_dirs(self) -> Iterator[Path]:
        for path in self.path.iterdir():
            if _DAY.fullmatch(path.name) and (path / "tables" / "calls.parquet").is_file():
                yield path


def open_results(path: str | Path) -> Results:
    """Raises ResultsError when ``path`` is not a folder."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing there"
        raise ResultsError(f"{folder}: expected a results folder written by callqa run; found: {found}")
    return Results(folder)
