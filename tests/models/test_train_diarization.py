"""The training script works end to end at its smallest size, and its losses are what they claim."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from models.train.segmentation import permutation_loss
from models.train.voiceprint import NARROW, new_embedding, widened

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_the_loss_does_not_care_which_speaker_is_first() -> None:
    labels = torch.zeros(1, 4, 3)
    labels[0, :2, 0] = labels[0, 1:, 1] = 1  # alone, both, alone, alone
    perfect = torch.full((1, 4, 7), -20.0)
    for frame, place in enumerate((2, 4, 1, 1)):  # the same with the two speakers exchanged
        perfect[0, frame, place] = 0.0
    assert permutation_loss(perfect, labels).item() == pytest.approx(0.0, abs=1e-4)
    assert permutation_loss(perfect.flip(1), labels).item() > 5


def test_widening_changes_nothing_but_the_widths() -> None:
    torch.manual_seed(0)
    narrow = new_embedding(NARROW).eval()
    sound = torch.randn(2, 1, 16_000)
    with torch.inference_mode():
        assert torch.allclose(narrow(sound), widened(narrow)(sound), atol=1e-4)


def test_smoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.train import diarization
    from pipeline.callsim.voices import VoiceError, espeak_program
    from pipeline.config import DiarizeConfig
    from pipeline.stages.diarizer import Diarizer

    try:
        espeak_program()
    except VoiceError as error:
        pytest.skip(str(error).splitlines()[0])
    arguments = ["diarization", "--out", str(tmp_path / "out"), "--smoke", "--scratch", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    diarization.main()
    size = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert size < 12e6
    noise = np.random.default_rng(0).normal(0, 0.1, 8 * 16_000).astype(np.float32)
    Diarizer(tmp_path / "out", settings=DiarizeConfig())(noise)
