"""Short-time spectra reduced to what tones and music are told by: two strongest peaks and their stability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.listen.frames import BoolArray, FloatArray, framed

RATE_HZ = 8000
WINDOW = 400  # 50 ms: resolves the 20 Hz by which tones of one plan differ from their neighbours
HOP = 160  # 20 ms
STEP_S = HOP / RATE_HZ
CENTRE_S = WINDOW / RATE_HZ / 2
BIN_HZ = RATE_HZ / WINDOW
LOW_BIN, HIGH_BIN = 10, 175  # 200–3500 Hz, what a telephone line carries
LOBE = 2  # bins either side that a Hann window spreads a pure tone over
CHUNK = 3000  # frames at once: a three-hour call must not need three gigabytes
STABLE_LAG = 5  # frames; 100 ms is two thirds of a Mandarin syllable


@dataclass(frozen=True, slots=True)
class Peaks:
    """Per 20 ms frame (its window starts at ``i * step_s``), arrays of shape ``[frames]``.

    ``hz`` and ``share``: frequency and share of the frame's power of the two strongest peaks, shape
    ``[frames, 2]``; ``power_db`` of the band; ``steady``: share of the frame's power in bins that were
    spectral peaks 100 ms before and still are.
    """

    hz: FloatArray
    share: FloatArray
    power_db: FloatArray
    steady: FloatArray

    def __len__(self) -> int:
        return len(self.power_db)


def peaks_of(signal: FloatArray) -> Peaks:
    """Analyse ``signal`` ``[n]`` at 8 kHz."""
    frames = framed(np.asarray(signal, dtype=np.float32), size=WINDOW, hop=HOP)
    parts = []
    for start in range(0, len(frames), CHUNK):
        lead = min(start, STABLE_LAG)
        parts.append(_chunk(frames[start - lead : start + CHUNK], lead))
    if not parts:
        empty = np.zeros(0, dtype=np.float32)
        return Peaks(np.zeros((0, 2)), np.zeros((0, 2)), empty, empty)
    return Peaks(*(np.concatenate([part[i] for part in parts]) for i in range(4)))


def _chunk(frames: FloatArray, lead: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    import scipy.fft

    window = np.hanning(WINDOW).astype(np.float32)
    spectrum = scipy.fft.rfft(frames * window, axis=1)[:, : HIGH_BIN + LOBE + 1]
    power = spectrum.real**2 + spectrum.imag**2
    power[:, : LOW_BIN - LOBE] = 0
    total = power.sum(axis=1) + 1e-12
    rest = power.copy()
    hz, share = [], []
    for _ in range(2):
        top = np.clip(rest.argmax(axis=1), LOBE, power.shape[1] - LOBE - 1)
        around = top[:, None] + np.arange(-LOBE, LOBE + 1)
        lobe = np.take_along_axis(rest, around, axis=1)
        share.append(lobe.sum(axis=1) / total)
        # the lobe's centre of gravity: two tones nearer than the window resolves read as their mean
        hz.append((lobe * around).sum(axis=1) / (lobe.sum(axis=1) + 1e-12) * BIN_HZ)
        np.put_along_axis(rest, around, 0.0, axis=1)
    steady = _steady(power, total)
    made = (np.stack(hz, axis=1), np.stack(share, axis=1), 10 * np.log10(total), steady)
    return tuple(part[lead:] for part in made)  # type: ignore[return-value]


def _steady(power: FloatArray, total: FloatArray) -> FloatArray:
    peak = _is_peak(power)
    before = np.zeros_like(peak)
    before[STABLE_LAG:] = peak[:-STABLE_LAG]
    stay = np.zeros_like(peak)
    stay[:, LOBE:-LOBE] = (peak & before)[:, LOBE:-LOBE]
    for shift in (1, 2):  # a pure tone's power lies in its whole lobe
        stay[:, shift:] |= (peak & before)[:, :-shift]
        stay[:, :-shift] |= (peak & before)[:, shift:]
    return np.asarray((power * stay).sum(axis=1) / total, dtype=np.float32)


def _is_peak(power: FloatArray) -> BoolArray:
    """Local maxima within 30 dB of the frame's strongest bin."""
    peak = np.zeros(power.shape, dtype=bool)
    mid = power[:, 1:-1]
    peak[:, 1:-1] = (mid > power[:, :-2]) & (mid >= power[:, 2:])
    return np.asarray(peak & (power > power.max(axis=1, keepdims=True) * 1e-3))
