"""The day's five tables as Parquet: checked against the contract, streamed, the same bytes each time.

Calls arrive one by one in order of their id and leave in row groups, so a day of 100,000 calls needs
the memory of a few hundred. Each file is written under a temporary name and renamed: a table that is
there is whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.report.rows import (
    CallResult,
    Row,
    call_rows,
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

_PLAIN: dict[str, type] = {"string": str, "int": int, "float": float, "bool": bool}
_ROWS_OF: dict[str, Callable[[CallResult], Iterable[Row]]] = {
    "calls": call_rows,
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
    known = list(results)
    return {
        name: table_of(TABLES[name], chain.from_iterable(map(rows_of, known)))
        for name, rows_of in _ROWS_OF.items()
    }


def write_packed(day_dir: Path, *, ledger: Iterable[LedgerRow], packs: Iterable[Pack]) -> dict[str, Path]:
    """``write_tables`` of rows that were packed elsewhere, in ascending order of call id."""
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
                sinks[LEDGER.name].add(table_of(LEDGER, map(ledger_row, some)))
        finally:
            for sink in sinks.values():
                sink.close()
    return paths


def read_table(day_dir: Path, name: str) -> pd.DataFrame:
    """One table as a DataFrame, checked against the contract. Raises TableError."""
    return arrow_table(day_dir, name).to_pandas()


def arrow_table(day_dir: Path, name: str) -> pa.Table:
    """The same as Arrow."""
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
    return table


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


def table_of(table: Table, rows: Iterable[Row]) -> pa.Table:
    """The rows as Arrow. Raises TableError unless each has a value for every column, of its type."""
    import pyarrow as pa

    found = list(rows)
    if odd := {len(row) for row in found} - {len(table.columns)}:
        names = ", ".join(table.column_names)
        raise TableError(f"{table.name}: expected a value for each of {names}; found {min(odd)} values")
    schema, values = arrow_schema(table), list(zip(*found)) or [()] * len(table.columns)
    for column, own in zip(table.columns, values, strict=True):
        if (wrong := _misfit(column, own)) is not None:
            raise TableError(
                f"{table.name} row {found[wrong][0]!r}, column {column.name!r}: "
                f"expected {_wanted(column)}, found {own[wrong]!r}"
            )
    arrays = [_array(own, field.type) for own, field in zip(values, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # a file name that is not UTF-8 keeps its odd bytes as escapes
        escaped = (value and value.encode("utf-8", "backslashreplace").decode("utf-8") for value in values)
        return pa.array(list(escaped), kind)


def _misfit(column: Column, values: Sequence[Any]) -> int | None:
    """Number of the first value the column does not take. That all are of one plain type, finite and among the
    choices is seen at a glance; only where they are not is each looked at."""
    told = [value for value in values if value is not None] if column.nullable else values
    good = set(map(type, told)) <= {_PLAIN.get(column.dtype)}
    if good and column.dtype == "float":
        good = all(map(math.isfinite, told))
    if good and column.choices:
        good = set(told) <= set(column.choices)
    return None if good else next((n for n, value in enumerate(values) if not _fits(column, value)), None)


def _fits(column: Column, value: Any) -> bool:
    if value is None:
        return column.nullable
    if column.choices and value not in column.choices:
        return False
    if column.dtype == "string":
        return isinstance(value, str)
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
