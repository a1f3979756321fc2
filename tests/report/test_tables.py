"""The five tables keep their contract: columns, types, order, bytes, and a clear refusal."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.report.rows import CallResult, ledger_row
from pipeline.report.schema import LEDGER, TABLES, Column, Table
from pipeline.report.tables import TableError, read_table, table_of, write_tables
from pipeline.report.tables_doc import tables_doc
from pipeline.types import Evidence, LedgerRow, Scorecard, Span, Verdict
from tests.review.factory import make_result

DATE = "2026-11-21"


def _scored(result: CallResult) -> LedgerRow:
    return LedgerRow(result.call.id, "a.wav", "0" * 64, "scored", "score", "")


def _with_items(result: CallResult, *items: Verdict) -> CallResult:
    card: Scorecard = replace(result.scorecard, items=items)
    return replace(result, scorecard=card)


def test_every_table_comes_back_with_the_contracts_columns(tmp_path: Path) -> None:
    results = [make_result(DATE, n) for n in range(3)]
    paths = write_tables(tmp_path, ledger=map(_scored, results), results=results)
    assert set(paths) == {"ledger", "calls", "utterances", "measures", "verdicts"}
    for name, table in TABLES.items():
        found = read_table(tmp_path, name)
        assert tuple(found.columns) == table.column_names
        assert len(found) > 0
    calls = read_table(tmp_path, "calls")
    assert list(calls["call_id"]) == [r.call.id for r in results]
    assert calls["started_at"].iloc[0].isoformat() == "2026-11-21T01:00:00+00:00"  # 09:00 in Shanghai


def test_same_calls_same_bytes(tmp_path: Path) -> None:
    results = [make_result(DATE, n) for n in range(2)]
    first = write_tables(tmp_path / "a", ledger=map(_scored, results), results=results)
    second = write_tables(tmp_path / "b", ledger=map(_scored, reversed(results)), results=iter(results))
    assert all(first[name].read_bytes() == second[name].read_bytes() for name in TABLES)


def test_points_stand_on_an_items_first_row_only(tmp_path: Path) -> None:
    twice = (Evidence(Span(1, 2), "agent", "不知道", 0.9), Evidence(Span(5, 6), "agent", "不清楚", 0.8))
    item = Verdict("taboo.dont_know", "fail", -5.0, "禁语", "说不知道", twice, why="两处")
    unsaid = Verdict("close.farewell", "fail", -3.0, "结束", "结束语", searched=Span(10, 20), why="未说")
    write_tables(tmp_path, ledger=(), results=[_with_items(make_result(DATE, 0), item, unsaid)])
    rows = read_table(tmp_path, "verdicts")
    assert list(rows["rule_id"]) == ["close.farewell", "taboo.dont_know", "taboo.dont_know"]
    assert list(rows["points"]) == [-3.0, -5.0, 0.0]
    assert list(rows["start_s"]) == [10.0, 1.0, 5.0]
    assert rows["quote"].isna().tolist() == [True, False, False]


def test_a_bad_row_names_table_column_expected_found() -> None:
    good = LedgerRow("c1", "a.wav", "", "scored", "score", "")
    for wrong, said in (
        ({"status": "done"}, r"ledger row 'c1', column 'status': expected one of scored.*found 'done'"),
        ({"sha256": None}, r"'sha256': expected string, found None"),
        ({"file": 7}, r"'file': expected string, found 7"),
    ):
        with pytest.raises(TableError, match=said):
            table_of(LEDGER, [ledger_row(replace(good, call_id="c0")), ledger_row(replace(good, **wrong))])
    with pytest.raises(TableError, match=r"ledger: expected a value for each of call_id, .*; found 7 values"):
        table_of(LEDGER, [(*ledger_row(good), "red")])


@pytest.mark.parametrize(
    ("column", "fits", "misfits"),
    [
        (Column("a", "float", ""), [1.5, 2, np.float32(3)], [math.nan, math.inf, True, "1", None]),
        (Column("a", "float", "", nullable=True), [1.5, None], [math.nan, "1"]),
        (Column("a", "int", ""), [1, np.int64(2)], [1.0, True, None]),
        (Column("a", "bool", ""), [True, False], [1, None]),
        (Column("a", "string", "", nullable=True, choices=("x", "y")), ["x", None], ["z", 1]),
        (Column("a", "timestamp", ""), [datetime(2026, 11, 21, tzinfo=UTC)], [datetime(2026, 11, 21), "now"]),
    ],
)  # fmt: skip
def test_a_column_takes_its_type_and_nothing_else(column: Column, fits: list, misfits: list) -> None:
    table = Table("t", "", ("a",), (column,))
    assert table_of(table, [(value,) for value in fits]).num_rows == len(fits)
    assert table_of(table, []).num_rows == 0
    for wrong in misfits:
        with pytest.raises(TableError, match=f"column 'a': expected .*found {re.escape(repr(wrong))}"):
            table_of(table, [*((value,) for value in fits), (wrong,)])


def test_a_day_that_fails_half_way_keeps_the_old_tables(tmp_path: Path) -> None:
    good = make_result(DATE, 0)
    paths = write_tables(tmp_path, ledger=(), results=[good])
    before = {name: path.read_bytes() for name, path in paths.items()}
    naive = replace(make_result(DATE, 1).call, started_at=good.call.started_at.replace(tzinfo=None))  # type: ignore[union-attr]
    with pytest.raises(TableError, match="'started_at'"):
        write_tables(tmp_path, ledger=(), results=[good, replace(make_result(DATE, 1), call=naive)])
    assert {name: path.read_bytes() for name, path in paths.items()} == before
    assert sorted(p.name for p in (tmp_path / "tables").iterdir()) == sorted(p.name for p in paths.values())


def test_calls_out_of_order_or_twice_are_refused(tmp_path: Path) -> None:
    one, two = make_result(DATE, 1), make_result(DATE, 2)
    for wrong in ([two, one], [one, one]):
        with pytest.raises(TableError, match="ascending call id"):
            write_tables(tmp_path, ledger=(), results=wrong)


def test_a_file_name_in_another_encoding_is_kept_as_escapes(tmp_path: Path) -> None:
    row = LedgerRow("c", b"\xb2\xe2.wav".decode("utf-8", "surrogateescape"), "", "failed", "ingest", "坏文件")
    write_tables(tmp_path, ledger=[row], results=())
    assert read_table(tmp_path, "ledger")["file"][0] == r"\udcb2\udce2.wav"


def test_reading_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file"):
        read_table(tmp_path, "calls")
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "calls.parquet").write_text("not parquet")
    with pytest.raises(TableError, match="expected a Parquet file"):
        read_table(tmp_path, "calls")
    with pytest.raises(TableError, match="expected one of: ledger"):
        read_table(tmp_path, "scores")


def test_the_page_is_fresh() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "tables.md"
    assert page.read_text(encoding="utf-8") == tables_doc(), "run: python -m pipeline.report.tables_doc"
