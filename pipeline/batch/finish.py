"""From artefacts to what people read: tables, one JSON a call, workbook, page, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.batch.ledger import ledger_rows
from pipeline.batch.manifest import Manifest
from pipeline.batch.pool import over
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.report.calljson import write_call
from pipeline.report.rows import CallResult
from pipeline.report.tables import PACKED, Pack, batches, packed, write_packed
from pipeline.rules.flagging import apply_quota
from pipeline.stages.base import Stage
from pipeline.types import Audition, Call, Diarization, LedgerRow, Measured, Scorecard, Transcript


@dataclass(frozen=True, slots=True)
class _Scored:
    """A call, its stages' keys, and its flags once all of the day's calls are known."""

    call: Call
    keys: Mapping[str, str]
    flags: tuple[str, ...]
    flagged: bool


@dataclass(frozen=True, slots=True)
class _Job:
    day_dir: Path
    date: str
    calls: tuple[_Scored, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    """The rows of calls whose JSON is written, and what was noted while their roles were settled (e.g. that
    the channels were swapped)."""

    rows: Pack
    remarks: Mapping[str, str]


def finish_day(
    day_dir: Path, manifest: Manifest, stages: Sequence[Stage], *, workers: int = 0
) -> list[LedgerRow]:
    """Write every output of the day from its artefacts, by so many processes (0: one a core); returns the
    ledger. Raises OSError."""
    from pipeline.report.page import write_page
    from pipeline.report.workbook import write_workbook

    store, keys_of = ArtefactStore(day_dir), Keys(stages)
    failed = {failure.call_id for failure in manifest.failures}
    calls = sorted((call for call in manifest.calls if call.id not in failed), key=lambda call: call.id)
    scored = _scored(calls, store, {call.id: keys_of.of(call) for call in calls})
    jobs = [_Job(day_dir, manifest.date, tuple(some)) for some in batches(scored, PACKED)]
    ledger: list[LedgerRow] = []
    remarks: dict[str, str] = {}

    def read() -> Iterator[Pack]:
        for written in over(_write, jobs, workers):
            remarks.update(written.remarks)
            yield written.rows

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

    write_packed(day_dir, ledger=told(), packs=read())
    write_workbook(day_dir)
    write_page(day_dir)
    if manifest.complete:
        _prune(store, {one.call.id: one.keys for one in scored})
    return ledger


def _write(job: _Job) -> list[_Written]:
    """The JSON files of some calls, and their rows."""
    store, remarks = ArtefactStore(job.day_dir), {}
    results = [_result(job.date, one, store) for one in job.calls]
    for result in results:
        write_call(job.day_dir, result)
        remarks[result.call.id] = "; ".join(result.roles.notes)
    return [_Written(packed(results), remarks)]


CallKeys = Mapping[str, Mapping[str, str]]  # call id → stage → key


def _scored(calls: Sequence[Call], store: ArtefactStore, keys: CallKeys) -> list[_Scored]:
    """Every finished call, with the day-level flags (an agent's quota needs all of a day's calls)."""
    found = (store.get("score", call.id, keys[call.id]["score"], Scorecard) for call in calls)
    agents = {call.id: call.agent_id for call in calls}
    # without their items, which were most of a large day's memory
    light = [replace(card, items=()) for card in found if card is not None]
    cards = apply_quota(light, agents=agents)
    flags = {card.call_id: (card.flags, card.flagged) for card in cards}
    return [_Scored(call, keys[call.id], *flags[call.id]) for call in calls if call.id in flags]


def _result(date: str, one: _Scored, store: ArtefactStore) -> CallResult:
    call, keys = one.call, one.keys
    diarization = store.get("diarize", call.id, keys["diarize"], Diarization)
    transcript = store.get("transcribe", call.id, keys["transcribe"], Transcript)
    measured = store.get("measure", call.id, keys["measure"], Measured)
    card = store.get("score", call.id, keys["score"], Scorecard)
    if diarization is None or transcript is None or measured is None or card is None:
        raise FileNotFoundError(f"an artefact of call {call.id} vanished while the day was being written")
    audition = store.get("audition", call.id, keys["audition"], Audition)
    card = replace(card, flags=one.flags, flagged=one.flagged)
    return CallResult(date, call, audition, diarization, transcript, measured, card)


def _prune(store: ArtefactStore, keys: CallKeys) -> None:
    keep: dict[str, list[tuple[str, str]]] = {}
    for call_id, own in keys.items():
        for stage, key in own.items():
            keep.setdefault(stage, []).append((call_id, key))
    store.prune(keep)
