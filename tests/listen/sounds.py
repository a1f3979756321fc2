"""Sounds made for the tests: speech-like buzzes, tones, noise, at 8 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 8000
Samples = NDArray[np.float32]


def sine(hz: float, seconds: float, level: float = -20.0) -> Samples:
    t = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(10 ** (level / 20) * np.sqrt(2) * np.sin(2 * np.pi * hz * t), np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def hiss(samples: int, level: float = -60.0, seed: int = 0) -> Samples:
    return np.asarray(np.random.default_rng(seed).normal(0, 10 ** (level / 20), samples), np.float32)


def buzz(seconds: float, hz: float = 180.0, level: float = -20.0, glide: float = 0.15) -> Samples:
    """A voiced sound with gliding pitch and four syllables a second."""
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(hz * (1 + glide * np.sin(2 * np.pi * 2.3 * t))) / RATE
    wave = sum(np.sin(k * phase) / k for k in range(1, 16))
    sound = np.asarray(wave * (0.55 - 0.45 * np.cos(2 * np.pi * 4 * t)), np.float32)
    return np.asarray(sound * 10 ** (level / 20) / np.sqrt(np.mean(sound**2)), np.float32)


def over_hiss(*parts: Samples, level: float = -60.0) -> Samples:
    joined = np.concatenate(parts)
    return joined + hiss(len(joined), level)
