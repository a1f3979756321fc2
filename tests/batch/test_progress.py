import io
import json

import pytest

from pipeline.batch import progress
from pipeline.batch.progress import LineProgress, LiveProgress, Tally, in_words


def test_a_tally_counts_stages_speed_and_time_to_go(monkeypatch):
    clock = iter([0.0, 10.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    tally = Tally(calls=2, audio_s=200.0, stages=["listen", "judge"])
    tally.add("listen", 100.0)
    tally.add("listen", 100.0)
    tally.add("judge", 100.0)
    now = tally.snapshot()
    assert (now["stage"], now["done"], now["total"]) == ("judge", 1, 2)
    assert now["times_real_time"] == 15.0
    assert now["eta_s"] == 3.3


def test_lines_under_cron_are_json_when_asked():
    out = io.StringIO()
    lines = LineProgress(as_json=True, out=out)
    lines.start(calls=1, audio_s=10.0, stages=["listen"])
    lines.event("listen", "a", 10.0)
    lines.writing("2026-11-21")
    progress, writing = map(json.loads, out.getvalue().splitlines())
    assert (progress["event"], progress["done"], progress["total"]) == ("progress", 1, 1)
    assert writing == {"event": "writing", "day": "2026-11-21"}


@pytest.mark.parametrize(
    ("as_json", "said"), [(True, '"event": "reading", "done": 7'), (False, "7/9 recordings read")]
)
def test_a_long_reading_is_told(monkeypatch, as_json, said):
    monkeypatch.setattr(progress, "PLAIN_EVERY_S", 0.0)
    out = io.StringIO()
    LineProgress(as_json=as_json, out=out).reading(7, 9)
    assert said in out.getvalue()


def test_a_call_tried_again_never_makes_more_than_all():
    tally = Tally(calls=1, audio_s=10.0, stages=["listen"])
    tally.add("listen", 10.0)
    tally.add("listen", 10.0)
    now = tally.snapshot()
    assert (now["done"], now["eta_s"]) == (1, 0.0)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (750, "12 min 30 s"), (11_100, "3 h 05 min")]
)
def test_times_are_as_fine_as_they_are_useful(seconds, words):
    assert in_words(seconds) == words


def test_the_live_display_goes_through_a_day(monkeypatch):
    live = LiveProgress()
    live.reading(1, 2)
    live.start(calls=1, audio_s=10.0, stages=["listen"])
    live.event("listen", "a", 10.0)
    live.writing("2026-11-21")
    live.finish()
    assert [(task.description, task.completed) for task in live._bars.tasks] == [
        ("ingest", 1), ("listen", 1), ("outputs", 0),
    ]  # fmt: skip


def test_an_empty_day_divides_by_nothing():
    out = io.StringIO()
    lines = LineProgress(as_json=False, out=out)
    lines.start(calls=0, audio_s=0.0, stages=["listen"])
    lines.writing("undated")
    assert "0/0 calls" in out.getvalue()
