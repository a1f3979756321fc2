"""Score again from what a day has stored: transcripts, measures and auditions, never a recording.

Used by ``callqa rescore`` (keeps the new scorecards) and ``callqa backtest`` (only compares them).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.batch.manifest import Manifest
from pipeline.batch.store import ArtefactStore
from pipeline.config import ScoreConfig
from pipeline.stages.base import Work
from pipeline.stages.score import ScoreStage
from pipeline.types import Audition, Call, Diarization, Failure, Measured, Scorecard, Transcript

KINDS: dict[str, type[Any]] = {
    "audition": Audition, "diarize": Diarization, "transcribe": Transcript, "measure": Measured,
}  # fmt: skip
CHUNK = 200  # calls a worker takes at once: about a second of work


@dataclass(frozen=True, slots=True)
class Rescored:
    """A call's scorecard as it was stored (None: never scored) and as the lexicons in hand score it."""

    call: Call
    before: Scorecard | None
    after: Scorecard | Failure


@dataclass(frozen=True, slots=True)
class Job:
    """Where to read, what to score with, and under which key to keep the result ("" keeps nothing)."""

    day_dir: Path
    settings: ScoreConfig
    calls: tuple[tuple[Call, str], ...]


def rescore(
    day_dir: Path,
    manifest: Manifest,
    settings: ScoreConfig,
    *,
    keys: dict[str, str] | None = None,
    workers: int = 0,
) -> Iterator[Rescored]:
    """Every call of the day that reached a transcript, in order. ``keys``: call id → key to store under.

    Raises RuleError when the lexicons cannot be used.
    """
    stage = ScoreStage(settings=settings)
    stage.open()
    failed = {failure.call_id for failure in manifest.failures}
    calls = [(call, (keys or {}).get(call.id, "")) for call in manifest.calls if call.id not in failed]
    jobs = [
        Job(day_dir, settings, tuple(calls[start : start + CHUNK])) for start in range(0, len(calls), CHUNK)
    ]
    size = min(workers or os.cpu_count() or 1, len(jobs))
    if size <= 1:
        for job in jobs:
            yield from score_job(job, stage)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(size, mp_context=context) as pool:
        for found in pool.map(_in_worker, jobs):
            yield from found


_stages: dict[ScoreConfig, ScoreStage] = {}


def _in_worker(job: Job) -> list[Rescored]:
    if job.settings not in _stages:
        _stages[job.settings] = ScoreStage(settings=job.settings)
    return score_job(job, _stages[job.settings])


def score_job(job: Job, stage: ScoreStage) -> list[Rescored]:
    store = ArtefactStore(job.day_dir)
    found = []
    for call, key in job.calls:
        before = store.latest("score", call.id, Scorecard)
        after = _score(store, stage, call)
        if key and isinstance(after, Scorecard):
            store.put("score", call.id, key, after)
        found.append(Rescored(call, before, after))
    return found


def _score(store: ArtefactStore, stage: ScoreStage, call: Call) -> Scorecard | Failure:
    artefacts = {name: store.latest(name, call.id, kind) for name, kind in KINDS.items()}
    for name, artefact in artefacts.items():
        if artefact is None:
            message = f"expected a stored {name} artefact, found none; callqa run makes it"
            return Failure(call.id, "score", "permanent", message)
    result: Scorecard | Failure = stage([Work(call, _no_sound, artefacts)])[0]
    return result


def _no_sound() -> Any:
    raise AssertionError("re-scoring never decodes")


def with_lexicons(settings: ScoreConfig, lexicons: Path | None, scorecard: str | None = None) -> ScoreConfig:
    """The day's own settings, with another folder or scorecard where one is named."""
    if lexicons is not None:
        settings = replace(settings, lexicons=str(lexicons))
    return replace(settings, scorecard=scorecard) if scorecard else settings


def day_folders(results: Path, days: Sequence[str]) -> list[Path]:
    """Folders of the days named (dates in ``results``, or paths). Raises ValueError for one not there."""
    folders = []
    for day in days:
        folder = Path(day) if Path(day).joinpath("run.json").is_file() else results / day
        if not folder.joinpath("run.json").is_file():
            raise ValueError(f"{folder}: expected a day's folder with run.json; found none")
        folders.append(folder)
    return folders
