"""What somebody with bad intentions would try first."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from pipeline.report.calljson import write_call
from pipeline.report.tables import write_tables
from pipeline.review.app import create_app
from pipeline.review.audio import sound_token
from pipeline.review.desk import Desk
from pipeline.review.exports import as_csv, as_xlsx
from pipeline.review.load import load_new_days
from pipeline.review.models import Audit, Event, LoginSession, ReviewCall
from tests.review.conftest import DATE, PASSWORD, USERS, SignIn
from tests.review.factory import make_result

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def _evil_day(desk: Desk) -> int:
    """A day whose every free text is an attack; the call's key."""
    made = make_result("2026-11-22", 5, call_id="evil" + EVIL)
    call = replace(
        made.call, agent_name=EVIL, team=EVIL, cdr=replace(made.call.cdr, business=EVIL, extra={EVIL: EVIL})
    )  # type: ignore[type-var]
    said = tuple(replace(u, text=EVIL, words=()) for u in made.transcript.utterances)
    items = tuple(replace(i, outcome="fail", title=EVIL, why=EVIL, points=-1.0) for i in made.scorecard.items)
    made = replace(
        made, call=call, transcript=replace(made.transcript, utterances=said),
        scorecard=replace(made.scorecard, items=items, flagged=True),
    )  # fmt: skip
    day = desk.results.path / "2026-11-22"
    write_call(day, made)
    write_tables(day, ledger=(), results=[made])
    load_new_days(desk)
    with desk.database.reading() as session:
        return session.scalar(select(ReviewCall.id).where(ReviewCall.date == "2026-11-22")) or 0


def test_words_from_outside_never_become_markup(desk: Desk, sign_in: SignIn) -> None:
    pk = _evil_day(desk)
    boss = sign_in("supervisor")
    boss.post(
        f"/calls/{pk}/decide", {"rule_id": "open.greeting", "answer": "confirm", "seen": 0, "comment": EVIL}
    )
    boss.post("/filters", {"name": EVIL[:60], "query": f"team={EVIL}"})
    for path in (
        f"/calls/{pk}",
        f"/queue?q={EVIL}&flagged=",
        "/boards?by=agent",
        "/coaching",
        "/boards?by=rule",
        "/queue",
    ):
        page = boss.get(path).text
        assert "<script>alert" not in page, path
        assert "<img" not in page, path
    assert "&lt;script&gt;" in boss.get(f"/calls/{pk}").text
    policy = boss.get("/queue").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_pages_hold_no_inline_script_or_style(sign_in: SignIn) -> None:
    boss = sign_in("supervisor")
    for path in ("/queue", "/calls/1", "/boards", "/learning", "/calibration", "/coaching/6035"):
        page = boss.get(path).text
        assert " style=" not in page, path
        assert "<style" not in page, path
        assert " onclick" not in page, path
        assert all("src=" in part.split(">")[0] for part in page.split("<script")[1:]), path


def test_a_change_without_the_token_or_from_another_site_is_refused(desk: Desk, sign_in: SignIn) -> None:
    boss = sign_in("supervisor")
    form = {"rule_id": "open.greeting", "answer": "confirm", "seen": 0}
    assert boss.client.post("/calls/1/decide", data=form, follow_redirects=False).status_code == 403
    assert boss.client.post("/calls/1/decide", data={**form, "csrf": "guess"}).status_code == 403
    assert boss.post("/calls/1/decide", form, headers={"origin": "http://evil.test"}).status_code == 403
    assert boss.post("/calls/1/decide", form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 0
    assert boss.post("/calls/1/decide", form).status_code == 303


def test_an_agent_sees_own_published_calls_and_nothing_else(desk: Desk, sign_in: SignIn) -> None:
    agent = sign_in("agent")
    with desk.database.writing() as session:
        calls = session.scalars(select(ReviewCall).order_by(ReviewCall.id)).all()
        own = next(c.id for c in calls if c.agent_id == "6035")
        other = next(c.id for c in calls if c.agent_id != "6035")
        session.execute(update(ReviewCall).where(ReviewCall.id == other).values(state="published"))
    with desk.database.reading() as session:
        login = session.scalar(select(LoginSession).order_by(LoginSession.created_at.desc()))
    assert login is not None
    for pk in (own, other, 999_999):
        token = sound_token(desk.secret, session_hash=login.token_hash, call_pk=pk)
        for path in (
            f"/calls/{pk}",
            f"/api/calls/{pk}",
            f"/calls/{pk}/peaks.svg",
            f"/calls/{pk}/audio/{token}",
        ):
            assert agent.get(path).status_code == 404, path
        assert agent.post(f"/calls/{pk}/appeal", {"rule_id": "open.greeting", "why": "x"}).status_code == 404
    assert agent.get("/coaching/6101").status_code == 404
    with desk.database.writing() as session:
        session.execute(update(ReviewCall).where(ReviewCall.id == own).values(state="published"))
    assert agent.get(f"/calls/{own}").status_code == 200


def test_a_sound_path_is_good_for_one_log_in_and_one_call(desk: Desk, sign_in: SignIn) -> None:
    boss, other = sign_in("supervisor"), sign_in("qa")
    page = boss.get("/calls/1").text
    path = page.split('data-src="')[1].split('"')[0]
    assert boss.get(path, headers={"range": "bytes=0-3"}).content == b"RIFF"
    assert other.get(path).status_code == 404  # somebody else's path
    assert boss.get(path.replace("/calls/1/", "/calls/2/")).status_code == 404  # another call's
    assert boss.get(path[:-1] + ("0" if path[-1] != "0" else "1")).status_code == 404


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../../etc/passwd", "link.wav", "\x00"])
def test_sound_never_comes_from_outside_the_roots(desk: Desk, sign_in: SignIn, name: str) -> None:
    (desk.results.path / "link.wav").symlink_to("/etc/passwd")
    path = next((desk.results.path / DATE / "calls").glob("*-000000.json"))
    record = json.loads(path.read_text())
    record["call"]["paths"] = [name]
    path.write_text(json.dumps(record))
    boss = sign_in("supervisor")
    with desk.database.reading() as session:
        pk = session.scalar(select(ReviewCall.id).where(ReviewCall.call_id.endswith("-000000")))
        login = session.scalar(select(LoginSession).order_by(LoginSession.created_at.desc()))
    token = sound_token(desk.secret, session_hash=login.token_hash, call_pk=pk or 0)  # type: ignore[union-attr]
    assert boss.get(f"/calls/{pk}/audio/{token}").status_code == 404
    assert boss.get("/static/../app.py").status_code == 404
    assert boss.get("/static/%2e%2e/app.py").status_code == 404


@pytest.mark.parametrize(
    "field", ["team", "agent", "rule", "grade", "state", "assignee", "q", "sort", "date_from", "confidence"]
)
def test_filters_are_values_never_sql(desk: Desk, sign_in: SignIn, field: str) -> None:
    boss = sign_in("supervisor")
    for evil in ("' OR 1=1 --", "'; DROP TABLE calls; --", '" OR ""="', "%", "_", "\\"):
        answer = boss.get(
            f"/queue?flagged=&{field}=" + evil.replace("%", "%25").replace(" ", "+").replace(";", "%3B")
        )
        assert answer.status_code == 200
        if field in ("team", "agent", "rule", "grade", "state", "q"):
            assert "data-href" not in answer.text, (field, evil)  # nothing matches it
    with desk.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReviewCall)) == 12


def test_a_planted_session_is_never_taken_over(desk: Desk) -> None:
    client = TestClient(create_app(desk), base_url="http://desk.test")
    planted = {"cookie": "callqa_session=planted-by-somebody"}
    form = {"name": USERS["qa"], "password": PASSWORD}
    answer = client.post("/login", data=form, headers=planted, follow_redirects=False)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "planted" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    first = client.cookies["callqa_session"]
    client.post("/login", data={"name": USERS["qa"], "password": PASSWORD})
    stale = TestClient(create_app(desk), base_url="http://desk.test", cookies={"callqa_session": first})
    assert (
        stale.get("/queue", follow_redirects=False).status_code == 303
    )  # signing in again ended the old one
    with desk.database.reading() as session:
        assert first not in str(session.scalars(select(LoginSession.token_hash)).all())


def test_guessing_passwords_is_slowed_for_right_ones_too(desk: Desk) -> None:
    client = TestClient(create_app(desk), base_url="http://desk.test")
    for _ in range(5):
        wrong = client.post("/login", data={"name": USERS["qa"], "password": "nope"})
        assert wrong.status_code == 401
    assert client.post("/login", data={"name": USERS["qa"], "password": PASSWORD}).status_code == 429
    other = client.post("/login", data={"name": USERS["admin"], "password": PASSWORD}, follow_redirects=False)
    assert other.status_code == 303
    with desk.database.reading() as session:
        actions = session.scalars(select(Audit.action)).all()
    assert actions.count("login.failed") == 5
    assert "login.limited" in actions


@pytest.mark.parametrize(
    "target", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)", "/\nx"]
)
def test_signing_in_leads_nowhere_else(desk: Desk, target: str) -> None:
    client = TestClient(create_app(desk), base_url="http://desk.test")
    data = {"name": USERS["qa"], "password": PASSWORD, "next": target}
    assert client.post("/login", data=data, follow_redirects=False).headers["location"] == "/"


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "＝1", "|cmd", "\r=1", "\u3000=1"]
)
def test_no_exported_cell_can_run(cell: str) -> None:
    written = as_csv(["a"], [[cell]], see_numbers=True).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(written, newline="")))[1][0].startswith("'")
    book = load_workbook(io.BytesIO(as_xlsx("x", ["a"], [[cell], [3]], see_numbers=True)))
    assert book.active["A2"].data_type == "s"
    assert book.active["A2"].value.startswith("'")
    assert book.active["A3"].value == 3


def test_a_huge_body_is_refused_unread(sign_in: SignIn) -> None:
    boss = sign_in("supervisor")
    assert boss.post("/filters", {"name": "x" * (2 << 20)}).status_code == 413


def test_nothing_in_the_repository_of_pages_comes_from_elsewhere() -> None:
    import pipeline.review as package

    for folder in ("templates", "static"):
        for path in (Path(package.__file__).parent / folder).iterdir():
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in text, path
            assert "https://" not in text, path
