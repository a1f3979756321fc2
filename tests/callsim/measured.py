"""Plain measurements of rendered sound, made without the pipeline's own listeners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8_000


def piece(channel: NDArray[np.float32], start_s: float, end_s: float) -> NDArray[np.float32]:
    return channel[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]


def level_db(sound: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-12))


def loudest_hz(sound: NDArray[np.float32]) -> float:
    """Frequency of the strongest partial, to about 0.2 Hz by padding."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 16))
    return float(spectrum.argmax() * RATE_HZ / (1 << 16))


def bursts(sound: NDArray[np.float32], threshold: float) -> list[tuple[float, float]]:
    """(start_s, end_s) of stretches whose 10 ms envelope is above ``threshold``."""
    envelope = np.sqrt(np.convolve(sound.astype(np.float64) ** 2, np.ones(80) / 80, "same"))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], envelope > threshold, [0]])))
    return [(a / RATE_HZ, b / RATE_HZ) for a, b in zip(edges[::2], edges[1::2])]
