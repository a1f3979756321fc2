from pathlib import Path

from pipeline.batch.run import DayOutcome, RunOutcome, RunRequest
from pipeline.commands.summary import LISTED, retry_command, summary_lines
from pipeline.types import LedgerRow

REQUEST = RunRequest("/rec/my day", "calls.csv", "2026-11-21", "cpu", Path("results"))


def outcome(*rows, **changes):
    day = DayOutcome("2026-11-21", Path("results/2026-11-21"), rows, complete=True, **changes)
    return RunOutcome((day,), audio_s=600.0, elapsed_s=60.0, already_done=0)


def row(call_id, status, reason=""):
    return LedgerRow(call_id, "f.wav", "sha", status, "audition", reason)


def test_a_whole_day_says_the_sum_and_where_things_are():
    found = outcome(row("a", "scored"), row("b", "excluded", "music only"))
    told = "\n".join(summary_lines(found, REQUEST))
    assert found.ok
    assert "1 scored, 1 excluded by rule, 0 failed, 0 records without audio" in told
    assert "10.0x real time" in told
    assert "scorecards.xlsx" in told and "report.html" in told
    assert "DEMO" not in told


def test_a_failure_is_listed_with_its_reason_and_the_retry_command():
    found = outcome(row("a", "scored"), row("b", "failed", "b.wav: expected WAV, found text"))
    told = "\n".join(summary_lines(found, REQUEST))
    assert not found.ok
    assert "failed at audition: b: b.wav: expected WAV, found text" in told
    assert retry_command(REQUEST) in told
    assert "'/rec/my day'" in retry_command(REQUEST)


def test_a_record_without_audio_makes_the_day_incomplete():
    assert not outcome(row("a", "missing_audio", "no recording")).ok


def test_a_thousand_failures_do_not_fill_the_screen():
    found = outcome(*(row(str(i), "failed", "x") for i in range(1000)))
    told = list(summary_lines(found, REQUEST))
    assert len(told) < LISTED + 12
    assert any(f"{1000 - LISTED} more" in line for line in told)


def test_outputs_that_could_not_be_written_are_no_success():
    found = outcome(row("a", "scored"), trouble="disk full")
    assert not found.ok
    assert "outputs not written: disk full" in "\n".join(summary_lines(found, REQUEST))


def test_the_demo_model_is_said_loudly():
    request = RunRequest("/rec", None, None, "demo", Path("r"))
    assert "DEMO MODEL" in "\n".join(summary_lines(outcome(row("a", "scored")), request))
