import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.batch.local import run_local
from pipeline.batch.plan import StagePlan, chunks
from pipeline.config import Config
from tests.batch.fakes import build, build_broken, make_call


def run(calls, tmp_path, workers=2, calls_in_work=2, build=build):
    trace = tmp_path / "trace"
    told = []
    failures = run_local(
        chunks(calls, calls_in_work=calls_in_work),
        StagePlan(Config(), profile=str(trace), threads=1),
        tmp_path,
        workers=workers,
        on_event=lambda *event: told.append(event),
        build=build,
    )
    return failures, told, trace.read_text().splitlines() if trace.exists() else []


@pytest.mark.slow
def test_chunks_over_two_workers(tmp_path):
    calls = [make_call(f"call-{i}") for i in range(5)] + [make_call("raises")]
    failures, told, trace = run(calls, tmp_path)
    assert [f.call_id for f in failures] == ["raises"]
    assert sum(stage == "judge" for stage, _, _ in told) == 6  # told of the failed one too: it is done with
    assert sum(line.startswith("judge") for line in trace) == 5


@pytest.mark.slow
def test_a_worker_that_dies_takes_only_its_own_call(tmp_path):
    calls = [make_call(f"call-{i}") for i in range(4)] + [make_call("killer")]
    failures, _, trace = run(calls, tmp_path)
    assert [(f.call_id, f.stage, f.kind) for f in failures] == [("killer", "worker", "transient")]
    assert {line for line in trace if line.startswith("judge")} == {f"judge call-{i}" for i in range(4)}


ENDLESS = """
import sys
from pathlib import Path
from pipeline.batch.local import run_local
from pipeline.batch.plan import StagePlan
from pipeline.config import Config
from tests.batch.fakes import build, make_call
if __name__ == "__main__":
    out = Path(sys.argv[1])
    calls = [[make_call(f"slow-{n}")] for n in range(100_000)]
    plan = StagePlan(Config(), str(out / "trace"), 1)
    run_local(calls, plan, out, workers=1, on_event=lambda *event: None, build=build)
"""


def alive_in_session(leader):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, *fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.slow
def test_a_run_killed_leaves_no_worker_behind(tmp_path):
    (tmp_path / "endless.py").write_text(ENDLESS)
    run = subprocess.Popen(
        [sys.executable, str(tmp_path / "endless.py"), str(tmp_path)],
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "trace").exists():  # a worker is at it
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.05)
    run.kill()
    run.wait()
    while left := alive_in_session(run.pid):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.05)


@pytest.mark.slow
def test_stages_that_cannot_open_say_why_for_every_call(tmp_path):
    failures, _, _ = run([make_call("a"), make_call("b")], tmp_path, workers=1, build=build_broken)
    assert [f.call_id for f in failures] == ["a", "b"]
    assert all("no model here" in f.message for f in failures)
