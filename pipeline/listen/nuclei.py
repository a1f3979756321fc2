"""Syllable nuclei counted in the sound alone: the check on a rate that rests on weak recognition.

After de Jong & Wempe, "Praat script to detect syllable nuclei and measure speech rate automatically",
Behavior Research Methods 41 (2009): peaks of intensity that are followed by a dip of 2 dB. Theirs is
full-band intensity; here it is librosa's mel energy of 300–2500 Hz, where vowels stand out and
sibilants do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from pipeline.listen.frames import FloatArray
from pipeline.types import Span

HOP_S = 0.01
WINDOW_S = 0.032
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

    chosen = [s for s in voice if s.duration_s >= 2 * HOP_S]
    found: list[float] = []
    for span, energy in zip(chosen, vowel_energy_db(signal, rate_hz, chosen), strict=True):
        floor = float(np.percentile(energy, 95)) - BELOW_LOUD_DB
        padded = np.concatenate(([floor - 20], energy, [floor - 20]))  # a span's edges are dips
        peaks, _ = find_peaks(padded, height=floor, prominence=DIP_DB, distance=round(MIN_APART_S / HOP_S))
        found += [span.start_s + (int(p) - 1) * HOP_S for p in peaks]
    return tuple(found)


def vowel_energy_db(signal: FloatArray, rate_hz: int, spans: Sequence[Span]) -> list[FloatArray]:
    """Smoothed energy of the vowel band per 10 ms of each span, arrays of shape ``[frames]``.

    The spans are laid end to end for librosa, with as much silence between as its window is long.
    """
    import librosa

    hop, size = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
    silence = np.zeros(-(-size // hop) * hop, dtype=np.float32)
    parts: list[FloatArray] = [silence]
    counts = []
    for span in spans:
        count = max(1, int(span.duration_s / HOP_S))
        piece = np.zeros(count * hop, dtype=np.float32)
        heard = signal[round(span.start_s * rate_hz) :][: len(piece)]
        piece[: len(heard)] = heard
        parts += [piece, silence]
        counts.append(count)
    if not counts:
        return []
    mel = librosa.feature.melspectrogram(
        y=np.concatenate(parts),
        sr=rate_hz,
        n_fft=size,
        hop_length=hop,
        n_mels=20,
        fmin=BAND_HZ[0],
        fmax=BAND_HZ[1],
    )
    energy = 10 * np.log10(mel.sum(axis=0) + 1e-10)
    answer, at = [], len(silence) // hop
    for count in counts:
        own = np.pad(energy[at : at + count], 2, mode="edge")
        answer.append(np.asarray(np.convolve(own, SMOOTH, mode="valid"), dtype=np.float32))
        at += count + len(silence) // hop
    return answer
