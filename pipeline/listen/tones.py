"""Tones of the line, labelled before anything else listens: rings, busy, congestion, DTMF, beeps.

A tone keeps its frequencies and its level; no vowel does both for long. So frames whose power lies in
one or two peaks are joined into beats while frequency and level hold, and beats are then read
against the cadences of the network's plan.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.listen.frames import FloatArray, levels_dbfs
from pipeline.listen.plans import DTMF_HIGH_HZ, DTMF_KEYS, DTMF_LOW_HZ, PLANS, Cadence
from pipeline.listen.spectrum import CENTRE_S, RATE_HZ, STEP_S, Peaks
from pipeline.types import Span, Tone

PURE_SHARE = 0.6  # of a frame's power in its peaks: what a tone keeps at 5 dB above noise
SECOND_SHARE = 0.08  # the weaker of two tones; DTMF may be twisted by 8 dB (ITU-T Q.24)
RESOLVED_HZ = 100.0  # nearer ones fall into one lobe and are heard as their mean
FREQUENCY_HZ = 15.0  # GB/T 3380 allows ±25 Hz; the measured error of the peak is below 3
DTMF_TOLERANCE = 0.015  # ITU-T Q.24: must accept ±1.5 %, must refuse beyond ±3.5 %
LEVEL_WOBBLE_DB = 1.5
MIN_DTMF_S, MAX_DTMF_S = 0.04, 2.0
MIN_BEAT_S = 0.15
MIN_BEAT_FRAMES = 5  # of 20 ms, each looking 50 ms wide
DTMF_SHARE = 0.85
BEEP_DRIFT_HZ = 8.0  # of its peak from frame to frame: a generator holds its pitch, no voice does
BEEP_RANGE_HZ = (900.0, 3000.0)  # below it a nasal can be as pure
BEEP_SHARE, BEEP_RANGE_S = 0.9, (0.12, 1.5)
AROUND = 5  # 10 ms levels looked at on either side of a beat
ALONE_DB = 4.0  # a tone 5 dB above noise rises 6 dB out of it
LONG_BEAT_S = 0.3
DROPOUT_S = 0.09  # two lost packets, with the blur of the window; the shortest true pause is 100 ms
CADENCE_TOLERANCE = 0.25
EDGE_S = 0.01


@dataclass(frozen=True, slots=True)
class Beat:
    """One unbroken sounding of one or two frequencies."""

    span: Span
    hz: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A labelled tone and where it really sounds (its span holds the pauses of the cadence too)."""

    tone: Tone
    sounding: tuple[Span, ...]


def find_tones(signal: FloatArray, peaks: Peaks, *, plan: str, channel: int | None) -> tuple[Heard, ...]:
    """Every tone in ``signal`` (8 kHz, shape ``[n]``).

    ::

        450 Hz     ▇▇▇▇        ▇▇▇▇        ▇▇   ↯ answered
        beats      |--|        |--|        ||
        tone       |------ ringback, 3 ----|
    """
    beats = _beats(signal, peaks)
    heard: list[Heard] = []
    rest: list[Beat] = []
    dtmf = [(b, key) for b in beats if (key := _dtmf_key(b)) and _purity(b, peaks, 2) >= DTMF_SHARE]
    heard += _digits(dtmf, channel)
    keyed = {id(b) for b, _ in dtmf}
    cadences = PLANS[plan]
    of_plan = [b for b in beats if id(b) not in keyed and b.span.duration_s >= MIN_BEAT_S]
    end_s = len(signal) / RATE_HZ
    for frequencies in {c.frequencies_hz for c in cadences}:
        family = [c for c in cadences if c.frequencies_hz == frequencies]
        mine = [b for b in of_plan if _matches(b.hz, frequencies)]
        for group in _grouped(mine, max(max(c.pattern_s) for c in family)):
            named = _named(group, family, channel, end_s)
            if named.tone.kind != "tone" or named.tone.span.duration_s >= LONG_BEAT_S:
                heard.append(named)
        rest_ids = {id(b) for b in mine}
        of_plan = [b for b in of_plan if id(b) not in rest_ids]
    rest = [b for b in beats if (id(b) not in keyed and any(b is o for o in of_plan)) or _short(b, keyed)]
    heard += [_beep(b, channel) for b in rest if _is_beep(b, peaks)]
    return tuple(sorted(heard, key=lambda h: h.tone.span))


# ---------------------------------------------------------------- frames → beats


def _beats(signal: FloatArray, peaks: Peaks) -> list[Beat]:
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
    if span.duration_s < MIN_DTMF_S or not _stands_alone(span, levels):
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
        if out and beat.span.start_s - out[-1].span.end_s < DROPOUT_S and _matches(beat.hz, out[-1].hz):
            out[-1] = Beat(Span(out[-1].span.start_s, max(beat.span.end_s, out[-1].span.end_s)), out[-1].hz)
        else:
            out.append(beat)
    return out


def _matches(heard: Sequence[float], wanted: Sequence[float]) -> bool:
    if max(wanted) - min(wanted) < RESOLVED_HZ:
        wanted = (sum(wanted) / len(wanted),)
    pairs = zip(sorted(heard), sorted(wanted), strict=False)
    return len(heard) == len(wanted) and all(abs(h - w) <= FREQUENCY_HZ for h, w in pairs)


# ---------------------------------------------------------------- beats → names


def _grouped(beats: Sequence[Beat], max_off_s: float) -> list[list[Beat]]:
    groups: list[list[Beat]] = []
    for beat in beats:
        near = groups and beat.span.start_s - groups[-1][-1].span.end_s <= max_off_s * (1 + CADENCE_TOLERANCE)
        if near:
            groups[-1].append(beat)
        else:
            groups.append([beat])
    return groups


def _named(group: list[Beat], family: Sequence[Cadence], channel: int | None, end_s: float) -> Heard:
    """The cadence that explains the beats and pauses best; ``tone`` when none does."""
    fits = {c: _fit(group, c, end_s) for c in family}
    best = min(fits, key=lambda c: fits[c])
    span = Span(group[0].span.start_s, group[-1].span.end_s)
    sounding = tuple(b.span for b in group)
    detail = "+".join(f"{f:.0f}" for f in group[0].hz) + " Hz"
    if fits[best] > CADENCE_TOLERANCE:
        return Heard(Tone("tone", span, channel, len(group), detail, 0.5), sounding)
    per_cycle = len(best.pattern_s) // 2
    count = -(-len(group) // per_cycle)
    sure = 1.0 if len(group) > 1 else 0.7
    return Heard(Tone(best.kind, span, channel, count, detail, sure), sounding)


def _fit(group: Sequence[Beat], cadence: Cadence, end_s: float) -> float:
    """Median relative error of the beats and pauses against the pattern, 0 is exact.

    The first and last beat may be cut short by the recording, the answer or the release, so a shorter
    one is no error when there are others.
    """
    ons, offs = cadence.pattern_s[::2], cadence.pattern_s[1::2]
    errors = []
    for i, beat in enumerate(group):
        length = beat.span.duration_s
        error = min(abs(length - on) / on for on in ons)
        edge = i in (0, len(group) - 1)
        cut_by_file = beat.span.start_s < 0.05 or beat.span.end_s > end_s - 0.05
        if edge and length < max(ons) and (cut_by_file or (len(group) > 1 and length < 0.9 * max(ons))):
            continue
        errors.append(error)
    for one, two in itertools.pairwise(group):
        pause = two.span.start_s - one.span.end_s
        errors.append(min(abs(pause - off) / off for off in offs))
    return float(np.median(errors)) if errors else 1.0


def _dtmf_key(beat: Beat) -> str:
    if len(beat.hz) != 2 or not MIN_DTMF_S <= beat.span.duration_s <= MAX_DTMF_S:
        return ""
    low, high = sorted(beat.hz)
    row = [i for i, f in enumerate(DTMF_LOW_HZ) if abs(low - f) <= f * DTMF_TOLERANCE]
    column = [i for i, f in enumerate(DTMF_HIGH_HZ) if abs(high - f) <= f * DTMF_TOLERANCE]
    return DTMF_KEYS[row[0]][column[0]] if row and column else ""


def _digits(keyed: Sequence[tuple[Beat, str]], channel: int | None) -> list[Heard]:
    """Keys pressed one after another make one tone whose detail is the digits."""
    groups: list[list[tuple[Beat, str]]] = []
    for beat, key in keyed:
        if groups and beat.span.start_s - groups[-1][-1][0].span.end_s < 3.0:
            groups[-1].append((beat, key))
        else:
            groups.append([(beat, key)])
    return [
        Heard(
            Tone(
                "dtmf",
                Span(g[0][0].span.start_s, g[-1][0].span.end_s),
                channel,
                len(g),
                "".join(k for _, k in g),
            ),
            tuple(b.span for b, _ in g),
        )
        for g in groups
    ]


def _short(beat: Beat, keyed: set[int]) -> bool:
    return id(beat) not in keyed and beat.span.duration_s < MIN_BEAT_S


def _is_beep(beat: Beat, peaks: Peaks) -> bool:
    if len(beat.hz) != 1 or not BEEP_RANGE_HZ[0] <= beat.hz[0] <= BEEP_RANGE_HZ[1]:
        return False
    if not BEEP_RANGE_S[0] <= beat.span.duration_s <= BEEP_RANGE_S[1]:
        return False
    first = round(beat.span.start_s / STEP_S) + 1
    inside = peaks.hz[first : max(first + 1, round((beat.span.end_s - 2 * CENTRE_S) / STEP_S)), 0]
    return float(np.ptp(inside)) <= BEEP_DRIFT_HZ and _purity(beat, peaks, 1) >= BEEP_SHARE


def _purity(beat: Beat, peaks: Peaks, tones: int) -> float:
    """Share of the beat's power in its ``tones`` strongest peaks, what the line's noise adds left out."""
    first = round(beat.span.start_s / STEP_S) + 1
    inside = slice(first, max(first + 1, round((beat.span.end_s - 2 * CENTRE_S) / STEP_S)))
    shares = peaks.share[inside, :tones].sum(axis=1)
    if not shares.size:
        return 0.0
    noise_db = float(np.percentile(peaks.power_db, 20)) - float(np.median(peaks.power_db[inside]))
    clean = 1 - min(0.5, 10 ** (noise_db / 10))
    return min(1.0, float(np.median(shares)) / clean)


def _beep(beat: Beat, channel: int | None) -> Heard:
    return Heard(Tone("beep", beat.span, channel, 1, f"{beat.hz[0]:.0f} Hz", 0.9), (beat.span,))
