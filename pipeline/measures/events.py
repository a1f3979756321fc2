"""The events of a call: gaps, overlaps, tones and the release, from one reading of its activity."""

from __future__ import annotations

from pipeline.config import MeasureConfig
from pipeline.measures.activity import activity
from pipeline.measures.gaps import find_gaps
from pipeline.measures.hangup import find_hangup
from pipeline.measures.overlaps import find_overlaps
from pipeline.types import Conversation, Events


def find_events(conversation: Conversation, settings: MeasureConfig | None = None) -> Events:
    """Everything that happened on the line. A text without times has a release at most, from its record."""
    chosen = settings or MeasureConfig()
    heard = activity(conversation)
    gaps = find_gaps(conversation, heard, chosen)
    return Events(
        gaps=gaps,
        overlaps=find_overlaps(conversation, heard, chosen),
        tones=conversation.audition.tones if conversation.audition else (),
        hangup=find_hangup(conversation, heard, gaps, chosen),
    )
