"""One run at a time on a results folder: two would write the same tables."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ResultsInUse(RuntimeError):
    """Another run holds the folder."""


class ResultsNotWritable(RuntimeError):
    """The folder cannot be made or written."""


@contextmanager
def hold(results: Path) -> Iterator[None]:
    """Hold ``results`` for this process; the lock goes with the process, however it ends.

    Raises ResultsInUse, ResultsNotWritable.
    """
    path = results / ".callqa.lock"
    try:
        results.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ResultsNotWritable(
            f"{results}: expected a results folder that can be written; found: {error.strerror}"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(handle, 64, 0).decode(errors="replace").strip() or "unknown"
            raise ResultsInUse(
                f"{results}: another callqa run is writing here (process {holder}); "
                "wait for it, or give this run its own --results"
            ) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)
