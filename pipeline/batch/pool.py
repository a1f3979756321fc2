"""The same work over many jobs, by several processes where there is more than one job."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

J = TypeVar("J")
T = TypeVar("T")


def over(work: Callable[[J], list[T]], jobs: Sequence[J], workers: int) -> Iterator[T]:
    """Every job's answers in order, by so many processes (0: one a core).

    Workers do not look for reference cycles: scoring and writing calls leave none, and looking took 8 and
    20 % of their time.
    """
    size = min(workers or os.cpu_count() or 1, len(jobs))
    if size <= 1:
        for job in jobs:
            yield from work(job)
        return
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(size, mp_context=context, initializer=gc.disable) as pool:
        for found in pool.map(work, jobs):
            yield from found
