"""Syllable nuclei counted in the sound alone: the check on a rate that rests on weak recognition.

After de Jong & Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically",
Behavior Research Methods 41 (2009): peaks of intensity that are followed by a dip of 2 dB. Theirs is
full-band intensity; here it is librosa's mel energy of 300–2500 Hz, where vowels stand out and
sibilants do not.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.listen.frames import FloatArray
from pipeline.types import Span

HOP_S = 0.01
BAND_HZ = (300.0, 2500.0)
DIP_DB = 2.0
MIN_APART_S = 0.09  # fast Mandarin speech reaches 8 syllables a second, never 11
BELOW_LOUD_DB = 22.0
SMOOTH = np.hanning(7)[1:-1] / np.hanning(7)[1:-1].sum()


def syllable_nuclei(signal: FloatArray, rate_hz: int, voice: Iterable[Span]) -> tuple[float, ...]:
    """Times of the nuclei heard inside ``voice``, in seconds.

    ::

        energy   .▂▇▃▁▅▆▂..▃▇▇▅▆▁
        nuclei     ×   ×     ×  (the last dip is under 2 dB)
    """
    from scipy.signal import find_peaks

    found: list[float] = []
    for span in voice:
        piece = np.asarray(
            signal[round(span.start_s * rate_hz) : round(span.end_s * rate_hz)], dtype=np.float32
        )
        energy = vowel_energy_db(piece, rate_hz)
        if energy.size < 3:
            continue
        floor = float(np.percentile(energy, 95)) - BELOW_LOUD_DB
        padded = np.concatenate(([floor - 20], energy, [floor - 20]))  # a span's edges are dips
        peaks, _ = find_peaks(padded, height=floor, prominence=DIP_DB, distance=round(MIN_APART_S / HOP_S))
        found += [span.start_s + (int(p) - 1) * HOP_S for p in peaks]
    return tuple(found)


def vowel_energy_db(signal: FloatArray, rate_hz: int) -> FloatArray:
    """Smoothed energy of the vowel band per 10 ms, shape ``[frames]``."""
    import librosa

    size = round(0.032 * rate_hz)
    if len(signal) < size:
        return np.zeros(0, dtype=np.float32)
    mel = librosa.feature.melspectrogram(
        y=signal, sr=rate_hz, n_fft=size, hop_length=round(HOP_S * rate_hz), n_mels=20,
        fmin=BAND_HZ[0], fmax=BAND_HZ[1],
    )  # fmt: skip
    energy = 10 * np.log10(mel.sum(axis=0) + 1e-10)
    return np.asarray(np.convolve(np.pad(energy, 2, mode="edge"), SMOOTH, mode="valid"), dtype=np.float32)
