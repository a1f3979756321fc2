"""The measures of a dialogue that came without a recording: computed by the very functions that measure
recordings, from whatever times it has."""

from __future__ import annotations

from functools import cache

from pipeline.config import MeasureConfig
from pipeline.measures import compute_all, scene_of
from pipeline.measures.events import find_events
from pipeline.measures.registry import REGISTRY
from pipeline.rules.dialogue import read_dialogue
from pipeline.types import Conversation, Events, Measured


@cache
def registered_measures() -> frozenset[str]:
    """Names of all measures there are."""
    return frozenset(REGISTRY)


def measured_text(conversation: Conversation, events: Events | None = None) -> Measured:
    """Measures and events of a conversation without sound; ``events`` are taken as given, else found."""
    settings = MeasureConfig()
    if events is None:
        events = find_events(conversation, settings)
    return Measured(compute_all(scene_of(conversation, events, settings)), events)


def read_example(text: str) -> tuple[Conversation, Measured]:
    """An example with its measures: computed, unless the example states them. Raises DialogueError."""
    conversation, stated = read_dialogue(text)
    computed = measured_text(conversation, stated.events)
    return conversation, Measured(computed.measures + stated.measures, stated.events)
