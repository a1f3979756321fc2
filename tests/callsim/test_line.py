"""The telephone line does to sound what its names say, in numbers."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from pipeline.callsim import line
from tests.callsim.measured import level_db


def tone(hz: float, seconds: float = 1.0, rate_hz: int = 8_000) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz)).astype(np.float32)


@pytest.mark.parametrize(("hz", "kept"), [(100, False), (200, False), (600, True), (2500, True)])
def test_telephone_band_keeps_300_to_3400_hz(hz: float, kept: bool) -> None:
    loss = level_db(tone(hz)) - level_db(line.telephone_band(tone(hz), 8_000))
    assert (loss < 1.0) if kept else (loss > 12.0)


def test_what_lies_above_the_new_band_does_not_fold_back() -> None:
    narrow = line.to_8k(tone(5_500, rate_hz=16_000), 16_000)
    assert len(narrow) == 8_000
    assert level_db(narrow[400:-400]) < -80  # the edges hold the tone's own clicks


@pytest.mark.parametrize(("kind", "subtype"), [("ulaw", "ULAW"), ("alaw", "ALAW")])
def test_g711_decodes_as_libsndfile_does(kind: str, subtype: str) -> None:
    codes = np.arange(256, dtype=np.uint8)
    expected, _ = soundfile.read(
        io.BytesIO(codes.tobytes()), format="RAW", subtype=subtype, samplerate=8_000, channels=1
    )
    decode = {"ulaw": line.ulaw_decode, "alaw": line.alaw_decode}[kind]
    assert np.array_equal(decode(codes), expected.astype(np.float32))


@pytest.mark.parametrize("kind", ["ulaw", "alaw"])
def test_g711_codes_survive_decoding_and_encoding(kind: str) -> None:
    codes = np.arange(256, dtype=np.uint8)
    encode, decode = {
        "ulaw": (line.ulaw_encode, line.ulaw_decode),
        "alaw": (line.alaw_encode, line.alaw_decode),
    }[kind]
    again = decode(encode(decode(codes)))
    assert np.array_equal(again, decode(codes))


@pytest.mark.parametrize(("kind", "least_snr_db"), [("ulaw", 33), ("alaw", 33), ("gsm", 8), ("none", 100)])
def test_codecs_keep_length_and_most_of_the_sound(kind: line.Codec, least_snr_db: float) -> None:
    sound = tone(700)
    back = line.codec(sound, kind)
    assert len(back) == len(sound)
    best = min(level_db(np.roll(back, shift)[400:-400] - sound[400:-400]) for shift in range(-3, 4))
    assert level_db(sound) - best > least_snr_db


def test_noise_has_the_level_asked_for() -> None:
    rng = np.random.default_rng(1)
    for colour in (0.0, 1.0, 2.0):
        assert level_db(line.noise(16_000, -47.0, rng, colour=colour)) == pytest.approx(-47.0, abs=0.01)


def test_added_noise_lies_the_snr_below_the_speech() -> None:
    speech = np.concatenate([tone(487), np.zeros(8_000, np.float32)])
    noisy = line.add_noise(speech, 20.0, np.random.default_rng(2))
    assert level_db(noisy[8_000:]) == pytest.approx(level_db(tone(487)) - 20.0, abs=0.5)


def test_lost_packets_are_whole_and_as_many_as_told() -> None:
    lossy = line.packet_loss(np.ones(160_000, np.float32), 0.1, np.random.default_rng(3))
    packets = lossy.reshape(-1, 160)
    assert set(packets.sum(1)) == {0.0, 160.0}
    assert (packets.sum(1) == 0).mean() == pytest.approx(0.1, abs=0.03)


def test_clipping_flattens_at_full_scale() -> None:
    clipped = line.clip(tone(400), 6.0)
    assert np.abs(clipped).max() == 1.0
    assert (np.abs(clipped) == 1.0).mean() > 0.5


def test_bleed_is_late_and_softer() -> None:
    other = np.concatenate([np.ones(1, np.float32), np.zeros(7_999, np.float32)])
    echo = line.bleed(other, db=-26.0, delay_ms=50.0)
    assert echo.argmax() == 400
    assert 20 * np.log10(echo.max()) == pytest.approx(-26.0, abs=0.01)


def test_a_random_line_keeps_the_time_and_repeats_by_seed() -> None:
    speech = tone(900, rate_hz=16_000)
    first = line.telephone(speech, np.random.default_rng(5), level=-20.0)
    assert np.array_equal(first, line.telephone(speech, np.random.default_rng(5), level=-20.0))
    assert len(first) == 8_000
    assert not np.array_equal(first, line.telephone(speech, np.random.default_rng(6), level=-20.0))


def test_silence_and_empty_sound_pass_through() -> None:
    rng = np.random.default_rng(7)
    assert line.level_dbfs(line.telephone(line.silence(1_600), rng, snr_db=None, kind="none")) == -100.0
    assert line.level_dbfs(np.zeros(0, np.float32)) == -100.0
