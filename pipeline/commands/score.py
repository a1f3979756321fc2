"""``callqa score``: score dialogues that come as text."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("dialogues", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Results folder to write.")
@click.option(
    "--lexicons", type=click.Path(path_type=Path), help="Folder of lexicons.  [default: the shipped ones]"
)
@click.option("--scorecard", default="auto", show_default=True, help="A scorecard's name, or auto.")
@click.option(
    "--sentence-model",
    type=click.Path(path_type=Path),
    help="Folder of a sentence-transformers model that compares similar sentences.  [default: a formula]",
)
def command(
    dialogues: Path, out: Path, lexicons: Path | None, scorecard: str, sentence_model: Path | None
) -> None:
    """Score role-labelled DIALOGUES (JSONL) that have no recording: other vendors' transcripts, chat logs.

    \b
    One JSON object a line:
      {"call_id": "c1", "date": "2026-11-21", "business": "complaint",
       "utterances": [{"role": "agent", "text": "您好", "start_s": 0.5, "end_s": 1.2, "confidence": 0.9}, …]}
    call_id and utterances with role (agent customer ivr agent2 unknown) and text are needed; agent_id,
    team, direction, started_at and the other fields of a call record may be given. Items that need sound
    or times are unknown, not failed. Writes OUT/<date>/tables and calls.

    \b
    Example:  callqa score chats.jsonl --out results
    Exit: 0 all scored, 1 some lines could not be (see the ledger), 2 unusable lexicons, model or folder
    """
    from pipeline.batch.textscore import score_dialogues
    from pipeline.config import ScoreConfig

    settings = ScoreConfig(
        lexicons=str(lexicons or ""), scorecard=scorecard, sentence_model=str(sentence_model or "")
    )
    try:
        outcome = score_dialogues(dialogues, out, settings)
    except (ValueError, OSError) as error:
        click.echo(f"callqa score: {error}", err=True)
        raise SystemExit(2) from error
    for place, message in outcome.failed:
        click.echo(f"{dialogues}, {place}: {message}")
    click.echo(f"{outcome.scored} dialogues scored, {len(outcome.failed)} not, in {outcome.seconds:.1f} s")
    for day in outcome.days:
        click.echo(f"  {day}")
    raise SystemExit(1 if outcome.failed else 0)
