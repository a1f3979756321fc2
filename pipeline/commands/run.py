"""``callqa run``: the daily job."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pipeline.batch.progress import KINDS

progress_option = click.option(
    "--progress",
    type=click.Choice(KINDS),
    default="auto",
    show_default=True,
    help="auto: live on a terminal, else a line now and then.",
)


@click.command("run")
@click.argument("recordings")
@click.option(
    "--cdr", metavar="FILE", help="Call records: CSV, JSON, xlsx, or your switch's own (see below)."
)
@click.option("--date", metavar="DAY", help="YYYY-MM-DD or 'yesterday'. Default: every day found.")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Settings; default: callqa.toml in this folder when there is one (callqa init writes it).",
)
@click.option(
    "--profile",
    metavar="P",
    help="Which models: cpu, gpu, a folder, a hub id, or demo. No default: say it here or in the settings.",
)
@click.option("--results", metavar="DIR", help="Where results go. Default: results (or the settings').")
@click.option(
    "--workers", metavar="N", type=click.IntRange(min=1), help="Worker processes. Default: one per two cores."
)
@progress_option
def command(**options: Any) -> None:
    """Score recordings: a scorecard for every call, and a ledger with every recording.

    RECORDINGS is a folder (searched through, links too), a glob in quotes, or an fsspec URL such as
    s3://bucket/2026-11-21, whose files are copied to RESULTS/.spool; with --date only that day's.
    Running it again does only what is left.

    \b
    Examples
      callqa run /rec/2026-11-21 --cdr calls.csv --profile cpu
      callqa run "/rec/**/*.wav" --date yesterday --profile gpu --results /qa
      callqa run s3://rec/day --cdr Master.csv --config callqa.toml --progress json

    \b
    Call records are read from a generic table (CSV, JSON, xlsx; column names in the settings) or
    from FreeSWITCH, Asterisk, Tencent TCCC and Alibaba CCC exports; the reader is found by itself.
    A recording without a record is known by its name (FreePBX, FusionPBX, 20261121-093000_1001_in.wav,
    or your own patterns in the settings); one that neither names is excluded, with that reason.

    \b
    What comes out, under RESULTS/<date>/
      scorecards.xlsx   the workbook        report.html    the day at a glance
      tables/           Parquet for pandas  calls/         one JSON a call

    \b
    Exit: 0 every call scored or excluded by rule; 1 some failed or are missing (listed);
    2 wrong usage or settings; 130 stopped by Ctrl-C.
    """
    sys.exit(run_and_tell(**options))


def run_and_tell(
    *,
    recordings: str,
    cdr: str | None,
    date: str | None,
    config_file: str | None,
    profile: str | None,
    results: str | None,
    workers: int | None,
    progress: str,
) -> int:
    """The whole command; returns the exit code."""
    from pipeline.batch.lock import ResultsInUse, ResultsNotWritable
    from pipeline.batch.progress import progress_for
    from pipeline.batch.run import RunRequest, run
    from pipeline.cdr import CdrError
    from pipeline.commands.summary import STOPPED, retry_command, summary_lines
    from pipeline.config import ConfigError, load_config
    from pipeline.models import ModelError
    from pipeline.rules.errors import RuleError
    from pipeline.stages.recordings import RecordingsError

    cannot_begin = (
        ConfigError, RecordingsError, CdrError, ModelError, RuleError, ResultsInUse, ResultsNotWritable
    )  # fmt: skip
    try:
        config = load_config(settings_file(config_file))
        request = RunRequest(
            recordings=recordings,
            cdr=cdr,
            date=asked_day(date, config.ingest.timezone) if date else None,
            profile=chosen_profile(profile or config.profile),
            results=Path(results or config.results),
            workers=workers or 0,
            config_file=config_file,
        )
    except ConfigError as error:
        click.echo(f"callqa run: {error}", err=True)
        return 2
    try:
        outcome = run(request, config, progress=progress_for(progress))
    except cannot_begin as error:
        click.echo(f"callqa run: {error}", err=True)
        return 2
    except KeyboardInterrupt:  # while recordings were read or outputs written; calls in work are run()'s
        click.echo(f"{STOPPED}\n  {retry_command(request)}")
        return 130
    for line in summary_lines(outcome, request):
        click.echo(line)
    if outcome.interrupted:
        return 130
    return 0 if outcome.ok else 1


def settings_file(given: str | None) -> Path | None:
    """The file given, or callqa.toml of this folder where there is one."""
    if given:
        return Path(given)
    here = Path("callqa.toml")
    try:
        return here if here.is_file() else None
    except PermissionError:  # a folder that we may stand in and not look into
        return None


def chosen_profile(profile: str) -> str:
    """Raises ConfigError when nobody chose: real calls are never scored by the demo model unasked."""
    from pipeline.config import ConfigError

    if profile:
        return profile
    raise ConfigError(
        "no profile was chosen. Say which models listen to the calls: --profile cpu or --profile gpu "
        '(fetch them once with: callqa models fetch cpu), --profile /path/to/a/model, or profile = "cpu" '
        "in callqa.toml. The demo profile understands synthetic demo voices only: callqa demo"
    )


def asked_day(text: str, timezone: str) -> str:
    """``--date`` as YYYY-MM-DD. Raises ConfigError."""
    from pipeline.config import ConfigError
    from pipeline.stages.ingest import parse_day

    try:
        return parse_day(text, timezone=timezone, now=datetime.now(UTC)).isoformat()
    except (ValueError, KeyError, OSError) as error:
        raise ConfigError(str(error)) from error
