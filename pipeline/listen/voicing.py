"""Speech that Silero does not know: loud, voiced sound on a clean line, where nothing else is voiced.

Silero gives short words of strongly coded or synthetic voices next to nothing (再见 at 0.05). On a clean
line, once tones and music are labelled, a sound about as loud as the party's known voice, with a pitch
of a human voice in most of it, can only be that party: coughs, clicks and keyboards have no pitch.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.listen.frames import (
    SILENCE_DBFS,
    FloatArray,
    framed,
    levels_dbfs,
    mask_of,
    noise_floor_dbfs,
    spans_of,
)
from pipeline.timeline import Spans, merge, total_s
from pipeline.types import Span

STEP_S = 0.01
CLEAN_DB = 24.0  # voice this far above the floor: the line is clean
ABOVE_FLOOR_DB = 12.0
BELOW_VOICE_DB = 16.0
MIN_KNOWN_S = 0.5  # of voice, to know how loud the party is
PITCH_HZ = (70.0, 420.0)
PERIODIC = 0.55  # autocorrelation at the pitch period; of noise it stays below 0.4 in 40 ms
VOICED_SHARE = 0.4  # of a word: initials are voiceless
MUSIC_VOICED_SHARE = 0.7  # of all sound: talk pauses, and what is between is noise without a pitch
JOIN_S = 0.13
ABOVE_NOISE_DB = 6.0  # of 50 ms on a noisy line; noise itself stays below 4
BURIED_S = 0.35  # on a noisy line the soft syllable between two loud ones is not heard


def overlooked(
    voice: Iterable[Span], signal: FloatArray, rate_hz: int, *, taken: Iterable[Span], min_voice_s: float
) -> Spans:
    """Spans of voice beside ``voice`` in ``signal`` ``[n]``.

    ::

        level     ▁▅▇▆▁▁▁▃▆▅▁▁▂▂▁▅▇▇▅▁
        voice      ▇▇▇
        overlooked       ▇▇▇      (then a cough: loud, without a pitch)
    """
    known, claimed = tuple(voice), tuple(taken)
    whole = Span(0.0, len(signal) / rate_hz)
    levels = levels_dbfs(signal, rate_hz, step_s=STEP_S)
    levels[mask_of(claimed, STEP_S, len(levels))] = SILENCE_DBFS
    mine = levels[mask_of(known, STEP_S, len(levels))]
    floor = noise_floor_dbfs(levels)
    known_well = total_s(known) >= MIN_KNOWN_S and mine.size > 0
    loud = float(np.percentile(mine, 75)) if known_well else float(np.percentile(levels, 95))
    clean = loud >= floor + CLEAN_DB
    if not known_well and (clean or voiced_share(signal, rate_hz, whole) > MUSIC_VOICED_SHARE):
        return ()  # Silero misses words, and parties in noise; what is clean or never pauses is music or a machine
    if clean:
        energetic, join_s = levels > max(floor + ABOVE_FLOOR_DB, loud - BELOW_VOICE_DB), JOIN_S
    else:
        smooth = 10 * np.log10(np.convolve(10 ** (levels / 10), np.ones(5) / 5, mode="same") + 1e-10)
        energetic, join_s = smooth > floor + ABOVE_NOISE_DB, BURIED_S
    energetic &= ~mask_of((*known, *claimed), STEP_S, len(levels))
    runs = merge(spans_of(energetic, STEP_S), join_s=JOIN_S)
    found = [s for s in runs if s.duration_s >= min_voice_s and _is_voice(signal, rate_hz, s)]
    return merge(found, join_s=join_s)


def _is_voice(signal: FloatArray, rate_hz: int, span: Span) -> bool:
    return voiced_share(signal, rate_hz, span) >= VOICED_SHARE


def voiced_share(signal: FloatArray, rate_hz: int, span: Span) -> float:
    """Share of the 40 ms frames of ``span`` that repeat with the period of a human voice."""
    size, hop = round(0.04 * rate_hz), round(0.02 * rate_hz)
    piece = np.asarray(signal[round(span.start_s * rate_hz) : round(span.end_s * rate_hz)], dtype=np.float32)
    frames = framed(piece, size=size, hop=hop)
    if not len(frames):
        return 0.0
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(frames, 2 * size, axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)[:, :size]
    low, high = int(rate_hz / PITCH_HZ[1]), int(rate_hz / PITCH_HZ[0])
    lags = np.arange(low, min(high, size - 1))
    # the frame loses `lag` samples to the shift
    alike = correlation[:, lags] / (correlation[:, :1] + 1e-9) / (1 - lags / size)
    return float(np.mean(alike.max(axis=1) >= PERIODIC))
