"""What ``callqa run`` says at the end: the sum, what failed and how to try again, where things are."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pipeline.batch.progress import in_words
from pipeline.batch.run import DayOutcome, RunOutcome, RunRequest

LISTED = 20  # failures named in the terminal; the ledger has all
STOPPED = "Stopped by Ctrl-C. What was finished is kept; to go on:"

DEMO_WARNING = (
    "DEMO MODEL: these scores come from the small shipped model, which understands synthetic demo voices "
    "only.\nDo not judge real calls by them; choose --profile cpu or gpu for real recordings."
)


def summary_lines(outcome: RunOutcome, request: RunRequest) -> Iterator[str]:
    for note in outcome.notes[:LISTED]:
        yield f"note: {note}"
    if len(outcome.notes) > LISTED:
        yield f"note: … and {len(outcome.notes) - LISTED} more"
    for day in outcome.days:
        yield from _day_lines(day)
    yield _sum_line(outcome)
    if request.profile == "demo":
        yield DEMO_WARNING
    if outcome.interrupted:
        yield STOPPED
    elif not outcome.ok:
        yield "Not every call was scored. To try what is left again:"
    if outcome.interrupted or not outcome.ok:
        yield f"  {retry_command(request)}"


def _sum_line(outcome: RunOutcome) -> str:
    calls = sum(sum(day.counts.values()) for day in outcome.days)
    told = [f"{calls} recordings and records in {in_words(outcome.elapsed_s)}"]
    if outcome.already_done:
        told.append(f"{outcome.already_done} calls were done already")
    if outcome.audio_s:
        speed = outcome.audio_s / max(outcome.elapsed_s, 1e-3)
        told.append(f"{outcome.audio_s / 60:.1f} minutes of sound worked on, {speed:.1f}x real time")
    return "; ".join(told)


def _day_lines(day: DayOutcome) -> Iterator[str]:
    counts = day.counts
    yield (
        f"{day.date}: {counts['scored']} scored, {counts['excluded']} excluded by rule, "
        f"{counts['failed']} failed, {counts['missing_audio']} records without audio"
    )
    if day.trouble:
        yield f"  outputs not written: {day.trouble}"
        return
    bad = [row for row in day.ledger if row.status in ("failed", "missing_audio")]
    for row in bad[:LISTED]:
        yield f"  {row.status} at {row.stage}: {row.call_id or row.file or '(no id)'}: {row.reason}"
    if len(bad) > LISTED:
        yield f"  … and {len(bad) - LISTED} more; all of them are in {day.path / 'tables' / 'ledger.parquet'}"
    yield f"  workbook  {day.path / 'scorecards.xlsx'}"
    yield f"  page      {day.path / 'report.html'}"


def retry_command(request: RunRequest) -> str:
    """The same run again: it does only what is left."""
    parts = ["callqa", "run", request.recordings]
    if request.cdr:
        parts += ["--cdr", request.cdr]
    if request.date:
        parts += ["--date", request.date]
    if request.config_file:
        parts += ["--config", request.config_file]
    parts += ["--profile", request.profile, "--results", str(request.results)]
    if request.workers:
        parts += ["--workers", str(request.workers)]
    return shlex.join(parts)
