"""Jobs over processes: in order, in one's own process where there is one job, by the same processes for all work."""

from __future__ import annotations

import gc
import os
import time

import pytest

from pipeline.batch.pool import Workers


def tell(job: int) -> list[tuple[int, int, bool]]:
    time.sleep(0.2 if job == 0 else 0.0)  # the first is the last to be done
    return [(job, os.getpid(), gc.isenabled())] * 2


def fail(job: int) -> list[int]:
    raise ValueError(f"job {job}")


def test_answers_come_in_order_and_the_same_processes_do_what_follows():
    with Workers(2) as pool:
        first = list(pool.over(tell, range(6)))
        again = list(pool.over(tell, range(6)))
        beside = pool.beside(tell, 7)
        assert [job for job, _, _ in first] == [job for job in range(6) for _ in range(2)]
        pids = {pid for _, pid, _ in [*first, *again, *beside()]}
        assert 1 <= len(pids) <= 2 and os.getpid() not in pids
        assert not any(collects for _, _, collects in first)  # of reference cycles


@pytest.mark.parametrize(("size", "jobs"), [(1, 3), (2, 1), (2, 0)])
def test_no_process_is_begun_for_one(size, jobs):
    with Workers(size) as pool:
        found = list(pool.over(tell, range(jobs)))
        assert [(job, pid) for job, pid, _ in found] == [
            (j, os.getpid()) for j in range(jobs) for _ in range(2)
        ]
        assert pool.beside(tell, 5)()[0][:2] == (5, os.getpid())


@pytest.mark.parametrize("size", [1, 2])
def test_what_goes_wrong_is_told(size):
    with Workers(size) as pool, pytest.raises(ValueError, match="job 0"):
        list(pool.over(fail, range(3)))
