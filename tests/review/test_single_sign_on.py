"""A reverse proxy may vouch for a name; nobody else may."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from pipeline.config import ReviewConfig
from pipeline.review.app import create_app
from pipeline.review.desk import open_desk

PROXY = "10.0.0.7"


@pytest.fixture
def app(made_results):
    config = ReviewConfig(recordings=(str(made_results / "recordings"),))
    desk = open_desk(
        made_results / "results", config=replace(config, sso_header="X-User", sso_trusted=(PROXY,))
    )
    app = create_app(desk)
    yield app
    app.state.sounds.close()
    desk.database.engine.dispose()


def browser(app, address):
    return TestClient(app, base_url="http://desk.test", client=(address, 50000), follow_redirects=False)


def test_the_trusted_proxy_signs_a_known_name_in(app):
    client = browser(app, PROXY)
    assert client.get("/login", headers={"X-User": "6035"}).status_code == 303
    page = client.get("/coaching", headers={"X-User": "6035"}, follow_redirects=True)
    assert page.status_code == 200 and "6035" in page.text


def test_a_session_ends_when_the_proxy_speaks_for_somebody_else(app):
    client = browser(app, PROXY)
    client.get("/login", headers={"X-User": "6035"})
    turned = client.get("/coaching", headers={"X-User": "6101"})
    assert turned.status_code == 303 and turned.headers["location"].startswith("/login")


def test_nobody_else_is_believed(app):
    client = browser(app, "10.0.0.8")
    answer = client.get("/login", headers={"X-User": "6035"})
    assert answer.status_code == 200 and 'name="password"' in answer.text


def test_a_name_the_desk_does_not_know_gets_in_nowhere(app):
    client = browser(app, PROXY)
    assert client.get("/login", headers={"X-User": "stranger"}).status_code in (401, 403)
    assert client.get("/queue", headers={"X-User": "stranger"}).status_code in (303, 401, 403)
