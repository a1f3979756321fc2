"""From the types to table rows: plain dicts with exactly the columns of ``schema``."""

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
    Evidence,
    LedgerRow,
    Measured,
    Scorecard,
    Transcript,
    Verdict,
)

Row = dict[str, Any]


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
    return {name: getattr(row, name) for name in ("call_id", "file", "sha256", "status", "stage", "reason")}


def call_row(result: CallResult) -> Row:
    call, card = result.call, result.scorecard
    return {
        "call_id": call.id,
        "date": result.date,
        "agent_id": call.agent_id,
        "agent_name": call.agent_name,
        "team": call.team,
        "direction": call.direction,
        "started_at": _utc(call.started_at),
        "duration_s": call.duration_s,
        "channels": call.channels,
        "role_source": result.roles.role_source,
        "role_confidence": result.roles.role_confidence,
        "asr_model": result.transcript.asr_model,
        "asr_confidence": result.transcript.asr_confidence,
        "standard": f"{card.standard.name} {card.standard.version}".strip(),
        "total": card.total,
        "grade": card.grade,
        "fatal": card.fatal,
        "flagged": card.flagged,
        "flags": ";".join(card.flags),
        "fingerprint": card.fingerprint,
    }


def utterance_rows(result: CallResult) -> Iterator[Row]:
    for index, said in enumerate(result.transcript.utterances):
        yield {
            "call_id": result.call.id,
            "index": index,
            "role": said.role,
            "channel": said.channel,
            "start_s": said.span.start_s,
            "end_s": said.span.end_s,
            "text": said.text,
            "confidence": said.confidence,
        }


def measure_rows(result: CallResult) -> Iterator[Row]:
    for found in sorted(result.measured.measures, key=lambda m: (m.name, m.role or "")):
        word = found.value if isinstance(found.value, str) else None
        number = None if found.value is None or word is not None else float(found.value)
        if number is not None and not math.isfinite(number):
            number = None
        yield {
            "call_id": result.call.id,
            "name": found.name,
            "role": found.role,
            "value": number,
            "text": word,
            "unit": found.unit,
            "reason": found.reason,
        }


def verdict_rows(result: CallResult) -> Iterator[Row]:
    """One row an item, then its further evidence; the points stand on the first row only."""
    for item in sorted(result.scorecard.items, key=lambda v: v.rule_id):
        places: tuple[Evidence | None, ...] = item.evidence or (None,)
        for index, place in enumerate(places):
            yield _verdict_row(result.call.id, item, place, points=item.points if index == 0 else 0.0)


def _verdict_row(call_id: str, item: Verdict, place: Evidence | None, *, points: float) -> Row:
    where = place.span if place else item.searched
    return {
        "call_id": call_id,
        "rule_id": item.rule_id,
        "group": item.group,
        "outcome": item.outcome,
        "points": points,
        "start_s": where.start_s if where else None,
        "end_s": where.end_s if where else None,
        "role": place.role if place else None,
        "quote": place.quote if place else None,
        "score": place.score if place else None,
        "why": item.why,
    }


def _utc(moment: datetime | None) -> datetime | None:
    # a time without its zone stays as it is: the check at write refuses it by name
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo else moment
