"""How high a party speaks, and how lively: pitch relative to its own median."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence

from pipeline.measures.activity import PARTIES
from pipeline.measures.alone import MIN_VALUES, values_of
from pipeline.measures.registry import Reading, Scene, measure, per_party, untold
from pipeline.types import Role

SEMITONES = 12.0


def _pitches(scene: Scene, role: Role) -> list[float]:
    audition = scene.conversation.audition
    grid = audition.pitch_hz if audition else None
    return [v for v in values_of(scene, role, grid) if not math.isnan(v)]


def _pitch(scene: Scene, read: Callable[[list[float]], float]) -> list[Reading]:
    def one(role: Role) -> Reading:
        values = _pitches(scene, role)
        if len(values) < MIN_VALUES:
            return untold("little_voiced")
        return Reading(read(values))

    if scene.conversation.audition is None:
        return [untold("no_sound", role) for role in PARTIES]
    return per_party(scene, one)


def _semitones(values: Sequence[float]) -> list[float]:
    """Relative to the party's own median, so that high and low voices compare."""
    middle = statistics.median(values)
    return sorted(SEMITONES * math.log2(v / middle) for v in values)


@measure(
    "pitch_median_hz",
    unit="Hz",
    description="音高中位数。",
    formula="median of yin's fundamental over voiced frames in which this party alone speaks",
    example="a female voice → about 220",
    source="de Cheveigné & Kawahara, JASA 111 (2002); S0 语调稍高",
)
def pitch_median_hz(scene: Scene) -> Iterable[Reading]:
    """How high the voice is.

    ::

        voice     ▇▇▇▇ ▇▇▇▇▇▇
        pitch     ˉ-_ˉ ˉˉ-_-ˉ                     half above, half below → 220
    """
    return _pitch(scene, statistics.median)


@measure(
    "pitch_range_semitones",
    unit="semitones",
    description="音高变化范围(以本人中位音高为准)。",
    formula="90th − 10th percentile of 12 · log2(pitch / own median)",
    example="180–260 Hz around 220 Hz → 6.4",
)
def pitch_range_semitones(scene: Scene) -> Iterable[Reading]:
    """How far it moves, from its own middle.

    ::

        260 Hz    ˉ    ˉˉ
        220 Hz     -     - -
        180 Hz      _     _                        → 6.4
    """

    def read(values: list[float]) -> float:
        tones = _semitones(values)
        return tones[round(0.9 * (len(tones) - 1))] - tones[round(0.1 * (len(tones) - 1))]

    return _pitch(scene, read)


@measure(
    "pitch_variation_semitones",
    unit="semitones",
    description="语调起伏:数值小说明语调平、缺少变化。",
    formula="standard deviation of 12 · log2(pitch / own median)",
    example="a lively voice → above 2.5; a monotone → below 1",
)
def pitch_variation_semitones(scene: Scene) -> Iterable[Reading]:
    """How lively it is.

    ::

        lively    ˉ_-ˉ_ˉ-_                         above 2.5
        monotone  --------                         below 1
    """
    return _pitch(scene, lambda values: statistics.pstdev(_semitones(values)))
