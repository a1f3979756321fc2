"""The day's five tables as Parquet: checked against the contract, streamed, the same bytes each time.

Calls arrive one by one in order of their id and leave in row groups, so a day of 100,000 calls needs
the memory of a few hundred. Each file is written under a temporary name and renamed: a table that is
there is whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.report.rows import (
    CallResult,
    Row,
    call_row,
    ledger_row,
    measure_rows,
    utterance_rows,
    verdict_rows,
)
from pipeline.report.schema import LEDGER, TABLES, Column, Table
from pipeline.types import LedgerRow

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ROW_GROUP = 50_000  # rows held before they are written out
PACKED = 100  # calls whose rows are held as Python objects
Pack = dict[str, "pa.Table"]
T = TypeVar("T")

_ROWS_OF: dict[str, Callable[[CallResult], Iterable[Row]]] = {
    "calls": lambda result: (call_row(result),),
    "utterances": utterance_rows,
    "measures": measure_rows,
    "verdicts": verdict_rows,
}


class TableError(ValueError):
    """A table or row that breaks the contract; the message names table, column, expected, found."""


def write_tables(
    day_dir: Path, *, ledger: Iterable[LedgerRow], results: Iterable[CallResult]
) -> dict[str, Path]:
    """Write all five tables under ``day_dir/tables``; name -> path.

    ``results`` must come in ascending order of call id, each id once (TableError otherwise), and is
    read once; ``ledger`` is read after them. Nothing is replaced unless every table could be written.
    Raises OSError as the disk does.
    """
    packs = map(packed, batches(_ascending(results), PACKED))
    return write_packed(day_dir, ledger=ledger, packs=packs)


def packed(results: Iterable[CallResult]) -> Pack:
    """The rows of some calls, checked, ready to be written: table name -> rows. Raises TableError."""
    import pyarrow as pa

    rows: dict[str, list[Row]] = {name: [] for name in _ROWS_OF}
    for result in results:
        for name, rows_of in _ROWS_OF.items():
            rows[name] += map(partial(_checked, TABLES[name]), rows_of(result))
    return {
        name: pa.Table.from_pylist(found, schema=arrow_schema(TABLES[name])) for name, found in rows.items()
    }


def write_packed(day_dir: Path, *, ledger: Iterable[LedgerRow], packs: Iterable[Pack]) -> dict[str, Path]:
    """``write_tables`` of rows that were packed elsewhere, in ascending order of call id."""
    import pyarrow as pa

    folder = day_dir / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.parquet" for name in TABLES}
    with _temporary(paths) as tmp:
        sinks = {name: _Sink(TABLES[name], tmp[name]) for name in TABLES}
        try:
            for pack in packs:
                for name, rows in pack.items():
                    sinks[name].add(rows)
            told = sorted(ledger, key=lambda r: (r.call_id, r.file))
            for some in batches(told, ROW_GROUP):
                checked = [_checked(LEDGER, ledger_row(row)) for row in some]
                sinks[LEDGER.name].add(pa.Table.from_pylist(checked, schema=arrow_schema(LEDGER)))
        finally:
            for sink in sinks.values():
                sink.close()
    return paths


def read_table(day_dir: Path, name: str) -> pd.DataFrame:
    """One table as a DataFrame, checked against the contract. Raises TableError."""
    import pyarrow.parquet as pq

    if name not in TABLES:
        raise TableError(f"table expected one of: {', '.join(TABLES)}; found: {name!r}")
    path = day_dir / "tables" / f"{name}.parquet"
    if not path.is_file():
        raise TableError(f"{path}: expected a table written by callqa run; found: no such file")
    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        raise TableError(f"{path}: expected a Parquet file; found: {error}") from error
    wanted = arrow_schema(TABLES[name])
    if not table.schema.equals(wanted):
        raise TableError(f"{path}: {_difference(wanted, table.schema)}")
    return table.to_pandas()


def remove_calls(day_dir: Path, call_ids: set[str]) -> None:
    """Write every table anew without some calls, as retention asks. Raises TableError, OSError."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    paths = {n: day_dir / "tables" / f"{n}.parquet" for n in TABLES}
    gone = pa.array(sorted(call_ids), pa.string())
    with _temporary(paths) as tmp:
        for name, path in paths.items():
            table = pq.read_table(path)
            kept = table.filter(pc.invert(pc.is_in(table["call_id"], value_set=gone)))
            pq.write_table(kept, tmp[name], compression="zstd")


def frame(name: str, rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a DataFrame with the contract's types, checked; for callers that hold a small day."""
    import pyarrow as pa

    table = TABLES[name]
    found = list(rows)
    for row in found:
        check_row(table, row)
    return pa.Table.from_pylist(found, schema=arrow_schema(table)).to_pandas()


def arrow_schema(table: Table) -> pa.Schema:
    import pyarrow as pa

    kinds = {
        "string": pa.string(),
        "int": pa.int32(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "timestamp": pa.timestamp("ms", tz="UTC"),
    }
    return pa.schema([pa.field(c.name, kinds[c.dtype], nullable=c.nullable) for c in table.columns])


def check_row(table: Table, row: Row) -> None:
    """Raises TableError unless ``row`` has exactly the table's columns, each of its type."""
    if len(row) != len(table.columns) or not all(column.name in row for column in table.columns):
        wrong = sorted(row.keys() ^ set(table.column_names))
        raise TableError(
            f"{table.name}: expected columns {', '.join(table.column_names)}; "
            f"missing or unknown: {', '.join(wrong)}"
        )
    for column in table.columns:
        if not _fits(column, row[column.name]):
            raise TableError(
                f"{table.name} row {row[table.key[0]]!r}, column {column.name!r}: "
                f"expected {_wanted(column)}, found {row[column.name]!r}"
            )


def _fits(column: Column, value: Any) -> bool:
    if value is None:
        return column.nullable
    if column.choices and value not in column.choices:
        return False
    if column.dtype == "string":
        return isinstance(value, str)
    if column.dtype == "float" and type(value) is float:
        return math.isfinite(value)
    if column.dtype == "bool":
        return isinstance(value, bool)
    if column.dtype == "int":
        return isinstance(value, Integral) and not isinstance(value, bool)
    if column.dtype == "float":
        return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, datetime) and value.tzinfo is not None


def _wanted(column: Column) -> str:
    kind = f"one of {', '.join(column.choices)}" if column.choices else column.dtype
    return f"{kind} or null" if column.nullable else kind


def _difference(wanted: pa.Schema, found: pa.Schema) -> str:
    for field in wanted:
        if field.name not in found.names:
            return f"expected column {field.name!r}; found: {', '.join(found.names)}"
        if not found.field(field.name).equals(field):
            return f"column {field.name!r} expected {field.type}, found {found.field(field.name).type}"
    return f"expected columns {', '.join(wanted.names)}; found: {', '.join(found.names)}"


def _ascending(results: Iterable[CallResult]) -> Iterator[CallResult]:
    last: str | None = None
    for result in results:
        if last is not None and result.call.id <= last:
            raise TableError(
                f"results expected in ascending call id, found {result.call.id!r} after {last!r}"
            )
        last = result.call.id
        yield result


@contextmanager
def _temporary(paths: dict[str, Path]) -> Iterator[dict[str, Path]]:
    """Temporary names; renamed together when the body ends well, removed when it does not."""
    tmp = {name: path.with_name(f".{path.name}.tmp") for name, path in paths.items()}
    try:
        yield tmp
        for name, path in paths.items():
            tmp[name].replace(path)
    finally:
        for path in tmp.values():
            path.unlink(missing_ok=True)


def _storable(value: Any) -> Any:
    """Parquet text is UTF-8; a file name in another encoding keeps its odd bytes as escapes."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _checked(table: Table, row: Row) -> Row:
    check_row(table, row)
    return {name: _storable(value) for name, value in row.items()}


def batches(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """In lists of so many, the last with what is left."""
    rest = iter(things)
    while some := list(islice(rest, size)):
        yield some


class _Sink:
    """One Parquet file being written, row group by row group."""

    def __init__(self, table: Table, path: Path) -> None:
        import pyarrow.parquet as pq

        self._rows = arrow_schema(table).empty_table()
        self._writer = pq.ParquetWriter(path, self._rows.schema, compression="zstd")

    def add(self, rows: pa.Table) -> None:
        import pyarrow as pa

        self._rows = pa.concat_tables([self._rows, rows])
        while len(self._rows) >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        if len(self._rows):
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        # in one piece, so that the bytes do not depend on how the rows came
        self._writer.write_table(self._rows.slice(0, ROW_GROUP).combine_chunks())
        self._rows = self._rows.slice(ROW_GROUP)
