"""Beats: unbroken soundings of one or two steady frequencies, out of which tones are made.

A tone keeps its frequencies and its level; no vowel does both for long. So frames whose power lies in
one or two peaks are joined while frequency and level hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.listen.frames import FloatArray, levels_dbfs
from pipeline.listen.spectrum import CENTRE_S, RATE_HZ, STEP_S, Peaks
from pipeline.types import Span

PURE_SHARE = 0.6  # of a frame's power in its peaks: what a tone keeps at 5 dB above noise
SECOND_SHARE = 0.08  # the weaker of two tones; DTMF may be twisted by 8 dB (ITU-T Q.24)
RESOLVED_HZ = 100.0  # nearer ones fall into one lobe and are heard as their mean
FREQUENCY_HZ = 15.0  # GB/T 3380 allows ±25 Hz; the measured error of the peak is below 3
LEVEL_WOBBLE_DB = 1.5
MIN_KEY_S = 0.04  # ITU-T Q.24: a key must be accepted from 40 ms
MIN_BEAT_FRAMES = 5  # of 20 ms, each looking 50 ms wide
AROUND = 5  # 10 ms levels looked at on either side of a beat
ALONE_DB = 4.0  # a tone 5 dB above noise rises 6 dB out of it
LONG_BEAT_S = 0.3
DROPOUT_S = 0.09  # two lost packets, with the blur of the window; the shortest true pause is 100 ms
EDGE_S = 0.01


@dataclass(frozen=True, slots=True)
class Beat:
    """One unbroken sounding of one or two frequencies."""

    span: Span
    hz: tuple[float, ...]


def beats_of(signal: FloatArray, peaks: Peaks) -> list[Beat]:
    """Beats of ``signal`` (8 kHz, shape ``[n]``), in order.

    ::

        450 Hz   ....▇▇▇▇▇▇....▇▇▇▇▇▇...
        beats        |----|    |----|
    """
    single = peaks.share[:, 0] >= PURE_SHARE
    both = peaks.share.sum(axis=1)
    apart = np.abs(peaks.hz[:, 0] - peaks.hz[:, 1]) > RESOLVED_HZ
    dual = (both >= PURE_SHARE) & (peaks.share[:, 1] >= SECOND_SHARE) & apart
    loud = peaks.power_db > max(-60.0, float(np.percentile(peaks.power_db, 5)) + 3) if len(peaks) else single
    tonal = (single | dual) & loud
    low, high = np.sort(peaks.hz, axis=1).T if len(peaks) else (peaks.power_db, peaks.power_db)
    first = np.where(dual, low, peaks.hz[:, 0]) if len(peaks) else low
    found: list[Beat] = []
    levels = levels_dbfs(signal, RATE_HZ, step_s=EDGE_S)
    at = 0
    while at < len(tonal):
        if not tonal[at]:
            at += 1
            continue
        end = at + 1
        while end < len(tonal) and tonal[end] and _same(at, end, first, high, dual):
            end += 1
        beat = _beat(at, end, peaks, first, high, dual, levels)
        if beat is not None:
            found.append(beat)
        at = end
    return _joined(found)


def _same(start: int, at: int, first: FloatArray, high: FloatArray, dual: FloatArray) -> bool:
    """Frame ``at`` continues the beat: the frequencies of the frame before it, and never far from its start."""
    if abs(first[at] - first[at - 1]) > FREQUENCY_HZ or abs(first[at] - first[start]) > 2 * FREQUENCY_HZ:
        return False
    if dual[at] and dual[at - 1]:
        return bool(abs(high[at] - high[at - 1]) <= FREQUENCY_HZ)
    return True


def _beat(
    start: int,
    end: int,
    peaks: Peaks,
    first: FloatArray,
    high: FloatArray,
    dual: FloatArray,
    levels: FloatArray,
) -> Beat | None:
    """Frames ``start..end`` as a beat, or None when frequency or level wander as a voice does."""
    if end - start < (2 if _near_key(first[start], high[start]) else MIN_BEAT_FRAMES):
        return None
    inner = slice(start + 1, end - 1) if end - start >= 5 else slice(start, end)
    power = peaks.power_db[inner]
    if end - start >= 5 and float(np.std(power)) > LEVEL_WOBBLE_DB:
        return None
    if float(np.std(first[inner])) > FREQUENCY_HZ / 2:
        return None
    span = _edges(start, end, levels)
    if span.duration_s < MIN_KEY_S or not _stands_alone(span, levels):
        return None
    hz: tuple[float, ...] = (float(np.median(first[inner])),)
    if float(np.mean(dual[inner])) > 0.5:
        hz += (float(np.median(high[inner][dual[inner]])),)
    return Beat(span, hz)


def _near_key(low: float, high: float) -> bool:
    """Might be a DTMF key; anything else as short is not worth a closer look."""
    return 680.0 <= low <= 960.0 and 1180.0 <= high <= 1665.0


def _edges(start: int, end: int, levels: FloatArray) -> Span:
    """Sharpen a beat's edges on 10 ms levels: a tone starts and stops at once."""
    lo = max(0, round((start * STEP_S - 0.02) / EDGE_S))
    hi = min(len(levels), round(((end - 1) * STEP_S + 2 * CENTRE_S + 0.02) / EDGE_S))
    near = levels[lo:hi]
    mid = levels[round((start * STEP_S + CENTRE_S) / EDGE_S) : round((end * STEP_S + CENTRE_S) / EDGE_S)]
    on = np.flatnonzero(near > float(np.median(mid)) - 6.0) if mid.size else np.zeros(0)
    if not on.size:
        return Span(start * STEP_S + CENTRE_S, end * STEP_S + CENTRE_S)
    return Span((lo + int(on[0])) * EDGE_S, (lo + int(on[-1]) + 1) * EDGE_S)


def _stands_alone(span: Span, levels: FloatArray) -> bool:
    """Out of silence and into silence: a steady stretch of a vowel has the rest of its word around it."""
    first, last = round(span.start_s / EDGE_S), round(span.end_s / EDGE_S)
    inside = float(np.median(levels[first:last])) if last > first else 0.0
    before, after = levels[max(0, first - AROUND) : max(0, first - 1)], levels[last + 1 : last + AROUND]
    drops = [inside - float(np.mean(side)) for side in (before, after) if side.size]
    # one side may run into speech or be cut by the file; a short one must be free on both
    need = drops if span.duration_s < LONG_BEAT_S else [max(drops, default=99.0)]
    return all(drop > ALONE_DB for drop in need)


def _joined(beats: Sequence[Beat]) -> list[Beat]:
    """Beats of one frequency that a short disturbance cut in two."""
    out: list[Beat] = []
    for beat in beats:
        if out and beat.span.start_s - out[-1].span.end_s < DROPOUT_S and matches(beat.hz, out[-1].hz):
            out[-1] = Beat(Span(out[-1].span.start_s, max(beat.span.end_s, out[-1].span.end_s)), out[-1].hz)
        else:
            out.append(beat)
    return out


def matches(heard: Sequence[float], wanted: Sequence[float]) -> bool:
    if max(wanted) - min(wanted) < RESOLVED_HZ:
        wanted = (sum(wanted) / len(wanted),)
    pairs = zip(sorted(heard), sorted(wanted), strict=False)
    return len(heard) == len(wanted) and all(abs(h - w) <= FREQUENCY_HZ for h, w in pairs)
