"""The workbook's furniture: headings, widths, filters, colours, safe text. No figures here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.strings import text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"
_ILLEGAL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]"
)  # XML 1.0 has no place for them
_MAX_CHARS = 32_767  # of an Excel cell
_NO_TITLE, _MAX_TITLE = re.compile(r"[\[\]:*?/\\]"), 31  # of a sheet's title
CLOCK = "[mm]:ss"  # minutes run on past sixty
_FILLS = {"fatal": "F8CBAD", "flagged": "FFF2CC", "head": "1F4E78", "warning": "C00000"}


@dataclass(frozen=True, slots=True)
class Column:
    """``name`` is a key of [column] in the strings; ``number`` an Excel number format."""

    name: str
    width: int
    number: str | None = None
    wrap: bool = False


def clock(seconds: float | None) -> str:
    """``m:ss``, what a player shows; "" when not known."""
    if seconds is None or seconds != seconds:
        return ""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def days(seconds: float | None) -> float | None:
    """Excel's own measure of time, which sorts, sums and filters; shown through ``CLOCK``."""
    return None if seconds is None or seconds != seconds else round(seconds) / 86_400


def safe(value: Any) -> Any:
    """Text that Excel, or a CSV saved from it, can never take for a formula; other values unchanged."""
    if not isinstance(value, str):
        return None if value is None or value != value else value
    value = _ILLEGAL.sub("", value)[: _MAX_CHARS - 1]
    return f"'{value}" if value.startswith(_FORMULA) else value


class Book:
    """A workbook being written, sheet after sheet, row after row."""

    def __init__(self, lang: str) -> None:
        from openpyxl import Workbook

        self.lang = lang
        self._book = Workbook(write_only=True)
        self._rows: dict[str, int] = {}
        self._cells: dict[tuple[str, str, str | None, bool], Any] = {}

    def sheet(self, name: str, *, widths: Sequence[int], part: int = 1, of: str = "") -> Any:
        """An empty sheet; ``of`` whom it is stands in its title, cleaned and cut as Excel wants it."""
        from openpyxl.utils import get_column_letter

        title = text(f"workbook.sheet.{name}", self.lang) + (f" {part}" if part > 1 else "")
        if of:
            title = _NO_TITLE.sub(" ", safe(f"{title} {of}"))[:_MAX_TITLE].strip(" '")
        sheet = self._book.create_sheet(title)
        for index, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(index)].width = width
        return sheet

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Any]],
        *,
        part: int = 1,
        paint: Callable[[Sequence[Any]], str | None] | None = None,
    ) -> None:
        """A sheet with a frozen heading and a filter on every column."""
        from openpyxl.utils import get_column_letter

        sheet = self.sheet(name, widths=[column.width for column in columns], part=part)
        sheet.freeze_panes = "B2"
        count = self.rows(sheet, columns, rows, paint=paint)
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"

    def rows(
        self,
        sheet: Any,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Any]],
        *,
        paint: Callable[[Sequence[Any]], str | None] | None = None,
    ) -> int:
        """A heading and its rows, below what the sheet holds already; how many rows that is."""
        self.head(sheet, [text(f"column.{column.name}", self.lang) for column in columns])
        count = 1
        for row in rows:
            fill = paint(row) if paint else None
            sheet.append(
                [self._cell(sheet, value, column, fill) for value, column in zip(row, columns, strict=True)]
            )
            count += 1
        return count

    def heading(self, sheet: Any, words: str) -> None:
        from openpyxl.styles import Font

        self._append(sheet, [self._styled(sheet, words, font=Font(bold=True, size=16))])

    def warning(self, sheet: Any, words: str) -> None:
        from openpyxl.styles import Font

        self._append(
            sheet, [self._styled(sheet, words, font=Font(bold=True, size=12, color=_FILLS["warning"]))]
        )

    def head(self, sheet: Any, names: Sequence[str]) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill

        font, fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor=_FILLS["head"])
        middle = Alignment(vertical="center", wrap_text=True)
        self._append(
            sheet, [self._styled(sheet, name, font=font, fill=fill, alignment=middle) for name in names]
        )

    def line(self, sheet: Any, values: Sequence[Any]) -> None:
        self._append(sheet, [safe(value) for value in values])

    def next_row(self, sheet: Any) -> int:
        """Number of the row that comes next."""
        return self._rows.get(sheet.title, 0) + 1

    def bar_chart(self, sheet: Any, title: str, *, first_row: int, rows: int) -> None:
        """Columns A (names) and B (values) as a bar chart beside them."""
        from openpyxl.chart import BarChart, Reference

        chart = BarChart()
        chart.type, chart.title, chart.legend = "col", title, None
        chart.add_data(Reference(sheet, min_col=2, min_row=first_row, max_row=first_row + rows - 1))
        chart.set_categories(Reference(sheet, min_col=1, min_row=first_row, max_row=first_row + rows - 1))
        chart.height, chart.width, chart.gapWidth = 8, 16, 30
        chart.x_axis.delete = chart.y_axis.delete = False
        sheet.add_chart(chart, "G3")

    def save(self, path: Path) -> None:
        self._book.save(path)

    def blank(self, sheet: Any) -> None:
        self._append(sheet, [])

    def _append(self, sheet: Any, cells: list[Any]) -> None:
        self._rows[sheet.title] = self._rows.get(sheet.title, 0) + 1
        sheet.append(cells)

    def _cell(self, sheet: Any, value: Any, column: Column, fill: str | None) -> Any:
        """The value itself where it needs no style, else a cell. Cells are reused: a row is written at once,
        and making a style for each of a million cells took minutes."""
        value = safe(value)
        date = isinstance(value, datetime)
        if not (fill or date or column.wrap or (column.number and value is not None)):
            return value
        key = (sheet.title, column.name, fill, date)
        if key not in self._cells:
            self._cells[key] = self._styled(sheet, None, **_styles(column, fill, date))
        self._cells[key].value = value
        return self._cells[key]

    def _styled(self, sheet: Any, value: Any, **styles: Any) -> Any:
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(sheet, safe(value))
        for name, style in styles.items():
            setattr(cell, name, style)
        return cell


def _styles(column: Column, fill: str | None, date: bool) -> dict[str, Any]:
    from openpyxl.styles import Alignment, PatternFill

    styles: dict[str, Any] = {}
    if fill:
        styles["fill"] = PatternFill("solid", fgColor=_FILLS[fill])
    if date:
        styles["number_format"] = "yyyy-mm-dd hh:mm:ss"
    elif column.number:
        styles["number_format"] = column.number
    if column.wrap:
        styles["alignment"] = Alignment(wrap_text=True, vertical="top")
    return styles
