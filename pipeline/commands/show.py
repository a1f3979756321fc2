"""``callqa show``: one scorecard in the terminal, with the transcript and the evidence marked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.report.rows import CallResult
    from pipeline.store import Results


@click.command("show")
@click.argument("call_id")
@click.option("--results", metavar="DIR", help="Default: results (or the settings').")
@click.option("--day", metavar="DAY", help="YYYY-MM-DD. Default: the newest day that has the call.")
@click.option("--all", "everything", is_flag=True, help="Every item on its own line, also what passed.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def command(call_id: str, results: str | None, day: str | None, everything: bool, lang: str) -> None:
    """Show one call: its scorecard, what each deduction rests on, and the transcript.

    CALL_ID is the id in the workbook; its beginning is enough where only one call begins so. In the
    transcript the words a deduction rests on stand in 【】, with its title behind the arrow.

    \b
    Example
      callqa show d05-taboo-shrug --results results/demo
      callqa show d05 --results results/demo --all | less -R

    Exit: 0 shown, 2 no such call.
    """
    from rich.console import Console

    from pipeline.commands.terminal import scorecard_rows, transcript_rows
    from pipeline.config import ConfigError
    from pipeline.store import ResultsError

    try:
        result = find_call(call_id, results=results or _configured_results(), day=day)
    except (ResultsError, ConfigError) as error:
        click.echo(f"callqa show: {error}", err=True)
        sys.exit(2)
    console = Console(highlight=False)
    console.print(scorecard_rows(result, lang=lang, everything=everything))
    console.print()
    console.print(transcript_rows(result, lang=lang))


def _configured_results() -> str:
    from pipeline.commands.run import settings_file
    from pipeline.config import load_config

    return load_config(settings_file(None)).results


def find_call(call_id: str, *, results: str, day: str | None) -> CallResult:
    """The call in the day given, or in the newest that has it. Raises ResultsError."""
    from pipeline.report.calljson import CallFileError
    from pipeline.store import ResultsError, open_results

    opened = open_results(results)
    dates = [day] if day else list(reversed(opened.days()))
    for date in dates:
        try:
            return opened.day(date).call(call_id)
        except CallFileError:
            continue
    near = _ids_like(call_id, opened, dates)
    begun = [(date, found) for date, found in near if found.startswith(call_id)]
    if len({found for _, found in begun}) == 1:
        date, found = begun[0]
        return opened.day(date).call(found)
    searched = ", ".join(dates[:5]) or "no day with results"
    like = f"; like it: {', '.join(dict.fromkeys(found for _, found in near[:8]))}" if near else ""
    raise ResultsError(f"{results}: expected a scored call {call_id!r}; found none in: {searched}{like}")


def _ids_like(call_id: str, opened: Results, dates: list[str]) -> list[tuple[str, str]]:
    """(day, id) of calls whose id holds ``call_id``, newest day first."""
    found = []
    for date in dates:
        if (Path(opened.path) / date / "tables" / "calls.parquet").is_file():
            found += [(date, one) for one in opened.day(date).calls()["call_id"] if call_id in one]
    return found
