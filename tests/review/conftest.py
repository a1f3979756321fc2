"""A desk over a small day, with one user a role; made once, each test module on its own copy."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from pipeline.config import ReviewConfig
from pipeline.review.app import create_app
from pipeline.review.auth import add_user
from pipeline.review.desk import Desk, now, open_desk
from pipeline.review.load import load_new_days
from tests.review.factory import write_day

DATE = "2026-11-21"
PASSWORD = "correct horse battery"
USERS = {"qa": "质检甲", "qa2": "质检乙", "supervisor": "主管", "supervisor2": "主管二", "agent": "6035",
         "agent2": "6101", "analyst": "分析", "admin": "管理"}  # fmt: skip


@pytest.fixture(scope="session")
def made_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("desk")
    write_day(root / "results", DATE, calls=12, recordings=root / "recordings")
    desk = open_desk(root / "results", config=ReviewConfig(recordings=(str(root / "recordings"),)))
    load_new_days(desk)
    with desk.database.writing() as session:
        for key, name in USERS.items():
            role = key.rstrip("2")
            add_user(
                session,
                name=name,
                password=PASSWORD,
                role=role,
                agent_id=name if role == "agent" else None,
                at=now(),
            )
    desk.database.engine.dispose()
    return root


@pytest.fixture
def desk(made_results: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(made_results / "results", tmp_path / "results")
    made = open_desk(
        tmp_path / "results", config=ReviewConfig(recordings=(str(made_results / "recordings"),))
    )
    yield made
    made.database.engine.dispose()


class Person:
    """A browser with somebody signed in."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.csrf = ""

    def sign_in(self, name: str, password: str = PASSWORD) -> Person:
        answer = self.client.post("/login", data={"name": name, "password": password}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        page = self.client.get("/notices").text
        self.csrf = re.search(r'data-csrf="([^"]+)"', page)[1]  # type: ignore[index]
        return self

    def get(self, path: str, **kwargs: object) -> object:
        return self.client.get(path, follow_redirects=False, **kwargs)  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, object] | None = None, **kwargs: object) -> object:
        return self.client.post(
            path, data={"csrf": self.csrf, **(data or {})}, follow_redirects=False, **kwargs
        )  # type: ignore[arg-type]


SignIn = Callable[[str], Person]


@pytest.fixture
def sign_in(desk: Desk) -> Iterator[SignIn]:
    app = create_app(desk)
    opened: list[TestClient] = []

    def one(key: str) -> Person:
        client = TestClient(app, base_url="http://desk.test")
        opened.append(client)
        return Person(client).sign_in(USERS[key])

    yield one
    app.state.sounds.close()
