"""``callqa demo``: the shipped day, whole, through the real engines; again in seconds; shown in the terminal."""

import re
import subprocess
import sys
import time

import numpy as np
import pytest

from models.train.evaluate_day import compare
from pipeline.resources import resource
from pipeline.store import open_results

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.xdist_group("demo")]  # one run for all
CALLS = sorted(path.stem for path in resource("models", "demo", "day").glob("*.wav"))


def callqa(*words):
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "pipeline.cli", *words], capture_output=True, text=True)
    return done, time.monotonic() - started


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    done, _ = callqa("demo", "--results", str(folder), "--progress", "quiet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CALLS)} scored, 0 excluded by rule, 0 failed, 0 records without audio" in done.stdout
    assert "DEMO MODEL" in done.stdout
    return folder


def test_every_call_of_the_day_is_in_the_ledger_and_the_tables(results):
    day = open_results(results).day("2026-11-21")
    assert sorted(day.ledger()["call_id"]) == CALLS
    assert set(day.ledger()["status"]) == {"scored"}
    assert sorted(day.calls()["call_id"]) == CALLS
    assert (day.path / "scorecards.xlsx").stat().st_size > 5_000
    assert "演示模型" in (day.path / "report.html").read_text(encoding="utf-8")


def test_the_second_run_finds_everything_done(results):
    done, seconds = callqa("demo", "--results", str(results), "--progress", "quiet")
    assert done.returncode == 0
    assert f"{len(CALLS)} calls were done already" in done.stdout
    assert seconds < 30


@pytest.mark.parametrize("call_id", [CALLS[0], CALLS[9]])
def test_show_prints_the_scorecard_and_the_transcript(results, call_id):
    done, _ = callqa("show", call_id, "--all", "--results", str(results))
    assert done.returncode == 0, done.stderr
    assert call_id in done.stdout
    assert re.search(r"[✓✗?]  .*\(open\.greeting\)", done.stdout)
    assert re.search(r"\d:\d\d (坐席|客户)", done.stdout)


def test_show_of_an_unknown_call_says_where_it_looked(results):
    done, _ = callqa("show", "nobody", "--results", str(results))
    assert done.returncode == 2
    assert "nobody" in done.stderr and "2026-11-21" in done.stderr


def test_the_day_is_judged_as_the_truth_says(results):
    """From sound to scorecard: every planted fault is found (mono: or left open), no clean call loses a point."""
    calls = list(compare(results))
    assert np.mean([call.cer for call in calls]) <= 0.06
    missed = {c.call_id: c.planted - c.found - (c.unknown if c.layout == "mono" else set()) for c in calls}
    assert not any(missed.values()), missed
    assert {c.call_id: c.false for c in calls if not c.planted and c.false} == {}
