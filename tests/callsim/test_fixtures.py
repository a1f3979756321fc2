"""The shipped sound agrees with the shipped truth, measured without espeak-ng."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.callsim.demo_day import demo_day, scripts_in
from pipeline.callsim.plan import plan_call
from pipeline.callsim.truth import truth_of
from tests.callsim.conftest import FIXTURES
from tests.callsim.measured import bursts, level_db, piece

FOLDERS = pytest.mark.parametrize("folder", [FIXTURES, demo_day()], ids=["fixtures", "demo-day"])


def truths(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(p.read_text(encoding="utf-8")) for p in sorted((folder / "truth").glob("*.json"))]


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "calls.csv").open(encoding="utf-8", newline="") as file:
        return {row["call_id"]: row for row in csv.DictReader(file)}


@FOLDERS
def test_truth_is_what_the_scripts_plan(folder: Path) -> None:
    planned = [json.loads(json.dumps(truth_of(plan_call(s)))) for s in scripts_in(folder)]
    assert sorted(planned, key=lambda t: t["call_id"]) == truths(folder)


@FOLDERS
def test_every_call_has_sound_of_its_length_and_a_record(folder: Path) -> None:
    records = rows(folder)
    for truth in truths(folder):
        info = soundfile.info(folder / records[truth["call_id"]]["file"])
        assert info.subtype == {"ulaw": "ULAW", "alaw": "ALAW"}[truth["codec"]]
        assert info.samplerate == 8_000
        assert info.channels == (2 if truth["layout"] == "stereo" else 1)
        assert info.duration == pytest.approx(truth["duration_s"], abs=0.003)
    assert len(records) == len(truths(folder))


def test_shipped_speech_stands_where_the_truth_says() -> None:
    off = []
    for truth in truths(demo_day())[:6]:
        if truth["layout"] != "stereo" or truth["overlaps"]:
            continue
        audio, _ = soundfile.read(demo_day() / f"{truth['call_id']}.wav", dtype="float32")
        for line in truth["utterances"]:
            around = piece(audio[:, line["channel"]], line["start_s"] - 0.08, line["end_s"] + 0.1)
            heard = bursts(around, 0.006)
            off.append(abs(heard[0][0] - 0.08))
            off.append(abs(heard[-1][1] - 0.08 - (line["end_s"] - line["start_s"])))
    assert len(off) > 60
    # Soft consonants at an edge stay below the threshold for a while.
    assert np.median(off) < 0.02
    assert np.percentile(off, 90) < 0.08
    assert max(off) < 0.25


def test_a_muted_leg_is_digital_silence_and_only_then() -> None:
    (truth,) = [t for t in truths(FIXTURES) if t["call_id"] == "lost"]
    audio, _ = soundfile.read(FIXTURES / "lost.wav", dtype="float32")
    assert len(truth["silent_legs"]) == 2
    for silent in truth["silent_legs"]:
        assert not np.any(
            piece(audio[:, silent["channel"]], silent["start_s"] + 0.01, silent["end_s"] - 0.01)
        )
    mute = truth["silent_legs"][0]
    assert level_db(piece(audio[:, mute["channel"]], mute["start_s"] - 0.5, mute["start_s"])) > -60


def test_the_demo_day_is_what_the_readme_promises() -> None:
    days = truths(demo_day())
    assert len(days) >= 12
    assert all(30 <= t["duration_s"] <= 120 for t in days)
    layouts = [t["layout"] for t in days]
    assert layouts.count("mono") in (2, 3) and layouts.count("stereo") == len(days) - layouts.count("mono")
    assert {t["agent_channel"] for t in days} == {0, 1, None}
    assert {t["codec"] for t in days} == {"ulaw", "alaw"}
    assert sum(t["clean"] for t in days) >= 5
    assert len({f["rule_id"] for t in days for f in t["faults"]}) >= 20
    assert any(t["record_lies_about"] for t in days)
    assert sum(p.stat().st_size for p in demo_day().rglob("*") if p.is_file()) <= 12_500_000


def test_no_call_both_plants_and_forbids_a_rule() -> None:
    for truth in [*truths(demo_day()), *truths(FIXTURES)]:
        assert not {f["rule_id"] for f in truth["faults"]} & set(truth["must_not_find"])
