"""``callqa show``: one scorecard in the terminal, with the transcript and the evidence marked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.text import Text

    from pipeline.report.rows import CallResult
    from pipeline.types import Utterance, Verdict

MARKS = {"pass": "✓", "fail": "✗", "unknown": "?", "not_applicable": "–"}
STYLES = {"pass": "green", "fail": "bold red", "unknown": "yellow", "not_applicable": "dim"}
FAINT_BELOW = 0.6  # utterances recognised with less confidence are shown faint


@click.command("show")
@click.argument("call_id")
@click.option("--results", metavar="DIR", default="results", show_default=True)
@click.option("--day", metavar="DAY", help="YYYY-MM-DD. Default: the newest day that has the call.")
@click.option("--lang", default="zh", show_default=True, help="zh or en.")
def command(call_id: str, results: str, day: str | None, lang: str) -> None:
    """Show one call: its scorecard, what each item rests on, and the transcript.

    \b
    Example
      callqa show h03 --results results/demo
    """
    from rich.console import Console

    from pipeline.store import ResultsError

    try:
        result = find_call(call_id, results=results, day=day)
    except ResultsError as error:
        click.echo(f"callqa show: {error}", err=True)
        sys.exit(2)
    console = Console(highlight=False)
    for line in scorecard_lines(result, lang=lang):
        console.print(line)
    console.print()
    for line in transcript_lines(result, lang=lang):
        console.print(line)


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
    searched = ", ".join(dates[:5]) or "no day with results"
    raise ResultsError(f"{results}: expected a scored call {call_id!r}; found none in: {searched}")


def scorecard_lines(result: CallResult, *, lang: str) -> list[Text]:
    """Heading, flags, then each item with its points, evidence and reason; fails first."""
    from rich.text import Text

    from pipeline.strings import text

    call, card = result.call, result.scorecard
    total = "—" if card.total is None else f"{card.total:g}"
    direction = text(f"direction.{call.direction}", lang)
    lines = [
        Text(f"{call.id}  {call.agent_name or call.agent_id or '—'}  {call.team or ''}  {direction}  "
             f"{call.duration_s:.0f} s  {card.standard.name} {card.standard.version}"),
        Text(f"{total}  {card.grade}", style="bold red" if card.fatal or card.flagged else "bold green"),
    ]  # fmt: skip
    if card.flags:
        lines.append(Text("⚑ " + ", ".join(card.flags), style="red"))
    rank = {"fail": 0, "unknown": 1, "pass": 2, "not_applicable": 3}
    for item in sorted(card.items, key=lambda v: (rank[v.outcome], v.points, v.rule_id)):
        lines += _item_lines(item, lang=lang)
    return lines


def _item_lines(item: Verdict, *, lang: str) -> list[Text]:
    from rich.text import Text

    from pipeline.strings import text

    points = f"{item.points:+g}" if item.points else ""
    head = f"{MARKS[item.outcome]} {item.rule_id:<26} {item.title}  {text(f'outcome.{item.outcome}', lang)} {points}"
    lines = [Text(head, style=STYLES[item.outcome])]
    if item.outcome in ("fail", "unknown") and item.why:
        lines.append(Text(f"    {item.why}", style="dim"))
    if item.outcome == "fail":
        lines += [
            Text(f"    ▶ {clock(place.span.start_s)} {text(f'role.{place.role}', lang)} “{place.quote}”")
            for place in item.evidence
        ]
        if item.near_miss:
            near = item.near_miss
            lines.append(
                Text(f"    ≈ {clock(near.span.start_s)} “{near.quote}” {near.score:.2f}", style="dim")
            )
    return lines


def transcript_lines(result: CallResult, *, lang: str) -> list[Text]:
    """What was said, in order; evidence of a deduction carries its rule's id."""
    from rich.text import Text

    from pipeline.strings import text
    from pipeline.timeline import touches

    marks = [
        (place.span, item.rule_id)
        for item in result.scorecard.items
        if item.outcome == "fail"
        for place in item.evidence
    ]
    lines = []
    for said in sorted(result.transcript.utterances, key=lambda u: u.span):
        rules = sorted({rule for span, rule in marks if touches(span, said.span)})
        line = Text(f"{clock(said.span.start_s)} {text(f'role.{said.role}', lang)}  ", style=_style(said))
        line.append(said.text, style="bold red" if rules else _style(said))
        if rules:
            line.append("  ← " + ", ".join(rules), style="red")
        lines.append(line)
    return lines


def _style(said: Utterance) -> str:
    return "dim" if said.confidence < FAINT_BELOW else ""


def clock(seconds: float) -> str:
    """mm:ss, as a player shows it."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
