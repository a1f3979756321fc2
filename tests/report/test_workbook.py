"""The workbook opens, is complete, and runs nobody's formula."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from pipeline.report import people_sheets
from pipeline.report.listings import flag_words
from pipeline.report.sheet import Book, clock, safe
from pipeline.report.tables import TableError, read_table
from pipeline.report.workbook import write_workbook
from tests.report.day import DATE, FORMULA, SCRIPT, write


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("results"))
    write_workbook(folder)
    return folder


@pytest.fixture(scope="module")
def book(day: Path) -> Any:
    return load_workbook(day / "scorecards.xlsx")


def rows(book: Any, sheet: str) -> list[dict[str, Any]]:
    names, *body = book[sheet].iter_rows(values_only=True)
    return [dict(zip(names, row, strict=True)) for row in body]


def test_sheets_are_frozen_filtered_and_wide_enough(book: Any) -> None:
    assert book.sheetnames[:6] == ["汇总", "通话", "扣分明细", "坐席", "班组", "台账"]
    for name in book.sheetnames[1:6]:
        sheet = book[name]
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(sheet.column_dimensions[cell.column_letter].width >= 6 for cell in sheet[1])


def test_one_row_a_call_worst_first(book: Any, day: Path) -> None:
    calls = read_table(day, "calls")
    shown = rows(book, "通话")
    assert {row["通话编号"] for row in shown} == set(calls["call_id"])
    assert shown[0]["一票否决"] == "是"
    totals = [row["总分"] for row in shown if not row["一票否决"]]
    assert totals == sorted(totals)
    told = calls.set_index("call_id").loc[shown[-1]["通话编号"]]
    assert shown[-1]["开始时间"] == told["started_at"].tz_convert("Asia/Shanghai").tz_localize(None)
    assert shown[-1]["工号"] == told["agent_id"]


def test_one_row_a_deduction_with_time_and_quote(book: Any, day: Path) -> None:
    verdicts = read_table(day, "verdicts")
    shown = rows(book, "扣分明细")
    assert len(shown) == int((verdicts["outcome"] == "fail").sum())
    assert sum(row["分值"] for row in shown) == verdicts.loc[verdicts["outcome"] == "fail", "points"].sum()
    retort = [row for row in shown if row["规则编号"] == "taboo.retort" and SCRIPT in row["原话"]]
    assert [(row["起"], row["分值"], row["扣分项"], row["说话人"]) for row in retort] == [
        (timedelta(seconds=5), -10, "顶撞客户", "坐席"),
        (timedelta(seconds=9), 0, "顶撞客户", "坐席"),
    ]
    unsaid = next(row for row in shown if row["规则编号"] == "open.greeting")
    assert (unsaid["原话"], unsaid["起"], unsaid["止"]) == ("(无原话)", timedelta(0), timedelta(seconds=15))


def test_times_are_excels_own_and_shown_as_minutes_and_seconds(book: Any, day: Path) -> None:
    calls = read_table(day, "calls").set_index("call_id")
    for row in book["通话"].iter_rows(min_row=2):
        named = dict(zip([cell.value for cell in book["通话"][1]], row))
        assert named["时长"].number_format == "[mm]:ss"
        seconds = named["时长"].value.total_seconds()
        assert seconds == pytest.approx(calls.loc[named["通话编号"].value, "duration_s"], abs=0.51)


def test_no_number_ends_in_a_point(book: Any) -> None:
    """Excel shows 95 under the format 0.# as "95."."""
    assert not [
        c.coordinate for sheet in book for row in sheet.iter_rows() for c in row if c.number_format == "0.#"
    ]


def test_evidence_of_one_item_stands_together_dearest_first(book: Any) -> None:
    shown = [(row["通话编号"], row["规则编号"]) for row in rows(book, "扣分明细")]
    assert len([key for key, before in zip(shown, [None, *shown]) if key != before]) == len(set(shown))
    one = [row["分值"] for row in rows(book, "扣分明细") if row["通话编号"] == shown[0][0] and row["分值"]]
    assert one == sorted(one)


def test_agents_and_teams_add_up(book: Any, day: Path) -> None:
    calls = read_table(day, "calls")
    for sheet, key in (("坐席", "工号"), ("班组", "班组")):
        shown = rows(book, sheet)
        assert sum(row["通话数"] for row in shown) == len(calls)
        means = {row[key]: row["平均分"] for row in shown}
        column = "agent_id" if key == "工号" else "team"
        for name, mean in calls.groupby(column)["total"].mean().items():
            assert means[name] == pytest.approx(mean, abs=0.051)


def test_every_team_and_agent_has_a_sheet_of_its_own_calls_and_deductions(book: Any, day: Path) -> None:
    calls, verdicts = read_table(day, "calls"), read_table(day, "verdicts")
    for agent, own in calls.dropna(subset="agent_id").groupby("agent_id"):
        (title,) = [name for name in book.sheetnames[6:] if name.startswith(f"坐席 {agent}")]
        column = [row[0] for row in book[title].iter_rows(values_only=True)]
        heads = [i for i, value in enumerate(column) if value == "通话编号"]
        assert set(column[heads[0] + 1 : heads[1] - 1]) == set(own["call_id"])
        failed = verdicts[(verdicts["outcome"] == "fail") & verdicts["call_id"].isin(own["call_id"])]
        assert sorted(column[heads[1] + 1 :]) == sorted(failed["call_id"])
    for team, own in calls.dropna(subset="team").groupby("team"):
        shown = list(book[f"班组 {team}"].iter_rows(values_only=True))
        head = next(i for i, row in enumerate(shown) if row[0] == "工号")
        agents = shown[head + 1 : head + 1 + own["agent_id"].nunique()]
        assert {row[0] for row in agents} == set(own["agent_id"])
        assert sum(row[3] for row in agents) == len(own)


def test_more_agents_than_anybody_leafs_through_have_no_sheets(
    day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_sheets, "MAX_SHEETS", 1)
    copy = tmp_path / day.name
    shutil.copytree(day, copy)
    names = load_workbook(write_workbook(copy), read_only=True).sheetnames
    assert [name.split(" ")[0] for name in names[6:]] == ["班组", "坐席"]


def test_a_name_that_excel_takes_for_no_title_is_cleaned() -> None:
    sheet = Book("zh").sheet("agent", widths=[], of="6035/='[夜班]" + "很长的名字" * 9)
    assert len(sheet.title) <= 31
    assert not set(sheet.title) & set("[]:*?/\\")


def test_the_ledger_shows_what_was_not_scored_first(book: Any) -> None:
    shown = rows(book, "台账")
    assert [row["结果"] for row in shown[:3]] == ["失败", "缺录音", "已排除"]
    assert shown[0]["原因"] == "bad.wav: expected a recording, found plain text"
    assert shown[0]["环节"] == "收录"
    assert len(shown) == 15


def test_summary_says_demo_and_counts(book: Any) -> None:
    values = {row[0]: row[1] for row in book["汇总"].iter_rows(values_only=True) if row and row[0]}
    assert any(str(name).startswith("演示模型") for name in values)
    assert (values["已评分"], values["失败"], values["缺录音"], values["已排除"]) == (12, 1, 1, 1)
    assert book["汇总"]._charts


def test_text_never_becomes_a_formula(book: Any) -> None:
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert any(cell.value == "'" + FORMULA for cell in cells)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_every_way_to_begin_a_formula(text: str) -> None:
    assert safe(text) == "'" + text


def test_text_that_excel_cannot_hold_is_cut_or_cleaned() -> None:
    assert safe("a\x00b\x0bc\ud800") == "abc"
    assert len(safe("x" * 40_000)) < 32_768
    assert (safe(float("nan")), safe(None), safe(5)) == (None, None, 5)


def test_clock() -> None:
    assert [clock(s) for s in (0, 59.9, 60, 3599, 3600, 7325, None)] == [
        "0:00", "0:59", "1:00", "59:59", "1:00:00", "2:02:05", "",
    ]  # fmt: skip


def test_unknown_flags_stay_as_they_are() -> None:
    assert flag_words("fatal;odd", "zh") == "一票否决、odd"


def test_same_day_same_bytes(day: Path) -> None:
    first = (day / "scorecards.xlsx").read_bytes()
    write_workbook(day)
    assert (day / "scorecards.xlsx").read_bytes() == first
    assert not list(day.glob(".scorecards*"))


def test_a_day_without_calls(tmp_path: Path) -> None:
    folder = write(tmp_path, calls=0, profile="cpu", complete=False)
    write_workbook(folder)
    book = load_workbook(folder / "scorecards.xlsx")
    assert rows(book, "通话") == []
    words = [row[0] for row in book["汇总"].iter_rows(values_only=True) if row and row[0]]
    assert not any(str(word).startswith("演示") for word in words)
    assert "本日尚未处理完毕,以下数字不完整。" in words


def test_no_tables_no_workbook(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="expected a table written by callqa run"):
        write_workbook(tmp_path / DATE)
    assert not (tmp_path / DATE / "scorecards.xlsx").exists()
