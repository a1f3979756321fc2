"""Tones of the line, labelled before anything else listens: rings, busy, congestion, DTMF, beeps.

Beats (``pipeline.listen.beats``) are read against the cadences of the network's plan.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.listen.beats import ALONE_DB, EDGE_S, MIN_KEY_S, Beat, beats_of, matches
from pipeline.listen.frames import SILENCE_DBFS, FloatArray, levels_dbfs
from pipeline.listen.plans import DTMF_HIGH_HZ, DTMF_KEYS, DTMF_LOW_HZ, PLANS, Cadence
from pipeline.listen.spectrum import CENTRE_S, RATE_HZ, STEP_S, Peaks
from pipeline.types import Span, Tone

DTMF_TOLERANCE = 0.015  # ITU-T Q.24: must accept ±1.5 %, must refuse beyond ±3.5 %
MAX_DTMF_S = 2.0
MIN_BEAT_S = 0.15
DTMF_SHARE = 0.85
VOICE_HZ, HARMONIC = (70.0, 420.0), 0.2  # of a multiple: how far from it a harmonic may be heard
KEY_FADES_DB, KEY_DISTURBED = 10.0, 0.25  # of a key's frames, what a lost packet may spoil
BEEP_DRIFT_HZ = 8.0  # of its peak from frame to frame: a generator holds its pitch, no voice does
BEEP_RANGE_HZ = (900.0, 3000.0)  # below it a nasal can be as pure
BEEP_SHARE, BEEP_RANGE_S = 0.95, (0.12, 1.5)  # of 300 beeps at 5 dB and more above noise, 97 % keep 0.95
BEEP_ROOM_S = 0.1
CADENCE_TOLERANCE = 0.25
CUT_SHARE, QUIET_PAUSE, QUIET_PAUSE_DB = 0.9, 0.7, 4.0
SAME_RING_DB, SAME_RING_HZ = 3.0, 6.0
UNNAMED_S = 0.8  # a plan's frequency in no cadence: held this long it is no vowel but, say, a dial tone


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
    beats, levels = beats_of(signal, peaks), levels_dbfs(signal, RATE_HZ, step_s=EDGE_S)
    heard: list[Heard] = []
    rest: list[Beat] = []
    dtmf = [(b, key) for b in beats if (key := _dtmf_key(b)) and _is_pressed(b, peaks)]
    heard += _digits(dtmf, channel)
    keyed = {id(b) for b, _ in dtmf}
    cadences = PLANS[plan]
    of_plan = [b for b in beats if id(b) not in keyed and b.span.duration_s >= MIN_BEAT_S]
    end_s = len(signal) / RATE_HZ
    for frequencies in {c.frequencies_hz for c in cadences}:
        family = [c for c in cadences if c.frequencies_hz == frequencies]
        mine = [b for b in of_plan if matches(b.hz, frequencies)]
        for whole in _grouped(mine, max(max(c.pattern_s) for c in family)):
            group = _without_syllable(whole, levels)
            named = _named(group, family, channel, end_s)
            if named.tone.kind != "tone" or max(s.duration_s for s in named.sounding) >= UNNAMED_S:
                heard.append(named)
        rest_ids = {id(b) for b in mine}
        of_plan = [b for b in of_plan if id(b) not in rest_ids]
    rest = [b for b in beats if (id(b) not in keyed and any(b is o for o in of_plan)) or _short(b, keyed)]
    heard += [_beep(b, channel) for b in rest if _is_beep(b, peaks, levels)]
    return tuple(sorted(heard, key=lambda h: h.tone.span))


def _grouped(beats: Sequence[Beat], max_off_s: float) -> list[list[Beat]]:
    groups: list[list[Beat]] = []
    for beat in beats:
        near = groups and beat.span.start_s - groups[-1][-1].span.end_s <= max_off_s * (1 + CADENCE_TOLERANCE)
        if near:
            groups[-1].append(beat)
        else:
            groups.append([beat])
    return groups


def _without_syllable(group: list[Beat], levels: FloatArray) -> list[Beat]:
    """The group without a short last beat that only looks like a ring cut short by the answer.

    Such a ring follows a pause in which the line is quiet, at the level and pitch of those before it; a
    syllable at 450 Hz follows other syllables.
    """
    if len(group) < 2 or group[-1].span.duration_s >= CUT_SHARE * group[-2].span.duration_s:
        return group
    before, last = group[-2:]
    level = _level(before.span, levels)
    pause = levels[round(before.span.end_s / EDGE_S) + 1 : round(last.span.start_s / EDGE_S) - 1]
    quiet = float(np.mean(pause < level - QUIET_PAUSE_DB)) if pause.size else 0.0
    alike = (
        abs(_level(last.span, levels) - level) <= SAME_RING_DB
        and abs(last.hz[0] - before.hz[0]) <= SAME_RING_HZ
    )
    return group if alike and quiet >= QUIET_PAUSE else group[:-1]


def _level(span: Span, levels: FloatArray) -> float:
    inside = levels[round(span.start_s / EDGE_S) : round(span.end_s / EDGE_S)]
    return float(np.median(inside)) if inside.size else SILENCE_DBFS


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

    The last beat may be cut short by the answer or the release, and either end by the recording; the first
    of three and more may begin under somebody's voice. Two short sounds a pause apart are no ring.
    """
    ons, offs = cadence.pattern_s[::2], cadence.pattern_s[1::2]
    errors = []
    for i, beat in enumerate(group):
        length = beat.span.duration_s
        error = min(abs(length - on) / on for on in ons)
        cut_by_file = beat.span.start_s < 0.05 or beat.span.end_s > end_s - 0.05
        last, first = i == len(group) - 1 and i > 0, i == 0 and len(group) > 2
        if length < max(ons) and (cut_by_file or ((last or first) and length < 0.9 * max(ons))):
            continue
        errors.append(error)
    for one, two in itertools.pairwise(group):
        pause = two.span.start_s - one.span.end_s
        errors.append(min(abs(pause - off) / off for off in offs))
    return float(np.median(errors)) if errors else 1.0


def _dtmf_key(beat: Beat) -> str:
    if len(beat.hz) != 2 or not MIN_KEY_S <= beat.span.duration_s <= MAX_DTMF_S:
        return ""
    low, high = sorted(beat.hz)
    if _are_harmonics(low, high):
        return ""
    row = [i for i, f in enumerate(DTMF_LOW_HZ) if abs(low - f) <= f * DTMF_TOLERANCE]
    column = [i for i, f in enumerate(DTMF_HIGH_HZ) if abs(high - f) <= f * DTMF_TOLERANCE]
    return DTMF_KEYS[row[0]][column[0]] if row and column else ""


def _are_harmonics(low: float, high: float) -> bool:
    """Neighbouring harmonics of a voice lie as far apart as its pitch, and at multiples of it.

    Q.23 chose its pairs so that none does: nearest comes * with 941 = 3.5 × (1209 − 941).
    """
    pitch = high - low
    return VOICE_HZ[0] <= pitch <= VOICE_HZ[1] and abs(low / pitch - round(low / pitch)) < HARMONIC


def _is_pressed(beat: Beat, peaks: Peaks) -> bool:
    """A key holds its pair for as long as it sounds; a syllable passes over it and goes on."""
    first, last = (
        round((beat.span.start_s + 0.01 - CENTRE_S) / STEP_S),
        int((beat.span.end_s - 0.01 - CENTRE_S) / STEP_S),
    )
    inside = slice(max(0, first), max(first, last) + 1)
    heard = np.sort(peaks.hz[inside], axis=1)
    loud = peaks.power_db[inside] > float(np.max(peaks.power_db[inside], initial=-99.0)) - KEY_FADES_DB
    apart = np.abs(heard / np.array(sorted(beat.hz)) - 1).max(axis=1) > 2 * DTMF_TOLERANCE
    return float(np.mean(apart & loud)) <= KEY_DISTURBED and _purity(beat, peaks, 2) >= DTMF_SHARE


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


def _is_beep(beat: Beat, peaks: Peaks, levels: FloatArray) -> bool:
    if len(beat.hz) != 1 or not BEEP_RANGE_HZ[0] <= beat.hz[0] <= BEEP_RANGE_HZ[1]:
        return False
    if not BEEP_RANGE_S[0] <= beat.span.duration_s <= BEEP_RANGE_S[1]:
        return False
    first = round(beat.span.start_s / STEP_S) + 1
    inside = peaks.hz[first : max(first + 1, round((beat.span.end_s - 2 * CENTRE_S) / STEP_S)), 0]
    pure = float(np.ptp(inside)) <= BEEP_DRIFT_HZ and _purity(beat, peaks, 1) >= BEEP_SHARE
    return pure and _has_room(beat.span, levels)


def _has_room(span: Span, levels: FloatArray) -> bool:
    """Nothing as loud within 0.1 s: a whistling onset has its vowel there."""
    inside = _level(span, levels)
    first, last = round(span.start_s / EDGE_S), round(span.end_s / EDGE_S)
    room = round(BEEP_ROOM_S / EDGE_S)
    sides = (levels[max(0, first - room) : max(0, first - 1)], levels[last + 1 : last + room])
    return all(
        float(np.max(side)) < inside and float(np.mean(side)) < inside - ALONE_DB
        for side in sides
        if side.size
    )


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
