"""Numbers about a call, each registered with its formula; importing this package fills the register."""

from pipeline.measures import address, line, novoice, rate, talk, voice, waits
from pipeline.measures.registry import REGISTRY, MeasureInfo, compute_all, scene_of

THEMES = (rate, waits, novoice, talk, voice, line, address)

__all__ = ["REGISTRY", "THEMES", "MeasureInfo", "compute_all", "scene_of"]
