"""Fundamental frequency of the voiced stretches, by librosa's yin.

``yin`` and not ``pyin``: on one minute of 8 kHz speech pyin takes about twenty times as long, and a
call needs medians and ranges, not a contour fit for intonation research.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.listen.frames import FloatArray
from pipeline.types import Span

STEP_S = 0.04
FRAME_S = 0.05  # 3.5 periods of the lowest voice (70 Hz)
EDGE_HZ = 1.03  # a candidate at the edge of the range is yin saying "none"
LOUD_DB = 18.0  # below the span's loud frames: consonants and endings, where yin guesses
OCTAVE = 1.7  # a value this far from the running median is an octave error


def load() -> None:
    """Let librosa load its parts now: it defers them to first use, which costs seconds."""
    pitch_hz(np.zeros(8000, dtype=np.float32), 8000, [Span(0.1, 0.9)], min_hz=70.0, max_hz=420.0)


def pitch_hz(
    signal: FloatArray, rate_hz: int, voice: Iterable[Span], *, min_hz: float, max_hz: float
) -> FloatArray:
    """Pitch per 40 ms of ``signal`` ``[n]``, shape ``[frames]``; NaN outside ``voice`` and where unvoiced.

    Reference: de Cheveigné & Kawahara, YIN, JASA 111 (2002); a frame is voiced when its period
    explains the frame (normalised autocorrelation at the period above 0.5).
    """
    import librosa

    hop, size = round(STEP_S * rate_hz), round(FRAME_S * rate_hz)
    answer = np.full(-(-len(signal) // hop), np.nan, dtype=np.float32)
    places, pieces = _pieces(signal, voice, hop=hop, size=size)
    if not pieces:
        return answer
    joined = np.concatenate(pieces)  # one call for all: yin's start-up would cost more than its work
    found = librosa.yin(
        joined, fmin=min_hz, fmax=max_hz, sr=rate_hz, frame_length=size, hop_length=hop, center=False
    )
    sure = _is_voiced(joined, np.arange(len(found)) * hop, found, rate_hz, size)
    good = sure & (found < max_hz / EDGE_HZ) & (found > min_hz * EDGE_HZ)
    values = np.where(good, found, np.nan)
    at = 0
    for (first, last), piece in zip(places, pieces, strict=True):
        answer[first:last] = values[at : at + last - first]
        at += len(piece) // hop
    return _without_octaves(answer)


def _pieces(
    signal: FloatArray, voice: Iterable[Span], *, hop: int, size: int
) -> tuple[list[tuple[int, int]], list[FloatArray]]:
    """The voiced stretches, each a whole number of hops long, and the frames of the answer they fill."""
    places: list[tuple[int, int]] = []
    pieces: list[FloatArray] = []
    spare = -(-size // hop)
    for span in voice:
        first, last = int(np.ceil(span.start_s / STEP_S)), int(span.end_s / STEP_S)
        piece = np.asarray(signal[first * hop : (last + spare) * hop], dtype=np.float32)
        if last > first and len(piece) == (last - first + spare) * hop:
            places.append((first, last))
            pieces.append(piece)
    return places, pieces


def _is_voiced(
    piece: FloatArray, starts: NDArray[np.int_], hz: FloatArray, rate_hz: int, size: int
) -> NDArray[np.bool_]:
    """Loud enough, and alike one period later."""
    frames = np.lib.stride_tricks.sliding_window_view(piece, size)[starts]
    power = np.einsum("ij,ij->i", frames, frames) + 1e-9
    period = np.clip(np.round(rate_hz / hz).astype(int), 1, size - 1)
    alike = np.empty(len(frames), dtype=np.float32)
    for lag in np.unique(period):
        rows = np.flatnonzero(period == lag)
        a, b = frames[rows, :-lag], frames[rows, lag:]
        norm = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b)) + 1e-9
        alike[rows] = np.einsum("ij,ij->i", a, b) / norm
    loud = 10 * np.log10(power) > 10 * np.log10(np.percentile(power, 90)) - LOUD_DB
    return np.asarray((alike > 0.5) & loud)


def _without_octaves(values: FloatArray) -> FloatArray:
    known = values[np.isfinite(values)]
    if not known.size:
        return values
    middle = float(np.median(known))
    with np.errstate(invalid="ignore"):
        wild = (values > middle * OCTAVE) | (values < middle / OCTAVE)
    return np.where(wild, np.nan, values).astype(np.float32)
