"""Decisions: kept in order, never overwritten, one winner, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from pipeline.report.calljson import write_call
from pipeline.report.tables import write_tables
from pipeline.review.decisions import decide, set_final, standing, undo
from pipeline.review.desk import Desk
from pipeline.review.guard import Refused, Viewer
from pipeline.review.judge import Judge
from pipeline.review.load import load_day, load_new_days
from pipeline.review.models import Event, Item, ReviewCall, User
from tests.review.conftest import DATE, USERS, SignIn
from tests.review.factory import make_result


def viewer_of(desk: Desk, key: str) -> Viewer:
    with desk.database.reading() as session:
        user = session.scalar(select(User).where(User.name == USERS[key]))
    assert user is not None
    return Viewer(user.id, user.name, user.role, user.agent_id, "zh", "", "", "")


def failed_item(desk: Desk, *, fatal: bool = False) -> tuple[int, str, float]:
    """A call with one failed item to decide: (call, rule, points)."""
    with desk.database.reading() as session:
        row = session.execute(
            select(Item.call_pk, Item.rule_id, Item.points)
            .join(ReviewCall, ReviewCall.id == Item.call_pk)
            .where(Item.outcome == "fail", ReviewCall.fatal.is_(fatal))
            .order_by(Item.points)
        ).first()
    assert row is not None
    return row[0], row[1], row[2]


def test_overruling_gives_the_points_back_and_undo_takes_them_again(desk: Desk) -> None:
    boss = viewer_of(desk, "supervisor")
    pk, rule, points = failed_item(desk)
    event = decide(desk, boss, pk, rule, answer="pass", seen=0, reason="misheard", comment="听错了")
    with desk.database.reading() as session:
        call = session.get_one(ReviewCall, pk)
        assert call.total is not None
        assert call.reviewed_total == call.total - points
        assert (call.state, call.assignee_id) == ("taken", boss.id)
        held = standing(session, pk).decisions[rule]
        assert (held.outcome, held.machine, held.by, held.reason) == ("pass", "fail", boss.name, "misheard")
    undo(desk, boss, pk, event)
    with desk.database.reading() as session:
        assert session.get_one(ReviewCall, pk).reviewed_total is None
        assert standing(session, pk).decisions == {}
        kinds = session.scalars(select(Event.kind).where(Event.call_pk == pk).order_by(Event.id)).all()
        assert kinds == ["overrule", "undo"]
        last = session.scalars(select(Event.id).where(Event.kind == "undo")).one()
    undo(desk, boss, pk, last)  # the undo itself may be undone
    with desk.database.reading() as session:
        assert standing(session, pk).decisions[rule].outcome == "pass"
    with pytest.raises(Refused):
        undo(desk, boss, pk, last)


def test_overruling_needs_a_reason_and_a_hand_set_score_a_why(desk: Desk) -> None:
    boss = viewer_of(desk, "supervisor")
    pk, rule, _ = failed_item(desk)
    for answer, reason in (("pass", ""), ("pass", "because"), ("maybe", "misheard")):
        with pytest.raises(Refused) as refused:
            decide(desk, boss, pk, rule, answer=answer, seen=0, reason=reason)
        assert refused.value.status == 400
    with pytest.raises(Refused):
        decide(desk, boss, pk, "no.such_rule", answer="confirm", seen=0)
    for total, why in ((80, " "), (-1, "x"), (float("nan"), "x")):
        with pytest.raises(Refused):
            set_final(desk, boss, pk, total=total, comment=why)
    set_final(desk, boss, pk, total=77.5, comment="商定")
    with desk.database.reading() as session:
        assert session.get_one(ReviewCall, pk).reviewed_total == 77.5


def test_two_people_deciding_at_once_one_wins_and_the_other_is_told(desk: Desk) -> None:
    pk, rule, _ = failed_item(desk)
    people = [viewer_of(desk, "supervisor"), viewer_of(desk, "supervisor2")]
    decide(desk, people[0], pk, "x" if rule == "x" else rule, answer="confirm", seen=0)
    with desk.database.reading() as session:
        seen = standing(session, pk).last_of[rule]
    told: list[Refused] = []
    won: list[int] = []
    start = threading.Barrier(2)

    def go(person: Viewer) -> None:
        start.wait()
        try:
            won.append(decide(desk, person, pk, rule, answer="pass", seen=seen, reason="context"))
        except Refused as refused:
            told.append(refused)

    threads = [threading.Thread(target=go, args=(p,)) for p in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == len(told) == 1
    assert told[0].status == 409
    assert told[0].values["name"] in {p.name for p in people}


def test_a_call_in_somebody_elses_hands_is_left_alone(desk: Desk, sign_in: SignIn) -> None:
    pk, rule, _ = failed_item(desk)
    one, other = sign_in("qa"), sign_in("qa2")
    one.post("/queue/bulk", {"action": "take", "call": pk})
    form = {"rule_id": rule, "answer": "confirm", "seen": 0}
    refused = other.post(f"/calls/{pk}/decide", form, headers={"accept": "application/json"})
    assert refused.status_code == 409
    assert USERS["qa"] in refused.json()["error"]
    assert "take:0:1" in other.post("/queue/bulk", {"action": "take", "call": pk}).headers["location"]
    other.post("/queue/bulk", {"action": "release", "call": pk})  # not his to release
    assert one.post(f"/calls/{pk}/decide", form).status_code == 303
    one.post("/queue/bulk", {"action": "release", "call": pk})
    assert "take:1:0" in other.post("/queue/bulk", {"action": "take", "call": pk}).headers["location"]


def test_calls_are_dealt_out_evenly(desk: Desk, sign_in: SignIn) -> None:
    sign_in("supervisor").post("/queue/assign?flagged=", {"to": "evenly"})
    with desk.database.reading() as session:
        owners = session.scalars(select(ReviewCall.assignee_id)).all()
    counts = sorted(owners.count(o) for o in set(owners))
    assert len(counts) == 2
    assert counts[1] - counts[0] <= 1


def test_loading_twice_changes_nothing(desk: Desk) -> None:
    def everything() -> list[object]:
        with desk.database.reading() as session:
            return [
                tuple(r)
                for t in ("calls", "items", "days")
                for r in session.execute(text(f"SELECT * FROM {t}"))
            ]

    before = everything()
    assert load_new_days(desk) == []
    assert everything() == before


def test_a_decision_survives_a_re_score_and_the_change_is_shown(desk: Desk, sign_in: SignIn) -> None:
    boss = viewer_of(desk, "supervisor")
    pk, rule, points = failed_item(desk)
    decide(desk, boss, pk, rule, answer="confirm", seen=0)
    results = [desk.results.day(DATE).call(i) for i in desk.results.day(DATE).calls()["call_id"]]
    with desk.database.reading() as session:
        call_id = session.get_one(ReviewCall, pk).call_id

    def rescored(result):  # type: ignore[no-untyped-def]
        if result.call.id != call_id:
            return result
        card = result.scorecard
        items = tuple(
            replace(i, outcome="pass", points=0.0, evidence=()) if i.rule_id == rule else i
            for i in card.items
        )
        return replace(
            result, scorecard=replace(card, items=items, total=card.total - points, fingerprint="new")
        )

    fresh = [rescored(r) for r in results if r.call.id == call_id or not r.call.id.endswith("-000003")]
    for result in fresh:
        write_call(desk.results.path / DATE, result)
    write_tables(desk.results.path / DATE, ledger=(), results=fresh)
    loaded = load_day(desk, DATE)
    assert (loaded.added, loaded.updated) == (0, len(fresh))
    with desk.database.reading() as session:
        call = session.get_one(ReviewCall, pk)
        assert call.fingerprint == "new"
        held = standing(session, pk).decisions[rule]
        assert (held.outcome, held.machine) == ("fail", "fail")
    page = sign_in("supervisor").get(f"/calls/{pk}").text
    assert "复核结论保持不变" in page


def test_events_cannot_be_changed_in_the_database(desk: Desk) -> None:
    boss = viewer_of(desk, "supervisor")
    pk, rule, _ = failed_item(desk)
    decide(desk, boss, pk, rule, answer="confirm", seen=0)
    for table in ("events", "audit"):
        with pytest.raises(DBAPIError, match="append-only"), desk.database.writing() as session:
            session.execute(
                text("INSERT INTO audit (at, user_name, action, target, address) VALUES (0,'','','','')")
            )
            session.execute(text(f"UPDATE {table} SET id = id"))


def test_killed_in_the_middle_of_a_decision_nothing_is_half_written(desk: Desk) -> None:
    pk, rule, _ = failed_item(desk)
    boss = viewer_of(desk, "supervisor")
    code = f"""
import os, signal
from pathlib import Path
from pipeline.review import decisions
from pipeline.review.desk import open_desk
from pipeline.review.guard import Viewer
desk = open_desk(Path({str(desk.results.path)!r}))
decisions.refresh_reviewed = lambda *a: os.kill(os.getpid(), signal.SIGKILL)  # after the event was added
viewer = Viewer({boss.id}, {boss.name!r}, "supervisor", None, "zh", "", "", "")
decisions.decide(desk, viewer, {pk}, {rule!r}, answer="confirm", seen=0)
"""
    died = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert died.returncode == -9, died.stderr.decode()
    with desk.database.reading() as session:
        assert session.scalars(select(Event)).all() == []
        assert session.get_one(ReviewCall, pk).state == "new"
    decide(desk, boss, pk, rule, answer="confirm", seen=0)  # the lock died with it


def test_a_corrected_line_is_scored_again_by_the_real_rules(desk: Desk, sign_in: SignIn) -> None:
    """The customer's line given to the agent: a taboo appears where there was none, and goes on undo."""
    boss = sign_in("supervisor")
    before = make_result(DATE, 0)
    said = before.transcript.utterances
    index = next(i for i, u in enumerate(said) if u.role == "agent" and i > 0)
    with desk.database.reading() as session:
        pk = session.scalar(select(ReviewCall.id).where(ReviewCall.call_id == before.call.id))
    line = {"index": index, "role": "agent", "text": "这是技术部门的事我们也没有办法"}
    assert boss.post(f"/calls/{pk}/correct", line).status_code == 303
    found = {i["rule_id"]: i for i in boss.get(f"/api/calls/{pk}").json()["items"]}
    assert found["taboo.blame_department"]["machine"] == "fail"
    page = boss.get(f"/calls/{pk}").text
    assert "这是技术部门的事我们也没有办法" in page
    assert "已更正" in page
    with desk.database.reading() as session:
        assert session.get_one(ReviewCall, pk).reviewed_total is not None
        event = session.scalars(select(Event).where(Event.kind == "correct")).one()
    boss.post(f"/calls/{pk}/undo", {"event": event.id})
    with desk.database.reading() as session:
        assert session.get_one(ReviewCall, pk).reviewed_total is None
    assert "已更正" not in boss.get(f"/calls/{pk}").text


def test_the_reviewed_score_is_the_rulebooks_own_arithmetic(desk: Desk) -> None:
    """A card of the shipped rules: overruling one item gives what scoring without it would."""
    from pipeline.review.judge import Correction

    judge = Judge(desk.results.path)
    record = desk.results.day(DATE).call(make_result(DATE, 0).call.id)
    card = judge.rescore(record, [Correction(3, "agent", "这是技术部门的事我们也没有办法")]).scorecard
    clean = judge.rescore(record, [Correction(3, "agent", "好的我来帮您处理")]).scorecard
    assert card.total is not None
    same = judge.reckon(DATE, card, {}, final=None)
    assert (same.total, same.grade) == (card.total, card.grade)
    wrong = {i.rule_id: "pass" for i in card.items if i.outcome == "fail"}
    assert judge.reckon(DATE, card, wrong, final=None).total == pytest.approx(100, abs=3)  # bonuses aside
    assert clean.total != card.total
