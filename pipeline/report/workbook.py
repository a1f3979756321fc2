"""scorecards.xlsx: what a QA lead sends on. Summary, calls, deductions, agents, teams, ledger; then a sheet a team
and a sheet an agent.

Written row by row (openpyxl's write-only mode), so a day of 100,000 calls needs no more memory than
its tables. Text from outside (names, ids, what was said) can never become a formula.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.report.day import DayReport, read_day, rows_of
from pipeline.report.listings import (
    call_columns,
    call_rows,
    fault_columns,
    fault_rows,
    paint_call,
    people_columns,
    people_rows,
    rounded,
)
from pipeline.report.people_sheets import write_people
from pipeline.report.sheet import Book, Column
from pipeline.strings import text

MAX_ROWS = 1_000_000  # Excel ends at 1,048,576
FILE_NAME = "scorecards.xlsx"


def write_workbook(day_dir: Path, *, lang: str = "zh") -> Path:
    """Write ``day_dir/scorecards.xlsx`` from the day's tables, whole or not at all.

    Raises TableError when the tables are not there, OSError as the disk does.
    """
    report = read_day(day_dir)
    book = Book(lang)
    _summary(book, report)
    book.table("calls", call_columns(), call_rows(report, lang), paint=paint_call)
    faults = report.faults
    for part, begin in enumerate(range(0, max(1, len(faults)), MAX_ROWS), 1):
        rows = fault_rows(faults.iloc[begin : begin + MAX_ROWS], report, lang)
        book.table("faults", fault_columns(), rows, part=part)
    book.table("agents", people_columns("agent_id"), people_rows(report, "agent_id", lang))
    book.table("teams", people_columns("team"), people_rows(report, "team", lang))
    book.table("ledger", _ledger_columns(), _ledger_rows(report, lang))
    write_people(book, report)
    path = day_dir / FILE_NAME
    tmp, steady = (path.with_name(f".{path.name}.{end}") for end in ("raw", "tmp"))
    try:
        book.save(tmp)
        _steady_zip(tmp, steady)
        steady.replace(path)
    finally:
        tmp.unlink(missing_ok=True)
        steady.unlink(missing_ok=True)
    return path


def _summary(book: Book, report: DayReport) -> None:
    sheet = book.sheet("summary", widths=(30, 16, 16, 16, 44))
    book.heading(sheet, text("workbook.title", book.lang, date=report.date))
    if report.is_demo:
        book.warning(sheet, text("workbook.demo", book.lang))
    if not report.complete:
        book.warning(sheet, text("workbook.incomplete", book.lang))
    calls = report.calls
    book.blank(sheet)
    book.head(sheet, [text("workbook.summary.figures", book.lang)])
    for status, count in report.statuses.items():
        book.line(sheet, [text(f"status.{status}", book.lang), count])
    figures: list[tuple[str, Any]] = [
        ("recordings", len(report.ledger)),
        ("hours", round(float(calls["duration_s"].sum()) / 3600, 2)),
        ("mean", rounded(calls["total"].mean())),
        ("median", rounded(calls["total"].median())),
        ("fatal", int(calls["fatal"].sum())),
        ("flagged", int(calls["flagged"].sum())),
        ("faults", len(report.faults.drop_duplicates(["call_id", "rule_id"]))),
        ("unknown", sum(report.unknown_items.values())),
    ]
    for name, value in figures:
        book.line(sheet, [text(f"workbook.summary.{name}", book.lang), value])
    _summary_grades(book, sheet, report)
    _summary_faults(book, sheet, report)
    book.blank(sheet)
    first = book.next_row(sheet) + 1
    book.head(sheet, [text(f"workbook.summary.{name}", book.lang) for name in ("band", "count")])
    for low, count in zip(range(0, 100, 10), report.bands, strict=True):
        book.line(sheet, [f"{low}–{100 if low == 90 else low + 9}", count])
    book.bar_chart(sheet, text("workbook.summary.chart", book.lang), first_row=first, rows=len(report.bands))


def _summary_grades(book: Book, sheet: Any, report: DayReport) -> None:
    book.blank(sheet)
    book.head(sheet, [text(f"workbook.summary.{name}", book.lang) for name in ("grades", "count")])
    grades = report.calls.groupby("grade")["total"].agg(["size", "mean"]).sort_values("mean", ascending=False)
    for grade, count in grades["size"].items():
        book.line(sheet, [grade, int(count)])
    book.blank(sheet)
    book.head(sheet, [text(f"workbook.summary.{name}", book.lang) for name in ("standards", "count")])
    for standard, count in report.calls["standard"].value_counts().items():
        book.line(sheet, [standard, int(count)])


def _summary_faults(book: Book, sheet: Any, report: DayReport) -> None:
    book.blank(sheet)
    names = [text("workbook.summary.common", book.lang)]
    names += [text(f"column.{name}", book.lang) for name in ("calls", "points", "group", "rule_id")]
    book.head(sheet, names)
    for fault in rows_of(report.common_faults.head(15)):
        book.line(sheet, [fault.title, fault.calls, fault.points, fault.group, fault.rule_id])


def _ledger_columns() -> tuple[Column, ...]:
    return (
        Column("call_id", 26), Column("file", 50), Column("status", 10), Column("stage", 12),
        Column("reason", 80, wrap=True), Column("sha256", 20),
    )  # fmt: skip


def _ledger_rows(report: DayReport, lang: str) -> Iterable[list[Any]]:
    """What was not scored stands first."""
    order = {"failed": 0, "missing_audio": 1, "excluded": 2, "scored": 3}
    ledger = report.ledger.assign(order=report.ledger["status"].map(order)).sort_values(["order", "call_id"])
    for row in rows_of(ledger.head(MAX_ROWS)):
        status, stage = text(f"status.{row.status}", lang), stage_words(row.stage, lang)
        yield [row.call_id, row.file, status, stage, row.reason, row.sha256]


def stage_words(stage: str, lang: str) -> str:
    """A stage in words; one without a word stays as it is."""
    try:
        return text(f"stage.{stage}", lang)
    except KeyError:
        return stage


def _steady_zip(source: Path, target: Path) -> None:
    """The same workbook gives the same bytes: no clock in the archive."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with old.open(name) as body, new.open(entry, "w") as sink:
                if name == "docProps/core.xml":
                    sink.write(_without_clock(body.read()))
                    continue
                while block := body.read(1 << 20):
                    sink.write(block)


def _without_clock(core: bytes) -> bytes:
    import re

    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", core)
