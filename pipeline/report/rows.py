"""From the types to table rows: tuples with a value for each column of ``schema``, in its order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.types import (
    Audition,
    Call,
    Diarization,
    LedgerRow,
    Measured,
    Scorecard,
    Transcript,
)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class CallResult:
    """All that is known of one scored call; what the tables, the JSON, workbook and page read.

    ``date`` is the day it is filed under, YYYY-MM-DD. ``audition`` is None for text-only dialogues.
    """

    date: str
    call: Call
    audition: Audition | None
    diarization: Diarization
    transcript: Transcript
    measured: Measured
    scorecard: Scorecard

    @property
    def roles(self) -> Diarization:
        """Turns and roles as finally settled: by the words where they had a say, else the diarizer's."""
        return self.transcript.diarization or self.diarization


def ledger_row(row: LedgerRow) -> Row:
    return row.call_id, row.file, row.sha256, row.status, row.stage, row.reason


def call_rows(result: CallResult) -> Iterator[Row]:
    call, card, roles, said = result.call, result.scorecard, result.roles, result.transcript
    standard = f"{card.standard.name} {card.standard.version}".strip()
    yield (
        call.id, result.date, call.agent_id, call.agent_name, call.team, call.direction, _utc(call.started_at),
        call.duration_s, call.channels, roles.role_source, roles.role_confidence, said.asr_model,
        said.asr_confidence, standard, card.total, card.grade, card.fatal, card.flagged, ";".join(card.flags),
        card.fingerprint,
    )  # fmt: skip


def utterance_rows(result: CallResult) -> Iterator[Row]:
    call_id = result.call.id
    for index, said in enumerate(result.transcript.utterances):
        start_s, end_s = said.span.start_s, said.span.end_s
        yield call_id, index, said.role, said.channel, start_s, end_s, said.text, said.confidence


def measure_rows(result: CallResult) -> Iterator[Row]:
    for found in sorted(result.measured.measures, key=lambda m: (m.name, m.role or "")):
        word = found.value if isinstance(found.value, str) else None
        number = None if found.value is None or word is not None else float(found.value)
        if number is not None and not math.isfinite(number):
            number = None
        yield result.call.id, found.name, found.role, number, word, found.unit, found.reason


def verdict_rows(result: CallResult) -> Iterator[Row]:
    """One row an item, then its further evidence; the points stand on the first row only."""
    call_id = result.call.id
    for item in sorted(result.scorecard.items, key=lambda v: v.rule_id):
        points = item.points
        for place in item.evidence or (None,):
            where = place.span if place else item.searched
            start_s, end_s = (where.start_s, where.end_s) if where else (None, None)
            role, quote, score = (place.role, place.quote, place.score) if place else (None, None, None)
            yield (
                call_id, item.rule_id, item.group, item.outcome, points, start_s, end_s, role, quote, score,
                item.why,
            )  # fmt: skip
            points = 0.0


def _utc(moment: datetime | None) -> datetime | None:
    # a time without its zone stays as it is: the check at write refuses it by name
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo else moment
