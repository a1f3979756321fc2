"""Where recordings lie: a folder, a glob or an fsspec URL → local files, one or two per call.

Remote files are copied to a spool folder once, block by block; the folder is the caller's to delete.
"""

# ruff: noqa: PTH100, PTH116, PTH118, PTH119, PTH122, PTH123, PTH207
# os.path instead of Path: a folder of 100,000 recordings is walked, and Path objects double its time

from __future__ import annotations

import glob
import hashlib
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# What recorders write, by name only: a file called .wav that is no WAV has to be told of, not passed over.
AUDIO_SUFFIXES = frozenset(
    (
        ".wav", ".wave", ".mp3", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".flac", ".amr", ".awb",
        ".3gp", ".webm", ".aif", ".aiff", ".gsm", ".wma", ".sln", ".alaw", ".ulaw",
    )
)  # fmt: skip
_COPY_BYTES = 1 << 20


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
    failed: tuple[tuple[str, str], ...] = ()  # (name, reason): remote files that could not be fetched


def list_recordings(recordings: str, *, spool: Path | None = None, workers: int = 8) -> Listing:
    """Every recording, in the order of its name. Raises RecordingsError."""
    if "://" in recordings:
        scheme, _, rest = recordings.partition("://")
        if scheme != "file":
            return _remote(recordings, spool, workers)
        recordings = rest
    if glob.has_magic(recordings) and not Path(recordings).exists():
        found = [path for path in glob.iglob(recordings, recursive=True) if Path(path).is_file()]
        root = _fixed_part(recordings)
    elif Path(recordings).is_dir():
        root = recordings
        found = list(_walk(recordings))
    elif Path(recordings).is_file():
        found, root = [recordings], str(Path(recordings).parent)
    else:
        raise RecordingsError(
            f"{recordings}: expected a folder, a glob or a URL of recordings, found nothing there"
        )
    kept, passed_over = _sift(found)
    files = []
    for path in kept:
        full = os.path.abspath(path)  # the review desk plays it from another folder
        files.append((full, os.path.relpath(path, root).replace(os.sep, "/"), full.replace(os.sep, "/")))
    return Listing(tuple(sorted(files, key=lambda file: file[1])), passed_over)


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
            remark = f"one leg only: {Path(stem).name}{missing}{suffix} is not there"
        name, where = next(iter(found.values()))[1:]
        end = next(leg for leg in suffixes if leg in found)
        where = where.removesuffix(f"{end}{suffix}") + suffix if len(found) == len(suffixes) else where
        single.append(Recording(paths, name, Path(stem).name, where, remark))
    return sorted(single, key=lambda recording: recording.name)


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
            while block := file.read(_COPY_BYTES):
                digest.update(block)
    return digest.hexdigest()


def _stat(path: str) -> tuple[int, float] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_size, stat.st_mtime


def _walk(root: str) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            yield os.path.join(folder, name)


def _sift(paths: Iterable[str]) -> tuple[list[str], Counter[str]]:
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


def _fixed_part(pattern: str) -> str:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return str(Path(*parts[:fixed])) if fixed else "."


def _remote(url: str, spool: Path | None, workers: int) -> Listing:
    import fsspec

    if spool is None:
        raise RecordingsError(f"{url}: expected a spool folder for remote recordings, found none")
    try:
        fs, root = fsspec.core.url_to_fs(url)
        found = [str(path) for path in (fs.glob(root) if glob.has_magic(root) else fs.find(root))]
    except Exception as error:  # every fsspec backend raises its own
        raise RecordingsError(
            f"{url}: expected a reachable folder of recordings, found {type(error).__name__}: {error}"
        ) from error
    if not found:
        raise RecordingsError(f"{url}: expected recordings, found nothing there")
    base = _fixed_part(root) if glob.has_magic(root) else root
    kept, passed_over = _sift(found)
    spool.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(workers) as pool:
        copies = list(pool.map(lambda path: _fetch(fs, path, spool), kept))
    files, failed = [], []
    for path, copy in zip(kept, copies, strict=True):
        name = path.removeprefix(base).lstrip("/") or os.path.basename(path)
        if isinstance(copy, str):
            files.append((copy, name, path))
        else:
            failed.append((name, f"expected to fetch it, found {type(copy).__name__}: {copy}"))
    return Listing(tuple(sorted(files, key=lambda file: file[1])), passed_over, tuple(failed))


def _fetch(fs: object, path: str, spool: Path) -> str | Exception:
    """Local copy of a remote file, under a name made of what changes when the file does."""
    try:
        key = hashlib.sha256(f"{path}\0{fs.ukey(path)}".encode()).hexdigest()[:24]  # type: ignore[attr-defined]
        target = spool / f"{key}{os.path.splitext(path)[1].lower()}"
        if not target.exists():
            part = target.with_suffix(target.suffix + ".part")
            with fs.open(path, "rb") as source, part.open("wb") as sink:  # type: ignore[attr-defined]
                while block := source.read(_COPY_BYTES):
                    sink.write(block)
            part.replace(target)
        return str(target)
    except Exception as error:  # told in the ledger; the other files go on
        return error
