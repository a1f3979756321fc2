"""``callqa rescore``: score a day again from its stored transcripts and measures."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import click


@click.command()
@click.argument("day")
@click.option("--results", type=click.Path(path_type=Path), default="results", show_default=True)
@click.option(
    "--lexicons", type=click.Path(path_type=Path), help="Folder of lexicons.  [default: the day's own]"
)
@click.option("--scorecard", help="A scorecard's name, or auto.  [default: the day's own]")
@click.option("--workers", default=0, help="Processes.  [default: one a core]")
def command(day: str, results: Path, lexicons: Path | None, scorecard: str | None, workers: int) -> None:
    """Score a DAY again from what is stored, after a lexicon or scorecard changed.

    Reads transcripts and measures only: no recording is opened, no model loaded. All outputs of the
    day are written anew.

    \b
    Example:  callqa rescore 2026-11-21 --lexicons our-lexicons
    Exit: 0 done, 1 some calls could not be scored, 2 no such day or unusable lexicons
    """
    from pipeline.batch.finish import finish_day
    from pipeline.batch.lock import ResultsInUse, hold
    from pipeline.batch.manifest import ManifestError, read_manifest, write_manifest
    from pipeline.batch.plan import StagePlan, build_stages
    from pipeline.batch.pool import Workers
    from pipeline.batch.rescore import day_folders, rescore_and_keep, with_lexicons
    from pipeline.batch.store import Keys
    from pipeline.types import Failure

    started = time.monotonic()
    try:
        folder = day_folders(results, [day])[0]
        manifest = read_manifest(folder)
        settings = with_lexicons(manifest.config.score, lexicons, scorecard)
        manifest = replace(manifest, config=replace(manifest.config, score=settings))
        stages = build_stages(StagePlan(manifest.config, manifest.profile, 1))
        # a call that could not be scored is tried again: told anew below, or mended
        earlier = tuple(failure for failure in manifest.failures if failure.stage != stages[-1].name)
        manifest = replace(manifest, failures=earlier)
        with hold(folder.parent), Workers(workers) as pool:
            done = list(rescore_and_keep(folder, manifest, settings, keys=Keys(stages), pool=pool))
            failures = tuple(found for found in done if isinstance(found, Failure))
            flags = [found for found in done if not isinstance(found, Failure)]
            scored_s = time.monotonic() - started
            manifest = replace(manifest, failures=(*manifest.failures, *failures))
            write_manifest(folder, manifest)
            finish_day(folder, manifest, stages, pool=pool, flags=flags)
    except (ManifestError, ResultsInUse, ValueError) as error:
        click.echo(f"callqa rescore: {error}", err=True)
        raise SystemExit(2) from error
    for failure in failures:
        click.echo(f"{failure.call_id}: {failure.message}")
    took_s = time.monotonic() - started
    click.echo(
        f"{len(flags)} calls re-scored in {scored_s:.1f} s, outputs written after {took_s:.1f} s: {folder}"
    )
    raise SystemExit(1 if failures else 0)
