"""The analysts' door opens on days and says plainly when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.store import ResultsError, open_results
from tests.review.factory import write_day


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("results")
    for date in ("2026-11-20", "2026-11-21"):
        write_day(root, date, calls=3)
    (root / "2026-11-22").mkdir()  # a day still in work has no tables yet
    return root


def test_days_and_tables(results: Path) -> None:
    door = open_results(results)
    assert door.days() == ["2026-11-20", "2026-11-21"]
    day = door.day("last")
    assert day.date == "2026-11-21"
    assert len(day.calls()) == len(day.ledger()) == 3
    assert set(day.verdicts()["call_id"]) == set(day.calls()["call_id"])
    assert {"rate.per_minute", "talk.share"} <= set(day.measures()["name"])
    assert day.call(day.utterances()["call_id"].iloc[0]).scorecard.items
    assert sorted(door.calls()["date"].unique()) == door.days()


def test_what_is_not_there_is_said(results: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ResultsError, match=r"expected results of '2026-11-22'; found: 2026-11-20, 2026-11-21"
    ):
        open_results(results).day("2026-11-22")
    with pytest.raises(ResultsError, match="found: nothing there"):
        open_results(tmp_path / "none")
    with pytest.raises(ResultsError, match="found: no day with tables"):
        open_results(tmp_path).day("last")
    with pytest.raises(ResultsError, match="at least one day"):
        open_results(tmp_path).calls()
