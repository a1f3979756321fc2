"""Levels, digital silence, pitch, nuclei, clicks, loudness, music, voicing: each on a sound with a known answer."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.listen import clicks, frames, loudness, music, nuclei, opening, pitch, spectrum, voice, voicing
from pipeline.types import Span, Tone
from tests.listen.sounds import RATE, buzz, hiss, over_hiss, quiet, sine


def test_levels_are_rms_below_full_scale() -> None:
    levels = frames.levels_dbfs(np.concatenate([sine(400, 1, -20), quiet(1)]), RATE)
    assert levels[10] == pytest.approx(-20, abs=0.1)
    assert levels[-1] == frames.SILENCE_DBFS


def test_the_floor_of_a_half_muted_line_is_its_noise() -> None:
    line = np.concatenate([hiss(5 * RATE, -55), quiet(5)])
    assert frames.noise_floor_dbfs(frames.levels_dbfs(line, RATE)) == pytest.approx(-56, abs=1.5)


@pytest.mark.parametrize("rest", [0.0, 8 / 32768, 16 / 32768])
def test_a_codec_at_rest_is_digital_silence_and_a_quiet_room_is_not(rest: float) -> None:
    still = np.full(RATE, rest, np.float32)
    still[::3] *= -1
    line = np.concatenate([hiss(RATE, -70), still, hiss(RATE, -70)])
    assert frames.digital_silence(line, RATE, min_s=0.2) == (Span(1.0, 2.0),)


def test_a_block_that_a_codec_repeats_is_digital_silence() -> None:
    """GSM's decoder at rest gives the same 20 ms of ±8 and ±16 over and over."""
    block = np.where(np.arange(160) % 39 == 0, 8, 16).astype(np.float32) / 32768
    line = np.concatenate([hiss(RATE, -70), np.tile(block, 50), hiss(RATE, -70)])
    (found,) = frames.digital_silence(line, RATE, min_s=0.2)
    assert (found.start_s, found.end_s) == (pytest.approx(1.0, abs=0.04), 2.0)


@pytest.mark.parametrize("hz", [95.0, 180.0, 320.0])
def test_pitch_of_a_voice(hz: float) -> None:
    found = pitch.pitch_hz(
        over_hiss(quiet(1), buzz(3, hz, glide=0.0), quiet(1)), RATE, [Span(1, 4)], min_hz=70, max_hz=420
    )
    assert np.nanmedian(found) == pytest.approx(hz, rel=0.02)
    assert np.isnan(found[:20]).all()


def test_no_pitch_in_noise() -> None:
    found = pitch.pitch_hz(hiss(3 * RATE, -20), RATE, [Span(0, 3)], min_hz=70, max_hz=420)
    assert np.isfinite(found).mean() < 0.1


def test_four_syllables_a_second_are_counted() -> None:
    found = nuclei.syllable_nuclei(over_hiss(quiet(1), buzz(3), quiet(1)), RATE, [Span(1, 4)])
    assert len(found) == pytest.approx(12, abs=1)
    assert nuclei.syllable_nuclei(quiet(1), RATE, []) == ()


def test_a_click_is_found_and_a_voice_has_none() -> None:
    line = over_hiss(quiet(1), buzz(2), quiet(1))
    assert clicks.find_clicks(line, RATE) == ()
    line[round(3.5 * RATE)] = 0.5
    assert clicks.find_clicks(line, RATE) == pytest.approx((3.5,), abs=0.001)


def test_loudness_is_that_of_the_standards_reference_tone() -> None:
    """BS.1770-4: a sine of 997 Hz at 0 dBFS peak reads −3.01 LKFS."""
    tone = sine(997, 3, level=-3.0103)
    assert loudness.k_weighted_lufs(tone, RATE)[10] == pytest.approx(-3.01, abs=0.3)
    assert loudness.k_weighted_lufs(quiet(1), RATE)[0] == frames.SILENCE_DBFS


def test_a_melody_is_music_and_a_voice_is_not() -> None:
    notes = [
        sine(262 * 2 ** (k / 12), 0.4) + sine(524 * 2 ** (k / 12), 0.4, -28)
        for k in (0, 4, 7, 12, 7, 4, 0, 5, 9, 12)
    ]
    melody = over_hiss(quiet(1), *notes, quiet(1))
    peaks = spectrum.peaks_of(melody)
    (found,) = music.find_music(peaks, taken=np.zeros(len(peaks), bool))
    assert found.start_s == pytest.approx(1.0, abs=0.3)
    assert found.end_s == pytest.approx(5.0, abs=0.3)
    speech = spectrum.peaks_of(over_hiss(quiet(1), buzz(5), quiet(1)))
    assert music.find_music(speech, taken=np.zeros(len(speech), bool)) == ()


def test_words_soon_after_and_before_music_are_none_of_it() -> None:
    """The mean of a second reaches into 让您久等了, and must not take its first breath."""
    notes = [sine(262 * 2 ** (k / 12), 0.4) for k in (0, 4, 7, 12, 7, 4, 0, 5, 9, 12)]
    line = over_hiss(quiet(1), buzz(0.9), quiet(0.1), *notes, quiet(0.1), buzz(0.9), quiet(1))
    peaks = spectrum.peaks_of(line)
    taken = np.zeros(len(peaks), bool)
    for steadiness in (music.SURE_STEADY, music.LIKELY_STEADY, 0.4):
        (found,) = music.find_music(peaks, taken=taken, steadiness=steadiness)
        assert found.start_s == pytest.approx(2.0, abs=0.06)
        assert found.end_s == pytest.approx(6.0, abs=0.06)


def test_likely_music_that_silero_calls_speech_is_no_music() -> None:
    likely, says_speech = [Span(1, 4)], np.full(200, 0.8, np.float32)
    assert music.confirmed(likely, says_speech, window_s=0.032, sure=[]) == ()
    assert music.confirmed(likely, says_speech * 0, window_s=0.032, sure=[]) == (Span(1, 4),)


def test_a_word_beside_the_known_voice_is_not_overlooked_and_a_cough_is_left_out() -> None:
    cough = hiss(RATE // 3, -20, seed=4)
    line = over_hiss(quiet(1), buzz(2), quiet(1), buzz(0.5), quiet(1), cough, quiet(1))
    found = voicing.overlooked([Span(1, 3)], line, RATE, taken=[], min_voice_s=0.12)
    assert len(found) == 1
    assert found[0].start_s == pytest.approx(4.0, abs=0.06)
    assert found[0].end_s == pytest.approx(4.5, abs=0.06)


def test_a_voice_that_silero_misses_in_noise_is_heard_by_its_pitch() -> None:
    line = np.concatenate([quiet(2), buzz(2, level=-20), quiet(2)]) + hiss(6 * RATE, -32)
    (found,) = voicing.overlooked([], line, RATE, taken=[], min_voice_s=0.12)
    assert (found.start_s, found.end_s) == (pytest.approx(2.0, abs=0.2), pytest.approx(4.0, abs=0.2))
    assert voicing.overlooked([], hiss(6 * RATE, -32), RATE, taken=[], min_voice_s=0.12) == ()


def test_edges_move_to_where_the_level_rises_and_pauses_open() -> None:
    line = over_hiss(quiet(1), buzz(1), quiet(0.5), buzz(1), quiet(1))
    probability = np.full(len(line) * 2 // voice.WINDOW, 0.9, np.float32)
    found = voice.refine_edges([Span(0.9, 3.8)], probability, line, RATE, min_voice_s=0.12, min_pause_s=0.13)
    assert [round(s.start_s, 1) for s in found] == [1.0, 2.5]
    assert [round(s.end_s, 1) for s in found] == [2.0, 3.5]


def test_hysteresis() -> None:
    probability = np.array([0, 0.1, 0.5, 0.3, 0.3, 0, 0, 0, 0, 0, 0, 0.15, 0.15, 0.15, 0.15], np.float32)
    found = voice.voiced_spans(probability, threshold=0.4, release=0.1, min_voice_s=0.0, min_pause_s=0.0)
    assert found == (Span(0.032, 0.16),)


MENU = ((Span(0.5, 4.0),), ())


def test_rings_before_anybody_talks_are_before_the_answer() -> None:
    ring = Tone("ringback", Span(5, 11), 0, 2)
    assert opening.answered_at_s([ring], MENU) == 11
    assert [t.span for t in opening.menu_prompts(MENU[0], 0, answered_s=11)] == [Span(0.5, 4.0)]


def test_rings_of_a_transfer_are_not() -> None:
    ring = Tone("ringback", Span(20, 26), 0, 2)
    assert opening.answered_at_s([ring], ((Span(1, 6),), (Span(7, 12),))) is None
    assert opening.menu_prompts((Span(1, 6),), 0, answered_s=None) == ()
