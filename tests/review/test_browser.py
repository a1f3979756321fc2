"""The desk as a person meets it, in headless Chromium: from log-in to an appeal and an export."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from openpyxl import load_workbook
from sqlalchemy import select

from pipeline.review.app import create_app
from pipeline.review.desk import Desk
from pipeline.review.models import Item, ReviewCall
from tests.review.conftest import PASSWORD, USERS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking",
                  "--autoplay-policy=no-user-gesture-required"],
        )  # fmt: skip
        yield made
        made.close()


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_app(desk), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


class Window:
    """One person's browser window; remembers everything the console complained of."""

    def __init__(self, browser: Any, address: str, who: str, **options: Any) -> None:
        self.context = browser.new_context(locale="zh-CN", **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.complaints: list[str] = []
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.complaints.append(m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.address = address
        self.page.goto(f"{address}/login")
        self.page.fill("[name=name]", USERS[who])
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button.primary")
        self.page.wait_for_selector("header.top")

    def close(self) -> None:
        assert self.complaints == []
        self.context.close()


def until(page: Any, condition: str, *, seconds: float = 60) -> None:
    """Wait for a condition; Playwright's own waiting needs eval, which the pages' policy forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        time.sleep(0.1)


def test_a_supervisors_hour_and_an_agents_appeal(
    browser: Any, address: str, desk: Desk, tmp_path: Path
) -> None:
    with desk.database.reading() as session:
        pk, rule, points = session.execute(
            select(Item.call_pk, Item.rule_id, Item.points)
            .join(ReviewCall, ReviewCall.id == Item.call_pk)
            .where(ReviewCall.agent_id == "6035", Item.outcome == "fail", Item.quote.is_not(None))
        ).first()  # type: ignore[misc]
        total = session.get_one(ReviewCall, pk).total
    boss = Window(browser, address, "supervisor", viewport={"width": 1440, "height": 900})
    page = boss.page
    page.goto(f"{address}/queue?flagged=&agent=6035")
    page.keyboard.press("j")
    assert page.locator("#queue tbody tr.at").count() == 1
    page.goto(f"{address}/calls/{pk}")
    item = page.locator(f"article[data-rule='{rule}']")
    item.locator("button.play").click()
    audio = "document.getElementById('audio')"
    until(page, f"{audio}.currentTime > 0 && !{audio}.paused")
    heard = page.evaluate("document.getElementById('audio').currentTime")
    wanted = float(item.get_attribute("data-play"))
    assert wanted <= heard < wanted + 4
    page.keyboard.press(" ")
    until(page, f"{audio}.paused")
    # overrule by keyboard: n shows the reasons, 1 picks the first
    item.click(position={"x": 5, "y": 5})
    page.keyboard.press("n")
    page.keyboard.press("1")
    page.wait_for_selector("#score .reviewed")
    shown = float(page.inner_text("#score .reviewed b"))
    assert shown == pytest.approx(total - points, abs=0.5)
    # take it back, confirm it, finish, publish
    item.locator(".decision button").click()
    page.wait_for_selector("#score .reviewed", state="detached")
    item.click(position={"x": 5, "y": 5})
    page.keyboard.press("y")
    page.wait_for_selector(f"article[data-rule='{rule}'].decided")
    page.click("#finish")
    page.goto(f"{address}/calls/{pk}")
    page.click("#publish")
    page.wait_for_selector("#score[data-state=published]")

    agent = Window(browser, address, "agent")
    agent.page.goto(f"{address}/calls/{pk}")
    appeal = agent.page.locator(f"article[data-rule='{rule}'] form.appeal")
    appeal.locator("input[name=why]").fill("我是在复述客户的话")
    appeal.locator("button").click()
    agent.page.wait_for_selector(".appealcard")
    page.goto(f"{address}/appeals")
    page.locator(".appealcard input[name=why]").fill("听过,同意")
    page.click(".appealcard button[value=accept]")
    page.wait_for_selector(".appealcard .state.published")
    with desk.database.reading() as session:
        assert session.get_one(ReviewCall, pk).reviewed_total == total - points
    page.goto(f"{address}/queue?flagged=")
    with page.expect_download() as waiting:
        page.click("a[href^='/export/calls.xlsx']")
    waiting.value.save_as(tmp_path / "calls.xlsx")
    sheet = load_workbook(tmp_path / "calls.xlsx").active
    assert sheet.max_row == 13
    assert sheet["A1"].value == "date"
    agent.close()
    boss.close()


def test_a_calibration_round(browser: Any, address: str) -> None:
    boss = Window(browser, address, "supervisor")
    page = boss.page
    page.goto(f"{address}/calibration")
    page.fill("input[name=name]", "十一月校准")
    for name in ("质检甲", "质检乙"):
        page.get_by_label(name, exact=True).check()
    page.locator("input[name=call]").first.check()
    page.locator("input[name=rule]").first.check()
    page.click("form.stack button.primary")
    page.wait_for_url("**/calibration/*")
    made = page.url
    for who in ("qa", "qa2"):
        one = Window(browser, address, who)
        one.page.goto(made)
        one.page.click("a[href*='/calls/']")
        one.page.select_option("select[name^='rule:']", "fail")
        one.page.click("section.card button.primary")
        one.page.wait_for_url(made)
        one.close()
    page.reload()
    page.locator("form[action$='/close'] button").click()
    page.wait_for_selector("text=Krippendorff")
    assert "100%" in page.inner_text("main")
    boss.close()


@pytest.mark.parametrize("width", [820, 1280, 1920])
def test_pages_fit_and_can_be_used_by_everybody(browser: Any, address: str, width: int) -> None:
    """No sideways scrolling, no console error, and axe (WCAG 2 A and AA) finds nothing."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    boss = Window(browser, address, "supervisor", viewport={"width": width, "height": 1000})
    pages = (
        "/queue?flagged=",
        "/calls/1",
        "/boards",
        "/learning",
        "/calibration",
        "/coaching/6035",
        "/cases",
        "/appeals",
    )
    for path in pages:
        boss.page.goto(address + path)
        boss.page.wait_for_load_state("networkidle")
        wide = boss.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)
        if width == 1280:
            found = _axe(axe, boss.page, {"runOnly": ["wcag2a", "wcag2aa"]})
            assert found == [], (path, found)
    boss.close()


def _axe(axe: Any, page: Any, options: dict[str, Any]) -> list[tuple[str, str]]:
    """Violations as (rule, first element). The pages' policy lets no script in: axe runs through the debugger."""
    page.evaluate(axe.axe_script)
    result = page.evaluate("(options) => axe.run(document, options)", options)
    return [(v["id"], v["nodes"][0]["html"][:120]) for v in result["violations"]]
