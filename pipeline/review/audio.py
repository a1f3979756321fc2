"""Sound for the browser: 16-bit PCM WAV with ranges, numbers bleeped, never from outside the roots.

Telephone recordings are G.711 and worse, which browsers do not play. Each call is written once as
PCM into a private folder that lives as long as the desk runs; the oldest go when it grows too large.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import shutil
import tempfile
import threading
import wave
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.review.guard import Refused
from pipeline.types import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.review.desk import Desk
    from pipeline.review.models import ReviewCall

KEEP_BYTES = 2 << 30
CHUNK = 1 << 16
BLEEP_HZ = 1000.0
BLEEP_LEVEL = 0.1
PEAK_BINS = 1200
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def sound_token(secret: str, *, session_hash: str, call_pk: int) -> str:
    """A path nobody can guess, good for one log-in and one call only."""
    return hmac.new(secret.encode(), f"{session_hash}/{call_pk}".encode(), hashlib.sha256).hexdigest()[:40]


def recording_paths(desk: Desk, call: ReviewCall) -> list[Path]:
    """The call's files, if every one lies under the day's recordings or the results. Raises Refused."""
    roots = desk.recordings_of(call.date)
    found: list[Path] = []
    for name in desk.record(call).call.paths:
        path = _inside(name, roots)
        if path is None:
            raise Refused(404, "review.error.no_sound")
        found.append(path)
    return found


def _inside(name: str, roots: Sequence[Path]) -> Path | None:
    """``name`` resolved (links and all) under one of ``roots``; None when it is not there."""
    given = Path(name)
    for candidate in [given] if given.is_absolute() else [given, *(root / given for root in roots)]:
        try:
            path = candidate.resolve()
            if path.is_file() and any(path.is_relative_to(root) for root in roots):
                return path
        except (OSError, ValueError):  # a name no file system takes
            continue
    return None


class SoundCache:
    """Calls as PCM WAV files, made once each, the least lately heard removed first."""

    def __init__(self, *, keep_bytes: int = KEEP_BYTES) -> None:
        self._folder: Path | None = None
        self._files: OrderedDict[str, int] = OrderedDict()
        self._keep_bytes = keep_bytes
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}

    def wav(self, paths: Sequence[Path], *, bleeps: Sequence[Span]) -> Path:
        """The WAV of some files with ``bleeps`` covered. Raises Refused when they cannot be decoded."""
        key = hashlib.sha256(
            repr((list(map(str, paths)), [p.stat().st_mtime_ns for p in paths], bleeps)).encode()
        )
        name = key.hexdigest()
        with self._lock:
            self._folder = self._folder or Path(tempfile.mkdtemp(prefix="callqa-review-"))
            path = self._folder / f"{name}.wav"
            making = self._making.setdefault(name, threading.Lock())
        with making:
            if not path.exists():
                _write_wav(path, paths, bleeps)
        self._keep(name, path.stat().st_size)
        return path

    def close(self) -> None:
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def _keep(self, name: str, size: int) -> None:
        with self._lock:
            self._files[name] = size
            self._files.move_to_end(name)
            while len(self._files) > 1 and sum(self._files.values()) > self._keep_bytes:
                oldest, _ = self._files.popitem(last=False)
                self._making.pop(oldest, None)
                if self._folder is not None:
                    (self._folder / f"{oldest}.wav").unlink(missing_ok=True)


def decoded(paths: Sequence[Path]) -> tuple[NDArray[np.float32], int]:
    """Samples [channels, n] and rate. Raises Refused."""
    from pipeline.audio import AudioError, decode

    try:
        sound = decode([str(p) for p in paths])
    except (AudioError, OSError) as error:
        raise Refused(404, "review.error.no_sound") from error
    return sound.samples, sound.sample_rate_hz


def peaks(samples: NDArray[np.float32], *, bins: int = PEAK_BINS) -> bytes:
    """The largest magnitude in each of ``bins`` stretches, 0..255, channel after channel."""
    channels, length = samples.shape
    found = np.zeros((channels, bins), np.uint8)
    edges = np.linspace(0, length, bins + 1).astype(int)
    for i in range(bins):
        piece = samples[:, edges[i] : max(edges[i + 1], edges[i] + 1)]
        if piece.size:
            found[:, i] = np.clip(np.abs(piece).max(axis=1) * 255, 0, 255).astype(np.uint8)
    return found.tobytes()


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte asked for; None for the whole. Raises Refused 416."""
    if not header:
        return None
    found = _RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return None  # several ranges or another unit: RFC 9110 lets us send the whole
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2]), size - 1) if found[2] else size - 1
    if first > last or first >= size:
        raise Refused(416, "review.error.bad_request")
    return first, last


def stream(path: Path, first: int, last: int) -> Iterator[bytes]:
    """The bytes ``first..last`` of a file, a piece at a time."""
    with path.open("rb") as file:
        file.seek(first)
        left = last - first + 1
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece


def _write_wav(path: Path, paths: Sequence[Path], bleeps: Sequence[Span]) -> None:
    samples, rate_hz = decoded(paths)
    samples = _bleeped(samples, rate_hz, bleeps)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    os.close(handle)
    with wave.open(temporary, "wb") as out:
        out.setnchannels(samples.shape[0])
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        for at in range(0, samples.shape[1], rate_hz * 60):
            piece = samples[:, at : at + rate_hz * 60]
            whole = np.clip(np.nan_to_num(piece) * 32767, -32768, 32767).astype("<i2")
            out.writeframes(whole.T.tobytes())
    Path(temporary).replace(path)


def _bleeped(samples: NDArray[np.float32], rate_hz: int, bleeps: Sequence[Span]) -> NDArray[np.float32]:
    if not bleeps:
        return samples
    covered = samples.copy()
    for span in bleeps:
        lo, hi = int(span.start_s * rate_hz), min(int(span.end_s * rate_hz) + 1, covered.shape[1])
        tone = BLEEP_LEVEL * np.sin(2 * np.pi * BLEEP_HZ * np.arange(max(0, hi - lo)) / rate_hz)
        covered[:, lo:hi] = tone.astype(np.float32)  # every channel: a number may be heard in both
    return covered
