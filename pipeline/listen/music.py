"""Hold music told from speech: notes keep their pitch, syllables do not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.listen.frames import BoolArray, FloatArray, runs
from pipeline.listen.spectrum import CENTRE_S, STEP_S, Peaks
from pipeline.timeline import hull, merge
from pipeline.types import Span

BLOCK_S = 1.0  # a block holds four syllables: long enough that no vowel fills it
SURE_STEADY = 0.75  # no second of speech reaches it
LIKELY_STEADY = 0.55  # read speech of a flat voice reaches 0.6, quick melodies in noise fall to it
MAX_SPEECH_PROBABILITY = 0.2  # Silero on instruments: below 0.05; on speech: above 0.4
MIN_MUSIC_S = 2.0
JOIN_S = 1.5  # rests between phrases
SOUNDING_DB = 10.0  # above the channel's floor
# Of a sound beside the edge of music, by its frames' mean: on the tune set half of the notes have more than 0.6,
# 95 of 100 breaths of speech less than 0.5.
STEADY_SOUND = 0.5
STEADY_SHARE = 0.7  # of what the music holds itself: in noise no note is steady


def find_music(peaks: Peaks, *, taken: BoolArray, steadiness: float = SURE_STEADY) -> tuple[Span, ...]:
    """Stretches of music of at least 2 s, given the frames ``taken`` by tones (bool ``[frames]``).

    Per second, the power-weighted share of energy that stays in the same spectral peaks over 100 ms.
    Speech glides (Mandarin tones above all) and breaks off between syllables; a melody holds notes.

    ::

        steady   .2.3.1.3 .8.9.7.8.9 .3.2
        music             ▇▇▇▇▇▇▇▇▇▇
    """
    if not len(peaks):
        return ()
    held, density = steadiness_by_second(peaks, taken=taken)
    music = (held > steadiness) & (density > 0.5)
    sounding = _sounding(peaks, taken)
    found = [_to_edges(a, b, sounding, peaks.steady) for a, b in runs(music)]
    whole = merge((wide for wide, _ in found), join_s=JOIN_S)
    # what plays on is one piece by its widest edges, and begins and ends by its narrow ones
    narrow = (
        hull([tight for wide, tight in found if span.start_s <= wide.start_s < span.end_s]) for span in whole
    )
    return tuple(s for s in narrow if s is not None and s.duration_s >= MIN_MUSIC_S)


def _to_edges(first: int, last: int, sounding: BoolArray, steady: FloatArray) -> tuple[Span, Span]:
    """A second of averaging blurs the edges: where the sound about it begins and ends, and where the music does.

    That second may reach past a pause into words, which are music no more than they sound like it.

    ::

        sound      ♪♪♪♪♪♪♪♪♪♪♪ ▂▄▂ ▂▄▄▂     让您 久等了
        averaged      first ······ last
        widest     |-------------|
        music      |---------|
    """
    inside = steady[first:last][sounding[first:last]]
    least = min(STEADY_SOUND, STEADY_SHARE * float(np.mean(inside))) if inside.size else 0.0
    backwards = _ends(len(sounding) - first, sounding[::-1], steady[::-1], least)
    ends = zip(backwards, _ends(last, sounding, steady, least), strict=True)
    frames = [(len(sounding) - start, end) for start, end in ends]
    wide, tight = (Span(a * STEP_S + CENTRE_S, max(a, b) * STEP_S + CENTRE_S) for a, b in frames)
    return wide, tight


def _ends(last: int, sounding: BoolArray, steady: FloatArray, least: float) -> tuple[int, int]:
    """The frames after the sound, and after the steady sound, about the averaged stretch that ends at ``last``."""
    reach = round(BLOCK_S / STEP_S)
    first = max(0, last - reach // 2)
    near = sounding[first : last + reach]
    wide = tight = last
    held = True
    for begin, stop in runs(near):
        if first + begin > last:
            break
        wide = first + stop if stop < len(near) else last  # a sound without an end tells no edge
        still = not begin or float(np.mean(steady[first + begin : first + stop])) >= least
        held &= still and first + begin < last
        tight = wide if held else tight
    return max(wide, last), tight


def _sounding(peaks: Peaks, taken: BoolArray) -> BoolArray:
    floor = float(np.percentile(peaks.power_db, 5))
    return np.asarray((peaks.power_db > floor + SOUNDING_DB) & ~taken)


def confirmed(
    likely: Iterable[Span], probability: FloatArray, *, window_s: float, sure: Iterable[Span]
) -> tuple[Span, ...]:
    """``sure`` music, and what is ``likely`` music and not speech to Silero (``probability`` per window)."""
    kept = list(sure)
    for span in likely:
        inside = probability[int(span.start_s / window_s) : int(span.end_s / window_s) + 1]
        if inside.size and float(np.mean(inside)) < MAX_SPEECH_PROBABILITY:
            kept.append(span)
    return merge(kept, join_s=JOIN_S)


def steadiness_by_second(peaks: Peaks, *, taken: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Around each frame, over one second: mean steadiness of the sounding frames, and their share."""
    sounding = _sounding(peaks, taken)
    size = round(BLOCK_S / STEP_S)
    kernel = np.ones(size)
    density = np.convolve(sounding, kernel, mode="same")[: len(peaks)] / size
    steady = np.convolve(np.where(sounding, peaks.steady, 0.0), kernel, mode="same")[: len(peaks)] / size
    return np.where(density > 0, steady / np.maximum(density, 1e-9), 0.0), density
