"""``callqa simulate``: scripted or composed calls with exact truth."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pipeline.callsim.rulebook import KINDS


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "paths", nargs=-1, required=True, metavar="[SCRIPT.yaml ...] OUT/", type=click.Path(path_type=Path)
)
@click.option("--calls", type=click.IntRange(1), help="Compose this many calls from the standards' grammar.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same calls.")
@click.option(
    "--set",
    "voice_set",
    type=click.Choice(["train", "tune", "heldout"]),
    default="heldout",
    show_default=True,
    help="Which voices and sentences; the sets share none.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="Compose calls of this kind only; may be given again.  [default: all but outbound]",
)
@click.option(
    "--records",
    type=click.Choice(["generic", "freeswitch", "asterisk", "tccc", "alibaba"]),
    default="generic",
    show_default=True,
    help="Manner of the call records.",
)
@click.option("--text-only", is_flag=True, help="Truth files alone, no audio: thousands of calls a minute.")
def command(
    paths: tuple[Path, ...],
    calls: int | None,
    seed: int,
    voice_set: str,
    kinds: tuple[str, ...],
    records: str,
    text_only: bool,
) -> None:
    """Render calls whose every word, gap, tone and fault is known.

    \b
    From scripts:       callqa simulate refund.yaml OUT/
    From the grammar:   callqa simulate --calls 50 --seed 7 OUT/
    Calls by the desk:  callqa simulate --calls 20 --kind outbound OUT/
    Truth only:         callqa simulate --calls 5000 --text-only OUT/

    A SCRIPT says who says what, when and how, on what kind of line; an example is
    models/demo/day/scripts/01_hotel_inquiry.yaml, the format is told in docs/simulator.md.
    Without scripts, --calls composes complaint, booking, inquiry, abuse, nuisance and no-voice calls
    over the standards, clean ones and ones with planted faults.

    OUT/ gets one WAV a call (8 kHz, in the script's codec; two for separate legs), the call records
    (calls.csv), and truth/CALL.json with every utterance, gap, overlap, tone, who released first and
    when, the planted faults and those that must not be found.

    Speech comes from the program espeak-ng; where it is missing, the error says how to get it.
    Exit code: 0 done, 2 bad usage or script.
    """
    from pipeline.callsim.day import write_day, write_truth
    from pipeline.callsim.grammar import USUAL_KINDS, generate_scripts
    from pipeline.callsim.script import ScriptError, read_scripts
    from pipeline.callsim.voices import VoiceError

    *sources, out = paths
    if bool(sources) == (calls is not None):
        raise click.UsageError(
            f"expected either SCRIPT.yaml files or --calls N, then OUT/; found {len(sources)} scripts"
            f" and --calls {calls if calls is not None else 'not given'}"
        )
    try:
        if sources:
            scripts = read_scripts(sources)
        else:
            scripts = generate_scripts(calls or 0, seed, voice_set, kinds=kinds or USUAL_KINDS)  # type: ignore[arg-type]
        if text_only:
            write_truth(scripts, out)
        else:
            for call in write_day(scripts, out, flavour=records):
                click.echo(f"{call.script.id}  {call.truth['duration_s']:6.1f} s  {call.script.title}")
    except (ScriptError, VoiceError, OSError) as error:
        click.echo(f"callqa simulate: {error}", err=True)
        sys.exit(2)
    click.echo(f"{len(scripts)} calls in {out}")
