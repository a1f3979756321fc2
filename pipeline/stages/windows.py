"""Packing speech into recognition windows, and the way back from window time to the call's time.

Only voice goes in, with a little of its surroundings; long silences never reach the recogniser. A
window belongs to one channel of one call; windows of many calls make up a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pipeline.timeline import Spans, merge
from pipeline.types import Frames, Span, Word

EDGE_S = 0.15  # of the surroundings kept on each side: soft onsets lie before the detected voice
GRID_S = 0.01  # the recogniser's frame; pieces begin on it, so that times map back exactly
MIN_WORD_S = 0.02


@dataclass(frozen=True, slots=True)
class Piece:
    """``source`` of the call, played from ``at_s`` in the window; ``voice`` inside it, in call time."""

    at_s: float
    source: Span
    voice: Spans


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces in order, one after the other; at most the packing length long."""

    pieces: tuple[Piece, ...]

    @property
    def duration_s(self) -> float:
        last = self.pieces[-1]
        return last.at_s + last.source.duration_s

    def to_call(self, word: Word) -> Word:
        """A word of the window in call time, cut to the voice it overlaps most.

        Alignment stretches words over the pauses beside them; voice activity knows better.
        """
        piece, voice = max(
            ((p, v) for p in self.pieces for v in p.voice),
            key=lambda pair: _shared_s(word.span, pair[0], pair[1]),
        )
        if _shared_s(word.span, piece, voice) <= 0:
            piece = min(self.pieces, key=lambda p: abs(p.at_s + p.source.duration_s / 2 - word.span.middle_s))
            voice = piece.source
        by_s = piece.source.start_s - piece.at_s
        start_s = min(max(word.span.start_s + by_s, voice.start_s), voice.end_s - MIN_WORD_S)
        end_s = max(min(word.span.end_s + by_s, voice.end_s), start_s + MIN_WORD_S)
        return Word(word.text, Span(round(start_s, 3), round(end_s, 3)), word.probability)


def pack(
    voice: Spans, *, duration_s: float, longest_s: float, levels: Frames | None = None, channel: int = 0
) -> tuple[Window, ...]:
    """Windows of at most ``longest_s`` that hold all of one channel's voice, in order.

    Voice that runs on for longer is cut at its quietest frame (``levels``) in the window's last third.
    """
    windows: list[Window] = []
    pieces: list[Piece] = []
    at_s = 0.0
    for source, heard in _pieces(
        voice, duration_s=duration_s, longest_s=longest_s, levels=levels, channel=channel
    ):
        if pieces and at_s + source.duration_s > longest_s + 1e-6:
            windows.append(Window(tuple(pieces)))
            pieces, at_s = [], 0.0
        pieces.append(Piece(round(at_s, 2), source, heard))
        at_s += source.duration_s
    if pieces:
        windows.append(Window(tuple(pieces)))
    return tuple(windows)


def _pieces(
    voice: Spans, *, duration_s: float, longest_s: float, levels: Frames | None, channel: int
) -> Iterator[tuple[Span, Spans]]:
    """Voice with its edges, joined where edges meet, cut where too long; each with the voice inside."""
    wide = merge(
        Span(_grid(max(0.0, span.start_s - EDGE_S)), _grid(min(duration_s, span.end_s + EDGE_S)))
        for span in voice
    )
    for span in wide:
        for part in _cut(span, voice, longest_s=longest_s, levels=levels, channel=channel):
            heard = tuple(
                Span(max(v.start_s, part.start_s), min(v.end_s, part.end_s))
                for v in voice
                if min(v.end_s, part.end_s) - max(v.start_s, part.start_s) > 0.001
            )
            if heard:
                yield part, heard


def _cut(
    span: Span, voice: Spans, *, longest_s: float, levels: Frames | None, channel: int
) -> Iterator[Span]:
    while span.duration_s > longest_s:
        at_s = _grid(_quietest_s(span, longest_s, voice, levels, channel))
        yield Span(span.start_s, at_s)
        span = Span(at_s, span.end_s)
    yield span


def _quietest_s(span: Span, longest_s: float, voice: Spans, levels: Frames | None, channel: int) -> float:
    """Where to cut: the middle of the longest pause in the last two thirds, else the quietest frame."""
    early, late = span.start_s + longest_s / 3, span.start_s + longest_s
    pauses = [
        Span(max(a.end_s, early), min(b.start_s, late))
        for a, b in pairwise(voice)
        if min(b.start_s, late) - max(a.end_s, early) > 0
    ]
    if pauses:
        return max(pauses, key=lambda pause: pause.duration_s).middle_s
    if levels is None:
        return late
    step = levels.step_s
    first, last = int((span.start_s + longest_s * 2 / 3) / step), int(late / step)
    frames = levels.values[channel][first:last]
    return (first + min(range(len(frames)), key=frames.__getitem__) + 0.5) * step if len(frames) else late


def _shared_s(word: Span, piece: Piece, voice: Span) -> float:
    by_s = piece.at_s - piece.source.start_s
    return min(word.end_s, voice.end_s + by_s) - max(word.start_s, voice.start_s + by_s)


def _grid(seconds: float) -> float:
    return round(round(seconds / GRID_S) * GRID_S, 2)
