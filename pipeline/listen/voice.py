"""Where somebody speaks: Silero VAD finds speech, the sound's own energy sets its edges.

Silero (as shipped inside faster_whisper) answers every 32 ms and lags at both ends; turn-taking is
measured in tens of milliseconds. So its spans are only candidates, and the edges are where the level
rises out of, and falls back into, the line's noise.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from pipeline.listen.frames import (
    SILENCE_DBFS,
    BoolArray,
    FloatArray,
    levels_dbfs,
    mask_of,
    noise_floor_dbfs,
    runs,
    spans_of,
)
from pipeline.timeline import clip, merge, subtract
from pipeline.types import Span

VAD_RATE_HZ = 16_000
WINDOW = 512  # samples at 16 kHz that Silero judges at once
WINDOW_S = WINDOW / VAD_RATE_HZ
EDGE_STEP_S = 0.01
WORKING_RMS = 0.06  # −24 dBFS: Silero was trained near it and misses speech far below
MAX_GAIN = 200.0  # a floor of hiss must not be blown up to speech
LISTEN_ABOVE_DB = 3.0  # frames this close to the noise floor need no VAD at all
LISTEN_AROUND_S = 0.3  # context left around what is listened to
REGION_APART_S = 1.0
MAX_MOVE_S = 0.25  # Silero's edges are never further off than this


def speech_probability(signal: FloatArray, levels: FloatArray, *, level_step_s: float) -> FloatArray:
    """Silero's probability of speech per 32 ms window of ``signal`` (16 kHz), shape ``[windows]``.

    Only stretches that stand out of the noise floor are listened to; elsewhere the answer is 0. In a
    two-party call that halves the work. The gain is set so that active speech lies at −24 dBFS,
    which makes the answer the same for a call recorded at −40 dBFS.
    """
    count = len(signal) // WINDOW
    answer = np.zeros(count, dtype=np.float32)
    floor = noise_floor_dbfs(levels)
    loud = levels[levels > floor + LISTEN_ABOVE_DB]
    if not loud.size or not count:
        return answer
    around = round(LISTEN_AROUND_S / level_step_s)
    worth = _dilated(levels > floor + LISTEN_ABOVE_DB, around) & (levels > SILENCE_DBFS)
    frame = np.minimum((np.arange(count) * WINDOW_S / level_step_s).astype(int), len(levels) - 1)
    gain = min(MAX_GAIN, WORKING_RMS / 10 ** (float(np.percentile(loud, 75)) / 20))
    windows = signal[: count * WINDOW].reshape(count, WINDOW)
    for first, last in _regions(worth[frame]):
        # Silero remembers what it heard: music or noise long past must not colour what follows, so
        # each region is listened to afresh.
        piece = np.clip(windows[first:last] * np.float32(gain), -1.0, 1.0)
        answer[first:last] = _silero()(piece.reshape(-1))
    return answer


def _regions(worth: BoolArray) -> list[tuple[int, int]]:
    """Runs of windows worth listening to; those less than a second apart are one."""
    found: list[tuple[int, int]] = []
    for first, last in runs(worth):
        if found and (first - found[-1][1]) * WINDOW_S < REGION_APART_S:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def voiced_spans(
    probability: FloatArray, *, threshold: float, release: float, min_voice_s: float, min_pause_s: float
) -> tuple[Span, ...]:
    """Speech by hysteresis: starts above ``threshold``, lasts while above ``release``.

    ::

        probability  ..1379986421..18999..
        threshold 5      ▇▇▇▇        ▇▇▇
        release 3       ▇▇▇▇▇▇      ▇▇▇▇
    """
    held = [(a, b) for a, b in runs(probability >= release) if probability[a:b].max() >= threshold]
    joined = merge((Span(a * WINDOW_S, b * WINDOW_S) for a, b in held), join_s=min_pause_s)
    return tuple(s for s in joined if s.duration_s >= min_voice_s)


def refine_edges(
    spans: Iterable[Span],
    signal: FloatArray,
    rate_hz: int,
    *,
    min_voice_s: float,
    min_pause_s: float,
    taken: Iterable[Span] = (),
) -> tuple[Span, ...]:
    """Move the edges of each span to where the level crosses out of the noise, and open true pauses.

    The threshold of a span lies 6 dB above the noise floor, but never more than 28 dB below the
    span's own loud frames, so that breath and reverberation after a loud word are not speech.
    ``taken`` (tones, music) counts as silence.

    ::

        level      ..▁▃▆▇▇▆▃▁.....▂▅▇▅▂..
        candidate    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
        refined       ▇▇▇▇▇▇      ▇▇▇▇
    """
    levels = levels_dbfs(signal, rate_hz, step_s=EDGE_STEP_S)
    levels[mask_of(taken, EDGE_STEP_S, len(levels))] = SILENCE_DBFS
    floor = noise_floor_dbfs(levels)
    window = Span(0.0, len(signal) / rate_hz)
    found: list[Span] = []
    for span in clip(spans, window):
        lo = max(0, round((span.start_s - MAX_MOVE_S) / EDGE_STEP_S))
        hi = min(len(levels), round((span.end_s + MAX_MOVE_S) / EDGE_STEP_S))
        inside = levels[lo:hi]
        core = levels[round(span.start_s / EDGE_STEP_S) : round(span.end_s / EDGE_STEP_S)]
        if not core.size:
            continue
        loud = float(np.percentile(core, 90))
        threshold = max(loud - 28.0, min(floor + 6.0, loud - 6.0))
        parts = spans_of(inside > threshold, EDGE_STEP_S)
        parts = merge(
            (Span(p.start_s + lo * EDGE_STEP_S, p.end_s + lo * EDGE_STEP_S) for p in parts),
            join_s=min_pause_s,
        )
        # what lies wholly in the margin belongs to a click or to the neighbour, not to this span
        found += [p for p in parts if p.start_s < span.end_s and p.end_s > span.start_s]
    return tuple(s for s in merge(found, join_s=min_pause_s) if s.duration_s >= min_voice_s)


def without(voice: Iterable[Span], taken: Iterable[Span], *, min_voice_s: float) -> tuple[Span, ...]:
    """``voice`` less what was labelled first (tones, music, echo); crumbs are dropped."""
    return tuple(s for s in subtract(voice, taken) if s.duration_s >= min_voice_s)


def _dilated(mask: Any, by: int) -> Any:
    if not by:
        return mask
    kernel = np.ones(2 * by + 1, dtype=np.float32)
    return np.convolve(mask.astype(np.float32), kernel, mode="same")[: len(mask)] > 0.5


def load() -> None:
    """Load Silero now, so that the first call is not the slow one."""
    _silero()


@cache
def _silero() -> Any:
    from faster_whisper.vad import get_vad_model

    return get_vad_model()
