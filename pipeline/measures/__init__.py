"""Numbers about a call, each registered with its formula; importing this package fills the register."""

from pipeline.measures import (
    address,
    holds,
    interruptions,
    line,
    novoice,
    patience,
    pitch,
    rate,
    release,
    silence,
    talk,
    voice,
)
from pipeline.measures.registry import REGISTRY, MeasureInfo, compute_all, scene_of

THEMES = (rate, silence, holds, patience, novoice, talk, interruptions, voice, pitch, line, release, address)

__all__ = ["REGISTRY", "THEMES", "MeasureInfo", "compute_all", "scene_of"]
