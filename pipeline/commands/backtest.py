"""``callqa backtest``: which calls would flip under other lexicons, before they are published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.rules.backtest import Backtest


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
def command(
    days: tuple[str, ...],
    lexicons: Path,
    results: Path,
    scorecard: str | None,
    out: Path,
    top: int,
    workers: int,
) -> None:
    """Compare the stored scorecards of DAYS with what other lexicons would give. Changes nothing.

    \b
    Example:  callqa backtest 2026-11-20 2026-11-21 --lexicons our-lexicons-new
    Exit: 0 compared, 1 some calls could not be, 2 no such day or unusable lexicons
    """
    from pipeline.batch.manifest import ManifestError, read_manifest
    from pipeline.batch.pool import Workers
    from pipeline.batch.rescore import Rescored, day_folders, rescore, with_lexicons
    from pipeline.report.backtest_page import backtest_page
    from pipeline.rules.backtest import compare
    from pipeline.types import Scorecard

    found: list[Rescored] = []
    try:
        with Workers(workers) as pool:
            for folder in day_folders(results, days):
                manifest = read_manifest(folder)
                settings = with_lexicons(manifest.config.score, lexicons, scorecard)
                found += rescore(folder, manifest, settings, pool=pool)
    except (ManifestError, ValueError) as error:
        click.echo(f"callqa backtest: {error}", err=True)
        raise SystemExit(2) from error
    result = compare(
        (one.call.agent_id or "", one.before, one.after if isinstance(one.after, Scorecard) else None)
        for one in found
    )
    _tell(result, top)
    out.write_text(backtest_page(result, title=f"{', '.join(days)} · {lexicons}"), encoding="utf-8")
    click.echo(f"page: {out}")
    raise SystemExit(1 if result.skipped else 0)


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
