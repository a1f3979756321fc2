"""A call's file holds the whole record, comes back equal, and is never a path of someone's choosing."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.report.calljson import CallFileError, call_file_name, encode, read_call, write_call
from pipeline.types import Measure, Measured
from tests.review.factory import make_result

DATE = "2026-11-21"


def test_there_and_back(tmp_path: Path) -> None:
    result = make_result(DATE, 3)
    path = write_call(tmp_path, result)
    first = path.read_bytes()
    back = read_call(tmp_path, result.call.id)
    assert back.call.started_at == result.call.started_at
    assert back.scorecard.items == result.scorecard.items
    assert [u.text for u in back.transcript.utterances] == [u.text for u in result.transcript.utterances]
    assert back.measured.events.hangup == replace(
        result.measured.events.hangup,  # type: ignore[type-var]
        released_at_s=round(result.measured.events.hangup.released_at_s, 4),  # type: ignore[union-attr]
    )
    assert write_call(tmp_path, back).read_bytes() == first


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
        ('{"schema": 9}', "expected schema 1; found: 9"),
        ("[]", "found: list"),
    ):
        (tmp_path / "calls" / "c.json").write_text(body)
        with pytest.raises(CallFileError, match=said):
            read_call(tmp_path, "c")
    (tmp_path / "calls" / "c.json").write_text('{"schema": 1}')
    with pytest.raises(CallFileError, match="expected a call record"):
        read_call(tmp_path, "c")


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_rounded_as_python_rounds_them(seed: int) -> None:
    rng = random.Random(seed)
    values = [rng.uniform(-1, 1) * 10 ** rng.randint(-8, 9) for _ in range(2_000)]
    values += [(2 * rng.randint(-(10**6), 10**6) + 1) / 20_000 for _ in range(2_000)]  # at a half
    wanted = [int(short) if (short := round(v, 4)).is_integer() else short for v in values]
    assert [repr(encode(v)) for v in values] == list(map(repr, wanted))
    assert list(map(repr, encode(tuple(values)))) == list(map(repr, wanted))
    small = [i for i, v in enumerate(values) if abs(v) < 100 and abs(v * 10_000 % 1 - 0.5) > 0.01]
    assert list(map(repr, encode([values[i] for i in small]))) == [repr(wanted[i]) for i in small]
    assert encode([*values, float("nan")])[-1] is None
