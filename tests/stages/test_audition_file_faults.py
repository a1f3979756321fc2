"""What the decoder met in the file is told by the gate."""

from __future__ import annotations

import numpy as np

from pipeline.audio import Sound
from pipeline.stages.audition import audition


def test_notes_of_the_file_become_faults_of_the_gate() -> None:
    noise = np.random.default_rng(0).normal(0, 0.001, (2, 16_000)).astype(np.float32)
    plain = audition(Sound(noise, 8000)).gate
    cut = audition(
        Sound(noise, 8000, notes=("11 samples were NaN or infinite; silenced",), truncated=True)
    ).gate
    assert not plain.truncated
    assert cut.truncated
    assert cut.faults == (*plain.faults, "11 samples were NaN or infinite; silenced")
