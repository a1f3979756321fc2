"""Numbers about a call, each registered with its formula; importing this package fills the register."""

from pipeline.measures import address, holds, interruptions, line, novoice, rate, silence, talk, voice
from pipeline.measures.registry import REGISTRY, MeasureInfo, compute_all, scene_of

THEMES = (rate, silence, holds, novoice, talk, interruptions, voice, line, address)

__all__ = ["REGISTRY", "THEMES", "MeasureInfo", "compute_all", "scene_of"]
