"""Loudness as ears weigh it: K-weighted level per block (ITU-R BS.1770-4, EBU R 128)."""

from __future__ import annotations

import numpy as np

from pipeline.listen.frames import SILENCE_DBFS, FloatArray

STEP_S = 0.1
BLOCK_S = 0.4
OFFSET_DB = -0.691  # BS.1770-4, annex 1


def k_weighted_lufs(signal: FloatArray, rate_hz: int) -> FloatArray:
    """Momentary loudness of ``signal`` ``[n]``: 400 ms blocks every 100 ms, shape ``[blocks]``; -100 for silence.

    The filters are BS.1770's own (a 4 dB shelf above 1.7 kHz, a high pass at 38 Hz), derived for this
    sample rate from their analogue prototypes.
    """
    from scipy.signal import sosfilt

    hop = round(STEP_S * rate_hz)
    count = -(-len(signal) // hop)
    padded = np.zeros(count * hop, dtype=np.float32)
    padded[: len(signal)] = sosfilt(_filters(rate_hz), signal)
    tenth = np.einsum("ij,ij->i", padded.reshape(count, hop), padded.reshape(count, hop)) / hop
    wide = round(BLOCK_S / STEP_S)
    power = np.convolve(tenth, np.ones(wide) / wide, mode="full")[wide - 1 :][:count]
    return np.asarray(np.maximum(OFFSET_DB + 10 * np.log10(power + 1e-10), SILENCE_DBFS), dtype=np.float32)


def _filters(rate_hz: int) -> FloatArray:
    """Second-order sections; the constants are those of the 48 kHz filters in BS.1770-4, tables 1 and 2."""
    return np.stack([_shelf(rate_hz), _high_pass(rate_hz)])


def _shelf(
    rate_hz: int, *, hz: float = 1681.974, gain_db: float = 3.99984, q: float = 0.7071752
) -> FloatArray:
    k = np.tan(np.pi * min(hz, 0.45 * rate_hz) / rate_hz)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]) / a0
    return np.concatenate([b, [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]])


def _high_pass(rate_hz: int, *, hz: float = 38.13547, q: float = 0.5003270) -> FloatArray:
    k = np.tan(np.pi * hz / rate_hz)
    a0 = 1 + k / q + k * k
    return np.array([1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])
