"""Speakers: espeak-ng, run as a program, turned into many voices with exact speaking rates.

espeak-ng is called, never linked or copied. Its Mandarin voice here is ``cmn-latn-pinyin``: in 1.51
the plain ``cmn`` voice looks a character's pinyin up and then spells it with *English* letters.

A voice is an espeak-ng variant and pitch, then a resampling that moves the formants (with the speed
taken back), then a spectral tilt and one equaliser peak. Parameter regions of the sets ``train``,
``tune`` and ``heldout`` never touch: other variants, and interleaved bands of every number.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal
from xml.sax.saxutils import escape

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import oaconvolve

Samples = NDArray[np.float32]
VoiceSet = Literal["train", "tune", "heldout"]
Language = Literal["cmn", "yue", "en"]

RATE_HZ = 16_000
_ESPEAK_HZ = 22_050
_LANGUAGE = {"cmn": "cmn-latn-pinyin", "yue": "yue", "en": "en-us"}
# Measured: Han characters (English: letters) a minute for one unit of espeak-ng's -s.
_CPM_PER_WPM = {"cmn": 1.35, "yue": 1.35, "en": 4.7}
_AMPLITUDE = 55  # espeak-ng's -a; several variants clip at its default of 100
_PAUSE_MS = 900  # between sentences that share one process
_BATCH = 16  # sentences a process: the program's start costs as much as two sentences

VARIANTS: dict[VoiceSet, dict[str, tuple[str, ...]]] = {
    "train": {
        "female": ("f1", "f2", "f4", "Annie", "aunty", "linda", "steph", "steph3"),
        "male": ("m1", "m3", "m4", "m6", "m7", "boris", "Denis", "max", "Michael", "Nguyen", "pablo",
                 "sandro"),
    },
    "tune": {"female": ("f3", "belinda"), "male": ("m2", "Lee", "michel", "Marco")},
    "heldout": {"female": ("f5", "shelby", "Alicia"), "male": ("m5", "m8", "miguel", "Diogo", "Hugo")},
}  # fmt: skip
_BANDS: dict[VoiceSet, tuple[int, ...]] = {"train": (0, 1, 3), "tune": (2,), "heldout": (4,)}


class VoiceError(RuntimeError):
    """Speech could not be made; the message says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker. ``cpm``: characters a minute; ``formant`` 1.0 leaves the vocal tract alone."""

    language: Language = "cmn"
    variant: str = "f1"
    pitch: int = 50  # espeak-ng's -p, 0..99
    cpm: float = 220.0
    gain_db: float = 0.0
    formant: float = 1.0
    tilt_db: float = 0.0  # slope per octave above 500 Hz
    peak_hz: float = 1500.0
    peak_db: float = 0.0

    def wpm(self) -> int:
        """espeak-ng's -s that gives about ``cpm`` after the formant resampling."""
        return int(np.clip(round(self.cpm / self.formant / _CPM_PER_WPM[self.language]), 80, 450))

    def at_rate(self, cpm: float) -> Voice:
        return replace(self, cpm=cpm)


def random_voice(
    rng: np.random.Generator,
    *,
    set: VoiceSet,
    language: Language = "cmn",
    gender: Literal["female", "male"] | None = None,
    cpm: float | None = None,
) -> Voice:
    """A speaker whose variant and every other number belong to ``set`` alone."""
    sex = gender or str(rng.choice(["female", "male"]))
    return Voice(
        language=language,
        variant=str(rng.choice(VARIANTS[set][sex])),
        pitch=round(_from_band(rng, 20, 80, set)) if sex == "male" else round(_from_band(rng, 20, 70, set)),
        cpm=cpm if cpm is not None else float(rng.uniform(160, 290)),
        formant=_from_band(rng, 0.9, 1.14, set),
        tilt_db=_from_band(rng, -3.0, 2.0, set),
        peak_hz=_from_band(rng, 600, 3200, set),
        peak_db=_from_band(rng, -6.0, 6.0, set),
    )


def _from_band(rng: np.random.Generator, low: float, high: float, name: VoiceSet) -> float:
    """A number from those tenths of [low, high) that belong to the set, never within 10 % of an edge."""
    tenth = (high - low) / 10
    band = int(rng.choice(_BANDS[name])) + 5 * int(rng.integers(2))
    return float(low + tenth * (band + rng.uniform(0.1, 0.9)))


def speak(text: str, voice: Voice, *, exact_rate: bool = True) -> Samples:
    """One sentence, mono float32 at 16 kHz, peak about 0.5 before ``gain_db``.

    The array begins and ends with the speech itself. ``exact_rate``: its length is
    ``60 * characters / cpm`` seconds to the sample (letters and Han characters count, punctuation
    does not); otherwise the rate is within about 10 %.

    Raises VoiceError when espeak-ng is missing, fails, or ``text`` has nothing to say.
    """
    return speak_many([text], [voice], exact_rate=exact_rate)[0]


def speak_many(
    texts: Sequence[str], voices: Sequence[Voice], *, exact_rate: bool = False, workers: int = 2
) -> list[Samples]:
    """Many sentences, each by its voice. Texts whose voices agree in variant, pitch and rate share a
    process: give runs of some 16 sentences to one voice (its formant, tilt and peak may still vary).
    """
    for text in texts:
        if count_characters(text) == 0:
            raise VoiceError(f"nothing to speak: expected letters or Han characters, found {text!r}")
    if not exact_rate:
        raw = _synthesise(list(zip(texts, voices)), [v.wpm() for v in voices], workers)
        return [_colour(x, v, None) for x, v in zip(raw, voices)]
    return _speak_exactly(texts, voices, workers)


def _speak_exactly(texts: Sequence[str], voices: Sequence[Voice], workers: int) -> list[Samples]:
    """Render, measure, render again what is off, twice at most; resampling takes away the rest."""
    pairs = list(zip(texts, voices))
    lengths = [round(60 * count_characters(t) / v.cpm * RATE_HZ) for t, v in pairs]
    speeds = [v.wpm() for v in voices]
    raw = _synthesise(pairs, speeds, workers)
    for tolerance in (0.01, 0.05):
        # How much longer each is than it should be.
        over = [len(x) / _ESPEAK_HZ / v.formant / (n / RATE_HZ) for x, v, n in zip(raw, voices, lengths)]
        off = [i for i, ratio in enumerate(over) if abs(ratio - 1) > tolerance]
        for i in off:
            speeds[i] = int(np.clip(round(speeds[i] * over[i]), 80, 450))
        for i, sound in zip(off, _synthesise([pairs[i] for i in off], [speeds[i] for i in off], workers)):
            raw[i] = sound
    return [_colour(x, v, n) for x, v, n in zip(raw, voices, lengths)]


def speak_words(
    words: Sequence[str], voice: Voice, *, gap_s: float = 0.0
) -> tuple[Samples, list[tuple[float, float]]]:
    """Words rendered one by one and joined: the sound and each word's exact (start_s, end_s).

    Less natural than ``speak`` (no words run together), for measuring word boundaries.
    """
    parts = speak_many(words, [voice] * len(words), exact_rate=True)
    gap = np.zeros(round(gap_s * RATE_HZ), np.float32)
    spans, at, out = [], 0, []
    for part in parts:
        spans.append((at / RATE_HZ, (at + len(part)) / RATE_HZ))
        out += [part, gap]
        at += len(part) + len(gap)
    return np.concatenate(out[:-1]), spans


def count_characters(text: str) -> int:
    """Han characters, letters and digits; punctuation and spaces are never counted."""
    return sum(c.isalnum() for c in text)


def espeak_program() -> str:
    """Path of espeak-ng; VoiceError with install advice when it is not there."""
    found = shutil.which("espeak-ng")
    if found is None:
        raise VoiceError(
            "rendering speech needs the program espeak-ng, which was not found on PATH.\n"
            "  Debian/Ubuntu: apt install espeak-ng    Fedora: dnf install espeak-ng\n"
            "  macOS: brew install espeak-ng           Windows: winget install eSpeak-NG.eSpeak-NG"
        )
    return found


def _synthesise(pairs: list[tuple[str, Voice]], speeds: list[int], workers: int) -> list[Samples]:
    groups: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i, (_, voice) in enumerate(pairs):
        groups[voice.language, voice.variant, voice.pitch, speeds[i]].append(i)
    jobs = [(key, part) for key, all_of in groups.items() for part in _chunks(all_of, _BATCH)]
    out: list[Samples] = [np.zeros(0, np.float32)] * len(pairs)
    with ThreadPoolExecutor(workers) as pool:
        rendered = pool.map(lambda job: _run([pairs[i][0] for i in job[1]], *job[0]), jobs)
        for (_, part), sounds in zip(jobs, rendered):
            for i, sound in zip(part, sounds):
                out[i] = sound
    return out


def _chunks(items: list[int], size: int) -> Iterable[list[int]]:
    return (items[i : i + size] for i in range(0, len(items), size))


def _run(texts: list[str], language: Language, variant: str, pitch: int, wpm: int) -> list[Samples]:
    """One espeak-ng process; trimmed sounds at its own 22 050 Hz."""
    body = f'<break time="{_PAUSE_MS}ms"/>'.join(escape(text) for text in texts)
    command = [espeak_program(), "-v", f"{_LANGUAGE[language]}+{variant}", "-p", str(pitch), "-s", str(wpm)]
    command += ["-a", str(_AMPLITUDE), "-b", "1", "-z", "-m", "--stdin", "--stdout"]
    done = subprocess.run(command, input=f"<speak>{body}</speak>".encode(), capture_output=True, check=False)
    if done.returncode != 0 or len(done.stdout) <= 44:
        raise VoiceError(f"espeak-ng gave no sound for {texts!r}: {done.stderr.decode(errors='replace')}")
    sound = np.frombuffer(done.stdout[44:], "<i2").astype(np.float32) / np.float32(32768)
    parts = _split(sound)
    if len(parts) == len(texts):
        return parts
    if len(texts) == 1:
        return [_trim(sound)]
    return [_run([text], language, variant, pitch, wpm)[0] for text in texts]


def _split(sound: Samples) -> list[Samples]:
    """Cut at pauses of 0.6 s and more, which no sentence has inside."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    cuts = np.flatnonzero(np.diff(loud) > 0.6 * _ESPEAK_HZ)
    starts = np.concatenate([loud[:1], loud[cuts + 1]])
    ends = np.concatenate([loud[cuts], loud[-1:]]) + 1
    return [_trim(sound[a:b]) for a, b in zip(starts, ends)]


def _trim(sound: Samples) -> Samples:
    """Speech begins and ends where the sound passes 2 % of its own peak (−34 dB)."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    return sound[loud[0] : loud[-1] + 1]


def _colour(raw: Samples, voice: Voice, length: int | None) -> Samples:
    """Formants by resampling, then tilt and peak; to exactly ``length`` samples when given."""
    samples = length if length is not None else round(len(raw) / _ESPEAK_HZ / voice.formant * RATE_HZ)
    sound = soxr.resample(raw, _ESPEAK_HZ, _ESPEAK_HZ * samples / len(raw), quality="MQ")
    sound = np.pad(sound[:samples], (0, max(0, samples - len(sound))))
    sound = oaconvolve(sound, _equaliser(voice), mode="same")
    peak = float(np.abs(sound).max()) or 1.0
    return (sound * (0.5 / peak * 10 ** (voice.gain_db / 20))).astype(np.float32)


def _equaliser(voice: Voice, taps: int = 128) -> Samples:
    """Linear-phase filter of the voice's spectral tilt and its one peak."""
    hz = np.linspace(0, RATE_HZ / 2, taps // 2 + 1)
    octaves = np.log2(np.maximum(hz, 500) / 500)
    bell = np.exp(-0.5 * (np.log2(np.maximum(hz, 50) / voice.peak_hz) / 0.4) ** 2)
    response = np.fft.irfft(10 ** ((voice.tilt_db * octaves + voice.peak_db * bell) / 20))
    return (np.append(np.roll(response, taps // 2), 0.0) * np.hanning(taps + 1)).astype(np.float32)
