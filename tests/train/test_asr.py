"""The training script from end to end, in its smallest size, through faster-whisper."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from models.train.asr import main


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="rendering speech needs espeak-ng")
def test_smoke_training_gives_a_model_that_faster_whisper_loads(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    main(["--smoke", "--out", str(tmp_path / "model"), "--scratch", str(tmp_path / "scratch")])
    from faster_whisper import WhisperModel

    model = WhisperModel(str(tmp_path / "model"), device="cpu", compute_type="int8", cpu_threads=1)
    assert model.model.is_multilingual
    segments, info = model.transcribe(
        np.zeros(16_000, np.float32), language="zh", word_timestamps=True, max_new_tokens=5, temperature=0.0
    )
    assert info.language == "zh"
    assert all(segment.words is not None for segment in segments)
