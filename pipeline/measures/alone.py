"""Frame values of a party where it alone speaks."""

from __future__ import annotations

import math

from pipeline.measures.activity import PARTIES, alone
from pipeline.measures.legs import legs_of
from pipeline.measures.registry import Scene
from pipeline.timeline import Spans
from pipeline.types import Frames, Role

MIN_VALUES = 10  # frames or words from which a mean is told


def channel_of(scene: Scene, role: Role) -> int:
    legs = legs_of(scene.conversation)
    return 0 if legs is None else legs[PARTIES.index(role)]


def values_of(scene: Scene, role: Role, grid: Frames | None, spans: Spans | None = None) -> list[float]:
    """Frame values of the party's channel where it alone speaks (both share the frames in mono)."""
    if grid is None:
        return []
    chosen = alone(scene.heard, role) if spans is None else spans
    row = grid.values[min(channel_of(scene, role), len(grid.values) - 1)]
    found: list[float] = []
    for span in chosen:
        found += row[math.ceil(span.start_s / grid.step_s - 1e-6) : int(span.end_s / grid.step_s)]
    return found
