"""The page is one file, says what the tables say, and runs nobody's script."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipeline.report import charts, page
from pipeline.report.callline import draw_call, faults_of
from pipeline.report.page import write_page
from pipeline.report.tables import read_table
from pipeline.store import open_results
from pipeline.types import Evidence, Span, Verdict
from tests.report.day import DATE, SCRIPT, write


class Tags(HTMLParser):
    """Every tag opened, with its attributes, and every word shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def html(day: Path) -> str:
    return write_page(day).read_text(encoding="utf-8")


def test_self_contained_and_without_script(html: str) -> None:
    seen = Tags(html)
    assert not [tag for tag, _ in seen.tags if tag in ("script", "link", "img", "iframe", "object")]
    links = [value for _, attrs in seen.tags for key, value in attrs.items() if key in ("href", "src")]
    assert all(link and link.startswith("#call-") for link in links)
    assert "url(" not in html and "@import" not in html
    assert SCRIPT not in html
    assert SCRIPT in " ".join(seen.words)  # shown as words


def test_the_demo_model_is_said_loudly_and_only_then(html: str, tmp_path: Path) -> None:
    assert Tags(html).tags.count(("div", {"class": "demo"})) == 1
    assert html.index('class="demo"') < html.index("<main>")
    assert 'class="demo"' not in write_page(write(tmp_path, profile="cpu", calls=3)).read_text()


def test_an_unfinished_day_says_so(html: str, tmp_path: Path) -> None:
    assert 'class="partial"' not in html
    assert 'class="partial"' in write_page(write(tmp_path, complete=False, calls=3)).read_text()


def test_figures_are_those_of_the_tables(html: str, day: Path) -> None:
    calls = read_table(day, "calls")
    tiles = re.findall(r'class="n">(.*?)</div><div class="v">(.*?)</div>', html)
    told = dict(tiles)
    assert told["已评分"] == "12"
    assert float(told["平均分"]) == pytest.approx(calls["total"].mean(), abs=0.06)
    assert told["一票否决"] == str(int(calls["fatal"].sum()))
    assert told["需复核"] == str(int(calls["flagged"].sum()))


def test_every_flagged_call_has_its_line_worst_first(html: str, day: Path) -> None:
    calls = read_table(day, "calls")
    flagged = calls[calls["flagged"]].sort_values(
        ["fatal", "total", "call_id"], ascending=[False, True, True]
    )
    assert re.findall(r"<b>(20261121-\d{6})</b>", html) == flagged["call_id"].tolist()
    assert html.count('<svg class="line"') == len(flagged) >= 3


def test_what_was_not_scored_is_listed_with_its_reason(html: str) -> None:
    words = Tags(html).words
    for reason in ("bad.wav: expected a recording, found plain text", "gone.wav was not found"):
        assert reason in words


def test_charts_are_well_formed_and_count_right(html: str, day: Path) -> None:
    drawn = re.findall(r"<svg.*?</svg>", html)
    for svg in drawn:
        ElementTree.fromstring(svg)
    counts = [int(n) for n in re.findall(r'class="num"[^>]*>(\d+)<', drawn[0])]
    assert sum(counts) == len(read_table(day, "calls"))


def test_a_line_of_time_holds_talk_holds_pins_and_release(day: Path) -> None:
    result = open_results(day.parent).day(DATE).call("20261121-000000")
    svg = ElementTree.fromstring(draw_call(result, "zh"))
    kinds = [node.get("class") for node in svg.iter() if node.get("class")]
    assert kinds.count("agent") == sum(u.role == "agent" for u in result.transcript.utterances)
    assert kinds.count("customer") == sum(u.role == "customer" for u in result.transcript.utterances)
    assert kinds.count("hold") == len(result.measured.events.gaps)
    assert kinds.count("release") == 1
    faults = faults_of(result, "zh")
    pins = [node.text for node in svg.iter() if node.get("class") == "pinno"]
    assert pins == [str(fault.number) for fault in faults if fault.number]
    retort = next(fault for fault in faults if fault.title == "顶撞客户")
    assert (retort.at, retort.points) == ("0:05", "\N{MINUS SIGN}10")
    xs = [
        float(node.get("x", 0)) + float(node.get("width", 0))
        for node in svg.iter()
        if node.tag.endswith("rect")
    ]
    assert max(xs) <= 1060


def test_pins_over_one_place_are_counted_not_piled(day: Path) -> None:
    result = open_results(day.parent).day(DATE).call("20261121-000000")
    place = Evidence(Span(3.0, 4.0), "agent", "您好", 0.9)
    items = tuple(Verdict(f"x.{n}", "fail", -1.0, "x", f"项{n}", (place,)) for n in range(7))
    crowded = replace(result, scorecard=replace(result.scorecard, items=items))
    svg = ElementTree.fromstring(draw_call(crowded, "zh"))
    assert [node.text for node in svg.iter() if node.get("class") == "pinno"] == ["1", "2", "+5"]
    heights = [float(node.get("cy", 0)) for node in svg.iter() if node.get("class") == "pin"]
    assert all(low - high >= 17 for high, low in pairwise(heights))


def test_a_large_day_is_cut_with_a_count(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MAX_TIMELINES", 1)
    monkeypatch.setattr(page, "MAX_LEDGER", 2)
    html = write_page(day).read_text()
    flagged = int(read_table(day, "calls")["flagged"].sum())
    assert html.count('<svg class="line"') == 1
    assert f"只画出最需要听的 1 通,另有 {flagged - 1} 通见工作簿" in html
    assert "另有 1 行见台账" in html


def test_without_call_files_the_tables_still_make_a_page(tmp_path: Path) -> None:
    folder = write(tmp_path, calls=3)
    for path in (folder / "calls").iterdir():
        path.unlink()
    html = write_page(folder).read_text()
    assert '<svg class="line"' not in html
    assert "taboo.retort" in html  # no titles without call files: the rule's id stands for it


def test_a_day_without_calls_and_in_english(tmp_path: Path) -> None:
    html = write_page(write(tmp_path, calls=0), lang="en").read_text()
    assert "No call was scored." in html
    assert "DEMO MODEL" in html
    assert '<html lang="en">' in html


def test_same_day_same_page(day: Path, html: str) -> None:
    assert write_page(day).read_text(encoding="utf-8") == html


def test_long_names_are_cut_by_width_not_by_letters() -> None:
    assert charts.shorten("短名", 10) == "短名"
    assert charts.shorten("一二三四五六七八九十", 5) == "一二三四…"
    assert charts.shorten("abcdefgh", 5) == "abcdefgh"
