"""From artefacts to what people read: tables, one JSON a call, workbook, page, and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.batch.ledger import ledger_rows
from pipeline.batch.manifest import Manifest
from pipeline.batch.pool import Workers
from pipeline.batch.store import ArtefactStore, Keys, file_name
from pipeline.report.calljson import write_call
from pipeline.report.rows import CallResult
from pipeline.report.tables import PACKED, Pack, batches, packed, write_packed
from pipeline.rules.flagging import apply_quota
from pipeline.stages.base import Stage
from pipeline.types import Audition, Call, Diarization, LedgerRow, Measured, Scorecard, Transcript


@dataclass(frozen=True, slots=True)
class Flags:
    """Of a scorecard what tells whether its call is flagged: a day's are held at once, for an agent's quota asks for
    them all."""

    call_id: str
    flags: tuple[str, ...]
    flagged: bool
    agent_quota: int = 0

    @classmethod
    def of(cls, card: Scorecard) -> Flags:
        return cls(card.call_id, card.flags, card.flagged, card.agent_quota)


@dataclass(frozen=True, slots=True)
class _Job:
    """Some calls to write, with their flags once all of the day's calls are known."""

    day_dir: Path
    date: str
    keys: Keys
    calls: tuple[tuple[Call, Flags], ...]


@dataclass(frozen=True, slots=True)
class _Written:
    """The rows of calls whose JSON is written; what was noted while their roles were settled (e.g. that the
    channels were swapped), by call; the names of their artefacts."""

    rows: Pack
    remarks: Mapping[str, str]
    files: tuple[str, ...]


def finish_day(
    day_dir: Path,
    manifest: Manifest,
    stages: Sequence[Stage],
    *,
    pool: Workers,
    flags: Sequence[Flags] | None = None,
) -> list[LedgerRow]:
    """Write every output of the day from its artefacts; returns the ledger. ``flags``: of the calls scored, where
    the caller has them. Raises OSError."""
    from pipeline.report.page import write_page
    from pipeline.report.workbook import write_workbook

    keys = Keys(stages)
    if flags is None:
        flags = list(_stored_flags(day_dir, manifest, keys, pool))
    jobs = [
        _Job(day_dir, manifest.date, keys, tuple(some)) for some in batches(_flagged(manifest, flags), PACKED)
    ]
    ledger: list[LedgerRow] = []
    remarks: dict[str, str] = {}
    files: set[str] = set()

    def read() -> Iterator[Pack]:
        for written in pool.over(_write, jobs):
            remarks.update(written.remarks)
            files.update(written.files)
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
    page_is_written = pool.beside(write_page, day_dir)
    write_workbook(day_dir)
    page_is_written()
    if manifest.complete:
        ArtefactStore(day_dir).prune(files)
    return ledger


def _stored_flags(day_dir: Path, manifest: Manifest, keys: Keys, pool: Workers) -> Iterator[Flags]:
    return pool.over(_flags, [(day_dir, keys, tuple(some)) for some in batches(manifest.unfailed, PACKED)])


def _flags(job: tuple[Path, Keys, tuple[Call, ...]]) -> list[Flags]:
    day_dir, keys, calls = job
    store = ArtefactStore(day_dir)
    found = (store.get("score", call.id, keys.of(call, kept=store)["score"], Flags) for call in calls)
    return [flags for flags in found if flags is not None]


def _flagged(manifest: Manifest, flags: Sequence[Flags]) -> Iterator[tuple[Call, Flags]]:
    """Every finished call by its id, with the day-level flags."""
    agents = {call.id: call.agent_id for call in manifest.calls}
    by_id = {one.call_id: one for one in apply_quota(flags, agents=agents)}
    for call in sorted(manifest.calls, key=lambda call: call.id):
        if call.id in by_id:
            yield call, by_id[call.id]


def _write(job: _Job) -> list[_Written]:
    """The JSON files of some calls, and their rows."""
    store = ArtefactStore(job.day_dir)
    results, remarks, files = [], {}, []
    for call, flags in job.calls:
        keys = job.keys.of(call, kept=store)
        result = _result(job.date, call, flags, keys, store)
        write_call(job.day_dir, result)
        results.append(result)
        remarks[call.id] = "; ".join(result.roles.notes)
        files += [file_name(call.id, key) for key in keys.values()]
    return [_Written(packed(results), remarks, tuple(files))]


def _result(date: str, call: Call, flags: Flags, keys: Mapping[str, str], store: ArtefactStore) -> CallResult:
    diarization = store.get("diarize", call.id, keys["diarize"], Diarization)
    transcript = store.get("transcribe", call.id, keys["transcribe"], Transcript)
    measured = store.get("measure", call.id, keys["measure"], Measured)
    card = store.get("score", call.id, keys["score"], Scorecard)
    if diarization is None or transcript is None or measured is None or card is None:
        raise FileNotFoundError(f"an artefact of call {call.id} vanished while the day was being written")
    audition = store.get("audition", call.id, keys["audition"], Audition)
    card = replace(card, flags=flags.flags, flagged=flags.flagged)
    return CallResult(date, call, audition, diarization, transcript, measured, card)
