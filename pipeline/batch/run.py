"""A run: ingest, the stages over every day found, and the outputs; then the sum that must add up."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.batch.finish import finish_day
from pipeline.batch.ledger import count_by_status
from pipeline.batch.local import run_local
from pipeline.batch.lock import hold
from pipeline.batch.manifest import Manifest, ManifestError, read_manifest, write_manifest
from pipeline.batch.plan import StagePlan, build_stages, check_ready, chunks
from pipeline.batch.pool import Workers
from pipeline.batch.progress import Progress
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.config import Config
from pipeline.report.tables import TableError
from pipeline.stages.base import Stage
from pipeline.stages.ingest import Ingested, ingest
from pipeline.types import Call, Failure, LedgerRow

UNDATED = "undated"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the QA clerk asked for. ``date`` is YYYY-MM-DD or None: every day found."""

    recordings: str
    cdr: str | None
    date: str | None
    profile: str
    results: Path
    workers: int = 0
    config_file: str | None = None  # only to name it in the command that tries again


@dataclass(frozen=True, slots=True)
class DayOutcome:
    date: str
    path: Path
    ledger: tuple[LedgerRow, ...]
    complete: bool
    trouble: str = ""  # why the outputs could not be written

    @property
    def counts(self) -> dict[str, int]:
        return count_by_status(self.ledger)


@dataclass(frozen=True, slots=True)
class RunOutcome:
    days: tuple[DayOutcome, ...]
    audio_s: float  # of the calls this run worked on
    elapsed_s: float
    already_done: int
    notes: tuple[str, ...] = ()  # about the folder and the record file as a whole, in words
    interrupted: bool = field(default=False)

    @property
    def ok(self) -> bool:
        """Every call accounted for, and scored or excluded by rule."""
        return not self.interrupted and all(
            day.complete
            and not day.trouble
            and day.counts["failed"] == 0
            and day.counts["missing_audio"] == 0
            for day in self.days
        )


def run(request: RunRequest, config: Config, *, progress: Progress) -> RunOutcome:
    """Score everything asked for that is not scored yet.

    Raises ResultsInUse, ResultsNotWritable, RecordingsError, CdrError, ConfigError, ModelError, RulesError:
    nothing could be begun; KeyboardInterrupt while the recordings are read or the outputs written.
    """
    started = time.monotonic()
    try:
        with hold(request.results):
            return _run_held(request, config, progress, started)
    finally:
        progress.finish()


def _run_held(request: RunRequest, config: Config, progress: Progress, started: float) -> RunOutcome:
    workers, threads = shared_cores(request.workers or config.batch.workers)
    plan = StagePlan(config=config, profile=request.profile, threads=threads)
    stages = build_stages(plan)
    check_ready(plan)
    found = ingest(
        request.recordings,
        config=config.ingest,
        cdr=Path(request.cdr) if request.cdr else None,
        day=date.fromisoformat(request.date) if request.date else None,
        spool=request.results / ".spool",
        progress=progress.reading,
    )
    manifests = _manifests(found, request, config)
    done = {m.date: _done_before(request.results / m.date, m.calls, stages) for m in manifests}
    calls = sum(len(manifest.calls) for manifest in manifests)
    audio_s = sum(c.duration_s for m in manifests for c in m.calls if c.id not in done[m.date])
    progress.start(calls=calls, audio_s=audio_s, stages=[stage.name for stage in stages])
    notes = [*map(str, found.problems), *found.notes]
    days: list[DayOutcome] = []
    interrupted = False
    for manifest in manifests:
        day_dir = request.results / manifest.date
        notes += _left_behind(day_dir, manifest)
        try:
            manifest, interrupted = _run_day(
                day_dir, manifest, plan, done=done[manifest.date], workers=workers, progress=progress
            )
        except OSError as error:
            days.append(_unwritten(day_dir, manifest, error))
            continue
        progress.writing(manifest.date)
        days.append(_write_day(day_dir, manifest, stages))
        if interrupted:
            break
    return RunOutcome(
        days=tuple(days),
        audio_s=audio_s,
        elapsed_s=time.monotonic() - started,
        already_done=sum(map(len, done.values())),
        notes=tuple(notes),
        interrupted=interrupted,
    )


def shared_cores(workers: int) -> tuple[int, int]:
    """Worker processes, and threads for each; 0 asks for one worker per two cores this process may use."""
    cores = len(os.sched_getaffinity(0))
    workers = workers or max(1, cores // 2)
    return workers, max(1, cores // workers)


def _left_behind(day_dir: Path, manifest: Manifest) -> list[str]:
    """A word about calls of an earlier run over other recordings, which this run takes out of the tables."""
    try:
        before = read_manifest(day_dir)
    except ManifestError:
        return []
    here = {call.id for call in manifest.calls} | {row.call_id for row in manifest.rows}
    gone = sum(call.id not in here for call in before.calls)
    if not gone:
        return []
    return [
        f"{day_dir}: {gone} calls of an earlier run over {before.recordings} are not in this one and leave the "
        "day's tables. Their transcripts are kept: run over a folder that holds both to have them back"
    ]


def _done_before(day_dir: Path, calls: Sequence[Call], stages: Sequence[Stage]) -> set[str]:
    """Ids of the calls every artefact of which is there and current."""
    store, keys = ArtefactStore(day_dir), Keys(stages)
    return {
        call.id for call in calls if all(store.has(name, call.id, key) for name, key in keys.of(call).items())
    }


def _run_day(
    day_dir: Path, manifest: Manifest, plan: StagePlan, *, done: set[str], workers: int, progress: Progress
) -> tuple[Manifest, bool]:
    """The stages over what is left of a day: the manifest with its failures, and whether Ctrl-C stopped
    it. Raises OSError when the day's folder cannot be written."""
    write_manifest(day_dir, manifest)
    names = [stage.name for stage in build_stages(plan)]
    for call_id in done:
        for name in names:
            progress.event(name, call_id, 0.0)
    groups = chunks(manifest.calls, calls_in_work=plan.config.batch.calls_in_work)
    waiting = [group for group in groups if any(call.id not in done for call in group)]

    def on_event(stage: str, call_id: str, seconds: float) -> None:
        if call_id not in done:  # told above; it only keeps its chunk company
            progress.event(stage, call_id, seconds)

    failures: Sequence[Failure] = ()
    interrupted = False
    try:
        failures = run_local(waiting, plan, day_dir, workers=workers, on_event=on_event)
    except KeyboardInterrupt:
        interrupted = True
    manifest = replace(manifest, failures=tuple(failures), complete=not interrupted)
    write_manifest(day_dir, manifest)
    return manifest, interrupted


def _write_day(day_dir: Path, manifest: Manifest, stages: Sequence[Stage]) -> DayOutcome:
    try:
        with Workers() as pool:
            ledger = finish_day(day_dir, manifest, stages, pool=pool)
    except (OSError, TableError) as error:
        return _unwritten(day_dir, manifest, error)
    return DayOutcome(manifest.date, day_dir, tuple(ledger), complete=manifest.complete)


def _unwritten(day_dir: Path, manifest: Manifest, error: Exception) -> DayOutcome:
    """The day's artefacts are kept, its outputs could not be written: disk full, folder not ours, …"""
    _log.debug("outputs of %s", manifest.date, exc_info=error)
    trouble = f"{day_dir}: expected to write the day's outputs; found: {error}"
    return DayOutcome(manifest.date, day_dir, (), complete=False, trouble=trouble)


def _manifests(found: Ingested, request: RunRequest, config: Config) -> list[Manifest]:
    """One manifest a day. Rows without a call (excluded, missing) go to the day asked for, else the last."""
    zone = ZoneInfo(config.ingest.timezone)
    by_day: dict[str, list[Call]] = {}
    for call in found.calls:
        by_day.setdefault(day_of(call, zone), []).append(call)
    if request.date:
        by_day.setdefault(request.date, [])
    if not by_day:
        by_day[UNDATED] = []
    holder = request.date or max((day for day in by_day if day != UNDATED), default=UNDATED)
    return [
        Manifest(
            date=day,
            profile=request.profile,
            config=config,
            recordings=request.recordings,
            cdr=request.cdr,
            calls=tuple(sorted(calls, key=lambda call: call.id)),
            rows=found.ledger if day == holder else (),
            notes={call.id: "; ".join(found.remarks[call.id]) for call in calls if call.id in found.remarks},
        )
        for day, calls in sorted(by_day.items())
    ]


def day_of(call: Call, zone: ZoneInfo) -> str:
    """The local day a call is filed under; ``undated`` when no source tells when it was."""
    return call.started_at.astimezone(zone).date().isoformat() if call.started_at else UNDATED
