"""Every recording and every call record ends as a Call or as a ledger row with its reason."""

from __future__ import annotations

import os
import time
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.cdr import CdrError
from pipeline.config import ConfigError
from pipeline.stages.examine import safe_id
from pipeline.stages.ingest import ingest, parse_day
from pipeline.stages.recordings import RecordingsError
from tests.stages.recorded import CONFIG, HEAD, RATE, by_id, look, only_row, record_call


def test_a_folder_with_its_records(tmp_path: Path) -> None:
    record_call(tmp_path / "sub/a.wav")
    record_call(tmp_path / "b.wav", level=0.2)
    found = look(
        tmp_path,
        HEAD
        + "C1,sub/a.wav,1001,inbound,2026-11-21 09:00:00,1\n"
        + "C2,b.wav,1002,outbound,2026-11-21 10:00:00,\n",
        agent_channel={"inbound": 0, "outbound": 1},
    )
    assert found.ledger == ()
    assert found.remarks == {}
    assert found.notes == ()  # the call records beside the recordings are nothing to tell of
    one, two = by_id(found)["C1"], by_id(found)["C2"]
    assert one.paths == (str(tmp_path / "sub/a.wav"),)
    assert (one.agent_id, one.direction, one.agent_channel) == ("1001", "inbound", 1)
    assert two.agent_channel == 1  # by direction
    assert (one.channels, one.sample_rate_hz, one.duration_s) == (2, RATE, 1.5)
    assert one.started_at == datetime(2026, 11, 21, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert one.cdr is not None
    assert len(one.sha256) == 64 and one.sha256 != two.sha256


def test_glob_single_file_and_file_url(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000.wav")
    record_call(tmp_path / "x/20261121-100000.wav")
    for where, names in (
        (str(tmp_path / "*.wav"), ["20261121-090000"]),
        (str(tmp_path / "**/*.wav"), ["20261121-090000", "20261121-100000"]),
        (str(tmp_path / "x/20261121-100000.wav"), ["20261121-100000"]),
        (f"file://{tmp_path}", ["20261121-090000", "20261121-100000"]),
    ):
        assert sorted(by_id(look(where))) == names


def test_remote_recordings_are_spooled_once(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    local = record_call(tmp_path / "20261121-090000.wav")
    memory.pipe("/callqa-test/day/20261121-090000.wav", local.read_bytes())
    spool = tmp_path / "spool"
    for _ in range(2):
        found = ingest("memory://callqa-test/day", config=CONFIG, spool=spool)
        (call,) = found.calls
        assert call.id == "20261121-090000"
        assert Path(call.path).read_bytes() == local.read_bytes()
        assert Path(call.path).name == "20261121-090000.wav"  # its own, for the ledger and the desk
        assert len(list(spool.iterdir())) == 1
    memory.rm("/callqa-test", recursive=True)


def test_of_a_remote_archive_only_the_day_asked_for_is_fetched(tmp_path: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    sound = record_call(tmp_path / "x.wav").read_bytes()
    for name in ("20261120-090000.wav", "20261121-090000.wav", "by-record.wav", "20261121-100000-in.wav"):
        memory.pipe(f"/callqa-archive/{name}", sound)
    (tmp_path / "calls.csv").write_text(HEAD + "C9,by-record.wav,,,2026-11-21 10:00:00,\n")
    found = ingest("memory://callqa-archive", config=CONFIG, cdr=tmp_path / "calls.csv",
                   day=date(2026, 11, 21), spool=tmp_path / "spool")  # fmt: skip
    memory.rm("/callqa-archive", recursive=True)
    fetched = sorted(path.name for path in (tmp_path / "spool").glob("*/*"))
    assert fetched == ["20261121-090000.wav", "20261121-100000-in.wav", "by-record.wav"]
    assert len(found.calls) == 3
    assert only_row(found).reason == "不是当日的录音(2026-11-20),要处理的是 2026-11-21"


@pytest.mark.parametrize("where", ["nowhere", "*.wav/x", "memory://callqa-empty", "nosuch://bucket/x"])
def test_nothing_there(tmp_path: Path, where: str) -> None:
    target = where if "://" in where else str(tmp_path / where)
    with pytest.raises(RecordingsError, match=r"expected .* found"):
        ingest(target, config=CONFIG, spool=tmp_path / "spool")


@pytest.mark.parametrize(
    ("record_direction", "agent_channel", "agent_leg"),
    [
        ("inbound", "", "out"),
        ("outbound", "", "in"),
        ("", "", "out"),
        ("inbound", "0", "in"),
        ("outbound", "1", "out"),
    ],
)
def test_one_leg_files_are_joined_agent_first(
    tmp_path: Path, record_direction: str, agent_channel: str, agent_leg: str
) -> None:
    for leg in ("in", "out"):
        record_call(tmp_path / f"call7-{leg}.wav", channels=1)
    found = look(
        tmp_path, HEAD + f"C7,call7.wav,1001,{record_direction},2026-11-21 09:00:00,{agent_channel}\n"
    )
    (call,) = found.calls
    assert Path(call.path).name == f"call7-{agent_leg}.wav"
    assert (len(call.paths), call.channels, call.agent_channel, call.id) == (2, 2, 0, "C7")


def test_a_lone_leg_is_a_mono_call_and_told(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000-in.wav", channels=1)
    found = look(tmp_path)
    (call,) = found.calls
    assert (call.channels, call.agent_channel) == (1, None)
    assert found.remarks[call.id] == ("只有一方的录音:没有 20261121-090000-out.wav",)


def test_stereo_files_named_like_legs_are_two_calls(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000-in.wav")
    record_call(tmp_path / "20261121-090000-out.wav", level=0.3)
    assert len(look(tmp_path).calls) == 2


# ---------------------------------------------------------------- days


def test_date_takes_that_day_in_the_configured_zone(tmp_path: Path) -> None:
    for name in ("20261120-235959.wav", "20261121-000000.wav", "a.wav", "b.wav"):
        record_call(tmp_path / name)
    text = HEAD + "A,a.wav,,,2026-11-20T17:00:00+00:00,\nB,b.wav,,,,\nC,c.wav,,,2026-11-22 09:00:00,\n"
    found = look(tmp_path, text, day=date(2026, 11, 21))
    assert set(by_id(found)) == {"20261121-000000", "A"}  # 17:00 UTC is 01:00 of the 21st in Shanghai
    assert {(row.call_id, row.status, row.reason) for row in found.ledger} == {
        ("20261120-235959", "excluded", "不是当日的录音(2026-11-20),要处理的是 2026-11-21"),
        ("B", "excluded", "开始时间不明,而要处理的是 2026-11-21"),
        ("C", "excluded", "话单不是 2026-11-21 的"),
    }


def test_dated_folders_count_as_the_day(tmp_path: Path) -> None:
    name = "archive/2026/Nov/21/a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d.wav"
    record_call(tmp_path / name)
    assert len(look(tmp_path, day=date(2026, 11, 21)).calls) == 1
    assert look(tmp_path, day=date(2026, 11, 22)).calls == ()
    assert look(tmp_path).calls[0].started_at is None  # a day is no time


def test_yesterday_is_of_the_zone() -> None:
    midnight = datetime(2026, 11, 21, 17, 0, tzinfo=ZoneInfo("UTC"))
    assert parse_day("yesterday", timezone="Asia/Shanghai", now=midnight) == date(2026, 11, 21)
    assert parse_day("yesterday", timezone="UTC", now=midnight) == date(2026, 11, 20)
    with pytest.raises(ValueError, match="expected YYYY-MM-DD, today or yesterday, found '21/11'"):
        parse_day("21/11", timezone="UTC", now=midnight)


# ---------------------------------------------------------------- records with faults


def test_faults_of_a_record_stand_in_its_ledger_row(tmp_path: Path) -> None:
    record_call(tmp_path / "a.wav")
    found = look(tmp_path, HEAD + "C1,a.wav,1001,inbound,2026-02-30,\n,,x,,,\n")
    assert found.calls[0].started_at is None
    assert "line 2: expected started_at: a time" in found.remarks["C1"][0]
    assert only_row(found).status == "failed"  # the row that names no call
    assert "line 3: expected a call_id or a file, found neither" in only_row(found).reason


def test_a_record_file_without_keys_does_not_stop_the_day(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000.wav")
    found = look(tmp_path, "agent,when\n1001,now\n")
    assert len(found.calls) == 1
    assert "expected a column call_id or file" in only_row(found).reason


def test_settings_that_cannot_be_begin_nothing(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000.wav")
    with pytest.raises(ConfigError, match="expected a name such as Asia/Shanghai, found 'Mars/Olympus'"):
        look(tmp_path, timezone="Mars/Olympus")
    with pytest.raises(CdrError, match="expected a readable call-record file"):
        ingest(str(tmp_path), config=CONFIG, cdr=tmp_path / "gone.csv")


def test_ids_can_be_file_names() -> None:
    assert safe_id("../../etc/passwd") == "_.._etc_passwd"
    assert safe_id("1732150800.11") == "1732150800.11"
    assert safe_id("job:1/2 通话") == "job_1_2_通话"
    assert safe_id("") == "_"
    assert len(safe_id("x" * 500)) == 120


@pytest.mark.slow
def test_five_thousand_files_take_seconds(tmp_path: Path) -> None:
    """Hard links to one recording: what is measured is walking, matching, hashing and probing."""
    first = record_call(tmp_path / "first.wav", seconds=1.0)
    rows = [HEAD]
    for i in range(5_000):
        os.link(first, tmp_path / f"c{i:05d}.wav")
        rows.append(f"C{i:05d},c{i:05d}.wav,1001,inbound,2026-11-21 09:00:00,\n")
    started = time.monotonic()
    found = look(tmp_path, "".join(rows))
    assert len(found.calls) == 5_000
    assert time.monotonic() - started < 30
