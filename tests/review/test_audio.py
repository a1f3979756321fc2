"""Sound for the browser: the right bytes, ranges, and a waveform computed once."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.review.audio import SoundCache, byte_range, peaks
from pipeline.review.guard import Refused
from pipeline.types import Span


@pytest.fixture
def mu_law(tmp_path: Path) -> Path:
    t = np.arange(16000) / 8000
    sound = np.stack([0.5 * np.sin(2 * np.pi * 300 * t), np.zeros_like(t)], axis=1)
    soundfile.write(tmp_path / "a.wav", sound, 8000, subtype="ULAW")
    return tmp_path / "a.wav"


def test_mu_law_becomes_pcm_the_browser_plays(mu_law: Path) -> None:
    cache = SoundCache()
    path = cache.wav([mu_law], bleeps=())
    info = soundfile.info(path)
    assert (info.subtype, info.samplerate, info.channels, info.frames) == ("PCM_16", 8000, 2, 16000)
    assert cache.wav([mu_law], bleeps=()) == path
    cache.close()
    assert not path.exists()


def test_a_bleep_covers_every_channel_and_nothing_else(mu_law: Path) -> None:
    cache = SoundCache()
    plain, _ = soundfile.read(cache.wav([mu_law], bleeps=()))
    covered, rate = soundfile.read(cache.wav([mu_law], bleeps=(Span(0.5, 1.0),)))
    inside, outside = slice(int(0.5 * rate), rate), slice(int(1.01 * rate), None)
    spectrum = np.abs(np.fft.rfft(covered[inside], axis=0))
    assert (np.argmax(spectrum, axis=0) * 2 == 1000).all()  # half a second: two hertz a bin
    assert np.array_equal(covered[outside], plain[outside])
    cache.close()


def test_the_least_lately_heard_goes_first(mu_law: Path) -> None:
    cache = SoundCache(keep_bytes=100_000)
    first = cache.wav([mu_law], bleeps=())
    second = cache.wav([mu_law], bleeps=(Span(0, 1),))
    assert second.exists()
    assert not first.exists()
    cache.close()


def test_ranges() -> None:
    assert byte_range(None, 100) is None
    assert byte_range("bytes=0-9", 100) == (0, 9)
    assert byte_range("bytes=90-", 100) == (90, 99)
    assert byte_range("bytes=-5", 100) == (95, 99)
    assert byte_range("bytes=5-999", 100) == (5, 99)
    assert byte_range("bytes=0-1,5-6", 100) is None
    for beyond in ("bytes=100-", "bytes=9-5"):
        with pytest.raises(Refused) as refused:
            byte_range(beyond, 100)
        assert refused.value.status == 416


def test_peaks_are_the_loudest_of_each_stretch() -> None:
    samples = np.zeros((2, 1000), np.float32)
    samples[0, 505] = -1.0
    samples[1, 0] = 0.5
    found = np.frombuffer(peaks(samples, bins=10), np.uint8).reshape(2, 10)
    assert found[0].tolist() == [0, 0, 0, 0, 0, 255, 0, 0, 0, 0]
    assert found[1, 0] == 127
    assert len(peaks(np.zeros((1, 3), np.float32), bins=10)) == 10  # shorter than the drawing
    assert io.BytesIO(peaks(samples)).getbuffer().nbytes == 2 * 1200
