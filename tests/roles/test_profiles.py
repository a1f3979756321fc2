"""Voice profiles: learnt, read for one model only, told apart, deleted for good."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.commands.voices import command
from pipeline.roles import profiles

TODAY = date(2026, 11, 22)


def test_learning_is_a_running_mean(tmp_path: Path) -> None:
    profiles.learn(tmp_path, "6035", [2.0, 0.0], model="m", today=TODAY)
    kept = profiles.learn(tmp_path, "6035", [0.0, 3.0], model="m", today=TODAY)
    assert kept.recordings == 2
    assert kept.vector == pytest.approx((0.7071, 0.7071), abs=1e-3)
    assert profiles.read(tmp_path, "6035", model="another") is None


def test_the_nearer_voice_gains(tmp_path: Path) -> None:
    profile = profiles.learn(tmp_path, "张/三", [1.0, 0.0], model="m", today=TODAY)
    odds = profiles.log_odds(profile, {"S0": np.array([0.0, 1.0]), "S1": np.array([5.0, 0.0])})
    assert odds == {"S0": -3.0, "S1": 3.0}
    assert profiles.log_odds(None, {"S0": np.ones(2), "S1": np.ones(2)}) == {}


def test_a_broken_profile_is_named(tmp_path: Path) -> None:
    profiles.path_of(tmp_path, "1").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="expected a voice profile"):
        profiles.read(tmp_path, "1", model="m")


def test_one_command_deletes_all_that_is_kept(tmp_path: Path) -> None:
    folder, settings = tmp_path / "voices", tmp_path / "callqa.toml"
    settings.write_text(f'[diarize]\nvoice_profiles = "{folder}"\n', encoding="utf-8")
    profiles.learn(folder, "6035", [1.0, 0.0], model="m", today=TODAY)
    before = profiles.digest(folder)
    base = ["--config", str(settings)]
    assert "6035\t1\t2026-11-22" in CliRunner().invoke(command, [*base, "list"]).output
    assert CliRunner().invoke(command, [*base, "delete", "6035"]).exit_code == 0
    assert list(folder.iterdir()) == []
    assert profiles.digest(folder) != before
    assert CliRunner().invoke(command, [*base, "delete", "6035"]).exit_code == 1


def test_off_by_default(tmp_path: Path) -> None:
    with CliRunner().isolated_filesystem(tmp_path):
        answer = CliRunner().invoke(command, ["list"])
    assert answer.exit_code == 2
    assert "voice_profiles" in answer.output
