"""From artefacts to what people read: tables, one JSON a call, workbook, page, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.batch.ledger import ledger_rows
from pipeline.batch.manifest import Manifest
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.report.calljson import write_call
from pipeline.report.rows import CallResult
from pipeline.report.tables import write_tables
from pipeline.rules.flagging import apply_quota
from pipeline.stages.base import Stage
from pipeline.types import Audition, Call, Diarization, LedgerRow, Measured, Scorecard, Transcript


def finish_day(day_dir: Path, manifest: Manifest, stages: Sequence[Stage]) -> list[LedgerRow]:
    """Write every output of the day from its artefacts; returns the ledger. Raises OSError."""
    from pipeline.report.page import write_page
    from pipeline.report.workbook import write_workbook

    store, keys = ArtefactStore(day_dir), Keys(stages)
    failed = {failure.call_id for failure in manifest.failures}
    calls = sorted((call for call in manifest.calls if call.id not in failed), key=lambda call: call.id)
    cards = _scorecards(calls, store, keys)
    done = [call for call in calls if call.id in cards]
    ledger = ledger_rows(
        calls=manifest.calls,
        ingest_rows=manifest.rows,
        failures=manifest.failures,
        scored={call.id: remarks(call, store, keys) for call in done},
        notes=manifest.notes,
        recordings=manifest.recordings,
    )
    results = _results(manifest.date, done, cards, store, keys)
    write_tables(day_dir, ledger=ledger, results=_each_to_json(day_dir, results))
    write_workbook(day_dir)
    write_page(day_dir)
    if manifest.complete:
        _prune(done, store, keys)
    return ledger


def _scorecards(calls: Sequence[Call], store: ArtefactStore, keys: Keys) -> dict[str, Scorecard]:
    """Of every finished call, with the day-level flags (an agent's quota needs all of a day's calls)."""
    found = ((call, store.get("score", call.id, keys.of(call)["score"], Scorecard)) for call in calls)
    agents = {call.id: call.agent_id for call in calls}
    cards = apply_quota([card for _, card in found if card is not None], agents=agents)
    return {card.call_id: card for card in cards}


def remarks(call: Call, store: ArtefactStore, keys: Keys) -> str:
    """What was noted for the ledger while roles were settled, e.g. that the channels were swapped."""
    key = keys.of(call)
    transcript = store.get("transcribe", call.id, key["transcribe"], Transcript)
    final = transcript.diarization if transcript else None
    diarization = final or store.get("diarize", call.id, key["diarize"], Diarization)
    return "; ".join(diarization.notes) if diarization else ""


def _results(
    date: str, calls: Sequence[Call], cards: dict[str, Scorecard], store: ArtefactStore, keys: Keys
) -> Iterator[CallResult]:
    for call in calls:
        key = keys.of(call)
        diarization = store.get("diarize", call.id, key["diarize"], Diarization)
        transcript = store.get("transcribe", call.id, key["transcribe"], Transcript)
        measured = store.get("measure", call.id, key["measure"], Measured)
        if diarization is None or transcript is None or measured is None:
            raise FileNotFoundError(f"an artefact of call {call.id} vanished while the day was being written")
        audition = store.get("audition", call.id, key["audition"], Audition)
        yield CallResult(date, call, audition, diarization, transcript, measured, cards[call.id])


def _each_to_json(day_dir: Path, results: Iterator[CallResult]) -> Iterator[CallResult]:
    for result in results:
        write_call(day_dir, result)
        yield result


def _prune(calls: Sequence[Call], store: ArtefactStore, keys: Keys) -> None:
    keep: dict[str, list[tuple[str, str]]] = {}
    for call in calls:
        for stage, key in keys.of(call).items():
            keep.setdefault(stage, []).append((call.id, key))
    store.prune(keep)
