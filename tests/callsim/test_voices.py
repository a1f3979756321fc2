"""Voices: exact rates, the same sound for the same input, sets that share nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.callsim import voices
from pipeline.callsim.voices import VARIANTS, Voice, VoiceError, random_voice, speak, speak_many, speak_words

SENTENCE = "请问有什么可以帮到您"


def test_sets_share_no_variant() -> None:
    names = [n for by_sex in VARIANTS.values() for ns in by_sex.values() for n in ns]
    assert len(names) == len(set(names))


def test_numbers_of_the_sets_come_from_bands_that_never_touch() -> None:
    drawn = {
        name: [random_voice(np.random.default_rng(i), set=name) for i in range(300)]
        for name in ("train", "tune", "heldout")
    }
    for number in ("formant", "tilt_db", "peak_hz", "peak_db"):
        values = {name: np.sort([getattr(v, number) for v in vs]) for name, vs in drawn.items()}
        width = max(v.max() for v in values.values()) - min(v.min() for v in values.values())
        for name, own in values.items():
            others = np.concatenate([v for other, v in values.items() if other != name])
            nearest = np.abs(own[:, None] - others[None, :]).min()
            assert nearest > 0.005 * width, (number, name)


def test_a_voice_repeats_by_seed() -> None:
    assert random_voice(np.random.default_rng(3), set="tune") == random_voice(
        np.random.default_rng(3), set="tune"
    )


def test_missing_espeak_tells_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(VoiceError, match="apt install espeak-ng"):
        speak(SENTENCE, Voice())


def test_nothing_to_say_is_an_error() -> None:
    with pytest.raises(VoiceError, match="expected letters or Han characters, found '。'"):
        speak_many(["。"], [Voice()])


@pytest.mark.parametrize("cpm", [130.0, 220.0, 340.0])
def test_rate_is_exact_to_the_sample(espeak: None, cpm: float) -> None:
    sound = speak(SENTENCE, Voice(cpm=cpm, formant=1.06))
    assert len(sound) == round(60 * len(SENTENCE) / cpm * voices.RATE_HZ)


def test_speech_fills_its_array_to_the_edges(espeak: None) -> None:
    sound = speak(SENTENCE, random_voice(np.random.default_rng(2), set="heldout"))
    loud = np.flatnonzero(np.abs(sound) > 0.015 * np.abs(sound).max())
    assert loud[0] < 0.005 * voices.RATE_HZ
    assert len(sound) - loud[-1] < 0.005 * voices.RATE_HZ


def test_the_same_input_gives_the_same_sound(espeak: None) -> None:
    voice = random_voice(np.random.default_rng(5), set="train")
    assert np.array_equal(speak(SENTENCE, voice), speak(SENTENCE, voice))


def test_many_at_once_are_as_long_as_one_by_one(espeak: None) -> None:
    texts = ["您好", SENTENCE, "再见", "我想查一下订单"]
    voice = Voice(variant="m3", cpm=210)
    together = speak_many(texts, [voice, replace(voice, formant=1.1), voice, voice])
    alone = [
        speak(t, v, exact_rate=False)
        for t, v in zip(texts, [voice, replace(voice, formant=1.1), voice, voice])
    ]
    assert [len(a) for a in together] == pytest.approx([len(a) for a in alone], rel=0.02)


def test_mandarin_is_read_as_pinyin_not_as_english_letters(espeak: None) -> None:
    """The plain ``cmn`` voice of espeak-ng 1.51 spells the pinyin: three times as long."""
    sound = speak("您好", Voice(cpm=220), exact_rate=False)
    assert len(sound) / voices.RATE_HZ < 1.2


@pytest.mark.parametrize(("language", "text"), [("yue", "唔该我想问下"), ("en", "hello can you help me")])
def test_other_languages_speak(espeak: None, language: voices.Language, text: str) -> None:
    mandarin = speak(text, Voice(cpm=300), exact_rate=False) if language == "yue" else np.zeros(0)
    other = speak(text, Voice(language=language, cpm=300 if language == "yue" else 900), exact_rate=False)
    assert 0.3 < len(other) / voices.RATE_HZ < 5.0
    assert len(other) != len(mandarin)


def test_formant_moves_the_spectrum(espeak: None) -> None:
    def centre(formant: float) -> float:
        power = np.abs(np.fft.rfft(speak(SENTENCE, Voice(cpm=200, formant=formant)))) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum())

    assert centre(1.12) > 1.05 * centre(0.92)


def test_words_have_exact_spans(espeak: None) -> None:
    sound, spans = speak_words(["您好", "请讲"], Voice(cpm=240), gap_s=0.1)
    assert spans == [(0.0, 0.5), (0.6, 1.1)]
    assert len(sound) == round(1.1 * voices.RATE_HZ)
    assert not sound[round(0.5 * voices.RATE_HZ) : round(0.6 * voices.RATE_HZ)].any()
