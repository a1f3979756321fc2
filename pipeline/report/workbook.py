"""scorecards.xlsx: what a QA lead sends on. Summary, calls, deductions, agents, teams, ledger.

Written row by row (openpyxl's write-only mode), so a day of 100,000 calls needs no more memory than
its tables. Text from outside (names, ids, what was said) can never become a formula.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipeline.report.day import DayReport, read_day, rows_of
from pipeline.report.sheet import CLOCK, Book, Column, days
from pipeline.strings import text

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 1_000_000  # Excel ends at 1,048,576
FILE_NAME = "scorecards.xlsx"


def write_workbook(day_dir: Path, *, lang: str = "zh") -> Path:
    """Write ``day_dir/scorecards.xlsx`` from the day's tables, whole or not at all.

    Raises TableError when the tables are not there, OSError as the disk does.
    """
    report = read_day(day_dir)
    book = Book(lang)
    _summary(book, report)
    book.table("calls", _call_columns(), _call_rows(report, lang), paint=_paint_call)
    faults = report.faults
    for part, begin in enumerate(range(0, max(1, len(faults)), MAX_ROWS), 1):
        rows = _fault_rows(faults.iloc[begin : begin + MAX_ROWS], report, lang)
        book.table("faults", _fault_columns(), rows, part=part)
    book.table("agents", _people_columns("agent_id"), _people_rows(report, "agent_id", lang))
    book.table("teams", _people_columns("team"), _people_rows(report, "team", lang))
    book.table("ledger", _ledger_columns(), _ledger_rows(report, lang))
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
        ("mean", _rounded(calls["total"].mean())),
        ("median", _rounded(calls["total"].median())),
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


def _call_columns() -> tuple[Column, ...]:
    return (
        Column("call_id", 26), Column("started_at", 19), Column("agent_id", 10), Column("agent_name", 12),
        Column("team", 12), Column("direction", 8), Column("duration", 8, CLOCK), Column("total", 8),
        Column("grade", 7), Column("fatal", 10), Column("flagged", 8), Column("flags", 24),
        Column("fault_count", 8), Column("unknown_count", 11), Column("role_confidence", 10, "0%"),
        Column("asr_confidence", 10, "0%"), Column("channels", 6), Column("standard", 24),
    )  # fmt: skip


def _call_rows(report: DayReport, lang: str) -> Iterator[list[Any]]:
    counts = report.faults.drop_duplicates(["call_id", "rule_id"]).groupby("call_id").size().to_dict()
    yes = text("workbook.yes", lang)
    zone = ZoneInfo(report.timezone)
    for call in rows_of(report.worst):
        yield [
            call.call_id, _local(call.started_at, zone), call.agent_id, call.agent_name, call.team,
            text(f"direction.{call.direction}", lang), days(call.duration_s), _rounded(call.total), call.grade,
            yes if call.fatal else "", yes if call.flagged else "", flag_words(call.flags, lang),
            counts.get(call.call_id, 0), report.unknown_items.get(call.call_id, 0), call.role_confidence,
            _number(call.asr_confidence), call.channels, call.standard,
        ]  # fmt: skip


def _paint_call(row: Sequence[Any]) -> str | None:
    """Fatal calls red, calls to review yellow."""
    return "fatal" if row[9] else ("flagged" if row[10] else None)


def _fault_columns() -> tuple[Column, ...]:
    return (
        Column("call_id", 26), Column("agent_id", 10), Column("agent_name", 12), Column("team", 12),
        Column("rule", 24), Column("group", 10), Column("points", 8), Column("start", 8, CLOCK),
        Column("end", 8, CLOCK),
        Column("role", 8), Column("quote", 48, wrap=True), Column("score", 10, "0%"), Column("why", 40, wrap=True),
        Column("rule_id", 24),
    )  # fmt: skip


def _fault_rows(faults: pd.DataFrame, report: DayReport, lang: str) -> Iterator[list[Any]]:
    for fault in rows_of(faults):
        yield [
            fault.call_id, fault.agent_id, fault.agent_name, fault.team,
            report.titles.get(fault.rule_id, fault.rule_id), fault.group, _rounded(fault.points),
            days(fault.start_s), days(fault.end_s), text(f"role.{fault.role}", lang) if fault.role else "",
            fault.quote or text("workbook.no_quote", lang), _number(fault.score), fault.why, fault.rule_id,
        ]  # fmt: skip


def _people_columns(by: str) -> tuple[Column, ...]:
    who = (Column("agent_id", 12), Column("agent_name", 14), Column("team", 14))
    return (
        *(who if by == "agent_id" else (Column("team", 16),)),
        Column("calls", 10), Column("mean", 10, "0.0"), Column("lowest", 10), Column("highest", 10),
        Column("fatal", 10), Column("flagged", 10), Column("lost", 10), Column("commonest", 60, wrap=True),
    )  # fmt: skip


def _people_rows(report: DayReport, by: str, lang: str) -> Iterator[list[Any]]:
    nobody = text("workbook.nobody", lang)
    for who in rows_of(report.people(by)):
        key = getattr(who, by) or nobody
        names = [key, who.name if key != nobody else "", who.of_team] if by == "agent_id" else [key]
        yield [
            *names, who.calls, _rounded(who.mean), _rounded(who.lowest), _rounded(who.highest), who.fatal, who.flagged,
            _rounded(who.lost), who.commonest,
        ]  # fmt: skip


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


def flag_words(flags: str, lang: str) -> str:
    """``fatal;sample`` in words; a flag without a word stays as it is."""
    words = []
    for flag in filter(None, flags.split(";")):
        try:
            words.append(text(f"flag.{flag}", lang))
        except KeyError:
            words.append(flag)
    return "、".join(words)


def _local(moment: Any, zone: ZoneInfo) -> datetime | None:
    """Excel knows no zones: the wall clock of the place, as the agents know it."""
    if moment is None or moment != moment:  # NaT
        return None
    return moment.to_pydatetime().astimezone(zone).replace(tzinfo=None, microsecond=0)


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _rounded(value: Any) -> float | None:
    """One decimal, and none where it is whole: Excel's own ``0.#`` shows 95 as "95."."""
    if value is None or value != value:
        return None
    short = round(float(value), 1)
    return int(short) if short.is_integer() else short


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
