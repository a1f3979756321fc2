"""Kill -9 in the middle of a day, run again: the same tables, and no call transcribed twice."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.resources import resource

TABLES = ("ledger", "calls", "utterances", "measures", "verdicts")
CALLS = 5


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """The shortest calls of the demo day, one a chunk, so that a kill lands between chunks."""
    folder = tmp_path_factory.mktemp("recordings")
    day = resource("models", "demo", "day")
    for path in sorted(day.glob("*.wav"), key=lambda p: p.stat().st_size)[:CALLS]:
        shutil.copy(path, folder)
    wanted = {path.name for path in folder.iterdir()}
    head, *rows = (day / "calls.csv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if any(name in row for name in wanted)]
    (folder / "calls.csv").write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    (folder / "callqa.toml").write_text("[batch]\ncalls_in_work = 1\n", encoding="utf-8")
    return folder


def start(recordings: Path, results: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipeline.cli", "run", str(recordings), "--cdr", str(recordings / "calls.csv"),
               "--config", str(recordings / "callqa.toml"), "--profile", "demo", "--results", str(results),
               "--workers", "1", "--progress", "quiet"]  # fmt: skip
    return subprocess.Popen(
        command,
        start_new_session=True,
        # a shell's background job ignores Ctrl-C and hands that on: the tests may be one
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def in_session(leader: int) -> list[int]:
    """Processes alive of the session that ``leader`` began (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def transcripts(results: Path) -> dict[Path, int]:
    """Finished transcripts and when they were written."""
    found = results.glob("*/artefacts/transcribe/*/*")
    return {path: path.stat().st_mtime_ns for path in found if not path.name.startswith(".")}


@pytest.mark.slow
@pytest.mark.engine
def test_killed_and_resumed_is_the_same_day(recordings, tmp_path):
    whole = start(recordings, tmp_path / "whole")
    said, _ = whole.communicate(timeout=1200)
    assert whole.returncode == 0, said.decode()

    killed = start(recordings, tmp_path / "killed")
    deadline = time.monotonic() + 600
    while not transcripts(tmp_path / "killed"):
        assert time.monotonic() < deadline and killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)  # the run alone: its workers must see that it is gone
    killed.wait()
    deadline = time.monotonic() + 60
    while workers := in_session(killed.pid):
        assert time.monotonic() < deadline, f"left behind: {workers}"
        time.sleep(0.1)
    before = transcripts(tmp_path / "killed")
    assert 0 < len(before) < CALLS

    resumed = start(recordings, tmp_path / "killed")
    said, _ = resumed.communicate(timeout=1200)
    assert resumed.returncode == 0, said.decode()
    after = transcripts(tmp_path / "killed")
    assert len(after) == CALLS
    assert all(after[path] == when for path, when in before.items())  # not transcribed twice

    for name in TABLES:
        one, other = (next((tmp_path / run).glob(f"*/tables/{name}.parquet")) for run in ("whole", "killed"))
        assert one.read_bytes() == other.read_bytes(), f"{name} differs after the kill"


@pytest.mark.slow
@pytest.mark.engine
def test_ctrl_c_stops_cleanly_and_the_rest_is_done_later(recordings, tmp_path):
    stopped = start(recordings, tmp_path / "r")
    deadline = time.monotonic() + 600
    while not transcripts(tmp_path / "r"):
        assert time.monotonic() < deadline and stopped.poll() is None
        time.sleep(0.02)
    os.kill(stopped.pid, signal.SIGINT)
    said, errors = stopped.communicate(timeout=300)
    assert stopped.returncode == 130, errors.decode()
    assert "Stopped by Ctrl-C" in said.decode()
    assert "Traceback" not in errors.decode()
    again = start(recordings, tmp_path / "r")
    said, _ = again.communicate(timeout=1200)
    assert again.returncode == 0
    assert f"{CALLS} scored" in said.decode()
