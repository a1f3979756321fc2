"""Rows out of CSV, JSON and xlsx, whatever encoding and delimiter they came in.

Every row keeps its line in the file, so that a message can point at it. All values are text,
stripped; nested JSON becomes dotted names (``SeatUser.Name``), lists stay JSON text.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipeline.cdr.problem import CdrError, Problem

DELIMITERS = (",", "\t", ";", "|", "\uff0c")  # the last is the full-width comma of Chinese keyboards
# A quote never closed swallows the rest of the file; no honest cell of a call record has this many lines.
_MAX_LINES_IN_A_CELL = 5


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    values: dict[str, str]
    file: str = ""  # in a folder of files: which one


@dataclass(slots=True)
class Table:
    """``header`` False: the first row was data, and columns are named "0", "1" …"""

    file: str
    columns: tuple[str, ...]
    rows: list[Row]
    header: bool = True
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_table(path: Path, *, known: frozenset[str]) -> Table:
    """Read ``path`` by its content. ``known`` column names (lower case) decide delimiter and header.

    Raises CdrError when the file cannot be read at all; every lesser fault is a Problem.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CdrError(
            f"{path}: expected a readable call-record file, found: {error.strerror or error}"
        ) from error
    if data.startswith(b"PK"):
        return _from_xlsx(path)
    text, notes = decode(data)
    table = Table(str(path), (), [], notes=notes)
    if not text.strip():
        table.problems.append(Problem(table.file, 0, "call records", "an empty file", lost=True))
    elif text.lstrip()[0] in "[{":
        _fill_from_json(table, text)
    else:
        _fill_from_csv(table, text, known)
    return table


def read_folder(folder: Path, *, known: frozenset[str]) -> Table:
    """All .json and .csv files of a folder as one table; audio and other files are passed over."""
    whole = Table(str(folder), (), [])
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".json", ".csv") or path.name.startswith("."):
            continue
        part = read_table(path, known=known)
        whole.columns = tuple(dict.fromkeys(whole.columns + part.columns))
        whole.rows += [Row(row.line, row.values, part.file) for row in part.rows]
        whole.problems += part.problems
        whole.notes += [f"{path.name}: {note}" for note in part.notes]
    if not whole.rows and not whole.problems:
        whole.problems.append(
            Problem(whole.file, 0, "call records (.json or .csv)", "none in this folder", lost=True)
        )
    return whole


def decode(data: bytes) -> tuple[str, list[str]]:
    """Text of ``data`` and a note when it was not UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace"), ["read as UTF-16"]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        # GB18030 holds GBK and GB2312; what Excel on a Chinese Windows saves as CSV
        return data.decode("gb18030", errors="replace"), ["not UTF-8; read as GB18030 (GBK)"]


def _fill_from_csv(table: Table, text: str, known: frozenset[str]) -> None:
    lines = text.replace("\0", "").splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip())
    delimiter = max(DELIMITERS, key=lambda d: (_known_in(lines[first], d, known), lines[first].count(d)))
    if delimiter != ",":
        table.notes.append(f"columns are separated by {delimiter!r}")
    cells = _cells(table, lines[first:], delimiter, first + 1)
    _, head = next(cells, (0, []))
    names = [name.strip().strip('"') for name in head]
    table.header = _known_in(lines[first], delimiter, known) > 0
    if table.header:
        table.columns = tuple(names)
    else:
        table.columns = tuple(str(i) for i in range(len(names)))
        table.rows.append(Row(first + 1, dict(zip(table.columns, names, strict=True))))
    for line, row in cells:
        _add_row(table, line, row)


def _known_in(line: str, delimiter: str, known: frozenset[str]) -> int:
    return sum(name.strip().strip('"').lower() in known for name in line.split(delimiter))


def _add_row(table: Table, line: int, row: list[str]) -> None:
    if not any(cell.strip() for cell in row):
        return
    width = len(table.columns)
    if table.header and len(row) != width and any(cell.strip() for cell in row[width:] or [" x"]):
        table.problems.append(Problem(table.file, line, f"{width} cells", f"{len(row)}"))
    # zip drops what has no column; a missing cell is an unknown value
    table.rows.append(Row(line, {name: cell.strip() for name, cell in zip(table.columns, row, strict=False)}))


def _cells(
    table: Table, lines: list[str], delimiter: str, first_line: int
) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(1 << 24)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
    start = first_line
    rows = []
    for row in reader:
        if any(cell.count("\n") > _MAX_LINES_IN_A_CELL for cell in row):
            table.problems.append(Problem(table.file, start, "a closing quote", "none; read line by line"))
            for number, line in enumerate(lines[start - first_line :], start):
                rows.append((number, [cell.strip('"') for cell in line.split(delimiter)]))
            break
        rows.append((start, row))
        start = first_line + reader.line_num
    return iter(rows)


def _fill_from_json(table: Table, text: str) -> None:
    try:
        items = list(_items(json.loads(text)))
        numbered: Iterable[tuple[int, Any]] = enumerate(items, 1)
    except json.JSONDecodeError as whole:
        numbered = _json_lines(table, text, whole)
    columns: dict[str, None] = {}
    for line, item in numbered:
        if not isinstance(item, dict):
            table.problems.append(
                Problem(table.file, line, "an object per call", type(item).__name__, lost=True)
            )
            continue
        values = dict(_flatten(item, ""))
        columns.update(dict.fromkeys(values))
        table.rows.append(Row(line, values))
    table.columns = tuple(columns)


def _items(value: Any) -> list[Any]:
    """The calls in a JSON answer, however deep the vendor wraps them (``Data.List``, ``TelCdrList``)."""
    if isinstance(value, list):
        return value
    lists = [v for v in value.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
    inner = [v for v in value.values() if isinstance(v, dict)]
    wrapper = len(value) <= 8 and not any(
        key in value for key in ("variables", "SessionId", "ContactId", "call_id")
    )
    if wrapper and lists:
        return lists[0]
    for item in inner if wrapper else ():
        found = _items(item)
        if found != [item]:
            return found
    if wrapper and isinstance(value.get("Data"), dict):
        return [value["Data"]]
    return [value]


def _json_lines(table: Table, text: str, whole: json.JSONDecodeError) -> Iterator[tuple[int, Any]]:
    good = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
            good += 1
        except json.JSONDecodeError as error:
            where, what = (number, error.msg) if good else (whole.lineno, whole.msg)
            table.problems.append(Problem(table.file, where, "JSON", what, lost=True))
            if not good:
                return


def _flatten(item: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in item.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flatten(value, f"{name}.")
        elif isinstance(value, list):
            yield name, json.dumps(value, ensure_ascii=False)
        else:
            yield name, "" if value is None else str(value).strip()


def _from_xlsx(path: Path) -> Table:
    from openpyxl import load_workbook

    table = Table(str(path), (), [])
    try:
        sheet = load_workbook(path, read_only=True, data_only=True).worksheets[0]
        for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            row = [_cell_text(cell) for cell in cells]
            if table.columns:
                _add_row(table, line, row)
            elif any(row):
                table.columns = tuple(row)
    except Exception as error:  # openpyxl lets zip, XML and key errors through
        table.problems.append(
            Problem(str(path), 0, "an Excel workbook", f"a damaged one ({type(error).__name__})", lost=True)
        )
    return table


def _cell_text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # Excel keeps 1001 as 1001.0
    return str(cell).strip()
