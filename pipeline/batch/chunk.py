"""One chunk of calls through the stages: what a worker process does.

Stages know nothing of this module. Here live the rules that one bad call never stops the day, that
transient failures are tried again, and that whatever is already in the store is not made twice.
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.audio import AudioError, Sound, decode
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.stages.base import Stage, Work
from pipeline.strings import text
from pipeline.types import Call, Failure, FailureKind

Notify = Callable[[str, str, float], None]  # stage, call id, seconds of audio
RETRY_WAIT_S = 0.5
_log = logging.getLogger(__name__)


class SoundOnce:
    """Decodes a call's recording on first use and keeps it for as long as the call is in work."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._sound: Sound | None = None

    def __call__(self) -> Sound:
        if self._sound is None:
            self._sound = decode(self._call.paths)
        return self._sound


def run_chunk(
    calls: Sequence[Call],
    stages: Sequence[Stage],
    store: ArtefactStore,
    *,
    retries: int,
    notify: Notify = lambda stage, call_id, seconds: None,
) -> list[Failure]:
    """Take ``calls`` through ``stages``; artefacts go to the store, failures come back."""
    key_maker = Keys(stages)
    keys = {call.id: key_maker.of(call) for call in calls}
    sounds = {call.id: SoundOnce(call) for call in calls}
    artefacts: dict[str, dict[str, Any]] = {call.id: {} for call in calls}
    failures: dict[str, Failure] = {}
    for stage in stages:
        todo: list[Work] = []
        for call in calls:
            if call.id in failures:
                continue
            stored = store.get(stage.name, call.id, keys[call.id][stage.name], stage.gives)
            if stored is None:
                todo.append(Work(call=call, sound=sounds[call.id], artefacts=artefacts[call.id]))
            else:
                artefacts[call.id][stage.name] = stored
                notify(stage.name, call.id, call.duration_s)
        for work, answer in zip(todo, _answers(stage, todo, retries=retries), strict=True):
            call = work.call
            if not isinstance(answer, Failure):
                try:
                    store.put(stage.name, call.id, keys[call.id][stage.name], answer)
                except OSError as error:
                    answer = failure_of(call, stage.name, error)
            if isinstance(answer, Failure):
                failures[call.id] = answer
                for later in stages[stages.index(stage) + 1 :]:  # nothing is left to do on it
                    notify(later.name, call.id, call.duration_s)
            else:
                artefacts[call.id][stage.name] = answer
            notify(stage.name, call.id, call.duration_s)
    return list(failures.values())


def _answers(stage: Stage, works: Sequence[Work], *, retries: int) -> list[Any | Failure]:
    """The stage over all works at once; where that raises, over each alone."""
    if not works:
        return []
    try:
        answers = list(stage(works))
        if len(answers) != len(works):
            raise RuntimeError(f"{stage.name} gave {len(answers)} answers for {len(works)} calls")
    except Exception as error:
        if len(works) == 1 and not is_transient(error):
            return [failure_of(works[0].call, stage.name, error)]
        return [_answer_alone(stage, work, retries=retries) for work in works]
    return [
        _answer_alone(stage, work, retries=retries)
        if isinstance(answer, Failure) and answer.kind == "transient"
        else answer
        for work, answer in zip(works, answers, strict=True)
    ]


def _answer_alone(stage: Stage, work: Work, *, retries: int) -> Any | Failure:
    for attempt in range(retries + 1):
        try:
            answer = stage([work])[0]
        except Exception as error:
            answer = failure_of(work.call, stage.name, error)
        if not isinstance(answer, Failure) or answer.kind != "transient":
            return answer
        if attempt < retries:
            time.sleep(RETRY_WAIT_S * 2**attempt)
    return answer


def is_transient(error: BaseException) -> bool:
    """Worth another try: the machine's trouble rather than the recording's."""
    return isinstance(error, (MemoryError, TimeoutError, ConnectionError)) or (
        isinstance(error, OSError) and error.errno in (errno.EIO, errno.EAGAIN, errno.ENOSPC, errno.EMFILE)
    )


def failure_of(call: Call, stage: str, error: BaseException) -> Failure:
    """The exception in words for the ledger; the log gets the traceback, without the recording's name."""
    if isinstance(error, AudioError):
        return Failure(call.id, stage, "permanent", text("ledger.unreadable", what=error))
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Failure(call.id, stage, "transient", text("ledger.disk_full", what=error))
    _log.debug("stage %s failed", stage, exc_info=error)
    kind: FailureKind = "transient" if is_transient(error) else "permanent"
    return Failure(call.id, stage, kind, text("ledger.error", what=f"{type(error).__name__}: {error}"))
