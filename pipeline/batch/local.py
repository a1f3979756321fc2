"""Chunks over worker processes of this machine.

A worker that dies (out of memory, a decoder that crashes) takes only its own call with it: what was
in its hands is tried again one call at a time, and the call that kills twice becomes a Failure.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from pipeline.batch.chunk import run_chunk
from pipeline.batch.plan import StagePlan, build_stages
from pipeline.batch.store import ArtefactStore
from pipeline.stages.base import Stage
from pipeline.strings import text
from pipeline.types import Call, Failure

Chunk = Sequence[Call]
Build = Callable[[StagePlan], Sequence[Stage]]
OnEvent = Callable[[str, str, float], None]
POLL_S = 0.2


class _Worker:
    """What one worker process holds: its stages, opened once, and the way back to the parent."""

    stages: Sequence[Stage] = ()
    retries: int = 0
    events: Any = None
    trouble: str = ""  # why the stages could not be opened


def _open_worker(build: Build, plan: StagePlan, events: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("OMP_NUM_THREADS", str(plan.threads))
    _Worker.retries = plan.config.batch.retries
    _Worker.events = events
    try:
        _Worker.stages = build(plan)
        for stage in _Worker.stages:
            stage.open()
    except Exception as error:
        # An initializer that raises breaks the pool, and the reason is lost with it.
        _Worker.trouble = f"the stages could not be opened: {type(error).__name__}: {error}"


def _end_with_parent() -> None:
    """A run that was killed leaves no worker behind, holding a model's memory and waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(chunk: Chunk, day_dir: Path) -> list[Failure]:
    if _Worker.trouble:
        return [Failure(call.id, "open", "transient", _Worker.trouble) for call in chunk]

    def notify(stage: str, call_id: str, seconds: float) -> None:
        _Worker.events.put((stage, call_id, seconds))

    return run_chunk(chunk, _Worker.stages, ArtefactStore(day_dir), retries=_Worker.retries, notify=notify)


def run_local(
    chunks: Iterable[Chunk],
    plan: StagePlan,
    day_dir: Path,
    *,
    workers: int,
    on_event: OnEvent,
    build: Build = build_stages,
) -> list[Failure]:
    """Run every chunk; return the failures. Raises KeyboardInterrupt after stopping the workers.

    ``build`` makes a worker's stages from the plan; it must be importable by name in a new process.
    """
    failures: list[Failure] = []

    def pool(items: deque[Chunk], size: int) -> list[Chunk]:
        return _run_pool(items, (build, plan), day_dir, size, on_event, failures)

    waiting = deque(chunks)
    suspects: deque[Chunk] = deque()
    while waiting or suspects:
        if suspects:
            chunk = suspects.popleft()
            lost = pool(deque([chunk]), 1)
            failures += [_killer(call) for item in lost for call in item]
        else:
            lost = pool(waiting, workers)
            suspects.extend([call] for item in lost for call in item)
    return failures


def _killer(call: Call) -> Failure:
    return Failure(call.id, "worker", "transient", text("ledger.crashed"))


def _run_pool(
    waiting: deque[Chunk],
    stages: tuple[Build, StagePlan],
    day_dir: Path,
    workers: int,
    on_event: OnEvent,
    failures: list[Failure],
) -> list[Chunk]:
    """Empty ``waiting`` through one pool; returns the chunks in hand when a worker died."""
    context = multiprocessing.get_context("spawn")
    events = context.SimpleQueue()
    pool = ProcessPoolExecutor(
        max_workers=workers, mp_context=context, initializer=_open_worker, initargs=(*stages, events)
    )
    running: dict[Future[list[Failure]], Chunk] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                chunk = waiting.popleft()
                running[pool.submit(_work, chunk, day_dir)] = chunk
            done, _ = wait(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
            while not events.empty():
                on_event(*events.get())
            for future in done:
                failures += future.result()
                del running[future]
        pool.shutdown()
        while not events.empty():
            on_event(*events.get())
        return []
    except BrokenProcessPool:
        pool.shutdown(cancel_futures=True)
        return list(running.values())
    except BaseException:
        for process in list(pool._processes.values()):  # no public way to stop a worker mid-chunk
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
