"""Every recording and every call record ends as a Call or as a ledger row with its reason."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import soundfile

from pipeline.cdr import CdrError
from pipeline.config import ConfigError, IngestConfig
from pipeline.stages.examine import safe_id
from pipeline.stages.ingest import Ingested, ingest, parse_day
from pipeline.stages.recordings import RecordingsError
from pipeline.types import Call, LedgerRow

RATE = 8000
AsNobody = Callable[[], AbstractContextManager[None]]
CONFIG = IngestConfig(settle_s=0.0)
HEAD = "call_id,file,agent_id,direction,started_at,agent_channel\n"


def record_call(path: Path, *, seconds: float = 1.5, channels: int = 2, level: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full((int(RATE * seconds), channels), level), RATE, subtype="ULAW")
    return path


def look(folder: Path | str, cdr_text: str | None = None, **settings: object) -> Ingested:
    cdr = None
    if cdr_text is not None:
        cdr = Path(folder) / "calls.csv"
        cdr.write_text(cdr_text)
    day = settings.pop("day", None)
    config = IngestConfig(**{"settle_s": 0.0} | settings)  # type: ignore[arg-type]
    return ingest(str(folder), config=config, cdr=cdr, day=day)  # type: ignore[arg-type]


def only_row(found: Ingested) -> LedgerRow:
    (row,) = found.ledger
    return row


def by_id(found: Ingested) -> dict[str, Call]:
    return {call.id: call for call in found.calls}


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


# ---------------------------------------------------------------- what is not scored, and why


def test_a_name_that_tells_nothing_is_excluded_never_dated_now(tmp_path: Path) -> None:
    record_call(tmp_path / "holiday.wav")
    row = only_row(look(tmp_path))
    assert (row.status, row.file) == ("excluded", "holiday.wav")
    assert row.reason == "文件名不合任何样式(freepbx, fusionpbx, generic),也没有话单提到它"


def test_file_without_record_is_kept_and_told(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000_1001_in.wav")
    found = look(tmp_path, HEAD)
    (call,) = found.calls
    assert (call.cdr, call.agent_id, call.direction) == (None, "1001", "inbound")
    assert found.remarks[call.id] == ("没有话单:文件名没有说的都不知道",)


def test_record_without_file_is_missing_audio(tmp_path: Path) -> None:
    record_call(tmp_path / "a.wav")
    found = look(
        tmp_path, HEAD + "C1,a.wav,,,2026-11-21 09:00:00,\nC2,gone.wav,,,2026-11-21 09:00:00,\nC3,,,,,\n"
    )
    assert {(row.call_id, row.status, row.reason) for row in found.ledger} == {
        ("C2", "missing_audio", "没有找到 gone.wav"),
        ("C3", "missing_audio", "没有与它编号相同的录音"),
    }


def test_record_of_a_call_never_answered_is_excluded(tmp_path: Path) -> None:
    (tmp_path / "calls.json").write_text('[{"SessionId": "S1", "HungUpSide": "user", "AcceptTimestamp": 0}]')
    row = only_row(ingest(str(tmp_path), config=CONFIG, cdr=tmp_path / "calls.json"))
    assert (row.status, row.reason) == ("excluded", "没有接通,所以没有录音")


def test_two_records_claim_one_file(tmp_path: Path) -> None:
    record_call(tmp_path / "a.wav")
    found = look(tmp_path, HEAD + "C1,a.wav,,,,\nC2,a.wav,,,,\n")
    assert list(by_id(found)) == ["C1"]
    assert only_row(found).reason == "它的录音 a.wav 属于通话 C1"
    assert found.remarks["C1"] == ("话单 C2 指的是同一个文件",)


def test_duplicate_call_id_is_kept_under_its_own(tmp_path: Path) -> None:
    record_call(tmp_path / "1/20261121-090000.wav")
    record_call(tmp_path / "2/20261121-090000.wav", level=0.3)
    found = look(tmp_path)
    assert set(by_id(found)) == {"20261121-090000", "20261121-090000~2"}
    assert "通话编号 20261121-090000 重复,已用于 1/20261121-090000.wav" in " ".join(
        found.remarks["20261121-090000~2"]
    )


def test_same_audio_under_two_ids(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000.wav")
    shutil.copy(tmp_path / "20261121-090000.wav", tmp_path / "20261121-100000.wav")
    found = look(tmp_path)
    assert len(found.calls) == 2
    assert found.remarks == {"20261121-100000": ("与 20261121-090000 是同一段录音",)}


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", "failed", "expected a recording (WAV, MP3, M4A, Ogg, FLAC, AMR), found an empty file"),
        (b"hello, this is text", "failed", "found plain text"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "failed", "expected a complete WAV header"),
    ],
)
def test_broken_files_fail_alone(tmp_path: Path, content: bytes, status: str, reason: str) -> None:
    record_call(tmp_path / "20261121-090000.wav")
    (tmp_path / "20261121-100000.wav").write_bytes(content)
    found = look(tmp_path)
    assert [call.id for call in found.calls] == ["20261121-090000"]
    row = only_row(found)
    assert (row.status, row.stage, row.call_id, len(row.sha256)) == (status, "ingest", "20261121-100000", 64)
    assert row.reason.startswith("录音读不了:20261121-100000.wav: expected") and reason in row.reason


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(0.2, "只有 0.2 秒声音,短于 min_duration_s = 1"), (0.0, "只有 0.0 秒声音,短于"),
     (4.0, "有 4 秒声音,长于 max_duration_s = 3")],
)  # fmt: skip
def test_too_short_and_too_long_are_excluded(tmp_path: Path, seconds: float, reason: str) -> None:
    record_call(tmp_path / "20261121-090000.wav", seconds=seconds)
    row = only_row(look(tmp_path, max_duration_s=3.0))
    assert row.status == "excluded"
    assert row.reason.startswith(reason)


def test_truncated_file_is_a_call_with_a_remark(tmp_path: Path) -> None:
    path = record_call(tmp_path / "20261121-090000.wav", seconds=4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = look(tmp_path)
    assert found.calls[0].duration_s == pytest.approx(2, abs=0.1)
    assert found.remarks["20261121-090000"][0].startswith("录音不完整")


def test_unreadable_file_and_folder_fail_alone(open_folder: Path, as_nobody: AsNobody) -> None:
    record_call(open_folder / "20261121-080000.wav")
    record_call(open_folder / "20261121-090000.wav").chmod(0)
    record_call(open_folder / "night" / "20261121-230000.wav", level=0.2)
    (open_folder / "night").chmod(0)
    with as_nobody():
        found = look(open_folder)
    assert [call.id for call in found.calls] == ["20261121-080000"]
    rows = {row.file: row for row in found.ledger}
    assert {row.status for row in found.ledger} == {"failed"}
    assert rows["20261121-090000.wav"].sha256 == ""
    assert "expected a readable file, found Permission denied" in rows["20261121-090000.wav"].reason
    assert (
        rows["night"].reason
        == "录音读不了:night: expected a folder that can be read, found Permission denied"
    )


def test_linked_folders_are_searched_once(tmp_path: Path) -> None:
    record_call(tmp_path / "nas" / "20261121-090000.wav")
    (tmp_path / "rec").mkdir()
    (tmp_path / "rec" / "today").symlink_to(tmp_path / "nas")
    (tmp_path / "nas" / "round").symlink_to(tmp_path / "rec")  # and back again
    assert [call.id for call in look(tmp_path / "rec").calls] == ["20261121-090000"]


def test_broken_link_is_told(tmp_path: Path) -> None:
    (tmp_path / "20261121-090000.wav").symlink_to(tmp_path / "gone.wav")
    assert "expected a readable file, found No such file" in only_row(look(tmp_path)).reason


def test_file_still_being_written(tmp_path: Path) -> None:
    record_call(tmp_path / "20261121-090000.wav")
    growing = record_call(tmp_path / "20261121-100000.wav")
    stop = threading.Event()

    def write_on() -> None:
        while not stop.is_set():
            with growing.open("ab") as file:
                file.write(bytes(800))
            time.sleep(0.02)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        found = look(tmp_path, settle_s=0.3)
    finally:
        stop.set()
        writer.join()
    assert [call.id for call in found.calls] == ["20261121-090000"]
    assert only_row(found).status == "failed"
    assert "文件还在写入" in only_row(found).reason


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
