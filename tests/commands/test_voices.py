"""``callqa voices`` on the shipped day: learnt from one call, known again in another, deletable."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.audio import decode
from pipeline.commands.voices import command
from pipeline.config import DiarizeConfig
from pipeline.models import resolve
from pipeline.resources import resource
from pipeline.roles import profiles
from pipeline.stages.audition import audition
from pipeline.stages.diarizer import MODEL_HZ, Diarizer

pytestmark = [pytest.mark.engine, pytest.mark.slow]
DAY = resource("models", "demo", "day")


def test_an_agent_is_known_again_and_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    config = tmp_path / "callqa.toml"
    config.write_text(f'[diarize]\nvoice_profiles = "{folder}"\n', encoding="utf-8")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(command, ["--config", str(config), *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert run("learn", "6042", str(DAY / "d07-long-hold.wav")) == "6042: 1 recording(s)\n"
    assert run("learn", "6042", str(DAY / "d14-record-disagrees.wav")) == "6042: 2 recording(s)\n"
    assert run("list").startswith("6042\t2\t")

    chosen = resolve("demo").diarization
    diarizer = Diarizer(chosen.folder(), settings=DiarizeConfig())
    sound = decode([DAY / "d03-complaint-handled.wav"])  # the same agent, mono; she speaks first
    found = diarizer(sound.at(MODEL_HZ).channel(0), voice=audition(sound).voice[0])
    known = profiles.log_odds(profiles.read(folder, "6042", model=str(chosen.revision)), found.voiceprints)
    assert len(known) >= 2
    assert max(known, key=lambda label: known[label]) == found.exclusive[0][1]
    assert max(known.values()) > 1.0

    run("delete", "6042")
    assert run("list") == ""


def test_a_silent_channel_teaches_nothing(tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    config = tmp_path / "callqa.toml"
    config.write_text(f'[diarize]\nvoice_profiles = "{tmp_path}"\n', encoding="utf-8")
    soundfile.write(tmp_path / "quiet.wav", np.zeros(16_000), 8000)
    done = CliRunner().invoke(
        command, ["--config", str(config), "learn", "6042", str(tmp_path / "quiet.wav")]
    )
    assert done.exit_code == 1
    assert "heard none" in done.output
