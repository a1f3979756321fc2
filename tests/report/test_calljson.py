"""A call's file holds the whole record, comes back equal, and is never a path of someone's choosing."""

from __future__ import annotations

import json
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.report.calljson import CallFileError, call_file_name, read_call, write_call
from pipeline.types import Frames, Measure, Measured
from tests.review.factory import make_result

DATE = "2026-11-21"


def test_there_and_back(tmp_path: Path) -> None:
    result = make_result(DATE, 3)
    first = write_call(tmp_path, result).read_bytes()
    back = read_call(tmp_path, result.call.id)
    assert back.call.started_at == result.call.started_at
    assert back.scorecard.items == result.scorecard.items
    assert [u.text for u in back.transcript.utterances] == [u.text for u in result.transcript.utterances]
    assert back.measured == result.measured
    assert write_call(tmp_path, result).read_bytes() == first
    write_call(tmp_path, back)
    assert read_call(tmp_path, result.call.id) == back


def _flat(value: Any) -> Any:
    """As layout 1 had it: the times of a span in the object around it."""
    if isinstance(value, list):
        return [_flat(one) for one in value]
    if not isinstance(value, dict):
        return value
    rest = {name: _flat(one) for name, one in value.items() if name != "span"}
    return rest | value.get("span", {})


def test_a_file_of_the_first_layout_is_read(tmp_path: Path) -> None:
    result = make_result(DATE, 3)
    path = write_call(tmp_path, result)
    new = read_call(tmp_path, result.call.id)
    path.write_text(json.dumps({**_flat(json.loads(path.read_bytes())), "schema": 1}), encoding="utf-8")
    assert "span" not in path.read_text(encoding="utf-8").replace("evidence_span", "")
    assert read_call(tmp_path, result.call.id) == new


def test_numbers_per_frame_stay_in_the_artefact(tmp_path: Path) -> None:
    result = make_result(DATE, 3)
    assert result.audition is not None
    frames = Frames(0.02, (array("f", [-20.0] * 500),))
    heard = replace(result.audition, level_dbfs=frames, pitch_hz=frames, loudness_lufs=frames)
    path = write_call(tmp_path, replace(result, audition=heard))
    assert b"-20.0,-20.0" not in path.read_bytes()
    found = read_call(tmp_path, result.call.id).audition
    assert found == replace(heard, level_dbfs=Frames(0.02, ()), pitch_hz=None, loudness_lufs=None)


def test_odd_bytes_of_a_file_name_stay_as_escapes(tmp_path: Path) -> None:
    result = make_result(DATE, 0)
    write_call(tmp_path, replace(result, call=replace(result.call, paths=("a\udcff.wav",))))
    assert read_call(tmp_path, result.call.id).call.paths == ("a\\udcff.wav",)


@pytest.mark.parametrize(
    "hostile", ["../../etc/passwd", ".hidden", "a/b", "", "x" * 300, "通话\n1", "con\x00", "a b"]
)
def test_a_hostile_id_stays_in_the_folder(tmp_path: Path, hostile: str) -> None:
    path = write_call(tmp_path, make_result(DATE, 0, call_id=hostile))
    assert path.parent == tmp_path / "calls"
    assert not path.name.startswith(".")
    assert len(path.name) < 120
    assert read_call(tmp_path, hostile).call.id == hostile


def test_two_ids_never_share_a_name() -> None:
    assert call_file_name("a/b") != call_file_name("a?b") != call_file_name("ab")


def test_numpy_numbers_and_nan_are_plain_json(tmp_path: Path) -> None:
    result = make_result(DATE, 0)
    odd = (Measure("x", np.float32(1.5), "s"), Measure("y", float("nan"), "s"))  # type: ignore[arg-type]
    write_call(tmp_path, replace(result, measured=Measured(odd, result.measured.events)))
    back = read_call(tmp_path, result.call.id).measured.measures
    assert [m.value for m in back] == [1.5, None]


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CallFileError, match="expected the record of call 'none'"):
        read_call(tmp_path, "none")
    (tmp_path / "calls").mkdir()
    for body, said in (
        ("{", "expected JSON"),
        ('{"schema": 9}', "expected schema 2; found: 9"),
        ("[]", "found: list"),
    ):
        (tmp_path / "calls" / "c.json").write_text(body)
        with pytest.raises(CallFileError, match=said):
            read_call(tmp_path, "c")
    (tmp_path / "calls" / "c.json").write_text('{"schema": 2}')
    with pytest.raises(CallFileError, match="expected a call record"):
        read_call(tmp_path, "c")
