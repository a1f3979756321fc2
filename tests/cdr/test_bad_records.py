"""Record files as Excel, exports and tired hands leave them: no fault costs another row."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.cdr import CdrError, Records, read_cdr
from pipeline.cdr.fields import FieldError, parse_seconds, parse_time
from pipeline.config import IngestConfig

HEAD = "call_id,file,agent_name,started_at,hold_s,hangup_side\n"
GOOD = "C1,a.wav,王芳,2026-11-21 09:00:00,5,agent\n"
LAST = "C3,c.wav,李雷,2026-11-21 10:00:00,0,customer\n"


def read(path: Path, data: bytes | str, **settings: object) -> Records:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_cdr(path, IngestConfig(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8-sig", None), ("gbk", "GB18030"), ("gb18030", "GB18030"), ("utf-16", "UTF-16")],
)
def test_encodings(tmp_path: Path, encoding: str, note: str | None) -> None:
    found = read(tmp_path / "c.csv", (HEAD + GOOD + LAST).encode(encoding))
    assert [record.agent_name for record in found.records] == ["王芳", "李雷"]
    assert found.problems == ()
    assert (note is None and not found.notes) or note in found.notes[0]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "\uff0c"])
def test_wrong_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    found = read(tmp_path / "c.csv", (HEAD + GOOD + LAST).replace(",", delimiter))
    assert [record.call_id for record in found.records] == ["C1", "C3"]
    assert found.records[0].hangup_side == "agent"
    assert found.notes == (f"columns are separated by {delimiter!r}",)


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ("2026-02-30 09:00:00", "started_at"), ("2026-13-01", "started_at"), ("yesterday", "started_at"),
        ("0226-11-21 09:00:00", "started_at"), ("9999-12-31 00:00:00", "started_at"),
        ("2026-11-21 25:00:00", "started_at"),
    ],
)  # fmt: skip
def test_impossible_date_costs_the_cell_only(tmp_path: Path, cell: str, column: str) -> None:
    found = read(tmp_path / "c.csv", HEAD + GOOD + f"C2,b.wav,x,{cell},7,agent\n" + LAST)
    assert [record.call_id for record in found.records] == ["C1", "C2", "C3"]
    assert found.records[1].started_at is None
    assert found.records[1].hold_s == 7.0
    (problem,) = found.problems
    assert (problem.line, problem.call_id) == (3, "C2")
    assert str(problem).startswith(
        f"{tmp_path / 'c.csv'} line 3: expected {column}: a time such as 2026-11-21"
    )
    assert str(problem).endswith(f"found {cell!r}")


@pytest.mark.parametrize("cell", ["-5", "soon", "1:xx", "99999999"])
def test_impossible_seconds(tmp_path: Path, cell: str) -> None:
    found = read(tmp_path / "c.csv", HEAD + f"C2,b.wav,x,,{cell},agent\n")
    assert found.records[0].hold_s is None
    assert "hold_s: seconds" in str(found.problems[0])


def test_unknown_side_is_told(tmp_path: Path) -> None:
    found = read(tmp_path / "c.csv", HEAD + "C2,b.wav,x,,1,nobody\n")
    assert found.records[0].hangup_side == "unknown"
    assert str(found.problems[0]).endswith("expected hangup_side: agent, customer or system, found 'nobody'")


def test_end_before_start_loses_the_end(tmp_path: Path) -> None:
    found = read(
        tmp_path / "c.csv", "call_id,started_at,ended_at\nC1,2026-11-21 09:00:00,2026-11-21 08:00:00\n"
    )
    assert found.records[0].ended_at is None
    assert "ended_at after started_at" in str(found.problems[0])


def test_short_long_and_nameless_rows(tmp_path: Path) -> None:
    text = HEAD + GOOD + "C2,b.wav\n" + LAST.strip() + ",extra\n" + ",,x,,,\n" + "\n"
    found = read(tmp_path / "c.csv", text)
    assert [record.call_id for record in found.records] == ["C1", "C2", "C3"]
    assert [(p.line, p.expected, p.found, p.lost) for p in found.problems] == [
        (3, "6 cells", "2", False),
        (4, "6 cells", "7", False),
        (5, "a call_id or a file", "neither", True),
    ]


def test_missing_optional_columns_are_no_fault(tmp_path: Path) -> None:
    found = read(tmp_path / "c.csv", "file\n2026/11/a.wav\n")
    assert (found.records[0].call_id, found.records[0].file) == ("a", "2026/11/a.wav")
    assert found.problems == ()


def test_missing_both_keys_tells_the_columns_found(tmp_path: Path) -> None:
    found = read(tmp_path / "c.csv", "agent_id,started_at\n1001,2026-11-21 09:00:00\n")
    assert found.records == ()
    (problem,) = found.problems
    assert (problem.line, problem.lost) == (0, True)
    assert "expected a column call_id or file" in str(problem)
    assert "found columns: agent_id, started_at" in str(problem)


def test_mapped_column_that_is_not_there(tmp_path: Path) -> None:
    found = read(tmp_path / "c.csv", HEAD + GOOD, cdr_columns={"team": "部门"})
    assert found.records[0].call_id == "C1"
    assert "expected a column '部门' for team, found none" in str(found.problems[0])


def test_a_quote_never_closed_does_not_swallow_the_day(tmp_path: Path) -> None:
    rows = "".join(f"D{i},d{i}.wav,x,,0,agent\n" for i in range(20))
    found = read(tmp_path / "c.csv", HEAD + GOOD + 'C2,b.wav,"王,,0,agent\n' + rows)
    assert [r.call_id for r in found.records][:2] == ["C1", "C2"]
    assert len(found.records) == 22
    assert any("a closing quote" in str(problem) and problem.line == 3 for problem in found.problems)


def test_empty_and_broken_files(tmp_path: Path) -> None:
    assert "found an empty file" in str(read(tmp_path / "a.csv", "").problems[0])
    broken = read(tmp_path / "b.json", '[{"call_id": "C1",\n}]')
    assert (broken.records, broken.problems[0].line) == ((), 2)
    half = read(tmp_path / "c.json", '{"call_id": "C1"}\n{"call_id":\n{"call_id": "C3"}\n')
    assert [record.call_id for record in half.records] == ["C1", "C3"]
    assert half.problems[0].line == 2
    assert "a damaged one" in str(read(tmp_path / "d.xlsx", b"PK\x03\x04rubbish").problems[0])


def test_a_record_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        CdrError, match=r"gone\.csv: expected a readable call-record file, found: No such file"
    ):
        read_cdr(tmp_path / "gone.csv", IngestConfig())


def test_times_as_they_are_written() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    nine = datetime(2026, 11, 5, 9, 3, tzinfo=zone)
    written = ["2026-11-05 09:03:00", "2026/11/5 9:03", "2026年11月5日 09:03:00", "20261105090300",
               "2026-11-05T01:03:00Z", "2026-11-05T09:03:00+08:00",
               str(int(nine.timestamp())), str(int(nine.timestamp() * 1000))]  # fmt: skip
    assert {parse_time(text, zone) for text in written} == {nine}
    assert [parse_time(text, zone) for text in ("0", "", "0000-00-00 00:00:00", "-")] == [None] * 4


def test_zone_is_the_configured_one(tmp_path: Path) -> None:
    found = read(tmp_path / "c.csv", HEAD + GOOD, timezone="UTC")
    assert found.records[0].started_at == datetime(2026, 11, 21, 17, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_seconds() -> None:
    assert [parse_seconds(text) for text in ("90", "1:30", "0:01:30", "90.5")] == [90.0, 90.0, 90.0, 90.5]
    with pytest.raises(FieldError):
        parse_seconds("nan seconds")
