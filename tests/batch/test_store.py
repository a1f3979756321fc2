import itertools
import os
from dataclasses import replace

from pipeline.batch.store import ArtefactStore, Keys, write_atomically
from pipeline.types import Events, Measure, Measured, Standard
from tests.batch.fakes import Judge, Listen, make_call

HEARD = Measured((Measure("n", 1.0, "s"),), Events())


def test_put_then_get(tmp_path):
    store = ArtefactStore(tmp_path)
    assert store.get("listen", "a", "k", Measured) is None
    store.put("listen", "a", "k", HEARD)
    assert store.has("listen", "a", "k")
    assert store.get("listen", "a", "k", Measured) == HEARD


def test_a_torn_file_counts_as_absent(tmp_path):
    store = ArtefactStore(tmp_path)
    store.put("listen", "a", "k", HEARD)
    path = store.path("listen", "a", "k")
    path.write_bytes(path.read_bytes()[:-3])
    assert store.get("listen", "a", "k", Measured) is None
    assert not store.has("listen", "a", "k")


def test_a_hostile_call_id_stays_inside_the_folder(tmp_path):
    store = ArtefactStore(tmp_path)
    store.put("listen", "../../etc/passwd", "k", HEARD)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) == 1 and files[0].is_relative_to(tmp_path / "artefacts")


def test_prune_keeps_what_is_current(tmp_path):
    store = ArtefactStore(tmp_path)
    store.put("listen", "a", "old", HEARD)
    store.put("listen", "a", "new", HEARD)
    assert store.prune({store.path("listen", "a", "new").name}) == 1
    assert store.has("listen", "a", "new") and not store.has("listen", "a", "old")


def test_prune_leaves_the_calls_of_another_run_and_takes_what_a_kill_left(tmp_path):
    store = ArtefactStore(tmp_path)
    store.put("listen", "a", "k", HEARD)
    store.put("listen", "other", "k", HEARD)
    torn = store.path("listen", "a", "k").with_name(".half-written")
    torn.write_bytes(b"x")
    assert store.prune({store.path("listen", "a", "k").name}) == 1
    assert store.has("listen", "other", "k") and not torn.exists()


def test_latest_reads_whatever_was_written_last(tmp_path):
    store = ArtefactStore(tmp_path)
    assert store.latest("judge", "a", Standard) is None
    for when, name in enumerate(["old", "new"]):
        store.put("judge", "a", f"{name}-key-of-more-than-24-characters", Standard(name, "1"))
        path = store.path("judge", "a", f"{name}-key-of-more-than-24-characters")
        os.utime(path, ns=(when, when))
    assert store.latest("judge", "a", Standard) == Standard("new", "1")


def test_a_file_is_everyones_to_read_and_a_killed_write_is_in_nobodys_way(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.batch.store._numbers", itertools.repeat(7))
    path = tmp_path / "new folder" / "x.key"
    write_atomically(path, b"one")
    left = path.with_name(f".x.key.{os.getpid()}.7")
    left.write_bytes(b"half of what a killed process of the same number wrote")
    write_atomically(path, b"two", flush=False)
    assert path.read_bytes() == b"two" and path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["x.key"]


def test_a_record_field_touches_only_the_stages_that_read_it():
    keys = Keys([Listen(), Judge()])
    one, other = keys.of(make_call("a", business="inquiry")), keys.of(make_call("a", business="complaint"))
    assert one["listen"] == other["listen"]
    assert one["judge"] != other["judge"]


def test_one_field_of_the_record_may_be_read_alone():
    stage = Judge()
    stage.reads = ("cdr.agent_channel", "direction")
    keys = Keys([Listen(), stage])
    inquiry, complaint = make_call("a", business="inquiry"), make_call("a", business="complaint")
    assert keys.of(inquiry) == keys.of(complaint)
    swapped = replace(inquiry, cdr=replace(inquiry.cdr, agent_channel=1))
    assert keys.of(inquiry) != keys.of(swapped)
    assert keys.of(replace(inquiry, cdr=None))["judge"]


def test_a_setting_touches_its_stage_and_what_follows():
    call = make_call("a")
    before = Keys([Listen(settings={"x": 1}), Judge()]).of(call)
    after = Keys([Listen(settings={"x": 2}), Judge()]).of(call)
    assert before["listen"] != after["listen"] and before["judge"] != after["judge"]
    later = Keys([Listen(settings={"x": 1}), Judge(settings=5)]).of(call)
    assert before["listen"] == later["listen"] and before["judge"] != later["judge"]


def test_other_bytes_are_another_call():
    keys = Keys([Listen()])
    call = make_call("a")
    assert keys.of(call) != keys.of(replace(call, sha256="other"))


def test_a_write_that_fails_leaves_nothing(tmp_path):
    target = tmp_path / "is-a-folder"
    (target / "x").mkdir(parents=True)
    try:
        write_atomically(target, b"data")
    except OSError:
        pass
    else:
        raise AssertionError("a folder was overwritten")
    assert [p.name for p in tmp_path.iterdir()] == ["is-a-folder"]
