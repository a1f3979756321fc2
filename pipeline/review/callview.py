"""What the call page shows of a call: items with their decisions, the transcript with its marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.report.rows import CallResult
from pipeline.review.decisions import Decision, Standing
from pipeline.review.masking import mask_text, mask_utterances
from pipeline.timeline import merge, touches
from pipeline.types import Evidence, Outcome, Span, Utterance, Verdict

FAINT_BELOW = 0.6  # a word recognised with less is shown faint; as in callqa show
LEAD_IN_S = 2.0  # a verdict is played from this much before its evidence
_ORDER = {"fail": 0, "unknown": 1, "pass": 2, "not_applicable": 3}


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere to listen to."""

    start_s: float
    end_s: float
    role: str
    quote: str
    score: float
    matched: str  # the phrase it was taken for, where it was not said just so


@dataclass(frozen=True, slots=True)
class ItemView:
    """One line of the scorecard as shown."""

    verdict: Verdict
    mark: int | None  # the number on the timeline; None for what passed
    places: tuple[Place, ...]
    near_miss: Place | None
    searched: Span | None
    why: str
    decision: Decision | None
    seen: int  # latest event of the item, for the next decision
    changed: bool  # the machine says something else than when it was decided

    @property
    def outcome(self) -> Outcome:
        return self.decision.outcome if self.decision else self.verdict.outcome

    @property
    def play_from_s(self) -> float | None:
        start = self.places[0].start_s if self.places else self.searched.start_s if self.searched else None
        return None if start is None else max(0.0, start - LEAD_IN_S)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters of the transcript that look alike."""

    text: str
    faint: bool
    mark: int | None


@dataclass(frozen=True, slots=True)
class LineView:
    """One utterance as shown."""

    index: int
    role: str
    start_s: float
    end_s: float
    pieces: tuple[Piece, ...]
    faint: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class CallView:
    """The call page's content, numbers already covered where the viewer may not see them."""

    record: CallResult
    items: tuple[ItemView, ...]
    lines: tuple[LineView, ...]
    bleeps: tuple[Span, ...]
    voice: tuple[Span, ...]  # where anybody speaks, for skipping silence

    @property
    def judged(self) -> tuple[ItemView, ...]:
        return tuple(i for i in self.items if i.verdict.outcome in ("fail", "unknown") or i.decision)

    @property
    def fine(self) -> tuple[ItemView, ...]:
        return tuple(i for i in self.items if i not in self.judged)


def view_call(
    record: CallResult, held: Standing, *, see_numbers: bool, corrected: frozenset[int] = frozenset()
) -> CallView:
    said = record.transcript.utterances
    masked, bleeps = mask_utterances(said)
    if see_numbers:
        masked, bleeps = said, ()
    items = _items(record.scorecard.items, held, see_numbers=see_numbers)
    lines = tuple(_line(i, u, items, corrected=i in corrected) for i, u in enumerate(masked))
    return CallView(record, items, lines, bleeps, _voice(record))


def bleeps_of(record: CallResult) -> tuple[Span, ...]:
    """Where numbers are spoken."""
    return mask_utterances(record.transcript.utterances)[1]


def _items(verdicts: Iterable[Verdict], held: Standing, *, see_numbers: bool) -> tuple[ItemView, ...]:
    ordered = sorted(verdicts, key=lambda v: (_ORDER[v.outcome], v.points, v.rule_id))
    marks = 0
    found: list[ItemView] = []
    for verdict in ordered:
        decision = held.decisions.get(verdict.rule_id)
        shown = verdict.outcome in ("fail", "unknown") or decision is not None
        marks += shown
        found.append(
            ItemView(
                verdict,
                marks if shown else None,
                tuple(_place(e, see_numbers) for e in verdict.evidence),
                _place(verdict.near_miss, see_numbers) if verdict.near_miss else None,
                verdict.searched,
                verdict.why if see_numbers else mask_text(verdict.why),
                decision,
                held.last_of.get(verdict.rule_id, 0),
                decision is not None and decision.machine != verdict.outcome,
            )
        )
    return tuple(found)


def _place(found: Evidence, see_numbers: bool) -> Place:
    quote = found.quote if see_numbers else mask_text(found.quote)
    return Place(found.span.start_s, found.span.end_s, found.role, quote, found.score, found.matched)


def _line(index: int, said: Utterance, items: Sequence[ItemView], *, corrected: bool) -> LineView:
    marked = [
        (place, item.mark)
        for item in items
        if item.mark is not None and item.verdict.outcome == "fail"
        for place in item.places
        if place.role == said.role and touches(Span(place.start_s, place.end_s), said.span)
    ]
    words = said.words if "".join(w.text.strip() for w in said.words) else ()
    pieces: list[Piece] = []
    for word in words:
        mark = next((m for p, m in marked if p.start_s <= word.span.middle_s < p.end_s), None)
        piece = Piece(word.text, word.probability < FAINT_BELOW, mark)
        if pieces and (pieces[-1].faint, pieces[-1].mark) == (piece.faint, piece.mark):
            piece = Piece(pieces.pop().text + piece.text, piece.faint, piece.mark)
        pieces.append(piece)
    if not pieces:
        pieces = [Piece(said.text, False, marked[0][1] if marked else None)]
    faint = said.confidence < FAINT_BELOW
    return LineView(index, said.role, said.span.start_s, said.span.end_s, tuple(pieces), faint, corrected)


def _voice(record: CallResult) -> tuple[Span, ...]:
    if record.audition is not None:
        return merge(s for channel in record.audition.voice for s in channel)
    return merge(t.span for t in record.roles.turns)
