"""Dialogues without recordings, scored into the same tables as recordings."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.config import ScoreConfig
from pipeline.report.calljson import write_call
from pipeline.report.rows import CallResult
from pipeline.report.tables import write_tables
from pipeline.rules.flagging import apply_quota
from pipeline.rules.measured import measured_text
from pipeline.rules.textcalls import TextCall, TextCallError, read_text_calls
from pipeline.stages.score import ScoreStage
from pipeline.types import Diarization, LedgerRow, Measured, Scorecard, Transcript

UNDATED = "undated"
ASR_MODEL = "text"  # in the tables' asr_model: nothing was recognised here


@dataclass(frozen=True, slots=True)
class TextOutcome:
    """``failed``: (call id or line, what was wrong); ``days``: folders written."""

    scored: int
    failed: tuple[tuple[str, str], ...]
    days: tuple[Path, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Scored:
    call: TextCall
    measured: Measured
    card: Scorecard


def score_dialogues(path: Path, out: Path, settings: ScoreConfig) -> TextOutcome:
    """Score every line; a line that cannot be read becomes a failed ledger row.

    Raises RuleError (unusable lexicons), OSError.
    """
    started = time.monotonic()
    stage = ScoreStage(settings=settings)
    stage.open()
    by_day: dict[str, dict[str, _Scored]] = {}
    ledger: dict[str, list[LedgerRow]] = {}
    failed: list[tuple[str, str]] = []
    for place, found in _scored(path, stage):
        if isinstance(found, str):
            failed.append((place, found))
            ledger.setdefault(UNDATED, []).append(LedgerRow(place, path.name, "", "failed", "score", found))
        else:
            by_day.setdefault(found.call.date or UNDATED, {})[found.card.call_id] = found
    days = []
    holder = max(by_day, default=UNDATED)  # unreadable lines name no day: told with the last one
    for day in sorted({*by_day, holder}):
        rows = ledger.get(UNDATED, []) if day == holder else []
        days.append(_write_day(out, day, by_day.get(day, {}), rows, path.name))
    scored = sum(len(calls) for calls in by_day.values())
    return TextOutcome(scored, tuple(failed), tuple(days), time.monotonic() - started)


def _scored(path: Path, stage: ScoreStage) -> Iterator[tuple[str, _Scored | str]]:
    for number, place, found in read_text_calls(path):
        if isinstance(found, TextCallError):
            yield f"line {number}", str(found)
            continue
        measured = measured_text(found.conversation)
        try:
            card = stage.score(found.conversation, measured)
        except ValueError as error:
            yield place, str(error)
            continue
        yield place, _Scored(found, measured, card)


def _write_day(out: Path, day: str, calls: dict[str, _Scored], failed: list[LedgerRow], file: str) -> Path:
    agents = {call_id: one.call.call.agent_id for call_id, one in calls.items()}
    cards = {c.call_id: c for c in apply_quota([calls[i].card for i in sorted(calls)], agents=agents)}
    rows = [LedgerRow(i, file, _digest(calls[i].call), "scored", "score", "") for i in sorted(calls)]

    def results() -> Iterator[CallResult]:
        for call_id in sorted(calls):
            result = _result(calls[call_id], day, cards[call_id])
            write_call(out / day, result)
            yield result

    write_tables(out / day, ledger=[*rows, *failed], results=results())
    return out / day


def _result(one: _Scored, day: str, card: Scorecard) -> CallResult:
    conversation = one.call.conversation
    call = replace(conversation.call, sha256=_digest(one.call))
    sure = [u.confidence for u in conversation.utterances]
    transcript = Transcript(conversation.utterances, (), ASR_MODEL, sum(sure) / len(sure) if sure else None)
    roles = Diarization(conversation.turns, "record", conversation.role_confidence)
    return CallResult(day, call, None, roles, transcript, one.measured, card)


def _digest(call: TextCall) -> str:
    said = [(u.role, u.text, u.span.start_s, u.span.end_s) for u in call.conversation.utterances]
    return hashlib.sha256(json.dumps(said, ensure_ascii=True).encode()).hexdigest()
