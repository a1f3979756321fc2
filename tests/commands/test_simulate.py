"""``callqa simulate``: what it writes, and what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from click.testing import CliRunner

from pipeline.commands.simulate import command
from tests.callsim.conftest import espeak as espeak_installed

espeak = espeak_installed

SHORT = """\
id: short
agent: {cpm: 240}
events:
  - {do: ringback, count: 1}
  - agent: 您好请讲
  - customer: 谢谢
"""


def test_a_script_becomes_a_recording_a_record_and_a_truth(espeak: None, tmp_path: Path) -> None:
    script = tmp_path / "short.yaml"
    script.write_text(SHORT, encoding="utf-8")
    result = CliRunner().invoke(command, [str(script), str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "1 calls" in result.output
    truth = json.loads((tmp_path / "out" / "truth" / "short.json").read_text(encoding="utf-8"))
    info = soundfile.info(tmp_path / "out" / "short.wav")
    assert info.duration == pytest.approx(truth["duration_s"], abs=0.001)
    assert (tmp_path / "out" / "calls.csv").read_text(encoding="utf-8").startswith("call_id,file,")


def test_calls_by_the_desk_are_made_when_asked_for(tmp_path: Path) -> None:
    arguments = ["--calls", "4", "--kind", "outbound", "--set", "train", "--text-only", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    truths = [json.loads(p.read_text(encoding="utf-8")) for p in (tmp_path / "truth").iterdir()]
    assert [t["direction"] for t in truths] == ["outbound"] * 4


def test_a_folder_that_cannot_be_written_is_told(espeak: None, tmp_path: Path) -> None:
    script, out = tmp_path / "short.yaml", tmp_path / "out"
    script.write_text(SHORT, encoding="utf-8")
    (out / "short.wav").mkdir(parents=True)
    result = CliRunner().invoke(command, [str(script), str(out)])
    assert result.exit_code == 2
    assert "short.wav: expected to write ULAW WAV" in result.output


def test_truth_alone_needs_no_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    arguments = ["--calls", "5", "--seed", "7", "--set", "tune", "--text-only", str(tmp_path)]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    names = sorted(p.name for p in (tmp_path / "truth").iterdir())
    assert names == [f"tune-7-{i:05d}.json" for i in range(5)]


def test_without_espeak_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(command, ["--calls", "1", str(tmp_path)])
    assert result.exit_code == 2
    assert "apt install espeak-ng" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["OUT"], "expected either SCRIPT.yaml files or --calls N"),
        (["--calls", "2", "a.yaml", "OUT"], "expected either SCRIPT.yaml files or --calls N"),
        (["missing.yaml", "OUT"], "missing.yaml: expected a YAML script"),
        (["--calls", "0", "OUT"], "0 is not in the range x>=1"),
    ],
)
def test_bad_usage_is_told_with_exit_2(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert message in result.output
