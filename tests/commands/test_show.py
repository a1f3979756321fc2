"""``callqa show`` in 80 columns and without colour: the evidence is marked in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from rich.console import Console

from pipeline.cli import main
from pipeline.commands.terminal import marked, scorecard_rows, transcript_rows
from pipeline.report.rows import CallResult
from pipeline.types import Evidence, Span, Utterance, Verdict, Word
from tests.report.day import DATE, write
from tests.review.factory import make_result


def said(text: str, at_s: float, role: str = "agent") -> Utterance:
    words = tuple(Word(c, Span(at_s + i * 0.2, at_s + i * 0.2 + 0.2), 0.9) for i, c in enumerate(text))
    return Utterance(role, Span(at_s, at_s + len(text) * 0.2), text, words, 0.9)  # type: ignore[arg-type]


def made(*items: Verdict, utterances: tuple[Utterance, ...] = ()) -> CallResult:
    result = make_result(DATE, 0)
    transcript = replace(result.transcript, utterances=utterances, asr_model="demo-asr@1")
    return replace(result, transcript=transcript, scorecard=replace(result.scorecard, items=items))


def printed(renderable: object, width: int = 80) -> str:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(renderable)
    return console.export_text()


PLACE = Evidence(Span(10.0, 11.2), "agent", "这是别人的事")
SHRUG = Verdict("taboo.blame", "fail", -8.0, "禁语", "推给部门", (PLACE,), why="推责任")


def test_only_the_words_it_rests_on_are_marked() -> None:
    utterance = said("这是别人的事我帮不了", 10.0)
    assert marked(utterance, SHRUG.evidence).plain == "【这是别人的事】我帮不了"
    assert marked(utterance, ()).plain == "这是别人的事我帮不了"


def test_a_mark_stands_with_its_title_and_not_on_the_other_party() -> None:
    both = (said("这是别人的事我帮不了", 10.0), said("我再问一下", 10.5, "customer"))
    told = printed(transcript_rows(made(SHRUG, utterances=both)))
    assert "0:10 坐席 【这是别人的事】我帮不了  ← 推给部门 −8" in told
    assert "0:10 客户 我再问一下\n" in told.replace(" \n", "\n").replace("  ", "")


def test_what_nobody_said_has_one_line_for_all_that_rests_on_it() -> None:
    wait = (Evidence(Span(20.0, 60.0), "agent", "无声 40 秒"),)
    items = [Verdict(f"hold.{n}", "fail", -4.0, "等待", f"等待{n}", wait) for n in range(2)]
    told = printed(transcript_rows(made(*items, utterances=(said("好的", 10.0), said("再见", 70.0)))))
    lines = [line.strip() for line in told.splitlines()]
    assert lines[1] == "0:20 ·    【无声 40 秒】  ← 等待0 −4;等待1 −4"
    assert len(lines) == 3


def test_the_rest_is_counted_or_listed_and_nothing_is_wider_than_the_terminal() -> None:
    unknown = [Verdict(f"x.{n}", "unknown", 0.0, "x", f"项目{n}", why="第2句听不清") for n in range(12)]
    passed = [Verdict(f"y.{n}", "pass", 0.0, "y", f"通过{n}") for n in range(12)]
    absent = Verdict("z", "not_applicable", 0.0, "z", "不相干")
    result = made(SHRUG, *unknown, *passed, absent)
    brief, full = printed(scorecard_rows(result)), printed(scorecard_rows(result, everything=True))
    assert "演示模型" in brief
    assert "✗  −8  推给部门  (taboo.blame)" in brief and "▶ 0:10 坐席 “这是别人的事”" in brief
    assert "无法判断 12 项" in brief and brief.count("第2句听不清") == 1
    assert "不相干" not in brief and "不相干" in full
    assert full.count("✓") == 12
    for text in (brief, full, printed(scorecard_rows(result), width=60)):
        assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= 80


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write(folder)
    return folder


def show(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["show", *words])
    return done.exit_code, done.output


def test_a_beginning_that_fits_one_call_is_enough(results: Path) -> None:
    code, told = show("20261121-000000", "--results", str(results))
    assert code == 0 and "20261121-000000" in told
    code, told = show("20261121-0000", "--results", str(results), "--lang", "en")
    assert code == (0 if told.count("20261121-0000") == 1 else 2)


def test_an_id_that_fits_none_names_what_is_like_it(results: Path) -> None:
    code, told = show("2026", "--results", str(results))
    assert code == 2
    assert f"found none in: {DATE}; like it: 20261121-000000, " in told
    code, told = show("nobody", "--results", str(results))
    assert code == 2 and "like it" not in told


def test_the_settings_name_the_results(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "callqa.toml").write_text(f'results = "{results}"\n')
    assert show("20261121-000000")[0] == 0
