"""Cells into values: times with a zone, seconds, sides, directions.

Each returns None (or "unknown") for an empty cell, and raises FieldError, which says what was
expected, for a cell that holds something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from pipeline.cdr.problem import Problem
from pipeline.cdr.table import Row
from pipeline.types import Direction, Side

T = TypeVar("T")

_SIDES: dict[str, Side] = {
    "agent": "agent", "seat": "agent", "坐席": "agent", "座席": "agent", "客服": "agent",
    "customer": "customer", "user": "customer", "caller": "customer", "客户": "customer", "用户": "customer",
    "system": "system", "系统": "system",
}  # fmt: skip
_DIRECTIONS: dict[str, Direction] = {
    "inbound": "inbound", "in": "inbound", "呼入": "inbound",
    "outbound": "outbound", "out": "outbound", "呼出": "outbound", "外呼": "outbound",
}  # fmt: skip
_FORMATS = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S", "%Y-%m-%d")
_UNKNOWN = ("", "0", "-", "null", "none", "unknown", "未知", "n/a")
_EPOCH = re.compile(r"\d{10}(\.\d+)?|\d{13}|\d{16}")


class FieldError(ValueError):
    """``args[0]`` is what was expected."""


@dataclass(slots=True)
class Cells:
    """One row being read: turns bad cells into Problems and carries on with the value unknown."""

    file: str
    row: Row
    zone: ZoneInfo
    call_id: str = ""
    problems: list[Problem] = field(default_factory=list)

    def text(self, *names: str) -> str | None:
        """The first of these columns that is not empty."""
        return next((value for name in names if (value := self.row.values.get(name, ""))), None)

    def read(self, convert: Callable[[str], T | None], *names: str) -> T | None:
        for name in names:
            cell = self.row.values.get(name, "")
            if not cell:
                continue
            try:
                value = convert(cell)
            except FieldError as error:
                expected = f"{name}: {error.args[0]}"
                self.problems.append(Problem(self.file, self.row.line, expected, repr(cell), self.call_id))
                continue
            if value is not None:
                return value
        return None

    def time(self, *names: str) -> datetime | None:
        return self.read(lambda cell: parse_time(cell, self.zone), *names)

    def seconds(self, *names: str) -> float | None:
        return self.read(parse_seconds, *names)

    def side(self, *names: str) -> Side:
        return self.read(parse_side, *names) or "unknown"

    def direction(self, *names: str) -> Direction:
        return self.read(parse_direction, *names) or "unknown"

    def fault(self, expected: str, found: str, *, lost: bool = False) -> None:
        self.problems.append(Problem(self.file, self.row.line, expected, found, self.call_id, lost))


def parse_time(cell: str, zone: ZoneInfo) -> datetime | None:
    """A time with its zone; one without is taken to be in ``zone``. Epochs in s, ms and µs are known."""
    if cell.lower() in _UNKNOWN or cell.startswith("0000-00-00"):
        return None
    expected = "a time such as 2026-11-21 09:30:00"
    if _EPOCH.fullmatch(cell) and not _is_stamp(cell):
        digits = cell.split(".")[0]
        when = datetime.fromtimestamp(float(cell) / 10 ** (len(digits) - 10), zone)
    else:
        when = _parse_written(cell, expected)
        when = when.replace(tzinfo=zone) if when.tzinfo is None else when.astimezone(zone)
    if not 1990 <= when.year <= 2100:
        raise FieldError(f"{expected}, in a year from 1990 to 2100")
    return when


def _is_stamp(cell: str) -> bool:
    return len(cell) == 14 and cell.startswith(("19", "20"))


def _parse_written(cell: str, expected: str) -> datetime:
    plain = re.sub(r"[年月/.](?=\d{1,2}\D|\d{1,2}$)", "-", cell, count=2).replace("日", " ")
    plain = re.sub(r"\s+", " ", plain).strip()
    plain = re.sub(r"(?<!\d)(\d)(?=[-: ]|$)", r"0\1", plain)  # 2026-1-5 9:03:00
    for layout in _FORMATS:
        try:
            return datetime.strptime(plain, layout)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(cell)
    except ValueError:
        raise FieldError(expected) from None


def parse_seconds(cell: str) -> float | None:
    """Seconds, also from ``MM:SS`` and ``HH:MM:SS``."""
    if cell.lower() in _UNKNOWN[2:]:
        return None
    try:
        value = 0.0
        for part in cell.split(":"):
            value = value * 60 + float(part)
    except ValueError:
        raise FieldError("seconds, or HH:MM:SS") from None
    if not 0 <= value < 7 * 86400:
        raise FieldError("seconds from 0 to one week")
    return value


def parse_side(cell: str) -> Side | None:
    return _one_of(cell, _SIDES, "agent, customer or system")


def parse_direction(cell: str) -> Direction | None:
    return _one_of(cell, _DIRECTIONS, "inbound or outbound")


def parse_channel(cell: str) -> int | None:
    if cell not in ("0", "1"):
        raise FieldError("0 (left) or 1 (right)")
    return int(cell)


def _one_of(cell: str, table: dict[str, T], expected: str) -> T | None:
    if cell.lower() in _UNKNOWN:
        return None
    if cell.lower() not in table:
        raise FieldError(expected)
    return table[cell.lower()]
