"""Where recordings lie: a folder, a glob or an fsspec URL → local files, one or two per call.

Remote files are copied to a spool folder once (``pipeline.stages.remote``).
"""

# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH122, PTH123, PTH207
# os.path instead of Path: a folder of 100,000 recordings is walked, and Path objects double its time

from __future__ import annotations

import glob
import hashlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.strings import text

# What recorders write, by name only: a file called .wav that is no WAV has to be told of, not passed over.
AUDIO_SUFFIXES = frozenset(
    (
        ".wav", ".wave", ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".flac", ".amr", ".awb",
        ".3gp", ".webm", ".aif", ".aiff", ".gsm", ".wma", ".sln", ".alaw", ".ulaw",
    )
)  # fmt: skip
COPY_BYTES = 1 << 20
Wanted = Callable[[str, str], bool]  # (name inside RECORDINGS, full path or URL) → is it worth fetching


class RecordingsError(ValueError):
    """RECORDINGS is no folder, no file, no glob that finds any, no URL that can be opened."""


@dataclass(frozen=True, slots=True)
class Recording:
    """Local file(s) of one call. ``name`` is the path inside RECORDINGS, as the ledger shows it;
    ``stem`` the name without leg suffix and extension."""

    paths: tuple[str, ...]
    name: str
    stem: str
    where: str  # the full path or URL, for the patterns
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    files: tuple[tuple[str, str, str], ...]  # (local path, name inside RECORDINGS, full path or URL)
    passed_over: Counter[str]  # suffix → how many files that are no recordings
    failed: tuple[tuple[str, str], ...] = ()  # (name, reason): folders not opened, files not fetched


def list_recordings(
    recordings: str, *, spool: Path | None = None, workers: int = 8, wanted: Wanted | None = None
) -> Listing:
    """Every recording, in the order of its name. Raises RecordingsError.

    Remote files that are not ``wanted`` are listed and not fetched.
    """
    if "://" in recordings:
        scheme, _, rest = recordings.partition("://")
        if scheme != "file":
            from pipeline.stages.remote import list_remote

            return list_remote(recordings, spool=spool, workers=workers, wanted=wanted)
        recordings = rest
    closed: list[tuple[str, str]] = []
    if glob.has_magic(recordings) and not Path(recordings).exists():
        found = [path for path in glob.iglob(recordings, recursive=True) if Path(path).is_file()]
        root = fixed_part(recordings)
        if not found:
            raise RecordingsError(
                f"{recordings}: expected a pattern that fits some files, found none; is it in quotes?"
            )
    elif Path(recordings).is_dir():
        root = recordings
        found = list(_walk(recordings, closed))
    elif Path(recordings).is_file():
        found, root = [recordings], str(Path(recordings).parent)
    else:
        raise RecordingsError(
            f"{recordings}: expected a folder, a glob or a URL of recordings, found nothing there"
        )
    kept, passed_over = sift(found)
    files = []
    for path in kept:
        full = os.path.abspath(path)  # the review desk plays it from another folder
        files.append((full, os.path.relpath(path, root).replace(os.sep, "/"), full.replace(os.sep, "/")))
    return Listing(tuple(sorted(files, key=lambda file: file[1])), passed_over, tuple(closed))


def pair_legs(
    files: Iterable[tuple[str, str, str]], *, suffixes: Sequence[str], mono: Iterable[str]
) -> list[Recording]:
    """``X-in.wav`` + ``X-out.wav`` → one Recording, first suffix first; the others stand alone.

    ``mono`` holds the local paths known to have one channel: only such can be legs.
    """
    legs: dict[tuple[str, str], dict[str, tuple[str, str, str]]] = {}
    single: list[Recording] = []
    is_mono = set(mono)
    for path, name, where in files:
        stem, suffix = os.path.splitext(name)
        leg = next((end for end in suffixes if stem.endswith(end)), None)
        if leg is None or path not in is_mono:
            single.append(Recording((path,), name, Path(stem).name, where))
        else:
            legs.setdefault((stem.removesuffix(leg), suffix), {})[leg] = (path, name, where)
    for (stem, suffix), found in legs.items():
        paths = tuple(found[leg][0] for leg in suffixes if leg in found)
        remark = ""
        if len(found) < len(suffixes):
            missing = next(leg for leg in suffixes if leg not in found)
            remark = text("ledger.one_leg", file=f"{Path(stem).name}{missing}{suffix}")
        name, where = next(iter(found.values()))[1:]
        end = next(leg for leg in suffixes if leg in found)
        where = where.removesuffix(f"{end}{suffix}") + suffix if len(found) == len(suffixes) else where
        single.append(Recording(paths, name, Path(stem).name, where, remark))
    return sorted(single, key=lambda recording: recording.name)


def lone_recording(name: str, where: str, *, suffixes: Sequence[str]) -> Recording:
    """A file by itself, before its other leg is looked for: enough to ask its name and record for the day."""
    stem = Path(name).stem
    end = next((suffix for suffix in suffixes if stem.endswith(suffix)), "")
    return Recording((where,), name, stem.removesuffix(end), where)


def still_growing(paths: Iterable[str], *, settle_s: float) -> set[str]:
    """Files changed within ``settle_s`` that change while looked at. Waits ``settle_s`` at most."""
    now = time.time()
    recent = {path: stat for path in paths if (stat := _stat(path)) and now - stat[1] < settle_s}
    if not recent:
        return set()
    time.sleep(settle_s)
    return {path for path, before in recent.items() if _stat(path) != before}


def sha256(paths: Iterable[str]) -> str:
    """Of the bytes of all files in order. Raises OSError."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(COPY_BYTES):
                digest.update(block)
    return digest.hexdigest()


def _stat(path: str) -> tuple[int, float] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime


def _walk(root: str, closed: list[tuple[str, str]]) -> Iterator[str]:
    """Every file below ``root``, through links too, each folder once. ``closed``: those not opened, and why."""
    seen = {_identity(root)}

    def told(error: OSError) -> None:
        name = os.path.relpath(error.filename, root).replace(os.sep, "/")
        what = f"{name}: expected a folder that can be read, found {error.strerror}"
        closed.append((name, text("ledger.unreadable", what=what)))

    for folder, folders, names in os.walk(root, followlinks=True, onerror=told):
        kept = []
        for name in folders:
            identity = _identity(os.path.join(folder, name))
            if not name.startswith(".") and identity not in seen:  # a link may lead back up
                seen.add(identity)
                kept.append(name)
        folders[:] = kept
        for name in names:
            yield os.path.join(folder, name)


def _identity(path: str) -> tuple[int, int] | str:
    try:
        stat = os.stat(path)
    except OSError:
        return path
    return stat.st_dev, stat.st_ino


def sift(paths: Iterable[str]) -> tuple[list[str], Counter[str]]:
    kept: list[str] = []
    passed_over: Counter[str] = Counter()
    for path in paths:
        name = os.path.basename(path)
        suffix = os.path.splitext(name)[1].lower()
        if suffix in AUDIO_SUFFIXES and not name.startswith("."):
            kept.append(path)
        elif not name.startswith("."):
            passed_over[suffix or "no suffix"] += 1
    return kept, passed_over


def fixed_part(pattern: str) -> str:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return str(Path(*parts[:fixed])) if fixed else "."
