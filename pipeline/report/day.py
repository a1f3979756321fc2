"""One day's figures for the workbook and the page: read from its tables, summed once.

Only what the two show is read: the failed items, not the passes, so a day of 100,000 calls (six
million verdicts) fits.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.report.calljson import CallFileError, read_call
from pipeline.report.tables import arrow_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

BANDS = tuple(range(0, 100, 10))  # score bands of ten points; the last holds 100, the first all below 10
DEMO = "demo"


@dataclass(frozen=True)
class DayReport:
    """``faults``: one row a failed item's evidence, as in the verdicts table, worst call first with
    the call's agent and team beside it. ``titles``: rule id → its name in words."""

    date: str
    path: Path
    calls: pd.DataFrame
    ledger: pd.DataFrame
    faults: pd.DataFrame
    unknown_items: dict[str, int]  # call id → items that could not be judged
    titles: dict[str, str]
    profile: str
    complete: bool
    timezone: str

    @property
    def is_demo(self) -> bool:
        return self.profile == DEMO

    @cached_property
    def statuses(self) -> dict[str, int]:
        """Scored, failed, excluded, missing_audio: always all four."""
        counts = Counter(self.ledger["status"])
        return {status: counts[status] for status in ("scored", "failed", "excluded", "missing_audio")}

    @cached_property
    def bands(self) -> list[int]:
        """Calls per band of ten points."""
        totals = self.calls["total"].dropna().clip(0, 99.999)
        counts = Counter((totals // 10).astype(int))
        return [counts[band // 10] for band in BANDS]

    @cached_property
    def worst(self) -> pd.DataFrame:
        """The calls, fatal and lowest first."""
        return self.calls.sort_values(["fatal", "total", "call_id"], ascending=[False, True, True])

    @cached_property
    def common_faults(self) -> pd.DataFrame:
        """rule_id, title, group, calls, points (lost), commonest first."""
        return _summed_faults(self.faults, self.titles)

    def only(self, by: str, key: str) -> DayReport:
        """The same day of one agent (``by="agent_id"``) or team alone."""
        calls = self.calls[self.calls[by].fillna("") == key]
        faults = self.faults[self.faults["call_id"].isin(calls["call_id"])]
        return replace(self, calls=calls, faults=faults)

    def people(self, by: str) -> pd.DataFrame:
        """One row an agent (``by="agent_id"``) or team: calls, mean, lowest, fatal, flagged, points lost and
        the three commonest faults; lowest mean first. Calls without the field stand under ""."""
        calls = self.calls.assign(**{by: self.calls[by].fillna("")})
        grouped = calls.groupby(by, sort=False)
        table = grouped.agg(
            calls=("call_id", "count"), mean=("total", "mean"), lowest=("total", "min"),
            highest=("total", "max"), fatal=("fatal", "sum"), flagged=("flagged", "sum"),
            name=("agent_name", "first"), of_team=("team", "first"),
        ).reset_index()  # fmt: skip
        owner = dict(zip(calls["call_id"], calls[by], strict=True))
        whose = self.faults["call_id"].map(owner)
        lost = self.faults["points"].groupby(whose).sum()
        firsts = self.faults.drop_duplicates(["call_id", "rule_id"])
        counts = firsts["rule_id"].groupby(firsts["call_id"].map(owner)).value_counts()
        table["lost"] = table[by].map(lost).fillna(0.0)
        table["commonest"] = [self._commonest(counts, key) for key in table[by]]
        return table.sort_values(["mean", by], na_position="last").reset_index(drop=True)

    def _commonest(self, counts: pd.Series, key: str) -> str:
        if key not in counts.index.get_level_values(0):
            return ""
        top = counts.loc[key].head(3)
        return ";".join(f"{self.titles.get(str(rule), rule)}×{n}" for rule, n in top.items())


def read_day(day_dir: Path) -> DayReport:
    """Raises TableError when the day's tables are not there or break the contract."""
    calls = _plain(arrow_table(day_dir, "calls"))
    run = _run_file(day_dir)
    faults, unknown = _verdicts(day_dir)
    faults = faults.merge(
        calls[["call_id", "agent_id", "agent_name", "team", "total", "fatal"]], on="call_id", how="left"
    )
    # an item's further evidence has no points of its own: it stays beside the first
    faults["item"] = faults.groupby(["call_id", "rule_id"])["points"].transform("sum")
    faults = faults.sort_values(
        ["fatal", "total", "call_id", "item", "rule_id", "start_s"],
        ascending=[False, True, True, True, True, True],
    ).drop(columns="item")
    return DayReport(
        date=day_dir.name,
        path=day_dir,
        calls=calls,
        ledger=_plain(arrow_table(day_dir, "ledger")),
        faults=faults.reset_index(drop=True),
        unknown_items=unknown,
        titles=_titles(day_dir, faults),
        profile=str(run.get("profile", "")),
        complete=bool(run.get("complete", True)),
        timezone=str(run.get("config", {}).get("ingest", {}).get("timezone", "Asia/Shanghai")),
    )


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Its rows as named tuples."""
    yield from frame.itertuples(index=False)


def _verdicts(day_dir: Path) -> tuple[pd.DataFrame, dict[str, int]]:
    """The failed items, and how many could not be judged by call; read piece by piece, for most passed."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    failed, unknown = [], Counter[str]()
    with pq.ParquetFile(day_dir / "tables" / "verdicts.parquet") as file:
        for batch in file.iter_batches(use_threads=False):
            failed.append(batch.filter(pc.equal(batch["outcome"], "fail")))
            unknown.update(batch["call_id"].filter(pc.equal(batch["outcome"], "unknown")).to_pylist())
        return _plain(pa.Table.from_batches(failed, file.schema_arrow)), dict(unknown)


def _plain(table: pa.Table) -> pd.DataFrame:
    """Text as Python's own, one for all cells alike, and None for null: pandas' own NaN is true and equal to
    nothing."""
    import pandas as pd
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns):
        if pa.types.is_string(column.type):
            coded = column.combine_chunks().dictionary_encode()
            words = np.array([*coded.dictionary.to_pylist(), None], object)
            cells = words[coded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)]
            columns[name] = pd.Series(cells, dtype=object)
        else:
            columns[name] = column.to_pandas()
    return pd.DataFrame(columns)


def _summed_faults(faults: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    grouped = faults.groupby("rule_id", sort=False)
    table = grouped.agg(group=("group", "first"), calls=("call_id", "nunique"), points=("points", "sum"))
    table = table.reset_index()
    table["title"] = [titles.get(rule, rule) for rule in table["rule_id"]]
    return table.sort_values(["calls", "points", "rule_id"], ascending=[False, True, True]).reset_index(
        drop=True
    )


def _titles(day_dir: Path, faults: pd.DataFrame) -> dict[str, str]:
    """Names of the failed rules, out of as few call files as hold them all."""
    titles: dict[str, str] = {}
    for rule_id, call_id in _first_call_of_each(faults):
        if rule_id in titles:
            continue
        try:
            items = read_call(day_dir, call_id).scorecard.items
        except CallFileError:
            continue
        titles |= {item.rule_id: item.title for item in items if item.title}
    return titles


def _first_call_of_each(faults: pd.DataFrame) -> Iterator[tuple[str, str]]:
    firsts = faults.drop_duplicates("rule_id")
    yield from zip(firsts["rule_id"], firsts["call_id"], strict=True)


def _run_file(day_dir: Path) -> dict[str, Any]:
    """What the run said of itself; a day without it (moved, exported) is shown all the same."""
    try:
        found = json.loads((day_dir / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
