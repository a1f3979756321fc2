"""Appeals, calibration, learning, cases, retention: each from its beginning to its end."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from openpyxl import load_workbook
from sqlalchemy import select, update

from pipeline.commands.review import command
from pipeline.config import ReviewConfig
from pipeline.review import calibration, learning, notices, retention
from pipeline.review.decisions import decide, standing
from pipeline.review.desk import Desk, now
from pipeline.review.models import Appeal, Audit, Item, Notice, ReviewCall, User
from tests.review.conftest import DATE, SignIn
from tests.review.test_decisions import failed_item, viewer_of


def _published(desk: Desk, sign_in: SignIn) -> tuple[int, str]:
    """A reviewed and published call of agent 6035 with a failed item."""
    with desk.database.reading() as session:
        pk, rule = session.execute(
            select(Item.call_pk, Item.rule_id)
            .join(ReviewCall, ReviewCall.id == Item.call_pk)
            .where(ReviewCall.agent_id == "6035", Item.outcome == "fail")
        ).first()  # type: ignore[misc]
    boss = sign_in("supervisor")
    assert boss.post(f"/calls/{pk}/publish").status_code == 409  # not reviewed yet
    boss.post(f"/calls/{pk}/decide", {"rule_id": rule, "answer": "confirm", "seen": 0})
    boss.post(f"/calls/{pk}/finish")
    assert boss.post(f"/calls/{pk}/publish").status_code == 303
    return pk, rule


def test_an_appeal_goes_up_two_levels_and_ends(
    desk: Desk, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[dict[str, object]] = []
    monkeypatch.setattr(notices, "post_webhook", lambda _desk, step: posted.append(step))
    pk, rule = _published(desk, sign_in)
    agent, boss, second = sign_in("agent"), sign_in("supervisor"), sign_in("supervisor2")
    assert "已公布" in agent.get("/notices").text
    assert agent.post(f"/calls/{pk}/appeal", {"rule_id": rule, "why": " "}).status_code == 400
    assert agent.post(f"/calls/{pk}/appeal", {"rule_id": rule, "why": "客户先说的"}).status_code == 303
    assert agent.post(f"/calls/{pk}/appeal", {"rule_id": rule, "why": "再来"}).status_code == 409
    with desk.database.reading() as session:
        appeal = session.scalars(select(Appeal.id)).one()
    assert agent.post(f"/appeals/{appeal}/escalate", {"why": "x"}).status_code == 409  # not answered yet
    boss.post(f"/appeals/{appeal}/answer", {"verdict": "reject", "why": "录音里听得清楚"})
    assert second.post(f"/appeals/{appeal}/answer", {"verdict": "accept", "why": "x"}).status_code == 409
    assert sign_in("agent2").post(f"/appeals/{appeal}/escalate", {"why": "x"}).status_code == 404
    assert agent.post(f"/appeals/{appeal}/escalate", {"why": "请再听"}).status_code == 303
    assert boss.post(f"/appeals/{appeal}/close", {"verdict": "reject", "why": "x"}).status_code == 403
    assert (
        second.post(f"/appeals/{appeal}/close", {"verdict": "accept", "why": "确实是客户说的"}).status_code
        == 303
    )
    assert second.post(f"/appeals/{appeal}/close", {"verdict": "reject", "why": "x"}).status_code == 409
    with desk.database.reading() as session:
        held = standing(session, pk).decisions[rule]
        assert held.outcome == "pass"
        call = session.get_one(ReviewCall, pk)
        assert call.reviewed_total != call.total
        assert [s["what"] for s in session.get_one(Appeal, appeal).steps] == [
            "appeal",
            "reject",
            "escalate",
            "accept",
        ]
    assert [s["step"] for s in posted] == ["appeal", "answer", "escalate", "close"]
    assert "终裁" in agent.get("/notices").text
    page = agent.get("/appeals").text
    assert "确实是客户说的" in page
    assert rule in page


def test_an_appeal_after_the_window_is_late_and_an_unanswered_one_overdue(
    desk: Desk, sign_in: SignIn
) -> None:
    pk, rule = _published(desk, sign_in)
    agent = sign_in("agent")
    with desk.database.writing() as session:
        session.execute(update(ReviewCall).values(published_at=now() - timedelta(days=8)))
    late = agent.post(
        f"/calls/{pk}/appeal", {"rule_id": rule, "why": "x"}, headers={"accept": "application/json"}
    )
    assert late.status_code == 409
    assert "7" in late.json()["error"]
    with desk.database.writing() as session:
        session.execute(update(ReviewCall).values(published_at=now()))
    agent.post(f"/calls/{pk}/appeal", {"rule_id": rule, "why": "x"})
    with desk.database.writing() as session:
        session.execute(update(Appeal).values(due_at=now() - timedelta(hours=1)))
    assert "已逾期" in sign_in("supervisor").get("/appeals").text


def test_the_webhook_is_told_and_a_dead_one_holds_nobody_up(desk: Desk) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    bodies: list[bytes] = []
    done = threading.Event()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()
            done.set()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.handle_request, daemon=True).start()
    desk.config = ReviewConfig(webhook=f"http://127.0.0.1:{server.server_port}/")
    notices.post_webhook(desk, {"step": "appeal"})
    assert done.wait(20)
    assert b"appeal" in bodies[0]
    server.server_close()
    notices.post_webhook(desk, {"step": "nobody listens"})  # returns at once, logs


def test_calibration_is_blind_until_it_closes_and_then_tells_agreement(desk: Desk, sign_in: SignIn) -> None:
    boss, one, other = sign_in("supervisor"), sign_in("qa"), sign_in("qa2")
    with desk.database.reading() as session:
        users = {u.name: u.id for u in session.scalars(select(User))}
    rules = ["open.greeting", "taboo.retort"]
    form = {"name": "十一月", "call": [1, 2], "user": [users["质检甲"], users["质检乙"]], "rule": rules}
    made = boss.post("/calibration", form).headers["location"]
    answers = {"质检甲": ["fail", "pass"], "质检乙": ["fail", "fail"]}
    for person, name in ((one, "质检甲"), (other, "质检乙")):
        page = person.get(f"{made}/calls/1").text
        assert "−" not in page.split("逐字稿")[0].split("请独立判断")[1]  # no points, no verdicts
        for pk in (1, 2):
            given = {f"rule:{r}": answers[name][pk - 1] for r in rules}
            assert person.post(f"{made}/calls/{pk}", given).status_code == 303
    assert "Krippendorff" not in boss.get(made).text
    assert sign_in("supervisor2").get(f"{made}/calls/1").status_code == 404  # not asked to take part
    boss.post(f"{made}/close")
    assert "Krippendorff" in boss.get(made).text
    assert one.post(f"{made}/calls/1", {f"rule:{r}": "pass" for r in rules}).status_code == 409


def test_agreement_figures_are_the_textbooks() -> None:
    """Fleiss (1971)-style table worked by hand: 2 raters, 4 units, one disagreement."""
    units = {"1": ("pass", "pass"), "2": ("fail", "fail"), "3": ("pass", "fail"), "4": ("pass", "pass")}
    answers = {(u, who): o for u, pair in units.items() for who, o in zip("ab", pair)}
    found = calibration.agreement("r", answers)
    assert found.percent == pytest.approx(0.75)
    assert found.cohen == pytest.approx(0.5)  # (0.75 - 0.5) / (1 - 0.5): margins 3/4·2/4 + 1/4·2/4
    assert found.fleiss == pytest.approx((0.75 - (25 + 9) / 64) / (1 - (25 + 9) / 64))
    assert found.alpha == pytest.approx(1 - (1 / 4) / (2 * 5 * 3 / (8 * 7)))
    lonely = calibration.agreement("r", {("1", "a"): "pass"})
    assert (lonely.percent, lonely.cohen, lonely.fleiss, lonely.alpha) == (None, None, None, None)
    drift = {
        d.name: d for d in calibration.drift({("1", n): o for n, o in zip("abc", ("pass", "pass", "fail"))})
    }
    assert drift["c"].harsher == 1.0
    assert drift["c"].agrees == 0.0


def test_learning_counts_what_stands_and_exports_examples(desk: Desk, sign_in: SignIn) -> None:
    boss = viewer_of(desk, "supervisor")
    with desk.database.reading() as session:
        faults = session.execute(
            select(Item.call_pk, Item.rule_id).where(Item.outcome == "fail", Item.quote.is_not(None))
        ).all()
    for n, (pk, rule) in enumerate(faults):
        decide(desk, boss, pk, rule, answer="pass" if n == 0 else "confirm", seen=0, reason="context")
    with desk.database.reading() as session:
        records = learning.rule_records(session)
    assert sum(r.confirmed for r in records) == len(faults) - 1
    assert sum(r.overruled for r in records) == 1
    assert records[0].rule_id == faults[0][1]  # the overruled one on top
    low, high = learning.wilson(8, 10)
    assert (low, high) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)  # Wilson's own formula
    person = sign_in("supervisor")
    examples = yaml.safe_load(person.get("/learning/examples.yaml").text)["rules"]
    assert sum(len(v) for kinds in examples.values() for v in kinds.values()) == len(faults)
    dialogue = next(iter(next(iter(examples.values())).values()))[0]
    assert all(line.startswith(("坐席: ", "客户: ")) for line in dialogue.splitlines())
    assert "13800138000" not in sign_in("analyst").get("/learning/examples.yaml").text
    book = load_workbook(io.BytesIO(person.get("/export/learning.xlsx").content))
    assert book.active.max_row == len(records) + 1


def test_candidate_thresholds_need_enough_decisions() -> None:
    assert learning.best_threshold([0.9] * 10, [0.5] * 10) == 0.9
    assert learning.best_threshold([0.9] * 3, [0.5] * 3) is None
    assert learning.best_threshold([0.5] * 10, [0.9] * 10) is None  # scores that mislead part nothing


def test_masking_covers_text_sound_and_exports_by_role(desk: Desk, sign_in: SignIn) -> None:
    plain, covered = sign_in("supervisor"), sign_in("qa")

    def words(page: str) -> str:
        return re.sub(r"<[^>]+>", "", page)

    assert "13800138000" in words(plain.get("/calls/1").text)
    page = words(covered.get("/calls/1").text)
    assert "13800138000" not in page
    assert "0785" not in page
    assert "＊＊＊" in page
    sounds = [
        p.get(p.get("/calls/1").text.split('data-src="')[1].split('"')[0]).content for p in (plain, covered)
    ]
    assert len(sounds[0]) == len(sounds[1])
    assert sounds[0] != sounds[1]
    with desk.database.reading() as session:
        heard = session.execute(select(Audit.user, Audit.target).where(Audit.action == "listen")).all()
    assert len(heard) == 2


def test_purging_by_age_leaves_nothing_and_proves_it(desk: Desk, tmp_path: Path) -> None:
    boss = viewer_of(desk, "supervisor")
    pk, rule, _ = failed_item(desk)
    decide(desk, boss, pk, rule, answer="confirm", seen=0)
    ids = set(desk.results.day(DATE).calls()["call_id"])
    with desk.database.reading() as session:
        gone = session.get_one(ReviewCall, pk).call_id
    proof = retention.purge(desk, [(DATE, gone)], who="test")
    assert proof.left == ()
    assert len(proof.recordings) == 1
    assert set(desk.results.day(DATE).calls()["call_id"]) == ids - {gone}
    assert gone.encode() not in b"".join(
        p.read_bytes() for p in (desk.results.path / DATE).rglob("*") if p.is_file()
    )
    with desk.database.reading() as session:
        assert session.get(ReviewCall, pk) is None
        assert session.scalars(select(Notice)).all() == []
    runner = CliRunner()
    shown = runner.invoke(command, ["--results", str(desk.results.path), "purge", "--before", "2027-01-01"])
    assert "11 calls would be deleted" in shown.output
    done = runner.invoke(
        command, ["--results", str(desk.results.path), "purge", "--before", "2027-01-01", "--yes"]
    )
    assert done.exit_code == 0, done.output
    assert "nothing left" in done.output


def test_users_are_added_by_a_command_with_no_default_password(tmp_path: Path) -> None:
    runner = CliRunner()
    base = ["--results", str(tmp_path), "user", "add", "新主管", "--role", "supervisor"]
    short = runner.invoke(command, base, input="short\nshort\n")
    assert short.exit_code == 2
    assert "at least 10" in short.output
    assert runner.invoke(command, base, input="long enough pw\nlong enough pw\n").exit_code == 0
    again = runner.invoke(command, base, input="long enough pw\nlong enough pw\n")
    assert "taken" in again.output
    missing = runner.invoke(command, ["--results", str(tmp_path / "none"), "load"])
    assert missing.exit_code == 2
    assert "found: nothing there" in missing.output
