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
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from math import isfinite
from numbers import Number
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from pipeline.report.rows import CallResult
from pipeline.types import Audition, Frames, Span

SCHEMA_VERSION = 1
_SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
PLACES, MANY = 10_000, 30
# Of numbers below EXACT the product with PLACES errs by so little that only near a half it could round otherwise.
EXACT, NEARLY_HALF = 1e6, 0.4999
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
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
    tmp.write_bytes(_json(call_record(result)) + b"\n")
    tmp.replace(path)
    return path


def _json(record: dict[str, Any]) -> bytes:
    """msgspec writes what json.dumps would, in a fifth of the time, but not the odd bytes of a file name."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:
        body = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return body.encode("utf-8", "backslashreplace")


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
    if kind in _AS_THEY_ARE:
        return value
    if kind is float:
        return _number(value)
    if kind is tuple or kind is list or kind is array:
        kinds = set(map(type, value))
        return _numbers(value) if kinds == {float} else [encode(one) for one in value]
    shape = _shape_of(kind)
    return _encode_object(value, *shape) if shape else _encode_rare(value)


def _number(value: float) -> float | None:
    """To four places: 0.12345 → 0.1234. 5 and 5.0 are the same points; what is no number is None."""
    if -EXACT < value < EXACT:  # as round() has it, in a third of the time
        scaled = value * PLACES
        whole = round(scaled)
        if abs(scaled - whole) < NEARLY_HALF:
            return whole / PLACES if whole % PLACES else whole // PLACES
    if not isfinite(value):
        return None
    short = round(value, 4)
    return int(short) if short.is_integer() else short


def _numbers(values: Sequence[float]) -> list[float | None]:
    """``_number`` of thousands at once."""
    if len(values) > MANY:
        scaled = np.array(values, np.float64) * PLACES
        whole = np.rint(scaled)
        if (np.abs(scaled) < EXACT * PLACES).all() and (np.abs(scaled - whole) < NEARLY_HALF).all():
            wholes: list[int] = whole.astype(np.int64).tolist()
            return [one / PLACES if one % PLACES else one // PLACES for one in wholes]
    return [_number(value) for value in values]


def _encode_object(value: Any, names: Sequence[str], values_of: Callable[[Any], Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, found in zip(names, values_of(value), strict=True):
        kind = type(found)
        if kind in _AS_THEY_ARE:
            plain[name] = found
        elif kind is Span and name == "span":
            plain["start_s"], plain["end_s"] = _number(found.start_s), _number(found.end_s)
        else:
            plain[name] = encode(found)
    return plain


def _encode_rare(value: Any) -> Any:
    if isinstance(value, Number) and hasattr(value, "item"):
        return encode(value.item())  # numpy's own numbers
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(k): encode(v) for k, v in sorted(value.items())}
    return value


@cache
def _shape_of(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], Any]] | None:
    """Of a dataclass the fields that are written, and what reads them all; None of any other type."""
    if not dataclasses.is_dataclass(kind):
        return None
    left_out = _PER_FRAME if kind is Audition else ()
    names = tuple(field.name for field in dataclasses.fields(kind) if field.name not in left_out)
    if len(names) > 1:
        return names, attrgetter(*names)
    return names, lambda value: [getattr(value, name) for name in names]


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
