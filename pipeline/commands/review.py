"""``callqa review``: the desk for supervisors, and its users, loading and retention."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.review.desk import Desk

ROLES = ("qa", "supervisor", "agent", "analyst", "admin")


@click.group("review", invoke_without_command=True)
@click.option(
    "--results", metavar="DIR", default="results", show_default=True, help="Folder callqa run wrote."
)
@click.option("--db", metavar="URL", help="Default: review.db (SQLite) in the results folder.")
@click.option("--config", "config_path", metavar="FILE", help="callqa.toml; its [review] table is read.")
@click.option(
    "--recordings", metavar="DIR", multiple=True, help="Where sound may come from. Default: as run."
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True)
@click.pass_context
def command(
    ctx: click.Context,
    results: str,
    db: str | None,
    config_path: str | None,
    recordings: tuple[str, ...],
    host: str,
    port: int,
) -> None:
    """Open the review desk: listen, confirm, overrule, answer appeals.

    \b
    First:    callqa review user add 林主管 --role supervisor
    Then:     callqa review --results results --port 8080
    Server:   callqa review --db postgresql+psycopg://callqa@db/review --host 0.0.0.0
              (put https and its certificate in front; set secure_cookies = true)
    """
    ctx.obj = (results, db, config_path, recordings)
    if ctx.invoked_subcommand is None:
        with opened(ctx) as desk:
            _serve(desk, host, port)


@command.group("user")
def user() -> None:
    """Who may sign in."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--agent-id", help="For an agent: whose calls to see.")
@click.option("--sso", is_flag=True, help="No password: signs in through the reverse proxy only.")
@click.pass_context
def add(ctx: click.Context, name: str, role: str, agent_id: str | None, sso: bool) -> None:
    """Add a user; asks for the password, so that it stands in no shell history.

    \b
    Example
      callqa review user add 王小敏 --role agent --agent-id 6035
    """
    from pipeline.review.auth import AuthError, add_user
    from pipeline.review.desk import now
    from pipeline.strings import text

    password = "" if sso else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with opened(ctx) as desk:
        try:
            with desk.database.writing() as session:
                add_user(session, name=name, password=password, role=role, agent_id=agent_id, at=now())
        except AuthError as error:
            click.echo(f"callqa review user add: {text(error.key, 'en')}", err=True)
            sys.exit(2)
    click.echo(f"added {name} ({role})")


@user.command("password")
@click.argument("name")
@click.pass_context
def password(ctx: click.Context, name: str) -> None:
    """Set a user's password anew and end the user's sessions."""
    from pipeline.review.auth import AuthError, set_password
    from pipeline.strings import text

    chosen = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    with opened(ctx) as desk:
        try:
            with desk.database.writing() as session:
                set_password(session, name=name, password=chosen)
        except AuthError as error:
            click.echo(f"callqa review user password: {text(error.key, 'en')}", err=True)
            sys.exit(2)
    click.echo(f"password of {name} changed")


@command.command("load")
@click.pass_context
def load(ctx: click.Context) -> None:
    """Take in days that are new or re-scored. The desk does this itself when it starts."""
    from pipeline.review.load import load_new_days

    with opened(ctx) as desk:
        days = load_new_days(desk)
    for day in days:
        click.echo(f"{day.date}: {day.added} new, {day.updated} updated, {day.withdrawn} withdrawn")
    if not days:
        click.echo("nothing new")


@command.command("purge")
@click.option("--before", metavar="DATE", help="Every call of days before DATE, YYYY-MM-DD.")
@click.option("--customer", metavar="NUMBER", help="Every call whose record holds NUMBER.")
@click.option("--yes", is_flag=True, help="Delete; without it only tells what would go.")
@click.pass_context
def purge_command(ctx: click.Context, before: str | None, customer: str | None, yes: bool) -> None:
    """Delete calls by age or by customer, then look for them everywhere and tell.

    \b
    Example
      callqa review purge --before 2026-05-01
      callqa review purge --customer 13800138000 --yes
    """
    from pipeline.review import retention

    if (before is None) == (customer is None):
        raise click.UsageError("expected one of --before DATE and --customer NUMBER")
    with opened(ctx) as desk:
        calls = retention.older_than(desk, before) if before else retention.of_customer(desk, customer or "")
        if not yes:
            click.echo(f"{len(calls)} calls would be deleted; add --yes to delete them")
            return
        proof = retention.purge(desk, calls, who="command line")
    click.echo(f"{len(proof.calls)} calls and {len(proof.files)} files deleted")
    for path in proof.recordings:
        click.echo(f"recording, not callqa's to delete: {path}")
    for trace in proof.left:
        click.echo(f"still there: {trace}", err=True)
    click.echo("looked again: " + ("nothing left" if not proof.left else f"{len(proof.left)} traces left"))
    sys.exit(1 if proof.left else 0)


@contextmanager
def opened(ctx: click.Context) -> Iterator[Desk]:
    """The desk of the group's options; exits 2 with one line when it cannot be opened."""
    from dataclasses import replace

    from pipeline.config import ConfigError, load_config
    from pipeline.report.tables import TableError
    from pipeline.review.database import DatabaseError
    from pipeline.review.desk import open_desk
    from pipeline.store import ResultsError

    results, db, config_path, recordings = ctx.obj
    try:
        config = load_config(Path(config_path) if config_path else None)
        settings = replace(config.review, recordings=recordings or config.review.recordings)
        desk = open_desk(Path(results), url=db, config=settings)
        yield desk
    except (ConfigError, DatabaseError, ResultsError, TableError) as error:
        click.echo(f"callqa review: {error}", err=True)
        sys.exit(2)


def _serve(desk: Desk, host: str, port: int) -> None:
    import uvicorn
    from sqlalchemy import func, select

    from pipeline.review.app import create_app
    from pipeline.review.load import load_new_days
    from pipeline.review.models import User

    for day in load_new_days(desk):
        click.echo(f"loaded {day.date}: {day.added} new, {day.updated} updated")
    with desk.database.reading() as session:
        users = session.scalar(select(func.count()).select_from(User))
    if not users:
        click.echo("nobody can sign in yet: callqa review user add NAME --role admin", err=True)
    for date in desk.results.days()[-1:]:
        desk.judge.book(date)  # loaded now, not inside the first decision
    click.echo(f"review desk: http://{host}:{port}")
    # proxy_headers off: the address in the audit log and the single sign-on check is the real peer's
    uvicorn.run(create_app(desk), host=host, port=port, log_level="warning", proxy_headers=False)
