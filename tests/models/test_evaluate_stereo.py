"""Planted channel faults on rendered calls are found (the large set: python -m models.train.evaluate_stereo)."""

from __future__ import annotations

import pytest

from models.train.evaluate_stereo import rendered, report
from pipeline.callsim.voices import VoiceError, espeak_program

pytestmark = pytest.mark.slow


def test_every_planted_fault_is_found() -> None:
    try:
        espeak_program()
    except VoiceError as error:
        pytest.skip(str(error).splitlines()[0])
    told = dict(line.split(": ") for line in report(rendered(4, 6, "tune")))
    assert {"identical channels found", "dead legs found", "swapped map reported"} <= set(told)
    for name, counts in told.items():
        found, planted = map(int, counts.split(" of "))
        assert found == planted, name
