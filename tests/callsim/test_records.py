"""Call records tell the truth of the call, in each switch's manner, and lie only when told to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.callsim.plan import plan_call
from pipeline.callsim.records import FLAVOURS, GENERIC_COLUMNS, generic_row, write_records
from pipeline.callsim.render import Rendered
from pipeline.callsim.script import Script, read_script
from pipeline.callsim.truth import truth_of
from pipeline.cdr import read_cdr
from pipeline.config import IngestConfig
from tests.callsim.conftest import FIXTURES


def silent(script: Script) -> Rendered:
    """A call with its truth and no sound: all that records are made from."""
    return Rendered(script, np.zeros((1, 0), np.float32), truth_of(plan_call(script)))


@pytest.fixture(scope="module")
def tones() -> Script:
    return read_script(FIXTURES / "scripts" / "tones.yaml")


def test_generic_row_follows_the_truth(tones: Script) -> None:
    row = generic_row(silent(tones))
    assert tuple(row) == GENERIC_COLUMNS
    assert row["file"] == "tones.wav"
    assert (row["ring_s"], row["hold_s"], row["hangup_side"]) == ("6.4", "4", "customer")
    assert row["started_at"] == "2026-11-21T09:00:00+08:00"
    assert row["answered_at"] == "2026-11-21T09:00:06+08:00"
    assert row["ended_at"] == "2026-11-21T09:00:21+08:00"


def test_rings_before_the_recording_shift_the_answer(tones: Script) -> None:
    quiet = replace(tones, events=tuple(e for e in tones.events if e.do != "ringback"), ring_s=9.0)
    row = generic_row(silent(quiet))
    assert (row["ring_s"], row["answered_at"]) == ("9", "2026-11-21T09:00:09+08:00")


def test_a_record_lies_only_when_told_to(tones: Script) -> None:
    lie = silent(replace(tones, record={"hangup_side": "agent"}))
    assert generic_row(lie)["hangup_side"] == "agent"
    assert lie.truth["release"]["by"] == "customer"
    assert lie.truth["record_lies_about"] == ["hangup_side"]


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("side", ["customer", "agent"])
def test_every_manner_is_read_back_by_its_reader(
    tones: Script, tmp_path: Path, flavour: str, side: str
) -> None:
    script = replace(tones, release=replace(tones.release, by=side))
    first, *_ = write_records([silent(script)], tmp_path, flavour)
    # FreeSWITCH writes a file a leg, so its reader takes the folder; the others' first file is the CDR.
    source = tmp_path if flavour == "freeswitch" else first
    found = read_cdr(source, IngestConfig(timezone="Asia/Shanghai"))
    assert found.reader == flavour
    assert not found.problems
    (record,) = found.records
    assert record.call_id == "tones"
    assert (record.file, record.agent_id, record.direction) == ("tones.wav", "6035", "inbound")
    assert record.hangup_side == side
    assert record.started_at is not None and record.ended_at is not None
    assert record.started_at.isoformat() == "2026-11-21T09:00:00+08:00"
    assert (record.ended_at - record.started_at).total_seconds() == pytest.approx(21, abs=1)


def test_an_unknown_manner_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected one of generic, freeswitch.*found 'avaya'"):
        write_records([], tmp_path, "avaya")
