"""Where somebody speaks: Silero VAD finds speech, the sound's own energy sets its edges.

Silero (as shipped inside faster_whisper) answers every 32 ms and lags at both ends; turn-taking is
measured in tens of milliseconds. So its spans are only candidates, and the edges are where the level
rises out of, and falls back into, the line's noise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
LISTEN_AROUND_S = 0.25  # context left around what is listened to
REGION_APART_S = 1.0
NOISY_DB = 24.0  # loud frames less far above the floor than this leave soft syllables buried
NOISE_MARGIN_DB = 5.0  # the floor is the noise's 10th percentile; its 99th lies 4 dB higher once smoothed
BELIEVED = 0.3
SLOW_START_S, SLOW_END_S = 0.1, 0.3  # how early and how late Silero's spans begin and end
MAX_MOVE_S = 0.5  # how far from a span its first syllables may lie
NEARBY = 0.05  # the most Silero gives a cough; the least it gives such a syllable is about 0.06


def speech_probability(signal: FloatArray, levels: FloatArray, *, level_step_s: float) -> FloatArray:
    """Silero's probability of speech per 32 ms window of ``signal`` (16 kHz), shape ``[windows]``.

    Only stretches that stand out of the noise floor are listened to; elsewhere the answer is 0. In a
    two-party call that halves the work. The gain is set so that active speech lies at −24 dBFS,
    which makes the answer the same for a call recorded at −40 dBFS.
    """
    count = len(signal) // WINDOW
    answer = np.zeros(count, dtype=np.float32)
    floor = noise_floor_dbfs(levels)
    # over 100 ms noise hardly moves; single frames of it would make everything worth listening to
    steady = 10 * np.log10(np.convolve(10 ** (levels / 10), np.ones(5) / 5, mode="same") + 1e-10)
    standing_out = (steady > floor + LISTEN_ABOVE_DB) & (levels > SILENCE_DBFS)
    loud = levels[standing_out]
    if not loud.size or not count:
        return answer
    worth = _dilated(standing_out, round(LISTEN_AROUND_S / level_step_s)) & (levels > SILENCE_DBFS)
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


@dataclass(frozen=True, slots=True)
class _Line:
    """One channel on the 10 ms grid: levels, Silero's probability, the floor."""

    levels: FloatArray
    smooth: FloatArray
    probability: FloatArray
    floor: float


def refine_edges(
    spans: Iterable[Span],
    probability: FloatArray,
    signal: FloatArray,
    rate_hz: int,
    *,
    min_voice_s: float,
    min_pause_s: float,
    taken: Iterable[Span] = (),
) -> tuple[Span, ...]:
    """Move the edges of each span to where the level crosses out of the noise, and open true pauses.

    On a clean line the threshold of a span lies 6 dB above the noise floor, but never more than 28 dB
    below the span's own loud frames, so that breath and reverberation after a loud word are not
    speech. On a noisy line half of all speech is no louder than the noise, so inside a span Silero is
    believed too (``probability`` per window) and energy only trims its slow ends. ``taken`` (tones,
    music) counts as silence.

    ::

        level      ..▁▃▆▇▇▆▃▁.....▂▅▇▅▂..
        candidate    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
        refined       ▇▇▇▇▇▇      ▇▇▇▇
    """
    line = _line(signal, rate_hz, probability, taken)
    found: list[Span] = []
    for span in clip(spans, Span(0.0, len(signal) / rate_hz)):
        core = line.levels[round(span.start_s / EDGE_STEP_S) : round(span.end_s / EDGE_STEP_S)]
        if core.size:
            loud = float(np.percentile(core, 90))
            parts = (
                _in_noise(line, span, min_pause_s)
                if loud < line.floor + NOISY_DB
                else _clean(line, span, loud)
            )
            found += merge(parts, join_s=min_pause_s)
    return tuple(s for s in merge(found, join_s=min_pause_s) if s.duration_s >= min_voice_s)


def _line(signal: FloatArray, rate_hz: int, probability: FloatArray, taken: Iterable[Span]) -> _Line:
    levels = levels_dbfs(signal, rate_hz, step_s=EDGE_STEP_S)
    levels[mask_of(taken, EDGE_STEP_S, len(levels))] = SILENCE_DBFS
    window = np.minimum((np.arange(len(levels)) * EDGE_STEP_S / WINDOW_S).astype(int), len(probability) - 1)
    power = np.convolve(10 ** (levels / 10), np.ones(3) / 3, mode="same")[: len(levels)]
    known = probability[window] if len(probability) else np.zeros(len(levels), dtype=np.float32)
    return _Line(levels, 10 * np.log10(power + 1e-10), known, noise_floor_dbfs(levels))


def _clean(line: _Line, span: Span, loud: float) -> list[Span]:
    lo, hi = _reach(span, MAX_MOVE_S, len(line.levels))
    threshold = max(loud - 28.0, min(line.floor + 6.0, loud - 6.0))
    parts = _shifted(line.levels[lo:hi] > threshold, lo)
    return [p for p in parts if (p.start_s < span.end_s and p.end_s > span.start_s) or _belongs(line, p)]


def _belongs(line: _Line, part: Span) -> bool:
    """A sound beside a span: its first syllable, which Silero half heard, or a click or cough."""
    inside = line.probability[round(part.start_s / EDGE_STEP_S) : round(part.end_s / EDGE_STEP_S)]
    return bool(inside.size) and float(inside.max()) >= NEARBY


def _in_noise(line: _Line, span: Span, min_pause_s: float) -> list[Span]:
    lo, hi = _reach(span, SLOW_START_S, len(line.levels))
    energetic = line.smooth[lo:hi] > line.floor + NOISE_MARGIN_DB
    parts = merge(_shifted(energetic | (line.probability[lo:hi] >= BELIEVED), lo), join_s=min_pause_s)
    return [_trimmed(part, energetic, lo) for part in parts if part.start_s < span.end_s]


def _trimmed(part: Span, energetic: BoolArray, lo: int) -> Span:
    """Silero lags: an edge moves to the nearest energetic frame inside, if one is within its lag."""
    first, last = round(part.start_s / EDGE_STEP_S) - lo, round(part.end_s / EDGE_STEP_S) - lo
    head = np.flatnonzero(energetic[first : first + round(SLOW_START_S / EDGE_STEP_S)])
    tail_from = max(first, last - round(SLOW_END_S / EDGE_STEP_S))
    tail = np.flatnonzero(energetic[tail_from:last])
    start = part.start_s + (int(head[0]) * EDGE_STEP_S if head.size else 0.0)
    end = (lo + tail_from + int(tail[-1]) + 1) * EDGE_STEP_S if tail.size else part.end_s
    return Span(start, max(start, end))


def _reach(span: Span, margin_s: float, count: int) -> tuple[int, int]:
    return (
        max(0, round((span.start_s - margin_s) / EDGE_STEP_S)),
        min(count, round((span.end_s + margin_s) / EDGE_STEP_S)),
    )


def _shifted(mask: BoolArray, lo: int) -> list[Span]:
    return [Span((lo + a) * EDGE_STEP_S, (lo + b) * EDGE_STEP_S) for a, b in runs(mask)]


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
