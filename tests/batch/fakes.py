"""Small real stages for the executor's tests: they listen, count and misbehave on purpose."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pipeline.batch.plan import StagePlan
from pipeline.stages.base import Stage, Work
from pipeline.types import Call, CallRecord, Events, Failure, Measure, Measured, Standard

HERE = Path(__file__).parent


def make_call(
    call_id: str, *, path: str = "x.wav", duration_s: float = 10.0, business: str | None = None
) -> Call:
    record = CallRecord(call_id=call_id, business=business)
    return Call(
        id=call_id, paths=(path,), sha256=f"sha-{call_id}", sample_rate_hz=8000, channels=2,
        duration_s=duration_s, started_at=None, direction="inbound", agent_id="6035", agent_name=None,
        team=None, agent_channel=0, cdr=record,
    )  # fmt: skip


class Listen:
    """Gives a Measured; what the call's id says makes it misbehave."""

    name: ClassVar[str] = "listen"
    needs: ClassVar[tuple[str, ...]] = ("sound",)
    reads: ClassVar[tuple[str, ...]] = ()
    gives: ClassVar[type] = Measured
    version: ClassVar[str] = "1"

    def __init__(self, *, settings: Any = None, trace: Path | None = None) -> None:
        self.settings = settings
        self._trace = trace
        self._tries: dict[str, int] = {}

    def revision(self) -> str:
        return ""

    def open(self) -> None: ...

    def __call__(self, works: Sequence[Work]) -> list[Any | Failure]:
        for work in works if self._trace else ():
            with self._trace.open("a") as file:
                file.write(f"{self.name} {work.call.id}\n")
        return [self._one(work.call) for work in works]

    def _one(self, call: Call) -> Any | Failure:
        tries = self._tries[call.id] = self._tries.get(call.id, 0) + 1
        if "raises" in call.id:
            raise ValueError(f"cannot hear {call.id}")
        if "flaky" in call.id and tries < 3:
            raise OSError(5, "Input/output error")
        if "music" in call.id:
            return Failure(call.id, self.name, "excluded", "music only")
        if "killer" in call.id:
            os.kill(os.getpid(), signal.SIGKILL)
        if "slow" in call.id:
            time.sleep(0.3)
        return Measured((Measure("n", float(len(call.id)), "s"),), Events())


class Judge(Listen):
    """Needs what Listen gave, and reads the record."""

    name: ClassVar[str] = "judge"
    needs: ClassVar[tuple[str, ...]] = ("listen",)
    reads: ClassVar[tuple[str, ...]] = ("cdr",)
    gives: ClassVar[type] = Standard

    def _one(self, call: Call) -> Any | Failure:
        return Standard(call.id, "1")


def build(plan: StagePlan) -> list[Stage]:
    trace = Path(plan.profile)  # the tests pass a trace file's path here
    return [Listen(trace=trace), Judge(trace=trace)]


def build_broken(plan: StagePlan) -> list[Stage]:
    raise FileNotFoundError("no model here")
