import os
import shutil

import numpy as np
import pytest

from models.train.invented_voices import invented, variant_file
from pipeline.callsim.voices import Voice, speak


def test_the_same_seed_invents_the_same_speaker() -> None:
    text = variant_file(np.random.default_rng(5), "new")
    assert (
        text == variant_file(np.random.default_rng(5), "new") != variant_file(np.random.default_rng(6), "new")
    )
    assert "name new\n" in text and text.count("\nformant ") == 9


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="rendering speech needs espeak-ng")
def test_espeak_speaks_with_an_invented_voice_as_long_as_the_block_lasts() -> None:
    before = os.environ.get("ESPEAK_DATA_PATH")
    shipped = speak("您好请问", Voice(variant="f1"))
    with invented(np.random.default_rng(5), count=2) as names:
        said = [speak("您好请问", Voice(variant=name)) for name in [*names, "f1"]]
    assert os.environ.get("ESPEAK_DATA_PATH") == before
    assert np.array_equal(said[2], shipped)
    first, second = (np.abs(np.fft.rfft(s)) for s in said[:2])
    assert np.corrcoef(first, second)[0, 1] < 0.9
