"""The schema: from the first release's database to now, on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from pipeline.config import ReviewConfig
from pipeline.review.auth import add_user, check_password
from pipeline.review.database import Database, DatabaseError
from pipeline.review.decisions import decide
from pipeline.review.desk import now, open_desk
from pipeline.review.guard import Refused, Viewer
from pipeline.review.load import load_new_days
from pipeline.review.models import Base, Event, Item, ReviewCall, User
from pipeline.review.queries import QueueFilter, queue_page
from tests.review.conftest import DATE

SERVER = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None)


def test_migrations_end_where_the_models_are(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    database.migrate()
    with database.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_first_releases_database_is_brought_up_with_all_it_holds(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    database.migrate("0001")
    when = "2026-01-02 03:04:05"
    with database.engine.begin() as connection:
        for statement in (
            f"INSERT INTO users VALUES (1, '旧主管', '', 'supervisor', NULL, 1, '{when}')",
            "INSERT INTO calls (id, date, call_id, direction, duration_s, standard, grade, fatal, flagged, flags, "
            "fingerprint, confidence, priority, state, withdrawn) "
            "VALUES (1, '2026-01-01', 'c1', 'inbound', 60, 's', 'A', 0, 1, '', 'f', 0.9, 1, 'taken', 0)",
            "INSERT INTO events (id, call_pk, rule_id, kind, user_id, at, reason, comment, payload) VALUES "
            f"(1, 1, 'open.greeting', 'confirm', 1, '{when}', '', '', "
            '\'{"outcome": "fail", "machine": "fail"}\')',
        ):
            connection.execute(text(statement))
    database.migrate()
    with database.reading() as session:
        user = session.get_one(User, 1)
        assert (user.name, user.lang) == ("旧主管", "zh")
        assert session.get_one(Event, 1).payload["outcome"] == "fail"
        assert session.get_one(ReviewCall, 1).state == "taken"


def test_what_is_wrong_with_a_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_text("this is not a database, but long enough to be looked at")
    for url in (f"sqlite:///{tmp_path / 'bad.db'}", f"sqlite:///{tmp_path / 'no' / 'x.db'}"):
        with pytest.raises(DatabaseError, match="expected a usable database"):
            Database(url).migrate()
    with pytest.raises(DatabaseError, match="expected a database URL"):
        Database("not a url")
    with pytest.raises(DatabaseError) as refused:
        Database("nosuch+driver://me:secret@host/db")
    assert "secret" not in str(refused.value)


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    """A server of our own in a temporary folder; nothing of the machine's is touched."""
    if SERVER is None:
        pytest.skip("no PostgreSQL server program under /usr/lib/postgresql")
    pytest.importorskip("psycopg", reason="the postgres extra is not installed")
    if os.getuid() == 0 and subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode:
        pytest.skip("running as root and there is no postgres user to run the server as")
    folder = Path(tempfile.mkdtemp(prefix="callqa-pg-"))
    before = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if before:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    subprocess.run([*before, str(SERVER.parent / "initdb"), "-D", str(data), "-U", "callqa", "-A", "trust", "-N"],
                   check=True, capture_output=True)  # fmt: skip
    control = [*before, str(SERVER.parent / "pg_ctl"), "-D", str(data), "-w", "-s"]
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
    subprocess.run([*control, "-o", settings, "-l", str(folder / "log"), "start"], check=True)
    try:
        yield f"postgresql+psycopg://callqa@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.postgres
@pytest.mark.slow
def test_the_desk_works_on_postgresql(made_results: Path, postgres_url: str) -> None:
    desk = open_desk(made_results / "results", url=postgres_url, config=ReviewConfig())
    desk.database.migrate()  # twice does nothing
    assert load_new_days(desk)[0].added == 12
    assert load_new_days(desk) == []
    with desk.database.writing() as session:
        user = add_user(session, name="主管", password="correct horse battery", role="supervisor", at=now())
    with desk.database.reading() as session:
        assert check_password(session, name="主管", password="correct horse battery")
        wanted = QueueFilter(flagged="", team="一组", rule="", q="%", sort="total")
        assert queue_page(session, wanted, viewer_id=user.id, page=1, size=50)[1] == 0
        rows, count = queue_page(session, QueueFilter(flagged=""), viewer_id=user.id, page=1, size=5)
        assert (len(rows), count) == (5, 12)
        pk, rule = session.execute(select(Item.call_pk, Item.rule_id).where(Item.outcome == "fail")).first()
    boss = Viewer(user.id, user.name, "supervisor", None, "zh", "", "", "")
    decide(desk, boss, pk, rule, answer="pass", seen=0, reason="misheard")
    with pytest.raises(Refused, match="decided_by"):
        decide(desk, boss, pk, rule, answer="confirm", seen=0)
    with pytest.raises(Exception, match="append-only"), desk.database.writing() as session:
        session.execute(text("UPDATE events SET reason = 'x'"))
    with desk.database.reading() as session:
        assert session.get_one(ReviewCall, pk).reviewed_total is not None
        assert session.scalars(select(Event.at)).one().utcoffset() is not None
    with desk.database.engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    desk.database.engine.dispose()
    assert desk.results.days() == [DATE]
