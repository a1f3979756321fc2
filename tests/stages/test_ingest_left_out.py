"""What ingest does not hand on to be scored ends as a ledger row with its reason, or as a call with a remark."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pipeline.stages.ingest import ingest
from tests.stages.recorded import CONFIG, HEAD, by_id, look, only_row, record_call

AsNobody = Callable[[], AbstractContextManager[None]]


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
