"""Sound on a grid: levels per frame, and masks of frames turned into spans and back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.types import Span

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]

LEVEL_STEP_S = 0.02
SILENCE_DBFS = -100.0
SAME, SOFT = 1e-6, 2e-3  # of one magnitude; −54 dBFS, above which a constant would be a fault, not a rest
MOSTLY_ALIVE = 0.9  # a leg with less digital silence than a tenth carries its noise
CODEC_BLOCK_S = 0.02  # GSM 06.10
LOSSY_ZERO = 2e-5  # MP3 and AAC leave this much of a zero behind; one 16-bit step is 3e-5


def framed(signal: FloatArray, *, size: int, hop: int) -> FloatArray:
    """Frames of ``signal`` ``[n]`` as a view, shape ``[frames, size]``; a tail shorter than size is left out."""
    if len(signal) < size:
        return np.zeros((0, size), dtype=signal.dtype)
    return np.lib.stride_tricks.sliding_window_view(signal, size)[::hop]


def levels_dbfs(signal: FloatArray, rate_hz: int, *, step_s: float = LEVEL_STEP_S) -> FloatArray:
    """RMS per frame in dB below full scale, shape ``[frames]``; -100 for silence. The tail is padded."""
    size = round(step_s * rate_hz)
    count = -(-len(signal) // size)
    padded = np.zeros(count * size, dtype=np.float32)
    padded[: len(signal)] = signal
    frames = padded.reshape(count, size)
    power = np.einsum("ij,ij->i", frames, frames) / size
    # log10 of 1e-10 is −10 only nearly, and not on every machine
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power, 1e-10)), SILENCE_DBFS), dtype=np.float32)


def noise_floor_dbfs(levels: FloatArray) -> float:
    """Level of the line when nobody speaks: the 10th percentile of the frames that carry any signal.

    Digital silence is left out, or a leg muted for half the call would have no floor at all. Where there
    is much of it, the line may be silent in every pause and the 10th percentile soft speech; so the floor
    is then no more than the 2nd percentile and 3 dB, which for noise is no lower.
    """
    alive = levels[levels > SILENCE_DBFS + 5]
    if not alive.size:
        return SILENCE_DBFS
    softest, soft = np.percentile(alive, (2, 10))
    return float(soft if alive.size > MOSTLY_ALIVE * levels.size else min(soft, softest + 3.0))


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Runs of True as half-open index pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def spans_of(
    mask: BoolArray, step_s: float, *, min_s: float = 0.0, end_s: float = float("inf")
) -> tuple[Span, ...]:
    """Runs of True as spans of at least ``min_s``, none past ``end_s``."""
    found = (Span(a * step_s, min(b * step_s, end_s)) for a, b in runs(mask))
    return tuple(s for s in found if s.duration_s >= max(min_s - 1e-9, 0.001))


def mask_of(spans: Iterable[Span], step_s: float, count: int) -> BoolArray:
    """Which of ``count`` frames lie in ``spans`` (by their middle)."""
    mask = np.zeros(count, dtype=bool)
    for span in spans:
        mask[max(0, round(span.start_s / step_s)) : max(0, round(span.end_s / step_s))] = True
    return mask


def digital_silence(
    signal: FloatArray, rate_hz: int, *, min_s: float, step_s: float = 0.01
) -> tuple[Span, ...]:
    """Stretches in which the line carries nothing at all: a muted or dropped leg, never a quiet room.

    A frame counts when all its samples have one soft magnitude (A-law rests at ±8 of 32768), or are softly
    those of 20 ms before (GSM's decoder at rest gives the same block over and over), or none exceeds
    what a lossy codec leaves of a zero.

    ::

        samples  ~~~~~~~~0000000000~~~~
        spans            ▇▇▇▇▇▇▇▇▇▇
    """
    size = round(step_s * rate_hz)
    count = len(signal) // size
    magnitude = np.abs(signal[: count * size]).reshape(count, size)
    peak, trough = magnitude.max(axis=1, initial=0.0), magnitude.min(axis=1, initial=1.0)
    soft = peak < SOFT
    resting = soft & ((peak - trough < SAME) | _repeats(signal[: count * size], soft, size, rate_hz))
    dead = (peak < LOSSY_ZERO) | resting
    return spans_of(dead, step_s, min_s=min_s)


def _repeats(signal: FloatArray, soft: BoolArray, size: int, rate_hz: int) -> BoolArray:
    """Per frame of ``size`` samples that is ``soft``: is it, sample by sample, what came a codec block before?"""
    block = round(CODEC_BLOCK_S * rate_hz)
    answer = np.zeros(len(soft), dtype=bool)
    for first, last in runs(soft):
        start, end = max(first * size, block), last * size
        if end <= start:
            continue
        same = np.abs(signal[start:end] - signal[start - block : end - block]) < SAME
        whole = np.ones((last - first) * size, dtype=bool)
        whole[start - first * size :] = same
        whole[: start - first * size] = False
        answer[first:last] = whole.reshape(-1, size).all(axis=1)
    return answer
