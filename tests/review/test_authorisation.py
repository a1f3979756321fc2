"""Every route × every role: the rights are a table, and the server keeps to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from pipeline.review.app import create_app
from pipeline.review.desk import Desk
from tests.review.conftest import USERS, Person

ALL = {"qa", "supervisor", "agent", "analyst", "admin"}
STAFF = {"qa", "supervisor", "admin"}
DECIDE = {"qa", "supervisor"}
HEADS = {"supervisor", "admin"}
READERS = {"supervisor", "analyst", "admin"}

# Written by hand from issue 7, not read from guard.RIGHTS: (method, path) -> who may, form values.
TABLE: dict[tuple[str, str], tuple[set[str], dict[str, object]]] = {
    ("GET", "/"): (ALL, {}),
    ("POST", "/language"): (ALL, {"lang": "zh"}),
    ("GET", "/queue"): (STAFF, {}),
    ("POST", "/queue/bulk"): (DECIDE, {"action": "take", "call": 1}),
    ("POST", "/queue/assign"): (HEADS, {"to": "evenly"}),
    ("POST", "/filters"): (STAFF, {"name": "x", "query": "team=a"}),
    ("POST", "/filters/{filter_id}/delete"): (STAFF, {}),
    ("POST", "/days/load"): (HEADS, {}),
    ("GET", "/calls/{pk}"): (ALL, {}),
    ("GET", "/find/{date}/{call_id:path}"): (ALL, {}),
    ("GET", "/api/calls/{pk}"): (ALL, {}),
    ("GET", "/calls/{pk}/audio/{token}"): (ALL, {}),
    ("GET", "/calls/{pk}/peaks.svg"): (ALL, {}),
    ("POST", "/calls/{pk}/decide"): (DECIDE, {"rule_id": "open.greeting", "answer": "confirm", "seen": 0}),
    ("POST", "/calls/{pk}/undo"): (DECIDE, {"event": 1}),
    ("POST", "/calls/{pk}/final"): (DECIDE, {"total": 80, "comment": "x"}),
    ("POST", "/calls/{pk}/correct"): (DECIDE, {"index": 0, "role": "agent", "text": "您好"}),
    ("POST", "/calls/{pk}/finish"): (DECIDE, {}),
    ("POST", "/calls/{pk}/publish"): ({"supervisor"}, {}),
    ("GET", "/appeals"): ({"supervisor", "agent", "admin"}, {}),
    ("POST", "/calls/{pk}/appeal"): ({"agent"}, {"rule_id": "open.greeting", "why": "x"}),
    ("POST", "/appeals/{appeal_id}/answer"): ({"supervisor"}, {"verdict": "accept", "why": "x"}),
    ("POST", "/appeals/{appeal_id}/escalate"): ({"agent"}, {"why": "x"}),
    ("POST", "/appeals/{appeal_id}/close"): (HEADS, {"verdict": "accept", "why": "x"}),
    ("GET", "/calibration"): (DECIDE, {}),
    ("POST", "/calibration"): (HEADS, {"name": "x", "call": 1, "user": 1, "rule": "open.greeting"}),
    ("GET", "/calibration/{round_id}"): (DECIDE, {}),
    ("GET", "/calibration/{round_id}/calls/{pk}"): (DECIDE, {}),
    ("POST", "/calibration/{round_id}/calls/{pk}"): (DECIDE, {"rule:open.greeting": "pass"}),
    ("POST", "/calibration/{round_id}/close"): (HEADS, {}),
    ("GET", "/learning"): (READERS, {}),
    ("GET", "/learning/examples.yaml"): (READERS, {}),
    ("GET", "/boards"): (STAFF | {"analyst"}, {}),
    ("GET", "/coaching"): (STAFF | {"agent"}, {}),
    ("GET", "/coaching/{agent_id}"): (STAFF | {"agent"}, {}),
    ("GET", "/cases"): (STAFF, {}),
    ("POST", "/cases"): (STAFF, {"call": 1, "title": "x", "kind": "bad", "start_s": 1, "end_s": 2}),
    ("POST", "/cases/{case_id}/delete"): (STAFF, {}),
    ("GET", "/export/{what}.{kind}"): (READERS, {}),
    ("GET", "/users"): ({"admin"}, {}),
    ("POST", "/users/{user_id}/active"): ({"admin"}, {}),
    ("GET", "/audit"): ({"admin"}, {}),
    ("GET", "/notices"): (ALL, {}),
    ("POST", "/notices/read"): (ALL, {}),
    ("POST", "/logout"): (ALL, {}),  # last: it ends the session
}
PUBLIC = {("GET", "/login"), ("POST", "/login")}
PLACES = {
    "{pk}": "2", "{token}": "x", "{filter_id}": "1", "{appeal_id}": "1", "{round_id}": "1", "{case_id}": "1",
    "{agent_id}": "6035", "{user_id}": "3", "{what}": "calls", "{kind}": "csv", "{date}": "2026-11-21",
    "{call_id:path}": "20261121-000001",
}  # fmt: skip


def _routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    from pipeline.review.routes import all_routers

    for router in all_routers():
        for route in router.routes:
            assert isinstance(route, APIRoute)
            yield from ((method, route.path) for method in route.methods)


def _filled(path: str) -> str:
    for slot, value in PLACES.items():
        path = path.replace(slot, value)
    return path


def test_the_table_names_every_route(desk: Desk) -> None:
    assert set(_routes(create_app(desk))) == set(TABLE) | PUBLIC


def test_nobody_gets_in_without_signing_in(desk: Desk) -> None:
    client = TestClient(create_app(desk), base_url="http://desk.test")
    for (method, path), (_, form) in TABLE.items():
        answer = client.request(
            method, _filled(path), data=form if method == "POST" else None, follow_redirects=False
        )
        assert answer.status_code in (303, 401), (method, path)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/login"), (method, path)


@pytest.mark.parametrize("role", sorted(ALL))
def test_each_role_may_what_the_table_says(desk: Desk, role: str) -> None:
    app = create_app(desk)
    person = Person(TestClient(app, base_url="http://desk.test")).sign_in(USERS[role])
    wrong = []
    for (method, path), (who, form) in TABLE.items():
        answer = person.get(_filled(path)) if method == "GET" else person.post(_filled(path), form)
        refused = answer.status_code == 403
        if refused == (role in who) or answer.status_code >= 500:
            wrong.append((method, path, answer.status_code))
    app.state.sounds.close()
    assert not wrong
