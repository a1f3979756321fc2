"""``callqa voices``: agents' voice profiles, an option for mono sites. Off unless a folder is set."""

from __future__ import annotations

from pathlib import Path

import click

SHORTEST_S = 0.5  # of a stretch of speech that tells a voice


@click.group("voices")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="callqa.toml")
@click.option("--profile", default="demo", show_default=True, help="Model profile whose embedding is used.")
@click.pass_context
def command(context: click.Context, config_path: Path | None, profile: str) -> None:
    """Voice profiles of agents, for sites that record in mono (off by default): learn, list, delete.

    \b
    Switch on, in callqa.toml:   [diarize]  voice_profiles = "FOLDER"
    Then:                        callqa voices learn 6035 monitor.wav --channel 0
                                 callqa voices list
    """
    from pipeline.config import ConfigError, load_config

    found = config_path or (Path("callqa.toml") if Path("callqa.toml").is_file() else None)
    try:
        settings = load_config(found).diarize
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    if not settings.voice_profiles:
        raise click.UsageError(
            'voice profiles are off: set [diarize] voice_profiles = "FOLDER" in callqa.toml first'
        )
    context.obj = (Path(settings.voice_profiles), settings, profile)


@command.command("learn", help="Add a recording of AGENT's voice to their profile.")
@click.argument("agent")
@click.argument("recording", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--channel", default=0, show_default=True, help="The channel that holds the agent alone.")
@click.pass_obj
def learn(found: tuple[Path, object, str], agent: str, recording: Path, channel: int) -> None:
    """One recording in which the channel holds this agent's voice only."""
    from datetime import date

    from pipeline.audio import AudioError, decode
    from pipeline.models import resolve
    from pipeline.roles import profiles
    from pipeline.stages.audition import audition
    from pipeline.stages.diarize import without_tones
    from pipeline.stages.diarizer import MODEL_HZ, Diarizer

    folder, settings, profile = found
    chosen = resolve(profile).diarization
    try:
        sound = decode([recording])
    except AudioError as error:
        raise click.ClickException(str(error)) from error
    if channel >= sound.channels:
        raise click.UsageError(f"{recording}: expected channel {channel}, found {sound.channels} channel(s)")
    heard = audition(sound)
    voice = [span for span in heard.voice[channel] if span.duration_s >= SHORTEST_S]
    if not voice:
        raise click.ClickException(f"{recording}: expected speech on channel {channel}, heard none")
    samples = without_tones(sound.at(MODEL_HZ).channel(channel), heard, channel)
    diarizer = Diarizer(chosen.folder(), settings=settings)  # type: ignore[arg-type]
    vector = diarizer.voiceprint(samples, voice)
    kept = profiles.learn(folder, agent, vector, model=str(chosen.revision), today=date.today())
    click.echo(f"{agent}: {kept.recordings} recording(s)")


@command.command("list", help="Whose profiles are kept, from how many recordings, since when.")
@click.pass_obj
def list_profiles(found: tuple[Path, object, str]) -> None:
    import json

    for path in sorted(found[0].glob("*.json")):
        table = json.loads(path.read_text(encoding="utf-8"))
        click.echo(f"{table['agent_id']}\t{table['recordings']}\t{table['updated']}")


@command.command("delete", help="Delete all that is kept of AGENT's voice.")
@click.argument("agent")
@click.pass_obj
def delete(found: tuple[Path, object, str], agent: str) -> None:
    from pipeline.roles import profiles

    if not profiles.delete(found[0], agent):
        raise click.ClickException(f"no voice profile of {agent} in {found[0]}")
    click.echo(f"deleted the voice profile of {agent}")
