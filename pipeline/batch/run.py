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
from pipeline.batch.manifest import Manifest, write_manifest
from pipeline.batch.plan import StagePlan, build_stages, check_ready, chunks
from pipeline.batch.progress import Progress
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.config import Config
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
    audio_s: float
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
    nothing could be begun.
    """
    started = time.monotonic()
    with hold(request.results):
        found = ingest(
            request.recordings,
            config=config.ingest,
            cdr=Path(request.cdr) if request.cdr else None,
            day=date.fromisoformat(request.date) if request.date else None,
            spool=request.results / ".spool",
        )
        workers = request.workers or config.batch.workers or max(1, (os.cpu_count() or 2) // 2)
        threads = max(1, (os.cpu_count() or 2) // workers)
        plan = StagePlan(config=config, profile=request.profile, threads=threads)
        stages = build_stages(plan)
        check_ready(plan)
        manifests = _manifests(found, request, config)
        audio_s = sum(call.duration_s for manifest in manifests for call in manifest.calls)
        calls = sum(len(manifest.calls) for manifest in manifests)
        progress.start(calls=calls, audio_s=audio_s, stages=[stage.name for stage in stages])
        days: list[DayOutcome] = []
        already_done = 0
        interrupted = False
        try:
            for manifest in manifests:
                day_dir = request.results / manifest.date
                manifest, done, interrupted = _run_day(day_dir, manifest, stages, plan, workers, progress)
                already_done += done
                days.append(_write_day(day_dir, manifest, stages))
                if interrupted:
                    break
        finally:
            progress.finish()
    return RunOutcome(
        days=tuple(days),
        audio_s=audio_s,
        elapsed_s=time.monotonic() - started,
        already_done=already_done,
        notes=(*map(str, found.problems), *found.notes),
        interrupted=interrupted,
    )


def _run_day(
    day_dir: Path,
    manifest: Manifest,
    stages: Sequence[Stage],
    plan: StagePlan,
    workers: int,
    progress: Progress,
) -> tuple[Manifest, int, bool]:
    """The stages over what is left of a day: the manifest with its failures, calls that were
    already done, and whether Ctrl-C stopped it."""
    store, keys = ArtefactStore(day_dir), Keys(stages)
    write_manifest(day_dir, manifest)
    last = stages[-1].name
    done = {call.id for call in manifest.calls if store.has(last, call.id, keys.of(call)[last])}
    for call in manifest.calls:
        if call.id in done:
            for stage in stages:
                progress.event(stage.name, call.id, call.duration_s)
    groups = chunks(manifest.calls, calls_in_work=plan.config.batch.calls_in_work)
    waiting = [group for group in groups if any(call.id not in done for call in group)]
    failures: Sequence[Failure] = ()
    interrupted = False
    try:
        failures = run_local(waiting, plan, day_dir, workers=workers, on_event=progress.event)
    except KeyboardInterrupt:
        interrupted = True
    manifest = replace(manifest, failures=tuple(failures), complete=not interrupted)
    write_manifest(day_dir, manifest)
    return manifest, len(done), interrupted


def _write_day(day_dir: Path, manifest: Manifest, stages: Sequence[Stage]) -> DayOutcome:
    try:
        ledger = finish_day(day_dir, manifest, stages)
    except OSError as error:
        _log.debug("outputs of %s", manifest.date, exc_info=error)
        trouble = f"{day_dir}: expected to write the day's tables; found: {error}"
        return DayOutcome(manifest.date, day_dir, (), complete=False, trouble=trouble)
    return DayOutcome(manifest.date, day_dir, tuple(ledger), complete=manifest.complete)


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
