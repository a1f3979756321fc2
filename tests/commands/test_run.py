"""``callqa run``: what stops it before it begins (exit 2), and what it outlives (exit 1)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.batch.lock import hold
from pipeline.cli import main
from pipeline.resources import resource

DAY = resource("models", "demo", "day")
SHORT = "d04-curt.wav"


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "rec"
    folder.mkdir()
    shutil.copy(DAY / SHORT, folder / "20261121-090000.wav")
    return folder


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # no callqa.toml of the developer's own


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["run", *map(str, words), "--progress", "quiet"])


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_without_a_profile_it_says_how_to_choose(recordings: Path, tmp_path: Path) -> None:
    said = refused(run(recordings, "--results", tmp_path / "out"))
    for word in (
        "no profile was chosen",
        "--profile cpu",
        "--profile gpu",
        "callqa models fetch",
        "callqa demo",
    ):
        assert word in said
    assert not (tmp_path / "out").exists()


def test_the_settings_may_choose_it(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_MODELS", str(tmp_path / "none"))
    (tmp_path / "callqa.toml").write_text('profile = "cpu"\n')
    assert "get it once with: callqa models fetch faster-whisper-small" in refused(run(recordings))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ingest]\nsetle_s = 3\n", "unknown key 'ingest.setle_s'; expected one of:"),
        (
            '[ingest]\ntimezone = "Mars/Olympus"\n',
            "expected a name such as Asia/Shanghai, found 'Mars/Olympus'",
        ),
        (
            '[ingest]\nfilename_patterns = ["("]\n',
            "ingest.filename_patterns: expected freepbx, fusionpbx, generic",
        ),
        ('[ingest]\ncdr_reader = "excel"\n', "ingest.cdr_reader: expected auto or one of"),
    ],
)
def test_settings_that_cannot_be(recordings: Path, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "my.toml").write_text(text)
    (tmp_path / "c.csv").write_text("call_id\nx\n")
    found = run(
        recordings, "--config", tmp_path / "my.toml", "--profile", "demo", "--cdr", tmp_path / "c.csv"
    )
    assert said in refused(found)


def test_a_lexicon_with_a_typo_stops_it_with_file_and_line(recordings: Path, tmp_path: Path) -> None:
    shutil.copytree(resource("lexicons"), tmp_path / "lexicons")
    broken = tmp_path / "lexicons" / "opening.yaml"
    text = broken.read_text(encoding="utf-8")
    broken.write_text(text.replace("severity:", "severty:", 1), encoding="utf-8")
    line = text[: text.index("severity:")].count("\n") + 1
    (tmp_path / "callqa.toml").write_text('[score]\nlexicons = "lexicons"\n')
    said = refused(run(recordings, "--profile", "demo", "--results", tmp_path / "out"))
    assert f"opening.yaml:{line}" in said and "severty" in said


@pytest.mark.parametrize("where", ["nowhere", "*.mp3", "nosuch://bucket/day"])
def test_recordings_that_are_not_there(recordings: Path, where: str) -> None:
    target = where if "://" in where else recordings / where
    assert "expected" in refused(run(target, "--profile", "demo"))


def test_records_that_are_not_there(recordings: Path, tmp_path: Path) -> None:
    said = refused(run(recordings, "--profile", "demo", "--cdr", tmp_path / "gone.csv"))
    assert "gone.csv: expected a readable call-record file, found: No such file" in said


def test_a_day_that_is_no_day(recordings: Path) -> None:
    assert "expected YYYY-MM-DD, today or yesterday, found '21/11'" in refused(
        run(recordings, "--profile", "demo", "--date", "21/11")
    )


def test_two_runs_at_once_the_second_refuses(recordings: Path, tmp_path: Path) -> None:
    with hold(tmp_path / "out"):
        said = refused(run(recordings, "--profile", "demo", "--results", tmp_path / "out"))
    assert "another callqa run is writing here" in said


def test_a_results_folder_that_is_read_only(
    open_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]], recordings: Path
) -> None:
    closed = open_folder / "out"
    closed.mkdir(mode=0o555)
    run(recordings / "none", "--profile", "demo")  # everything imported, while we may still read it
    with as_nobody():
        said = refused(run(open_folder, "--profile", "demo", "--results", closed))
    assert f"{closed}: expected a results folder that can be written; found: Permission denied" in said


def callqa(*words: str) -> list[str]:
    return [sys.executable, "-m", "pipeline.cli", *words]


@pytest.mark.slow
@pytest.mark.engine
def test_a_day_folder_that_cannot_be_written_costs_that_day_alone(recordings: Path, tmp_path: Path) -> None:
    """A file lies where one day's folder should: the other day is done."""
    shutil.copy(DAY / SHORT, recordings / "20261120-090000.wav")
    out = tmp_path / "out"
    out.mkdir()
    (out / "2026-11-20").write_text("in the way")
    done = subprocess.run(
        callqa("run", str(recordings), "--profile", "demo", "--results", str(out), "--progress", "quiet"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert (
        f"outputs not written: {out / '2026-11-20'}: expected to write the day's outputs; found"
        in done.stdout
    )
    assert "2026-11-21: 1 scored" in done.stdout
    assert "Traceback" not in done.stderr


FULL_DISK = """
mount -t tmpfs -o size=24k none "$1" || exit 77
"${@:2}"; echo "first $?"
mount -o remount,size=64m "$1"
"${@:2}"; echo "then $?"
"""


@pytest.mark.slow
@pytest.mark.engine
def test_a_full_disk_is_said_and_the_day_is_done_once_there_is_room(recordings: Path, tmp_path: Path) -> None:
    """On a file system of 24 kB, mounted for the while."""
    out = tmp_path / "out"
    out.mkdir()
    command = callqa(
        "run", str(recordings), "--profile", "demo", "--results", str(out), "--progress", "quiet"
    )
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "bash", "-c", FULL_DISK, "-", str(out), *command],
        capture_output=True,
        text=True,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip(f"this machine lets nobody mount a small file system: {done.stderr.strip()}")
    first, then = done.stdout.split("first 1\n")
    assert "No space left on device" in first
    assert "To try what is left again:" in first
    assert "1 scored, 0 excluded by rule, 0 failed" in then and "then 0" in then
    assert "Traceback" not in done.stderr
