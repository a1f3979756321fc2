"""One call as one JSON file, both ways: what the review desk and ``callqa show`` read.

A dataclass becomes an object with its fields, as msgspec writes them. Reading goes by the type hints, so nothing is
written twice and a field added to ``pipeline.types`` travels by itself. docs/tables.md describes the layout.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from pipeline.report.rows import CallResult
from pipeline.types import Audition, Frames, Span

SCHEMA_VERSION = 2
READ_VERSIONS = (1, SCHEMA_VERSION)  # in the first a span's times stood in the object around it
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
# half a megabyte a call, and nobody reads them here; the artefact store keeps them
_NO_FRAMES: dict[str, Any] = {"level_dbfs": Frames(0.02, ()), "pitch_hz": None, "loudness_lufs": None}


class CallFileError(ValueError):
    """A call's file that is missing or not of this layout; the message names file, expected, found."""


def call_file_name(call_id: str) -> str:
    """A file name for any call id: never a path, never hidden, never too long, never shared by two."""
    if _SAFE.fullmatch(call_id):
        return f"{call_id}.json"
    kept = re.sub(r"[^A-Za-z0-9_-]", "", call_id)[:60]
    return f"{kept}~{hashlib.sha256(call_id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.json"


def write_call(day_dir: Path, result: CallResult) -> Path:
    """Write ``calls/<name>.json`` whole or not at all; the same call gives the same bytes."""
    path = day_dir / "calls" / call_file_name(result.call.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    tmp = path.with_name(f".{path.name}.tmp")
    tmp.write_bytes(_json(result) + b"\n")
    tmp.replace(path)
    return path


def _json(result: CallResult) -> bytes:
    record = {
        "schema": SCHEMA_VERSION,
        **{f.name: getattr(result, f.name) for f in dataclasses.fields(result)},
    }
    if result.audition is not None:
        record["audition"] = dataclasses.replace(result.audition, **_NO_FRAMES)
    try:
        return _encoder.encode(record)
    except UnicodeEncodeError:  # a file name that is not UTF-8 keeps its odd bytes as escapes
        return _encoder.encode(_escaped(encode(record)))


def _plain_number(value: Any) -> Any:
    """Numpy's own numbers."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a call's file may not hold {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_plain_number)


def encode(value: Any) -> Any:
    """Dataclasses, tuples, times and numbers as JSON values."""
    return msgspec.to_builtins(value, enc_hook=_plain_number)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [_escaped(one) for one in value]
    return {_escaped(k): _escaped(v) for k, v in value.items()} if isinstance(value, dict) else value


def read_call(day_dir: Path, call_id: str) -> CallResult:
    """The call's record. Raises CallFileError."""
    path = day_dir / "calls" / call_file_name(call_id)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CallFileError(
            f"{path}: expected the record of call {call_id!r}; found: {error.strerror}"
        ) from error
    except ValueError as error:
        raise CallFileError(f"{path}: expected JSON; found: {error}") from error
    if not isinstance(record, dict) or record.get("schema") not in READ_VERSIONS:
        found = record.get("schema") if isinstance(record, dict) else type(record).__name__
        raise CallFileError(f"{path}: expected schema {SCHEMA_VERSION}; found: {found}")
    try:
        return typing.cast(CallResult, decode(CallResult, record))
    except (KeyError, TypeError, ValueError) as error:
        raise CallFileError(
            f"{path}: expected a call record; found: {type(error).__name__} {error}"
        ) from error


def decode(kind: Any, value: Any) -> Any:
    """The reverse of ``encode``, by type hint."""
    return _reader_of(kind)(value)


def _as_it_is(value: Any) -> Any:
    return value


@cache
def _reader_of(kind: Any) -> Callable[[Any], Any]:
    """What reads a value of a type; worked out once, for a call holds thousands."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _object_reader_of(kind)
    origin, arms = typing.get_origin(kind), [arm for arm in typing.get_args(kind) if arm is not type(None)]
    if origin in (typing.Union, types.UnionType) and len(arms) == 1:
        told = _reader_of(arms[0])
        return lambda value: None if value is None else told(value)
    if origin is tuple:
        one = _reader_of(arms[0])
        return tuple if one is _as_it_is else lambda values: tuple(map(one, values))
    if kind is datetime:
        return datetime.fromisoformat
    if kind is float:
        return lambda value: math.nan if value is None else float(value)
    return _as_it_is


def _object_reader_of(kind: Any) -> Callable[[Mapping[str, Any]], Any]:
    hints = typing.get_type_hints(kind)
    readers = {field.name: _reader_of(hints[field.name]) for field in dataclasses.fields(kind)}
    spanned = hints.get("span") is Span
    absent = _NO_FRAMES if kind is Audition else {}

    def read(value: Mapping[str, Any]) -> Any:
        found = {name: reader(value[name]) for name, reader in readers.items() if name in value}
        if spanned and "span" not in value:
            found["span"] = Span(float(value["start_s"]), float(value["end_s"]))
        return kind(**{**absent, **found})

    return read
