"""Recordings behind an fsspec URL (object stores, SFTP, HTTP …), copied to a spool folder once.

Block by block, and only those worth fetching: with a day asked for, a bucket of a whole year is not
downloaded. The spool is the caller's to delete; the review desk plays from it.
"""

from __future__ import annotations

import glob
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pipeline.stages.recordings import COPY_BYTES, Listing, RecordingsError, Wanted, fixed_part, sift
from pipeline.strings import text


def list_remote(url: str, *, spool: Path | None, workers: int, wanted: Wanted | None = None) -> Listing:
    """Every recording under ``url``; those wanted as local copies. Raises RecordingsError."""
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
    base = fixed_part(root) if glob.has_magic(root) else root
    kept, passed_over = sift(found)
    try:
        spool.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingsError(
            f"{spool}: expected a folder to copy remote recordings to, found {error.strerror}"
        ) from error
    named = [(path, path.removeprefix(base).lstrip("/") or Path(path).name) for path in kept]
    with ThreadPoolExecutor(workers) as pool:
        copies = list(
            pool.map(
                lambda one: (
                    _fetch(fs, one[0], one[1], spool) if wanted is None or wanted(one[1], one[0]) else one[0]
                ),
                named,
            )
        )
    files, failed = [], []
    for (path, name), copy in zip(named, copies, strict=True):
        if isinstance(copy, str):
            files.append((copy, name, path))
        else:
            what = f"{name}: expected to fetch it, found {type(copy).__name__}: {copy}"
            failed.append((name, text("ledger.unreadable", what=what)))
    return Listing(tuple(sorted(files, key=lambda file: file[1])), passed_over, tuple(failed))


def _fetch(fs: Any, path: str, name: str, spool: Path) -> str | Exception:
    """Local copy of a remote file: its own name, in a folder named by what changes when the file does."""
    try:
        key = hashlib.sha256(f"{path}\0{fs.ukey(path)}".encode()).hexdigest()[:24]
        target = spool / key / Path(name).name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            part = target.with_name(f".{target.name}.part")
            with fs.open(path, "rb") as source, part.open("wb") as sink:
                while block := source.read(COPY_BYTES):
                    sink.write(block)
            part.replace(target)
        return str(target)
    except Exception as error:  # told in the ledger; the other files go on
        return error
