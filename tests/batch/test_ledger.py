from dataclasses import replace

from pipeline.batch.ledger import count_by_status, ledger_rows
from pipeline.types import Failure, LedgerRow
from tests.batch.fakes import make_call


def test_every_call_has_one_row_and_a_reason():
    calls = [make_call(name) for name in ("scored", "failed", "music", "never")]
    rows = ledger_rows(
        calls=calls,
        ingest_rows=[LedgerRow("no-audio", "", "", "missing_audio", "ingest", "record without recording")],
        failures=[
            Failure("failed", "audition", "permanent", "not a WAV"),
            Failure("music", "audition", "excluded", "music only"),
        ],
        scored={"scored": "channels swapped"},
        notes={"scored": "no call record"},
    )
    told = {row.call_id: (row.status, row.stage, row.reason) for row in rows}
    assert told == {
        "scored": ("scored", "score", "no call record; channels swapped"),
        "failed": ("failed", "audition", "not a WAV"),
        "music": ("excluded", "audition", "music only"),
        "never": ("failed", "run", "未处理:运行在轮到这通之前停止了"),
        "no-audio": ("missing_audio", "ingest", "record without recording"),
    }
    assert count_by_status(rows) == {"scored": 1, "excluded": 1, "missing_audio": 1, "failed": 2}


def test_what_ingest_and_the_gate_both_say_is_said_once():
    call = make_call("a")
    rows = ledger_rows(
        calls=[call, make_call("b")],
        ingest_rows=[],
        failures=[Failure("b", "audition", "permanent", "not a WAV")],
        scored={"a": "truncated: x; echo"},
        notes={"a": "no call record; truncated: x", "b": "same audio as a"},
    )
    assert [row.reason for row in rows] == [
        "no call record; truncated: x; echo",
        "not a WAV; same audio as a",
    ]


def test_files_are_named_inside_the_recordings_folder(tmp_path):
    call = replace(make_call("c"), paths=(str(tmp_path / "day/x-out.wav"), str(tmp_path / "day/x-in.wav")))

    def named(recordings):
        rows = ledger_rows(
            calls=[call], ingest_rows=[], failures=[], scored={}, notes={}, recordings=recordings
        )
        return rows[0].file

    assert named(str(tmp_path)) == "day/x-out.wav + day/x-in.wav"
    assert named(f"{tmp_path}/other/../day") == "x-out.wav + x-in.wav"
    spooled = replace(call, paths=(f"{tmp_path}/r/.spool/{'0a' * 12}/x-in.wav",))
    rows = ledger_rows(
        calls=[spooled], ingest_rows=[], failures=[], scored={}, notes={}, recordings="s3://bucket/day"
    )
    assert rows[0].file == "x-in.wav"
    for elsewhere in ("", f"{tmp_path}/*.wav", "s3://bucket/day"):
        assert named(elsewhere) == " + ".join(call.paths)
