"""What a file's first bytes say of it, before any decoder is asked; standard library only.

A decoder's own message for a bad file is "Format not recognised". A clerk needs to know that the
file is text, is empty, or lost its end, so the few facts that matter are read here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Literal

Container = Literal["wav", "aiff", "flac", "ogg", "mp3", "mp4", "amr", "adts", "matroska"]

# RIFF sizes that writers leave when they never came back to fill them in (pipes, a switch that died)
_UNFILLED = (0, 0xFFFFFFFF, 0xFFFFFFDB, 0xFFFFFFFF - 36, 0x7FFFFFFF, 0x7FFFFFFF - 36, 0x80000000)
_CODECS = {
    0x0001: "pcm", 0x0002: "ms_adpcm", 0x0003: "float", 0x0006: "alaw", 0x0007: "ulaw",
    0x0011: "ima_adpcm", 0x0031: "gsm610", 0x0045: "g726", 0x0055: "mp3",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wav:
    """The header of a RIFF file. ``cut`` and ``unfilled`` tell why its length cannot be trusted."""

    codec: str
    channels: int
    sample_rate_hz: int
    frame_bytes: int  # bytes of one sample of every channel; of one block for block codecs
    bits: int
    data_bytes: int  # what is really there
    cut: bool  # the header promises more than the file holds
    unfilled: bool  # the size fields were never written


def container(head: bytes) -> Container | None:
    """The container by its magic bytes (needs 12); None when it is none that holds a recording."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[4:8] == b"ftyp":
        return "mp4"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:  # MPEG frame sync
        return "adts" if head[1] & 0x06 == 0 else "mp3"  # layer bits 00 are reserved for AAC
    return None


_MAGIC: tuple[tuple[bytes, Container], ...] = (
    (b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mp3"), (b"#!AMR", "amr"), (b"FORM", "aiff"),
    (b"\x1a\x45\xdf\xa3", "matroska"),
)  # fmt: skip


def describe(head: bytes) -> str:
    """What a file that is no recording seems to be, without quoting it: it may hold names."""
    if not head:
        return "an empty file"
    if not any(head):
        return "only zero bytes"
    if head.startswith(b"PK"):
        return "a zip archive or Office document"
    if head.startswith(b"%PDF"):
        return "a PDF"
    try:
        text = head.decode("utf-8", errors="strict" if len(head) < 64 else "ignore")
    except UnicodeDecodeError:
        text = ""
    if text and all(c.isprintable() or c in "\r\n\t\ufeff" for c in text):
        return "a web page" if text.lstrip("\ufeff \r\n\t").startswith("<") else "plain text"
    return "bytes of no known audio format"


class HeaderError(ValueError):
    """The header itself is damaged; the message says what was found."""


def read_wav(file: BinaryIO, size: int) -> Wav:
    """Walk the chunks of a RIFF file of ``size`` bytes up to its data. Raises HeaderError."""
    order = ">" if file.read(12).startswith(b"RIFX") else "<"
    fmt: bytes | None = None
    wide_bytes: int | None = None
    while True:
        head = file.read(8)
        if len(head) < 8:
            raise HeaderError("a header cut off before the " + ("sound" if fmt else "format"))
        name, length = head[:4], struct.unpack(order + "I", head[4:])[0]
        if name == b"data":
            break
        body = file.read(min(length, 64))
        if name == b"fmt ":
            fmt = body
        elif name == b"ds64" and len(body) >= 16:
            wide_bytes = struct.unpack("<Q", body[8:16])[0]
        file.seek(length - len(body) + length % 2, 1)
    if fmt is None or len(fmt) < 16:
        raise HeaderError("a header without a format chunk")
    return _wav(fmt, order, there=size - file.tell(), claimed=length if wide_bytes is None else wide_bytes)


def _wav(fmt: bytes, order: str, *, there: int, claimed: int) -> Wav:
    tag, channels, rate, _, frame_bytes, bits = struct.unpack(order + "HHIIHH", fmt[:16])
    if tag == 0xFFFE and len(fmt) >= 26:  # WAVE_FORMAT_EXTENSIBLE: the codec opens the GUID
        tag = struct.unpack(order + "H", fmt[24:26])[0]
    unfilled = claimed in _UNFILLED and there > 0 and claimed != there
    return Wav(
        codec=_CODECS.get(tag, f"0x{tag:04x}"),
        channels=channels,
        sample_rate_hz=rate,
        frame_bytes=frame_bytes,
        bits=bits,
        data_bytes=there if unfilled else min(there, claimed),
        cut=not unfilled and claimed - there > frame_bytes,  # some writers miscount the last frame
        unfilled=unfilled,
    )


# Bytes of one 20 ms AMR frame by frame type, header byte included: 3GPP TS 26.101 table A.1b (NB)
# and TS 26.201 table A.1b (WB).
_AMR_NB = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
_AMR_WB = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)


def amr_duration_s(file: BinaryIO) -> tuple[int, float]:
    """(sample rate, seconds) of an AMR file, by its frames: the format has no length field."""
    data = file.read()
    wide = data.startswith(b"#!AMR-WB\n")
    sizes = _AMR_WB if wide else _AMR_NB
    at, frames = (9 if wide else 6), 0
    while at < len(data):
        at += sizes[data[at] >> 3 & 0x0F]
        frames += 1
    return (16000 if wide else 8000), frames * 0.02
