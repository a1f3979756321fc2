"""``callqa doctor``: is this machine ready for the daily job, and what to do where it is not."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.models import Models

PACKAGES = ("faster-whisper", "ctranslate2", "pyannote.audio", "torch", "torchaudio", "librosa", "jieba",
            "pandas", "pyarrow", "soundfile", "av", "soxr")  # fmt: skip
LOW_DISK_GB = 5.0  # artefacts, tables and pages of 10,000 five-minute calls take about that
WORKER_GB = 2.5  # models and sound a worker holds: 2.2 GB on a three-hour stereo call with the demo models


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    what: str
    advice: str = ""


@click.command("doctor")
@click.option("--config", "config_file", metavar="FILE", help="Settings to check. Default: callqa.toml here.")
@click.option("--profile", metavar="P", help="Profile whose models are looked for. Default: the settings'.")
def command(config_file: str | None, profile: str | None) -> None:
    """Check versions, settings, lexicons, models, disk, memory and cores, and say what to do about each NO.

    Looks only: no network is asked, nothing is written.

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
    wrong = sum(not finding.ok for finding in findings)
    click.echo(f"{wrong} to put right" if wrong else "ready: callqa run RECORDINGS --cdr FILE --profile P")
    sys.exit(1 if wrong else 0)


def examine(*, config_file: str | None, profile: str | None) -> Iterator[Finding]:
    from pipeline.cdr.filenames import compile_patterns
    from pipeline.commands.run import settings_file
    from pipeline.config import Config, ConfigError, load_config
    from pipeline.stages.ingest import zone_of

    yield Finding(sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}")
    for name in PACKAGES:
        yield _package(name)
    config = Config()
    try:
        config = load_config(settings_file(config_file))
        zone_of(config.ingest)
        compile_patterns(config.ingest.filename_patterns)
        yield Finding(
            True, f"settings: {settings_file(config_file) or 'defaults (callqa init writes a file)'}"
        )
    except ConfigError as error:
        yield Finding(
            False, f"settings: {error}", "correct it, or compare with a fresh file: callqa init fresh.toml"
        )
    yield _lexicons(config)
    yield from _models(profile or config.profile)
    yield _results(Path(config.results))
    yield _memory(config)
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
    only_demo = "synthetic demo voices only; for real calls: callqa models fetch cpu"
    names = f"{models.asr.name}, {models.diarization.name}"
    yield Finding(True, f"models of profile {profile}: {names}", only_demo if models.is_demo else "")
    yield _device(models)


def _device(models: Models) -> Finding:
    """Can CTranslate2 compute here what the profile asks for?"""
    import ctranslate2

    asked = f"{models.compute_type} on {models.device}"
    if models.device == "cuda" and not ctranslate2.get_cuda_device_count():
        return Finding(
            False, f"{asked}: no GPU is seen", "install the NVIDIA driver and CUDA 12, or use --profile cpu"
        )
    able = ctranslate2.get_supported_compute_types(models.device)
    if models.compute_type in able:
        return Finding(True, asked)
    return Finding(
        False, f"{asked}: not supported; this device has {', '.join(sorted(able))}", "use --profile cpu"
    )


def _lexicons(config: Config) -> Finding:
    from pipeline.rules.book import lexicon_folder, load_rulebook
    from pipeline.rules.errors import RuleError

    folder = lexicon_folder(config.score.lexicons)
    try:
        book = load_rulebook(folder)
    except (RuleError, OSError) as error:
        advice = f"correct the line named, then: callqa rules check --lexicons {folder}"
        return Finding(False, f"lexicons: {error}", advice)
    return Finding(True, f"lexicons: {len(book.rules)} rules in {folder}")


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


def _memory(config: Config) -> Finding:
    from pipeline.batch.run import shared_cores

    workers, _ = shared_cores(config.batch.workers)
    free_gb = _available_gb()
    if free_gb is None:
        return Finding(True, "memory: this system does not tell")
    told = f"{free_gb:.1f} GB of memory free for {workers} workers"
    if free_gb >= WORKER_GB * workers:
        return Finding(True, told)
    fits = max(1, int(free_gb / WORKER_GB))
    return Finding(
        free_gb >= WORKER_GB, told, f"a worker may take {WORKER_GB} GB: --workers {fits}, or more memory"
    )


def _available_gb() -> float | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines)}
    return int(found["MemAvailable"]) * 1024 / 1e9 if "MemAvailable" in found else None


def _threads() -> Finding:
    cores = len(os.sched_getaffinity(0))
    limit = os.environ.get("OMP_NUM_THREADS")
    if limit and limit.isdigit() and int(limit) < cores:
        return Finding(
            True, f"{cores} cores, OMP_NUM_THREADS={limit}", "unset it to let callqa share the cores itself"
        )
    return Finding(True, f"{cores} cores")
