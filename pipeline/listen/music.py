"""Hold music told from speech: notes keep their pitch, syllables do not."""

from __future__ import annotations

import numpy as np

from pipeline.listen.frames import BoolArray, FloatArray, spans_of
from pipeline.listen.spectrum import CENTRE_S, STEP_S, Peaks
from pipeline.timeline import merge
from pipeline.types import Span

BLOCK_S = 1.0  # a block holds four syllables: long enough that no vowel fills it
MUSIC_STEADY = 0.62  # see tests/listen/test_music.py: speech stays below, melodies above
MIN_MUSIC_S = 2.0
JOIN_S = 1.5  # rests between phrases
SOUNDING_DB = 10.0  # above the channel's floor


def find_music(peaks: Peaks, *, taken: BoolArray) -> tuple[Span, ...]:
    """Stretches of music of at least 2 s, given the frames ``taken`` by tones (bool ``[frames]``).

    Per second, the power-weighted share of energy that stays in the same spectral peaks over 100 ms.
    Speech glides (Mandarin tones above all) and breaks off between syllables; a melody holds notes.

    ::

        steady   .2.3.1.3 .8.9.7.8.9 .3.2
        music             ▇▇▇▇▇▇▇▇▇▇
    """
    if not len(peaks):
        return ()
    floor = float(np.percentile(peaks.power_db, 5))
    sounding = (peaks.power_db > floor + SOUNDING_DB) & ~taken
    size = round(BLOCK_S / STEP_S)
    kernel = np.ones(size, dtype=np.float64)
    density = np.convolve(sounding, kernel, mode="same")[: len(peaks)] / size
    steady = np.convolve(np.where(sounding, peaks.steady, 0.0), kernel, mode="same")[: len(peaks)] / size
    held = np.where(density > 0, steady / np.maximum(density, 1e-9), 0.0)
    music = (held > MUSIC_STEADY) & (density > 0.5)
    spans = (Span(s.start_s + CENTRE_S, s.end_s + CENTRE_S) for s in spans_of(music, STEP_S))
    return tuple(s for s in merge(spans, join_s=JOIN_S) if s.duration_s >= MIN_MUSIC_S)


def steadiness(peaks: Peaks, *, floor_db: float | None = None) -> FloatArray:
    """``peaks.steady`` of the frames that sound: what the threshold of ``find_music`` is set from."""
    floor = float(np.percentile(peaks.power_db, 5)) if floor_db is None else floor_db
    return np.asarray(peaks.steady[peaks.power_db > floor + SOUNDING_DB])
