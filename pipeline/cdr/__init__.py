"""Call records (CDR) as the switches write them → one ``CallRecord`` a call.

``read_cdr`` finds out by the columns whose file it is. A bad cell costs that cell, a bad row that row;
each is told with file, line, expected and found, and the rest is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.cdr import alibaba, asterisk, freeswitch, generic, tccc
from pipeline.cdr.fields import Cells
from pipeline.cdr.join import join_rows
from pipeline.cdr.problem import CdrError, Problem
from pipeline.cdr.table import Row, Table, read_folder, read_table
from pipeline.config import IngestConfig
from pipeline.types import CallRecord

__all__ = ["READERS", "CdrError", "Problem", "Records", "read_cdr"]

READERS = ("generic", "freeswitch", "asterisk", "tccc", "alibaba")
_PER_ROW: dict[str, Callable[[Cells], CallRecord | None]] = {"tccc": tccc.record, "alibaba": alibaba.record}
_SIGNS = {
    "tccc": tccc.SIGNS,
    "alibaba": alibaba.SIGNS,
    "freeswitch": freeswitch.SIGNS,
    "asterisk": asterisk.SIGNS,
}


@dataclass(frozen=True, slots=True)
class Records:
    """``problems`` cost a cell, a row, or (line 0) the file; ``notes`` cost nothing."""

    records: tuple[CallRecord, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    reader: str


def read_cdr(path: Path, config: IngestConfig) -> Records:
    """Read a call-record file, or a folder of them (mod_json_cdr writes one a leg).

    Raises CdrError when it cannot be opened or the reader is not known.
    """
    if config.cdr_reader not in (*READERS, "auto"):
        raise CdrError(
            f"ingest.cdr_reader: expected auto or one of {', '.join(READERS)}, found {config.cdr_reader!r}"
        )
    mapped = {name.lower() for name in config.cdr_columns.values()}
    known = generic.KNOWN.union(*_SIGNS.values(), asterisk.MASTER_CSV, mapped)
    table = (
        read_folder(path, known=frozenset(known))
        if path.is_dir()
        else read_table(path, known=frozenset(known))
    )
    reader = config.cdr_reader if config.cdr_reader != "auto" else _recognise(table, mapped)
    if reader == "asterisk" and not table.header:
        _name_columns(table, asterisk.MASTER_CSV)
    zone = ZoneInfo(config.timezone)
    rows = [Cells(row.file or table.file, row, zone) for row in table.rows]
    found = _read(reader, rows, table, config)
    problems = table.problems + [problem for cells in rows for problem in cells.problems]
    checked = [_checked(record, problems, table.file) for record in join_rows(found)]
    return Records(tuple(checked), tuple(problems), tuple(table.notes), reader)


def _recognise(table: Table, mapped: set[str]) -> str:
    columns = {name.lower() for name in table.columns}
    if asterisk.is_master_csv(table):
        return "asterisk"
    if columns & (mapped | {"call_id", "file"}):
        return "generic"
    scores = {name: len(columns & signs) for name, signs in _SIGNS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else "generic"


def _read(reader: str, rows: list[Cells], table: Table, config: IngestConfig) -> list[CallRecord]:
    if reader in ("freeswitch", "asterisk"):  # a database export may shout its column names
        for cells in rows:
            cells.row = replace(cells.row, values={name.lower(): v for name, v in cells.row.values.items()})
    if reader == "freeswitch":
        return freeswitch.records(rows)
    if reader == "asterisk":
        queue, releases = _beside(Path(table.file), config, table)
        return asterisk.records(rows, queue, releases)
    if reader in _PER_ROW:
        return [record for cells in rows if (record := _PER_ROW[reader](cells))]
    names = generic.column_map(table.columns, config.cdr_columns)
    for ours, theirs in config.cdr_columns.items():
        if ours not in names and rows:
            table.problems.append(Problem(table.file, 1, f"a column {theirs!r} for {ours}", "none"))
    if rows and not {"call_id", "file"} & set(names):
        heads = ", ".join(table.columns[:12]) if table.header else "no heading"
        expected = "a column call_id or file (or a map in ingest.cdr_columns)"
        table.problems.append(Problem(table.file, 0, expected, f"columns: {heads}", lost=True))
        return []
    return [record for cells in rows if (record := generic.record(cells, names))]


def _name_columns(table: Table, names: tuple[str, ...]) -> None:
    rows = [Row(row.line, dict(zip(names, row.values.values(), strict=False))) for row in table.rows]
    table.rows[:] = rows
    table.columns = names


def _beside(
    path: Path, config: IngestConfig, table: Table
) -> tuple[dict[str, asterisk.QueueCall], dict[str, str]]:
    """queue_log and CEL: where the config says, else under their usual names beside the CDR."""
    queue: dict[str, asterisk.QueueCall] = {}
    releases: dict[str, str] = {}
    log = _named(config.queue_log, path.parent, ("queue_log",))
    cel = _named(config.cel, path.parent, ("cel.csv", "cel_custom.csv"))
    if log:
        queue, problems = asterisk.read_queue_log(log)
        table.problems.extend(problems)
        table.notes.append(f"with {log.name}")
    if cel:
        events = read_table(cel, known=asterisk.CEL_COLUMNS)
        rows = [{name.lower(): cell for name, cell in row.values.items()} for row in table.rows]
        ids = {row[name] for row in rows for name in ("linkedid", "uniqueid") if row.get(name)}
        releases = asterisk.read_cel(events, ids, ZoneInfo(config.timezone))
        table.notes.append(f"with {cel.name}")
    return queue, releases


def _named(configured: str, folder: Path, usual: tuple[str, ...]) -> Path | None:
    if configured:
        if not Path(configured).is_file():
            raise CdrError(f"{configured}: expected the file that the config names, found none")
        return Path(configured)
    return next((folder / name for name in usual if (folder / name).is_file()), None)


def _checked(record: CallRecord, problems: list[Problem], file: str) -> CallRecord:
    """A call that ends before it starts has one time wrong; which one is not known, so the end goes."""
    start, end = record.started_at or record.answered_at, record.ended_at
    if start and end and end < start:
        found = f"{end.isoformat()} before {start.isoformat()}"
        problems.append(Problem(file, 0, "ended_at after started_at", found, record.call_id))
        return replace(record, ended_at=None)
    return record
