"""``callqa rescore``: score a day again from its stored transcripts and measures."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.run import progress_option

if TYPE_CHECKING:
    from pipeline.batch.progress import Progress
    from pipeline.types import Failure


@dataclass(frozen=True, slots=True)
class _Outcome:
    """``scored_s``, ``took_s``: seconds from the start to the last scorecard, to the last output."""

    scored: int
    failures: tuple[Failure, ...]
    scored_s: float
    took_s: float


@click.command()
@click.argument("day")
@click.option("--results", type=click.Path(path_type=Path), default="results", show_default=True)
@click.option(
    "--lexicons", type=click.Path(path_type=Path), help="Folder of lexicons.  [default: the day's own]"
)
@click.option("--scorecard", help="A scorecard's name, or auto.  [default: the day's own]")
@click.option("--workers", default=0, help="Processes.  [default: one a core]")
@progress_option
def command(
    day: str, results: Path, lexicons: Path | None, scorecard: str | None, workers: int, progress: str
) -> None:
    """Score a DAY again from what is stored, after a lexicon or scorecard changed.

    Reads transcripts and measures only: no recording is opened, no model loaded. All outputs of the
    day are written anew.

    \b
    Example:  callqa rescore 2026-11-21 --lexicons our-lexicons
    Exit: 0 done, 1 some calls could not be scored, 2 no such day, unusable lexicons, or outputs that
    cannot be written
    """
    from pipeline.batch.lock import ResultsInUse
    from pipeline.batch.manifest import ManifestError
    from pipeline.batch.progress import progress_for
    from pipeline.batch.rescore import day_folders

    shown = progress_for(progress)
    try:
        folder = day_folders(results, [day])[0]
        done = _rescore(folder, lexicons, scorecard, workers, shown)
    except (ManifestError, ResultsInUse, ValueError, OSError) as error:
        click.echo(f"callqa rescore: {error}", err=True)
        raise SystemExit(2) from error
    finally:
        shown.finish()
    for failure in done.failures:
        click.echo(f"{failure.call_id}: {failure.message}")
    click.echo(
        f"{done.scored} calls re-scored in {done.scored_s:.1f} s, "
        f"outputs written after {done.took_s:.1f} s: {folder}"
    )
    raise SystemExit(1 if done.failures else 0)


def _rescore(
    folder: Path, lexicons: Path | None, scorecard: str | None, workers: int, shown: Progress
) -> _Outcome:
    """Raises ManifestError, ResultsInUse, RuleError, OSError."""
    from pipeline.batch.finish import finish_day
    from pipeline.batch.lock import hold
    from pipeline.batch.manifest import read_manifest, write_manifest
    from pipeline.batch.plan import StagePlan, build_stages
    from pipeline.batch.pool import Workers
    from pipeline.batch.rescore import rescore_and_keep, with_lexicons
    from pipeline.batch.store import Keys
    from pipeline.types import Failure

    started = time.monotonic()
    manifest = read_manifest(folder)
    settings = with_lexicons(manifest.config.score, lexicons, scorecard)
    manifest = replace(manifest, config=replace(manifest.config, score=settings))
    stages = build_stages(StagePlan(manifest.config, manifest.profile, 1))
    score = stages[-1].name
    # a call that could not be scored is tried again: told anew below, or mended
    earlier = tuple(failure for failure in manifest.failures if failure.stage != score)
    manifest = replace(manifest, failures=earlier)
    audio_s = {call.id: call.duration_s for call in manifest.unfailed}
    shown.start(calls=len(audio_s), audio_s=sum(audio_s.values()), stages=[score])
    flags, failures = [], []
    with hold(folder.parent), Workers(workers) as pool:
        for found in rescore_and_keep(folder, manifest, settings, keys=Keys(stages), pool=pool):
            shown.event(score, found.call_id, audio_s[found.call_id])
            if isinstance(found, Failure):
                failures.append(found)
            else:
                flags.append(found)
        scored_s = time.monotonic() - started
        manifest = replace(manifest, failures=(*earlier, *failures))
        write_manifest(folder, manifest)
        shown.writing(manifest.date)
        finish_day(folder, manifest, stages, pool=pool, flags=flags)
    return _Outcome(len(flags), tuple(failures), scored_s, time.monotonic() - started)
