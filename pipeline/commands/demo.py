"""``callqa demo``: the daily job on the shipped demo day, with the shipped demo models."""

from __future__ import annotations

import sys

import click


@click.command("demo")
@click.option("--results", metavar="DIR", default="results/demo", show_default=True, help="Where results go.")
@click.option("--progress", default="auto", show_default=True, help="auto, live, plain, json or quiet.")
def command(results: str, progress: str) -> None:
    """Score the demo day that comes with callqa; prints where the workbook and the page are.

    The calls are synthetic and the models small: they understand these voices only. Needs no
    network. The second run finds everything done.

    \b
    Example
      callqa demo
      callqa show h03 --results results/demo
    """
    from pipeline.commands.run import run_and_tell
    from pipeline.resources import resource

    day = resource("models", "demo", "day")
    sys.exit(
        run_and_tell(
            recordings=str(day),
            cdr=str(day / "calls.csv"),
            date=None,
            config_file=None,
            profile="demo",
            results=results,
            workers=None,
            progress=progress,
        )
    )
