"""Score again from what a day has stored: transcripts, measures and auditions, never a recording.

Used by ``callqa rescore`` (keeps the new scorecards) and ``callqa backtest`` (only compares them).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.batch.finish import Flags
from pipeline.batch.manifest import Manifest
from pipeline.batch.pool import Workers
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.config import ScoreConfig
from pipeline.report.tables import batches
from pipeline.stages.base import Work
from pipeline.stages.score import ScoreStage
from pipeline.types import Audition, Call, Diarization, Failure, Measured, Scorecard, Transcript

KINDS: dict[str, type[Any]] = {
    "audition": Audition, "diarize": Diarization, "transcribe": Transcript, "measure": Measured,
}  # fmt: skip
CHUNK = 25  # calls a worker takes at once: a third of a second, which the other waits for at the end


@dataclass(frozen=True, slots=True)
class Rescored:
    """A call's scorecard as it was stored (None: never scored) and as the lexicons in hand score it."""

    call: Call
    before: Scorecard | None
    after: Scorecard | Failure


@dataclass(frozen=True, slots=True)
class Job:
    """Where to read, what to score with, and the calls."""

    day_dir: Path
    settings: ScoreConfig
    calls: tuple[Call, ...]


def rescore(day_dir: Path, manifest: Manifest, settings: ScoreConfig, *, pool: Workers) -> Iterator[Rescored]:
    """Every call of the day that reached a transcript, in order, compared with what is stored.

    Raises RuleError when the lexicons cannot be used.
    """
    return pool.over(_compare, _jobs(day_dir, manifest, settings))


def rescore_and_keep(
    day_dir: Path, manifest: Manifest, settings: ScoreConfig, *, keys: Keys, pool: Workers
) -> Iterator[Flags | Failure]:
    """The same, but the new scorecards are stored, under their ``keys``, and only their flags are handed back.
    Raises RuleError, OSError."""
    return pool.over(partial(_keep, keys), _jobs(day_dir, manifest, settings))


def _jobs(day_dir: Path, manifest: Manifest, settings: ScoreConfig) -> list[Job]:
    return [Job(day_dir, settings, tuple(some)) for some in batches(manifest.unfailed, CHUNK)]


_stages: dict[tuple[ScoreConfig, str], ScoreStage] = {}


def _stage_of(job: Job) -> ScoreStage:
    """This process's stage for the lexicons as they are now, opened once."""
    stage = ScoreStage(settings=job.settings)
    key = (job.settings, stage.revision())
    if key not in _stages:
        stage.open()
        _stages[key] = stage
    return _stages[key]


def _compare(job: Job) -> list[Rescored]:
    stage, store = _stage_of(job), ArtefactStore(job.day_dir)
    return [
        Rescored(
            call,
            store.latest("score", call.id, Scorecard),
            _score(store, stage, call, {name: store.newest(name, call.id) for name in KINDS}),
        )
        for call in job.calls
    ]


def _keep(keys: Keys, job: Job) -> list[Flags | Failure]:
    stage, store = _stage_of(job), ArtefactStore(job.day_dir)
    done = []
    for call in job.calls:
        own = keys.of(call, kept=store)
        done.append(_kept(store, call.id, own["score"], _score(store, stage, call, own)))
    return done


def _kept(store: ArtefactStore, call_id: str, key: str, found: Scorecard | Failure) -> Flags | Failure:
    if isinstance(found, Failure):
        return found
    store.put("score", call_id, key, found, flush=False)  # waiting for the disk took longer than scoring
    return Flags.of(found)


def _score(
    store: ArtefactStore, stage: ScoreStage, call: Call, keys: Mapping[str, str]
) -> Scorecard | Failure:
    artefacts = {name: store.get(name, call.id, keys[name], kind) for name, kind in KINDS.items()}
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
