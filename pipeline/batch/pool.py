"""The same work over many jobs, by several processes where there is more than one job."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

J = TypeVar("J")
T = TypeVar("T")


class Workers:
    """So many processes (0: one a core), begun when there first is work for two and kept for what follows: to
    begin one takes a second of imports.

    They do not look for reference cycles: scoring and writing calls leave none, and looking took 8 and 20 % of
    their time.
    """

    def __init__(self, size: int = 0) -> None:
        self._size = size or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def over(self, work: Callable[[J], list[T]], jobs: Sequence[J]) -> Iterator[T]:
        """Every job's answers in order."""
        if min(self._size, len(jobs)) <= 1:
            for job in jobs:
                yield from work(job)
            return
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            self._pool = ProcessPoolExecutor(self._size, mp_context=context, initializer=gc.disable)
        for found in self._pool.map(work, jobs):
            yield from found

    def beside(self, work: Callable[..., T], *told: Any) -> Callable[[], T]:
        """Begin one piece of work in a process that is there, else leave it to whoever asks for its answer."""
        if self._pool is None:
            return partial(work, *told)
        return self._pool.submit(work, *told).result
