"""Where a condition looks: some of the utterances, and the stretches of time they belong to."""

from __future__ import annotations

from typing import NamedTuple

from pipeline import timeline
from pipeline.types import Span


class Window(NamedTuple):
    """``indexes`` None means every utterance. ``unsure``: why the window cannot be told;
    ``missing``: why there is none (the anchor or hold never came)."""

    indexes: frozenset[int] | None
    spans: tuple[Span, ...]
    unsure: str = ""
    missing: str = ""

    def has(self, index: int) -> bool:
        return self.indexes is None or index in self.indexes

    def touches(self, span: Span) -> bool:
        return any(timeline.touches(part, span) for part in self.spans)

    @property
    def hull(self) -> Span | None:
        if len(self.spans) <= 1:
            return self.spans[0] if self.spans else None
        return Span(min(s.start_s for s in self.spans), max(s.end_s for s in self.spans))

    def meet(self, other: Window) -> Window:
        """Both windows at once."""
        if other.indexes is None and other.spans == self.spans and not other.unsure and not other.missing:
            return self
        if self.indexes is None:
            indexes = other.indexes
        else:
            indexes = self.indexes if other.indexes is None else self.indexes & other.indexes
        spans = self.spans if other.spans == self.spans else timeline.overlap(self.spans, other.spans)
        return Window(indexes, spans, self.unsure or other.unsure, self.missing or other.missing)


def gone(why: str) -> Window:
    return Window(frozenset(), (), missing=why)


def unsure(why: str) -> Window:
    return Window(frozenset(), (), unsure=why)
