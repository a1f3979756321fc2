"""``callqa init``: a commented callqa.toml to start from."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("init")
@click.argument("path", default="callqa.toml")
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def command(path: str, force: bool) -> None:
    """Write a commented callqa.toml with every setting at its default.

    \b
    Example
      callqa init            writes ./callqa.toml
      callqa init /etc/callqa/hotline.toml
    """
    from pipeline.config_doc import commented_toml

    target = Path(path)
    if target.exists() and not force:
        click.echo(
            f"callqa init: {target}: expected no file there; found one (use --force to overwrite)", err=True
        )
        sys.exit(2)
    try:
        target.write_text(commented_toml(), encoding="utf-8")
    except OSError as error:
        click.echo(f"callqa init: {target}: expected a place to write to; found: {error.strerror}", err=True)
        sys.exit(2)
    click.echo(f"{target} written. First line to set: profile. Then: callqa doctor --config {target}")
