"""Tones have their frequency, cadence and level; music its length."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from pipeline.callsim import sounds
from tests.callsim.measured import bursts, level_db, loudest_hz


@pytest.mark.parametrize(("kind", "on_s", "off_s"), [("ringback", 1.0, 4.0), ("busy", 0.35, 0.35),
                                                     ("congestion", 0.7, 0.7)])  # fmt: skip
def test_cadences_of_the_chinese_tone_plan(kind: sounds.Cadence, on_s: float, off_s: float) -> None:
    sound = sounds.cadence(kind, 3)
    found = bursts(sound, 0.02)
    assert [b - a for a, b in found] == pytest.approx([on_s] * 3, abs=0.02)
    assert [later[0] - first[1] for first, later in pairwise(found)] == pytest.approx([off_s] * 2, abs=0.02)
    assert loudest_hz(sound[: int(on_s * 8_000)]) == pytest.approx(450.0, abs=1.0)
    assert len(sound) / 8_000 == pytest.approx(sounds.cadence_s(kind, 3), abs=0.001)


def test_a_tone_has_its_level() -> None:
    assert level_db(sounds.sine(450.0, 1.0, level=-15.0)) == pytest.approx(-15.0, abs=0.1)


@pytest.mark.parametrize(("key", "low", "high"), [("1", 697, 1209), ("5", 770, 1336), ("#", 941, 1477)])
def test_dtmf_is_two_tones(key: str, low: float, high: float) -> None:
    spectrum = np.abs(np.fft.rfft(sounds.dtmf(key) * np.hanning(800), 8_000))
    peaks = sorted([int(spectrum[:1000].argmax()), 1000 + int(spectrum[1000:].argmax())])
    assert peaks == pytest.approx([low, high], abs=3)


def test_dtmf_takes_its_planned_time_and_refuses_other_keys() -> None:
    assert len(sounds.dtmf("18#")) / 8_000 == pytest.approx(sounds.dtmf_s("18#"))
    assert len(sounds.dtmf("")) == 0
    with pytest.raises(ValueError, match="found 'A'"):
        sounds.dtmf("1A")


@pytest.mark.parametrize("style", sounds.MUSIC_STYLES)
def test_music_lasts_as_long_as_asked_and_repeats(style: str) -> None:
    music = sounds.music(3.0, style, np.random.default_rng(1), level=-22.0)
    assert len(music) == 24_000
    assert level_db(music) == pytest.approx(-22.0, abs=0.2)
    assert np.array_equal(music, sounds.music(3.0, style, np.random.default_rng(1), level=-22.0))
    assert loudest_hz(music) != pytest.approx(450.0, abs=5)


def test_styles_differ() -> None:
    played = [sounds.music(2.0, style, np.random.default_rng(1)) for style in sounds.MUSIC_STYLES]
    assert all(np.abs(a - b).max() > 0.01 for i, a in enumerate(played) for b in played[i + 1 :])
    with pytest.raises(ValueError, match="found 'polka'"):
        sounds.music(1.0, "polka", np.random.default_rng(1))


def test_coughs_and_laughs_are_short_and_repeat() -> None:
    for make in (sounds.cough, sounds.laugh):
        sound = make(np.random.default_rng(4))
        assert 0.2 < len(sound) / 8_000 < 1.5
        assert level_db(sound) == pytest.approx(-24.0, abs=0.1)
        assert np.array_equal(sound, make(np.random.default_rng(4)))
