"""Tones by plan and cadence; onsets within 50 ms; none in speech."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.listen.plans import DTMF_HIGH_HZ, DTMF_LOW_HZ, PLANS, Cadence
from pipeline.listen.spectrum import peaks_of
from pipeline.listen.tones import find_tones
from pipeline.types import Tone
from tests.listen.sounds import RATE, Samples, buzz, hiss, over_hiss, quiet, sine


def heard(signal: Samples, plan: str = "CN") -> list[Tone]:
    return [h.tone for h in find_tones(signal, peaks_of(signal), plan=plan, channel=0)]


def sounded(cadence: Cadence, cycles: int) -> Samples:
    parts: list[Samples] = [quiet(0.5)]
    for on, off in list(zip(cadence.pattern_s[::2], cadence.pattern_s[1::2])) * cycles:
        parts += [np.sum([sine(hz, on) for hz in cadence.frequencies_hz], axis=0), quiet(off)]
    return over_hiss(*parts)


@pytest.mark.parametrize(
    ("plan", "cadence"),
    [(plan, c) for plan, cadences in PLANS.items() for c in cadences],
    ids=lambda v: getattr(v, "kind", v),
)
def test_every_cadence_of_every_plan_is_named_and_counted(plan: str, cadence: Cadence) -> None:
    (found,) = heard(sounded(cadence, 3), plan)
    assert (found.kind, found.count) == (cadence.kind, 3)
    assert found.span.start_s == pytest.approx(0.5, abs=0.05)


def test_the_last_ring_is_cut_short_by_the_answer() -> None:
    ring = sine(450, 1.0)
    (found,) = heard(over_hiss(quiet(0.3), ring, quiet(4), ring, quiet(4), sine(450, 0.4), quiet(2)))
    assert (found.kind, found.count) == ("ringback", 3)


@pytest.mark.parametrize("snr_db", [40, 10, 5])
def test_rings_are_counted_in_noise(snr_db: int) -> None:
    ring = sine(450, 1.0, level=-25)
    clean = np.concatenate([quiet(1), ring, quiet(4), ring, quiet(2)])
    (found,) = heard(clean + hiss(len(clean), -25 - snr_db))
    assert (found.kind, found.count) == ("ringback", 2)
    assert found.span.start_s == pytest.approx(1.0, abs=0.05)


def test_a_frequency_of_another_plan_is_not_called_ringing() -> None:
    assert not heard(over_hiss(quiet(1), sine(620, 1.0), quiet(4), sine(620, 1.0), quiet(1)))


def test_digits_are_read_from_their_pairs() -> None:
    keys = [(0, 0), (1, 1), (2, 2), (3, 0)]
    parts: list[Samples] = [quiet(0.4)]
    for row, column in keys:
        parts += [sine(DTMF_LOW_HZ[row], 0.1) + sine(DTMF_HIGH_HZ[column], 0.1), quiet(0.1)]
    (found,) = heard(over_hiss(*parts, quiet(0.5)))
    assert (found.kind, found.detail) == ("dtmf", "159*")
    assert found.span.start_s == pytest.approx(0.4, abs=0.05)


def test_a_recorder_beep() -> None:
    (found,) = heard(over_hiss(quiet(1), sine(1400, 0.2), quiet(1)))
    assert found.kind == "beep"
    assert found.span.start_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("hz", [112.5, 150.0, 180.0, 225.0, 300.0])
def test_a_voice_is_no_tone_even_with_a_harmonic_on_450_hz(hz: float) -> None:
    assert heard(over_hiss(quiet(0.5), buzz(6, hz), quiet(0.5), buzz(4, hz, glide=0.02))) == []


def test_silence_and_crumbs_have_no_tones() -> None:
    assert heard(quiet(3)) == heard(quiet(0.01)) == heard(np.zeros(0, np.float32)) == []
    assert RATE == 8000


def test_the_harmonics_of_a_voice_are_no_key() -> None:
    """238 Hz: its fourth and fifth harmonics lie within 1.5 % of the key *."""
    word = sine(952, 0.09) + sine(1190, 0.09, -26)
    assert heard(over_hiss(quiet(1), word, quiet(1))) == []
    assert heard(over_hiss(quiet(1), sine(941, 0.09) + sine(1209, 0.09, -26), quiet(1)))[0].detail == "*"


def test_a_key_that_glides_away_is_a_syllable() -> None:
    word = np.concatenate([sine(697, 0.05) + sine(1209, 0.05), sine(640, 0.08) + sine(1100, 0.08)])
    assert [t for t in heard(over_hiss(quiet(1), word, quiet(1))) if t.kind == "dtmf"] == []


def test_a_syllable_where_the_next_ring_would_be_is_none() -> None:
    ring, talk = sine(450, 1.0), buzz(3.7, 190)
    line = over_hiss(quiet(0.3), ring, quiet(4), ring, quiet(0.3), talk, sine(450, 0.2), quiet(0.5))
    assert [(t.kind, t.count) for t in heard(line)] == [("ringback", 2)]


def test_two_short_sounds_four_seconds_apart_are_no_ringing() -> None:
    word = sine(450, 0.17)
    assert heard(over_hiss(quiet(1), word, quiet(4), word, quiet(1))) == []


def test_a_whistling_onset_is_no_beep() -> None:
    assert heard(over_hiss(quiet(1), sine(1400, 0.2), quiet(0.04), buzz(1, level=-8), quiet(1))) == []
