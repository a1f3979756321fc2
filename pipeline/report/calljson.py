"""One call as one JSON file, both ways: what the review desk and ``callqa show`` read.

A dataclass becomes an object with its fields; a field ``span`` becomes ``start_s`` and ``end_s``
beside the others. Reading goes by the type hints, so nothing is written twice and a field added to
``pipeline.types`` travels by itself. docs/tables.md describes the layout.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import types
import typing
from array import array
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from numbers import Number
from pathlib import Path
from typing import Any

from pipeline.report.rows import CallResult
from pipeline.types import Audition, Frames, Span

SCHEMA_VERSION = 1
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_PER_FRAME = ("level_dbfs", "pitch_hz")  # megabytes a call; the artefact store keeps them


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
    body = json.dumps(call_record(result), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    tmp.write_text(body + "\n", encoding="utf-8", errors="backslashreplace")
    tmp.replace(path)
    return path


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
    if not isinstance(record, dict) or record.get("schema") != SCHEMA_VERSION:
        found = record.get("schema") if isinstance(record, dict) else type(record).__name__
        raise CallFileError(f"{path}: expected schema {SCHEMA_VERSION}; found: {found}")
    try:
        return typing.cast(CallResult, decode(CallResult, record))
    except (KeyError, TypeError, ValueError) as error:
        raise CallFileError(
            f"{path}: expected a call record; found: {type(error).__name__} {error}"
        ) from error


def call_record(result: CallResult) -> dict[str, Any]:
    """The record as plain JSON values."""
    record: dict[str, Any] = {"schema": SCHEMA_VERSION, **encode(result)}
    return record


def encode(value: Any) -> Any:
    """Dataclasses, tuples, times and numbers as JSON values; an Audition without its numbers per frame."""
    kind: Any = type(value)
    if kind is str or value is None or kind is bool or kind is int:
        return value
    if kind is float:
        if not math.isfinite(value):
            return None
        short = round(value, 4)
        return int(short) if short.is_integer() else short  # 5 and 5.0 are the same points
    if kind is tuple or kind is list or kind is array:
        return [encode(one) for one in value]
    names = _fields_of(kind)
    if names:
        plain: dict[str, Any] = {}
        for name in names:
            found = getattr(value, name)
            if name == "span" and type(found) is Span:
                plain["start_s"], plain["end_s"] = encode(found.start_s), encode(found.end_s)
            else:
                plain[name] = encode(found)
        return plain
    return _encode_rare(value)


def _encode_rare(value: Any) -> Any:
    if isinstance(value, Number) and hasattr(value, "item"):
        return encode(value.item())  # numpy's own numbers
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in sorted(value.items())}
    return value


@cache
def _fields_of(kind: Any) -> tuple[str, ...]:
    """Of a dataclass, those that are written; () of any other type."""
    if not dataclasses.is_dataclass(kind):
        return ()
    left_out = _PER_FRAME if kind is Audition else ()
    return tuple(field.name for field in dataclasses.fields(kind) if field.name not in left_out)


@cache
def _hints_of(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def decode(kind: Any, value: Any) -> Any:
    """The reverse of ``encode``, by type hint."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _decode_object(kind, value)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        arms = [arm for arm in typing.get_args(kind) if arm is not type(None)]
        return value if len(arms) > 1 else decode(arms[0], value)
    if origin is tuple:
        inner = typing.get_args(kind)[0]
        return tuple(decode(inner, v) for v in value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is float:
        return float(value) if value is not None else math.nan
    return value


def _decode_object(kind: Any, value: Mapping[str, Any]) -> Any:
    hints = _hints_of(kind)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if hint is Span and field.name == "span":
            found["span"] = Span(float(value["start_s"]), float(value["end_s"]))
        elif field.name in value:
            found[field.name] = decode(hint, value[field.name])
        elif field.name in _PER_FRAME:
            found[field.name] = Frames(0.02, ()) if field.name == "level_dbfs" else None
    return kind(**found)
