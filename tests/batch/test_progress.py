import io
import json

from pipeline.batch import progress
from pipeline.batch.progress import LineProgress, Tally


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
    lines.finish()
    assert json.loads(out.getvalue())["done"] == 1


def test_an_empty_day_divides_by_nothing():
    out = io.StringIO()
    lines = LineProgress(as_json=False, out=out)
    lines.start(calls=0, audio_s=0.0, stages=["listen"])
    lines.finish()
    assert "0/0 calls" in out.getvalue()
