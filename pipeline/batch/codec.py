"""Artefacts to bytes and back: typed MessagePack, compressed, the same bytes for the same object."""

from __future__ import annotations

import sys
import zlib
from array import array
from functools import cache
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
WORTH_IT = 0.5  # of its size, what compressing must come below


class TornArtefact(ValueError):
    """The bytes are not a whole artefact of the type asked for; treat it as absent."""


def encode(value: Any) -> bytes:
    """Deterministic: dataclasses become maps in field order, arrays raw little-endian float32."""
    plain = _encoder().encode(value)
    packed = zlib.compress(plain, level=1)
    # numbers per frame hardly shrink, and to unpack them was half of what reading a call took
    return packed if len(packed) < WORTH_IT * len(plain) else zlib.compress(plain, level=0)


def decode(data: bytes, kind: type[T]) -> T:
    """The object ``encode`` was given. Raises TornArtefact."""
    try:
        value: T = _decoder(kind).decode(zlib.decompress(data))  # type: ignore[arg-type]
    except (zlib.error, msgspec.MsgspecError, ValueError) as error:
        raise TornArtefact(str(error)) from error
    return value


@cache
def _encoder() -> msgspec.msgpack.Encoder:
    return msgspec.msgpack.Encoder(enc_hook=_array_to_bytes, order="deterministic")


@cache
def _decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind, dec_hook=_bytes_to_array)


def _array_to_bytes(value: Any) -> bytes:
    if isinstance(value, array) and value.typecode == "f":
        return _little_endian(value).tobytes()
    raise TypeError(f"an artefact may not hold {type(value).__name__}")


def _bytes_to_array(kind: type[Any], data: Any) -> Any:
    if kind is array:
        return _little_endian(array("f", bytes(data)))
    raise TypeError(f"an artefact may not hold {kind.__name__}")


def _little_endian(values: array[float]) -> array[float]:
    if sys.byteorder == "little":
        return values
    swapped = values[:]
    swapped.byteswap()
    return swapped
