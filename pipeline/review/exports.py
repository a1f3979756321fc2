"""Tables out of the desk as CSV and xlsx, with nothing in a cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.review.masking import mask_text

# OWASP CSV Injection: a cell that begins like this is a formula to a spreadsheet; full-width forms too
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
SHEET_ROWS = 1_000_000

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def harmless(value: Any, *, see_numbers: bool) -> Any:
    """A cell's value: numbers stay numbers; text is covered, stripped of control characters, and cannot run."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return value
    text = _CONTROL.sub("", str(value))
    if not see_numbers:
        text = mask_text(text)
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_DANGEROUS) else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Any]], *, see_numbers: bool) -> bytes:
    """CSV with a BOM, which Excel needs to read Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(v, see_numbers=see_numbers) for v in row])
    return out.getvalue().encode("utf-8-sig", "backslashreplace")


def as_xlsx(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]], *, see_numbers: bool) -> bytes:
    """One sheet with a frozen heading and filters. Text cells are text, whatever they begin with."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for i, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(i)].width = max(10, min(40, len(name) * 2 + 6))
    bold = [WriteOnlyCell(sheet, value=name) for name in head]
    for cell in bold:
        cell.font = Font(bold=True)
    sheet.append(bold)
    count = 0
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=harmless(value, see_numbers=see_numbers))
            if isinstance(cell.value, str):
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
        count += 1
        if count >= SHEET_ROWS:
            break
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{count + 1}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
