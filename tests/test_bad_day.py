"""A day of everything that can be wrong with recordings and records, through the whole of ``callqa run``.

Every fault has its ledger row with file, expected and found; the good calls beside them are scored.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from pipeline.callsim.sounds import music
from pipeline.resources import resource
from pipeline.store import Day, open_results

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.xdist_group("bad-day")]
RATE = 8000
DATE = "2026-11-21"
GOOD = resource("models", "demo", "day", "d14-record-disagrees.wav")
SECONDS = 9  # of the good call: a greeting and an answer
THREE_HOURS_S = 3 * 3600
# As Excel on a Chinese Windows saves it: GBK, semicolons, our columns in part, a day that never was.
RECORDS = """\
call_id;file;agent_name;direction;started_at
good;good.wav;王芳;inbound;2026-11-21 09:00:00
dated-never;no-date.wav;李雷;inbound;2026-02-30 09:00:00
gone;gone.wav;李雷;inbound;2026-11-21 09:30:00
"""


def write(path: Path, samples: np.ndarray, *, rate: int = RATE, subtype: str = "PCM_16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def claim(path: Path, size: int, *, grow: bool = False) -> None:
    """Let the header of ``path`` promise ``size`` bytes of sound; ``grow``: and be as long, without a block on disk."""
    head = bytearray(path.read_bytes())
    at = head.index(b"data") + 4
    struct.pack_into("<I", head, at, size)
    path.write_bytes(head)
    if grow:
        with path.open("r+b") as file:
            file.truncate(at + 4 + size)


def make_day(folder: Path) -> None:
    good, _ = soundfile.read(GOOD, frames=SECONDS * RATE)
    rng = np.random.default_rng(1)
    hiss = rng.normal(0, 1e-4, (6 * RATE, 2))
    nan = good.copy()
    nan[100:110, 0] = np.nan
    tune = music(6.0, "piano", rng)
    write(folder / "good.wav", good)
    write(folder / "no-date.wav", good * 0.9)
    write(folder / "20261121-100000_no-record.wav", good * 0.8)
    for n in (1, 2):  # the same id and the same sound, twice
        write(folder / f"copy{n}" / "20261121-100100.wav", good * 0.7)
    claim(write(folder / "20261121-110000_body-cut.wav", good), 2 * RATE * 4 * SECONDS)
    claim(write(folder / "20261121-110100_claims-4gb.wav", good * 0.6), 0xFFFFFFFF)
    write(folder / "20261121-110200_nan.wav", nan, subtype="FLOAT")
    write(folder / "20261121-110300_silent.wav", np.zeros((6 * RATE, 2)))
    write(folder / "20261121-110301_hiss.wav", hiss)
    write(folder / "20261121-110400_music.wav", np.stack([tune, tune * 0]).T + hiss[: len(tune)])
    long = write(folder / "20261121-110500_three-hours.wav", good)
    claim(long, THREE_HOURS_S * RATE * 4, grow=True)
    # what is no call
    (folder / "20261121-120000_empty.wav").write_bytes(b"")
    (folder / "20261121-120100_text.wav").write_text("这里是文字,不是录音。" * 9, encoding="utf-8")
    (folder / "20261121-120200_head-cut.wav").write_bytes(GOOD.read_bytes()[:20])
    write(folder / "20261121-120300_zero-length.wav", np.zeros((0, 2)))
    write(folder / "20261121-120400_short.wav", good[: RATE // 5])
    write(folder / "20261121-120500_three-channels.wav", np.zeros((RATE, 3)))
    write(folder / "20261121-120600_absurd-rate.wav", np.zeros(800_000), rate=400_000)
    write(folder / "20261121-120700_all-nan.wav", np.full((2 * RATE, 2), np.nan), subtype="FLOAT")
    (folder / "20261121-120800_broken-link.wav").symlink_to(folder / "nowhere.wav")
    write(folder / "holiday.wav", good * 0.5)
    (folder / "calls.csv").write_bytes(RECORDS.encode("gbk"))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("bad-day")
    make_day(folder / "rec")
    command = [sys.executable, "-m", "pipeline.cli", "run", str(folder / "rec"),
               "--cdr", str(folder / "rec" / "calls.csv"), "--profile", "demo",
               "--results", str(folder / "out"), "--progress", "json"]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True), folder / "out"


@pytest.fixture(scope="module")
def day(done: tuple[subprocess.CompletedProcess[str], Path]) -> Day:
    return open_results(done[1]).day(DATE)


@pytest.fixture(scope="module")
def ledger(done: tuple[subprocess.CompletedProcess[str], Path]) -> pd.DataFrame:
    """Of both days: a call that no source dates lies under ``undated``."""
    results = open_results(done[1])
    assert results.days() == ["undated", DATE]
    return pd.concat([results.day(name).ledger() for name in results.days()])


def row(ledger: pd.DataFrame, name: str) -> tuple[str, str]:
    (found,) = ledger[ledger["file"].str.contains(name, regex=False)].itertuples()
    return found.status, found.reason


def test_the_run_says_so_and_says_how_to_try_again(
    done: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    process, _ = done
    assert process.returncode == 1, process.stdout + process.stderr
    assert "Traceback" not in process.stdout + process.stderr
    assert "not UTF-8; read as GB18030" in process.stdout
    assert "columns are separated by ';'" in process.stdout
    assert "Not every call was scored. To try what is left again:" in process.stdout


def test_nothing_is_without_a_row(
    ledger: pd.DataFrame, done: tuple[subprocess.CompletedProcess[str], Path]
) -> None:
    files = list((done[1].parent / "rec").rglob("*.wav"))
    assert len(ledger) == len(files) + 1  # and the record without audio
    assert ledger["call_id"].is_unique


@pytest.mark.parametrize(
    "name",
    ["good.wav", "no-date", "no-record", "copy1", "copy2", "body-cut", "claims-4gb", "_nan", "three-hours"],
)  # fmt: skip
def test_what_can_be_scored_is(ledger: pd.DataFrame, name: str) -> None:
    assert row(ledger, name)[0] == "scored"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "no-date",
            "line 3: expected started_at: a time such as 2026-11-21 09:30:00, found '2026-02-30 09:00:00'",
        ),
        ("no-record", "没有话单:文件名没有说的都不知道"),
        ("copy2", "通话编号 20261121-100100 重复,已用于 copy1/20261121-100100.wav"),
        ("copy2", "与 20261121-100100 是同一段录音"),
        ("body-cut", "录音不完整:文件头所说的比文件里的多"),
        ("claims-4gb", "文件头没有写明长度"),
        ("_nan", "10 个采样不是有限的数,已作静音"),
        ("silent", "没有听到任何人说话"),
        ("hiss", "没有听到任何人说话"),
        ("music", "没有听到任何人说话"),
    ],
)
def test_what_is_odd_about_a_call_is_in_its_row(ledger: pd.DataFrame, name: str, said: str) -> None:
    assert said in row(ledger, name)[1]


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("empty", "failed", "expected a recording (WAV, MP3, M4A, Ogg, FLAC, AMR), found an empty file"),
        ("text", "failed", "expected a recording (WAV, MP3, M4A, Ogg, FLAC, AMR), found plain text"),
        ("head-cut", "failed", "expected a complete WAV header, found a header cut off"),
        ("zero-length", "excluded", "只有 0.0 秒声音,短于 min_duration_s = 1"),
        ("short", "excluded", "只有 0.2 秒声音,短于 min_duration_s = 1"),
        ("three-channels", "failed", "expected one or two channels, found 3 channels"),
        ("absurd-rate", "failed", "expected a sample rate of 4000 to 192000 Hz, found 400000 Hz"),
        ("all-nan", "failed", "expected finite samples, found 100% of them NaN or infinite"),
        ("broken-link", "failed", "expected a readable file, found No such file or directory"),
        ("holiday", "excluded", "文件名不合任何样式(freepbx, fusionpbx, generic)"),
    ],
)
def test_what_cannot_be_scored_says_why(ledger: pd.DataFrame, name: str, status: str, said: str) -> None:
    found = row(ledger, name)
    assert found[0] == status
    assert said in found[1]
    assert name in found[1] or status == "excluded"  # a fault names its file


def test_a_record_without_audio_is_missing(ledger: pd.DataFrame) -> None:
    (found,) = ledger[ledger["status"] == "missing_audio"].itertuples()
    assert (found.call_id, found.reason) == ("gone", "没有找到 gone.wav")


def test_a_call_nobody_speaks_in_costs_nobody_points(day: Day) -> None:
    calls = day.calls().set_index("call_id")
    quiet = [name for name in calls.index if name.endswith(("_silent", "_hiss", "_music"))]
    assert len(quiet) == 3
    failed = day.verdicts().query("outcome == 'fail' and call_id in @quiet")
    assert failed.empty, failed[["call_id", "rule_id", "why"]]
    assert calls.loc[quiet, "total"].isna().all()  # nothing to judge is not a hundred points
    assert calls.loc[quiet, "flagged"].all()


def test_the_three_hours_are_heard_to_their_end(day: Day) -> None:
    (call,) = day.calls().query("call_id.str.endswith('three-hours')").itertuples()
    assert call.duration_s == pytest.approx(THREE_HOURS_S)
    said = day.utterances().query("call_id == @call.call_id")
    assert not said.empty and said["end_s"].max() < SECONDS + 1
