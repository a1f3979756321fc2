"""The demo day's records as every switch would write them, read back and held against the truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.callsim.records import FLAVOURS, write_records
from pipeline.callsim.render import Rendered
from pipeline.callsim.script import read_script
from pipeline.cdr import read_cdr
from pipeline.config import IngestConfig
from pipeline.resources import resource

DAY = resource("models", "demo", "day")


@pytest.fixture(scope="module")
def calls() -> list[Rendered]:
    """The day's scripts and truths; no sound is needed to write their records."""
    found = []
    for path in sorted((DAY / "scripts").glob("*.yaml")):
        script = read_script(path)
        truth = json.loads((DAY / "truth" / f"{script.id}.json").read_text())
        found.append(Rendered(script, np.zeros((1, 0), np.float32), truth))
    return found


@pytest.mark.parametrize("flavour", sorted(FLAVOURS))
def test_every_flavour_tells_the_same_day(tmp_path: Path, calls: list[Rendered], flavour: str) -> None:
    paths = write_records(calls, tmp_path, flavour)
    wanted = {record.file: record for record in read_cdr(DAY / "calls.csv", IngestConfig()).records}
    source = tmp_path if flavour == "freeswitch" else next(p for p in paths if "cel" not in p.name)
    found = read_cdr(source, IngestConfig())
    assert found.reader == flavour
    assert found.problems == ()
    read = {record.file: record for record in found.records}
    assert read.keys() == wanted.keys()
    for file, record in read.items():
        want = wanted[file]
        told = (record.hangup_side, record.direction, record.agent_id)
        assert told == (want.hangup_side, want.direction, want.agent_id), file
        assert record.started_at is not None and want.started_at is not None
        assert abs((record.started_at - want.started_at).total_seconds()) < 1
