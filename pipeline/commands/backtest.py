"""``callqa backtest``: which calls would flip under other lexicons, before they are published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.run import progress_option

if TYPE_CHECKING:
    from pipeline.batch.progress import Progress
    from pipeline.rules.backtest import Backtest
    from pipeline.types import Scorecard


@click.command()
@click.argument("days", nargs=-1, required=True)
@click.option(
    "--lexicons",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Folder of the new lexicons.",
)
@click.option("--results", type=click.Path(path_type=Path), default="results", show_default=True)
@click.option("--scorecard", help="A scorecard's name, or auto.  [default: the day's own]")
@click.option(
    "--out", type=click.Path(path_type=Path), default="backtest.html", show_default=True, help="The page."
)
@click.option("--top", default=20, show_default=True, help="Rows of each table shown here.")
@click.option("--workers", default=0, help="Processes.  [default: one a core]")
@progress_option
def command(
    days: tuple[str, ...],
    lexicons: Path,
    results: Path,
    scorecard: str | None,
    out: Path,
    top: int,
    workers: int,
    progress: str,
) -> None:
    """Compare the stored scorecards of DAYS with what other lexicons would give. Changes nothing.

    \b
    Example:  callqa backtest 2026-11-20 2026-11-21 --lexicons our-lexicons-new
    Exit: 0 compared, 1 some calls could not be, 2 no such day or unusable lexicons
    """
    from pipeline.batch.manifest import ManifestError
    from pipeline.batch.progress import progress_for
    from pipeline.batch.rescore import day_folders
    from pipeline.report.backtest_page import backtest_page
    from pipeline.rules.backtest import compare

    shown = progress_for(progress)
    try:
        result = compare(_pairs(day_folders(results, days), lexicons, scorecard, workers, shown))
        page = backtest_page(result, title=f"{', '.join(days)} · {lexicons}")
        out.write_text(page, encoding="utf-8")
    except (ManifestError, ValueError, OSError) as error:
        click.echo(f"callqa backtest: {error}", err=True)
        raise SystemExit(2) from error
    finally:
        shown.finish()
    _tell(result, top)
    click.echo(f"page: {out}")
    raise SystemExit(1 if result.skipped else 0)


def _pairs(
    folders: Sequence[Path], lexicons: Path, scorecard: str | None, workers: int, shown: Progress
) -> Iterator[tuple[str, Scorecard | None, Scorecard | None]]:
    """Of every call its agent and both scorecards, none of which is held: a day has gigabytes of them."""
    from pipeline.batch.manifest import read_manifest
    from pipeline.batch.pool import Workers
    from pipeline.batch.rescore import rescore, with_lexicons
    from pipeline.types import Failure

    manifests = [read_manifest(folder) for folder in folders]
    calls = [call for manifest in manifests for call in manifest.unfailed]
    shown.start(calls=len(calls), audio_s=sum(call.duration_s for call in calls), stages=["score"])
    with Workers(workers) as pool:
        for folder, manifest in zip(folders, manifests, strict=True):
            settings = with_lexicons(manifest.config.score, lexicons, scorecard)
            for one in rescore(folder, manifest, settings, pool=pool):
                shown.event("score", one.call.id, one.call.duration_s)
                after = None if isinstance(one.after, Failure) else one.after
                yield one.call.agent_id or "", one.before, after


def _tell(result: Backtest, top: int) -> None:
    click.echo(
        f"{result.compared} calls compared: {len(result.calls)} change, {len(result.flipped)} flip "
        f"(grade, fatal or flag); {result.skipped} could not be compared"
    )
    click.echo("\nrule                              calls   points  verdicts")
    for name, rule in list(result.rules.items())[:top]:
        moves = "; ".join(f"{a} → {b} × {n}" for (a, b), n in rule.moves.items())
        click.echo(f"{name:32}  {rule.calls:5}  {rule.points:+7.1f}  {moves}")
    click.echo("\nagent           calls   before    after   change")
    changed = [(name, one) for name, one in result.agents.items() if abs(one.points) > 1e-9]
    for name, one in sorted(changed, key=lambda item: -abs(item[1].points))[:top]:
        before, after = one.before / one.calls, one.after / one.calls
        click.echo(f"{name or '–':14}  {one.calls:5}  {before:7.2f}  {after:7.2f}  {one.points:+7.2f}")
    click.echo("\ncall                    before    after   change  grade")
    for call in result.calls[:top]:
        grade = (
            call.grade_after
            if call.grade_before == call.grade_after
            else f"{call.grade_before} → {call.grade_after}"
        )
        click.echo(
            f"{call.call_id:20}  {_total(call.before)}  {_total(call.after)}  {call.points:+7.2f}  {grade}"
        )


def _total(value: float | None) -> str:
    return f"{value:7.2f}" if value is not None else "      –"
