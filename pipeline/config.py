"""One frozen tree of settings, read from callqa.toml; an unknown key is an error that names it.

Every section is a frozen dataclass whose fields are the defaults; the comment or docstring beside a
threshold gives its source. Sections are handed to the stage that uses them and to nobody else, so
that a changed setting invalidates only what depends on it.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class ConfigError(ValueError):
    """A setting that is not known or not of its type; the message names file, key, expected, found."""


@dataclass(frozen=True, slots=True)
class IngestConfig:
    """Which files are calls, and how their names and records are read."""

    timezone: str = "Asia/Shanghai"
    filename_patterns: tuple[str, ...] = ("generic",)  # preset names or regexes with named groups
    cdr_reader: str = "auto"
    cdr_columns: dict[str, str] = field(default_factory=dict)  # our field -> their column
    agent_channel: dict[str, int] = field(
        default_factory=lambda: {"inbound": 0, "outbound": 0, "unknown": 0}
    )
    settle_s: float = 5.0  # a file changed more recently than this may still be being written
    min_duration_s: float = 1.0
    max_duration_s: float = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class AuditionConfig:
    """How the sound is read before recognition."""

    tone_plan: str = "CN"


@dataclass(frozen=True, slots=True)
class DiarizeConfig:
    """Who speaks, and which one is the agent."""

    min_role_probability: float = 0.8


@dataclass(frozen=True, slots=True)
class TranscribeConfig:
    """Recognition by faster-whisper."""

    language: str = "zh"
    batch_size: int = 8
    beam_size: int = 1


@dataclass(frozen=True, slots=True)
class MeasureConfig:
    """Thresholds of the measures."""

    min_gap_s: float = 3.0


@dataclass(frozen=True, slots=True)
class ScoreConfig:
    """Which lexicons and scorecards judge the calls."""

    lexicons: str = ""  # folder; empty: the shipped ones
    scorecard: str = "auto"  # a template's name, or "auto": chosen per call by its record


@dataclass(frozen=True, slots=True)
class BatchConfig:
    workers: int = 0  # 0: one per two cores
    calls_in_work: int = 8  # calls a worker holds in memory at once
    retries: int = 2  # of transient failures


@dataclass(frozen=True, slots=True)
class ReviewConfig:
    """The review desk."""

    appeal_days: int = 7


@dataclass(frozen=True, slots=True)
class Config:
    profile: str = ""  # demo | cpu | gpu | a folder; empty: not chosen
    results: str = "results"
    ingest: IngestConfig = field(default_factory=IngestConfig)
    audition: AuditionConfig = field(default_factory=AuditionConfig)
    diarize: DiarizeConfig = field(default_factory=DiarizeConfig)
    transcribe: TranscribeConfig = field(default_factory=TranscribeConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    score: ScoreConfig = field(default_factory=ScoreConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    review: ReviewConfig = field(default_factory=ReviewConfig)


def load_config(path: Path | None) -> Config:
    """The settings in ``path`` over the defaults; ``None`` gives the defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        # utf-8-sig: Windows editors put a BOM before the first key
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: expected a readable TOML file, found: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML in UTF-8, found: {error}") from error
    return _build(Config, table, where=str(path), key="")


def _build(cls: type[Any], table: dict[str, Any], *, where: str, key: str) -> Any:
    hints = typing.get_type_hints(cls)
    known = {f.name for f in dataclasses.fields(cls)}
    for name in table:
        if name not in known:
            raise ConfigError(
                f"{where}: unknown key {_dotted(key, name)!r}; expected one of: {', '.join(sorted(known))}"
            )
    values = {
        name: _convert(hints[name], value, where=where, key=_dotted(key, name))
        for name, value in table.items()
    }
    return cls(**values)


def _convert(kind: Any, value: Any, *, where: str, key: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: {key!r} expected a table, found {value!r}")
        return _build(kind, value, where=where, key=key)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        kind = next(arm for arm in typing.get_args(kind) if arm is not type(None))
        return _convert(kind, value, where=where, key=key)
    if origin is tuple and isinstance(value, list):
        inner = typing.get_args(kind)[0]
        return tuple(_convert(inner, item, where=where, key=f"{key}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        inner = typing.get_args(kind)[1]
        return {k: _convert(inner, v, where=where, key=_dotted(key, k)) for k, v in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is typing.Literal and value in typing.get_args(kind):
        return value
    if isinstance(kind, type) and isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
        return value
    expected = getattr(kind, "__name__", str(kind))
    raise ConfigError(f"{where}: {key!r} expected {expected}, found {value!r}")


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
