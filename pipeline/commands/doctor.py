"""``callqa doctor``: is this machine ready for the daily job, and what to do where it is not."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

PACKAGES = ("faster-whisper", "ctranslate2", "pyannote.audio", "torch", "torchaudio", "librosa", "jieba",
            "pandas", "pyarrow", "soundfile", "av", "soxr")  # fmt: skip
LOW_DISK_GB = 5.0  # artefacts, tables and pages of 10,000 five-minute calls take about that


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    what: str
    advice: str = ""


@click.command("doctor")
@click.option("--config", "config_file", metavar="FILE", help="Settings to check. Default: callqa.toml here.")
@click.option("--profile", metavar="P", help="Profile whose models are looked for. Default: the settings'.")
def command(config_file: str | None, profile: str | None) -> None:
    """Check versions, models, disk and threads, and say what to do about what is missing.

    \b
    Example
      callqa doctor --profile cpu

    Exit: 0 ready, 1 something is missing.
    """
    findings = list(examine(config_file=config_file, profile=profile))
    for finding in findings:
        click.echo(f"{'ok ' if finding.ok else 'NO '} {finding.what}")
        if finding.advice:
            click.echo(f"    → {finding.advice}")
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def examine(*, config_file: str | None, profile: str | None) -> Iterator[Finding]:
    from pipeline.commands.run import settings_file
    from pipeline.config import Config, ConfigError, load_config

    yield Finding(sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}")
    for name in PACKAGES:
        yield _package(name)
    config = Config()
    try:
        config = load_config(settings_file(config_file))
        yield Finding(
            True, f"settings: {settings_file(config_file) or 'defaults (callqa init writes a file)'}"
        )
    except ConfigError as error:
        yield Finding(
            False, f"settings: {error}", "correct the key named, or compare with: callqa init /tmp/x.toml"
        )
    yield from _models(profile or config.profile)
    yield _results(Path(config.results))
    yield _threads()


def _package(name: str) -> Finding:
    try:
        return Finding(True, f"{name} {importlib.metadata.version(name)}")
    except importlib.metadata.PackageNotFoundError:
        return Finding(
            False, f"{name} is not installed", "make setup, or: pip install callqa -c constraints.txt"
        )


def _models(profile: str) -> Iterator[Finding]:
    from pipeline.models import ModelError, resolve

    if not profile:
        yield Finding(
            False, "no profile chosen", "callqa run --profile cpu|gpu|FOLDER, or profile = … in callqa.toml"
        )
        return
    try:
        models = resolve(profile)
        models.check()
    except ModelError as error:
        yield Finding(False, f"models of profile {profile}", str(error))
        return
    yield Finding(True, f"models of profile {profile}: {models.asr.name}")


def _results(results: Path) -> Finding:
    there = next(path for path in [results.absolute(), *results.absolute().parents] if path.exists())
    if not os.access(there, os.W_OK):
        return Finding(False, f"results folder {results}", f"{there} cannot be written by this user")
    free_gb = shutil.disk_usage(there).free / 1e9
    advice = (
        ""
        if free_gb >= LOW_DISK_GB
        else f"less than {LOW_DISK_GB:.0f} GB: make room or set results elsewhere"
    )
    return Finding(not advice, f"results folder {results}: {free_gb:.1f} GB free", advice)


def _threads() -> Finding:
    cores = os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS")
    if limit and limit.isdigit() and int(limit) < cores:
        return Finding(
            True, f"{cores} cores, OMP_NUM_THREADS={limit}", "unset it to let callqa share the cores itself"
        )
    return Finding(True, f"{cores} cores")
