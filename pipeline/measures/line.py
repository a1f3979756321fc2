"""Rings, music and menus."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.measures.registry import Reading, Scene, for_call, measure, untold
from pipeline.timeline import total_s
from pipeline.types import Tone


def _tones(scene: Scene, *kinds: str) -> list[Tone]:
    return [t for t in scene.events.tones if t.kind in kinds]


@measure(
    "rings",
    unit="rings",
    description="接听前的响铃次数。",
    formula="ringback cycles heard before the answer; without any, ceil(record's ring_s / ring_cycle_s)",
    example="1 s on, 4 s off, three times → 3; ring_s = 12 → 3",
    source="S0 S1 (three rings); cadence GB/T 3380",
)
def rings(scene: Scene) -> Iterable[Reading]:
    """How often the caller heard it ring.

    ::

        450 Hz    ▇▇    ▇▇    ▇▇  |您好
                  1     2     3                    → 3
    """
    answer = scene.heard.window.start_s if scene.heard.heard else 0.0
    heard = [t for t in _tones(scene, "ringback") if t.span.end_s <= answer + 0.5]
    if heard:
        return [Reading(float(sum(t.count or 1 for t in heard)), evidence=tuple(t.span for t in heard))]
    record = scene.conversation.call.cdr
    if record is not None and record.ring_s is not None:
        return [Reading(float(-(-record.ring_s // scene.settings.ring_cycle_s)))]
    return [untold("no_ringing")]


@measure(
    "answer_at_s",
    unit="s",
    description="接通的时刻。",
    formula="end of the ringing, menus or queue music; else the record's answer; else 0",
    example="three rings until 11 s → 11",
)
def answer_at_s(scene: Scene) -> Iterable[Reading]:
    """When somebody took the call.

    ::

        line      ring ring ring |您好
                                 ↑ 11 s
    """
    return for_call(scene, lambda: scene.heard.window.start_s)


@measure(
    "music_s",
    unit="s",
    description="等候音乐的总时长。",
    formula="seconds of tones of kind music",
    example="music 20–38 s → 18",
)
def music_s(scene: Scene) -> Iterable[Reading]:
    """Music, before the answer or on hold.

    ::

        line      您好 … ♪♪♪♪♪♪♪♪♪ … 再见
                         |-- 18 s --|              → 18
    """
    return _sounding(scene, "music")


@measure(
    "ivr_s",
    unit="s",
    description="接通前语音导航的时长。",
    formula="seconds of tones of kind ivr: speech on the agent's leg before the answer",
    example="menu of 9 s → 9",
)
def ivr_s(scene: Scene) -> Iterable[Reading]:
    """The menu's own speech.

    ::

        line      欢迎致电,请按一 | ring ring | 您好
                  |---- 9 s ----|                  → 9
    """
    return _sounding(scene, "ivr")


def _sounding(scene: Scene, kind: str) -> list[Reading]:
    if scene.conversation.audition is None:
        return [untold("no_sound")]
    spans = tuple(t.span for t in _tones(scene, kind))
    return [Reading(total_s(spans), evidence=spans)]
