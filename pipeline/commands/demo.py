"""``callqa demo``: the daily job on the shipped demo day, with the shipped demo models."""

from __future__ import annotations

import shlex
import sys

import click

from pipeline.commands.run import progress_option

SHOWN = "d05-taboo-shrug"  # a call of the demo day with something to look at


@click.command("demo")
@click.option("--results", metavar="DIR", default="results/demo", show_default=True, help="Where results go.")
@progress_option
def command(results: str, progress: str) -> None:
    """Score the demo day that comes with callqa; prints where the workbook and the page are.

    The calls are synthetic and the models small: they understand these voices only. Needs no
    network. The second run finds everything done.

    \b
    Example
      callqa demo
      callqa show d05-taboo-shrug --results results/demo
    """
    from pipeline.commands.run import run_and_tell
    from pipeline.resources import resource

    day = resource("models", "demo", "day")
    code = run_and_tell(
        recordings=str(day), cdr=str(day / "calls.csv"), date=None, config_file=None, profile="demo",
        results=results, workers=None, progress=progress,
    )  # fmt: skip
    if code == 0:
        click.echo(f"Now look at one call:\n  callqa show {SHOWN} --results {shlex.quote(results)}")
    sys.exit(code)
