import errno

import pytest

from pipeline.batch import chunk
from pipeline.batch.chunk import failure_of, run_chunk
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.types import Measured, Standard
from tests.batch.fakes import Judge, Listen, make_call


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(chunk, "RETRY_WAIT_S", 0.0)


def run(calls, tmp_path, **options):
    trace = tmp_path / "trace"
    stages = [Listen(trace=trace), Judge(trace=trace)]
    failures = run_chunk(calls, stages, ArtefactStore(tmp_path), retries=2, **options)
    return failures, stages, trace.read_text().split("\n")[:-1] if trace.exists() else []


def test_one_bad_call_never_stops_the_others(tmp_path):
    calls = [make_call("a"), make_call("raises"), make_call("b")]
    failures, stages, _ = run(calls, tmp_path)
    assert [(f.call_id, f.stage, f.kind) for f in failures] == [("raises", "listen", "permanent")]
    assert "cannot hear raises" in failures[0].message
    keys = Keys(stages)
    store = ArtefactStore(tmp_path)
    for call in (calls[0], calls[2]):
        assert store.get("judge", call.id, keys.of(call)["judge"], Standard) == Standard(call.id, "1")
    assert store.get("listen", "raises", keys.of(calls[1])["listen"], Measured) is None


def test_a_transient_failure_is_tried_again(tmp_path):
    failures, _, _ = run([make_call("flaky")], tmp_path)
    assert failures == []


def test_a_call_left_out_by_rule_is_not_tried_again(tmp_path):
    failures, _, trace = run([make_call("music")], tmp_path)
    assert [(f.kind, f.message) for f in failures] == [("excluded", "music only")]
    assert trace == ["listen music"]


def test_what_is_stored_is_not_made_twice(tmp_path):
    run([make_call("a"), make_call("b")], tmp_path)
    failures, _, trace = run([make_call("a"), make_call("b"), make_call("c")], tmp_path)
    assert failures == []
    assert sorted(trace) == sorted(["listen a", "listen b", "listen c", "judge a", "judge b", "judge c"])


def test_progress_is_told_for_every_call_and_stage(tmp_path):
    told = []
    run([make_call("a"), make_call("b")], tmp_path, notify=lambda *event: told.append(event))
    assert sorted(told) == [(s, c, 10.0) for s in ("judge", "listen") for c in ("a", "b")]


def test_a_call_that_fails_is_done_with_for_the_later_stages_too(tmp_path):
    told = []
    run([make_call("raises"), make_call("b")], tmp_path, notify=lambda *event: told.append(event[:2]))
    assert sorted(told) == [(s, c) for s in ("judge", "listen") for c in ("b", "raises")]


def test_a_full_disk_is_said_plainly_and_may_be_tried_again():
    failure = failure_of(make_call("a"), "listen", OSError(errno.ENOSPC, "No space left on device"))
    assert failure.kind == "transient"
    assert "磁盘已满" in failure.message


def test_a_full_disk_fails_the_call_not_the_day(tmp_path, monkeypatch):
    real_put = ArtefactStore.put

    def put(self, stage, call_id, key, value):
        if call_id == "a":
            raise OSError(errno.ENOSPC, "No space left on device")
        real_put(self, stage, call_id, key, value)

    monkeypatch.setattr(ArtefactStore, "put", put)
    failures, stages, _ = run([make_call("a"), make_call("b")], tmp_path)
    assert [f.call_id for f in failures] == ["a"]
    other = make_call("b")
    assert ArtefactStore(tmp_path).has("judge", "b", Keys(stages).of(other)["judge"])
