"""From artefacts to what people read: tables, one JSON a call, workbook, page, and the ledger."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    """Write every output of the day from its artefacts, each read once; returns the ledger. Raises OSError."""
    from pipeline.report.page import write_page
    from pipeline.report.workbook import write_workbook

    store, keys_of = ArtefactStore(day_dir), Keys(stages)
    failed = {failure.call_id for failure in manifest.failures}
    calls = sorted((call for call in manifest.calls if call.id not in failed), key=lambda call: call.id)
    keys = {call.id: keys_of.of(call) for call in calls}
    cards = _scorecards(calls, store, keys)
    keys = {call_id: keys[call_id] for call_id in cards}
    ledger: list[LedgerRow] = []
    remarks: dict[str, str] = {}

    def read() -> Iterator[CallResult]:
        for call in calls:
            if call.id in cards:
                result = _result(manifest.date, call, cards.pop(call.id), store, keys[call.id])
                # what was noted while roles were settled, e.g. that the channels were swapped
                remarks[call.id] = "; ".join(result.roles.notes)
                write_call(day_dir, result)
                yield result

    def told() -> Iterator[LedgerRow]:
        """Asked for when all calls have been read, so that their remarks are known."""
        ledger.extend(
            ledger_rows(
                calls=manifest.calls,
                ingest_rows=manifest.rows,
                failures=manifest.failures,
                scored=remarks,
                notes=manifest.notes,
                recordings=manifest.recordings,
            )
        )
        yield from ledger

    with _uncollected():
        write_tables(day_dir, ledger=told(), results=read())
    write_workbook(day_dir)
    write_page(day_dir)
    if manifest.complete:
        _prune(store, keys)
    return ledger


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for reference cycles: a call's rows have none, and looking took a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


CallKeys = Mapping[str, Mapping[str, str]]  # call id → stage → key


def _scorecards(calls: Sequence[Call], store: ArtefactStore, keys: CallKeys) -> dict[str, Scorecard]:
    """Of every finished call, with the day-level flags (an agent's quota needs all of a day's calls)."""
    found = (store.get("score", call.id, keys[call.id]["score"], Scorecard) for call in calls)
    agents = {call.id: call.agent_id for call in calls}
    cards = apply_quota([card for card in found if card is not None], agents=agents)
    return {card.call_id: card for card in cards}


def _result(
    date: str, call: Call, card: Scorecard, store: ArtefactStore, keys: Mapping[str, str]
) -> CallResult:
    diarization = store.get("diarize", call.id, keys["diarize"], Diarization)
    transcript = store.get("transcribe", call.id, keys["transcribe"], Transcript)
    measured = store.get("measure", call.id, keys["measure"], Measured)
    if diarization is None or transcript is None or measured is None:
        raise FileNotFoundError(f"an artefact of call {call.id} vanished while the day was being written")
    audition = store.get("audition", call.id, keys["audition"], Audition)
    return CallResult(date, call, audition, diarization, transcript, measured, card)


def _prune(store: ArtefactStore, keys: CallKeys) -> None:
    keep: dict[str, list[tuple[str, str]]] = {}
    for call_id, own in keys.items():
        for stage, key in own.items():
            keep.setdefault(stage, []).append((call_id, key))
    store.prune(keep)
