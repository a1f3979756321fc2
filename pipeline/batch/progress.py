"""How a day's progress is told: a live display on a terminal, lines or JSON under cron."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

PLAIN_EVERY_S = 15.0


class Progress(Protocol):
    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None: ...
    def event(self, stage: str, call_id: str, audio_s: float) -> None: ...
    def finish(self) -> None: ...


class Tally:
    """Counts behind every display: calls done per stage, and audio passed through the last one."""

    def __init__(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None:
        self.calls, self.audio_s, self.stages = calls, audio_s, tuple(stages)
        self.done: Counter[str] = Counter()
        self.done_audio_s: Counter[str] = Counter()
        self.started = time.monotonic()

    def add(self, stage: str, audio_s: float) -> None:
        self.done[stage] += 1
        self.done_audio_s[stage] += audio_s  # type: ignore[assignment]

    def snapshot(self) -> dict[str, Any]:
        """Stage in work, calls done/total, × real time, seconds elapsed and to go (None at first)."""
        elapsed = max(time.monotonic() - self.started, 1e-3)
        share = sum(self.done_audio_s.values()) / max(self.audio_s * len(self.stages), 1e-9)
        last = self.stages[-1]
        stage = next((s for s in self.stages if self.done[s] < self.calls), last)
        return {
            "stage": stage,
            "done": self.done[last],
            "total": self.calls,
            "times_real_time": round(share * self.audio_s / elapsed, 1),
            "elapsed_s": round(elapsed, 1),
            "eta_s": round(elapsed * (1 - share) / share, 1) if share > 0 else None,
        }


class LineProgress:
    """One line every 15 seconds and one at the end; as JSON with ``as_json``."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None) -> None:
        self._as_json = as_json
        self._out = out or sys.stderr
        self._tally: Tally | None = None
        self._last = 0.0

    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None:
        self._tally = Tally(calls=calls, audio_s=audio_s, stages=stages)
        self._last = time.monotonic()

    def event(self, stage: str, call_id: str, audio_s: float) -> None:
        if self._tally is None:
            return
        self._tally.add(stage, audio_s)
        if time.monotonic() - self._last >= PLAIN_EVERY_S:
            self._print()

    def finish(self) -> None:
        if self._tally is not None:
            self._print()

    def _print(self) -> None:
        assert self._tally is not None
        self._last = time.monotonic()
        now = self._tally.snapshot()
        if self._as_json:
            line = json.dumps({"event": "progress", **now})
        else:
            eta = "" if now["eta_s"] is None else f", about {now['eta_s']:.0f} s to go"
            line = (
                f"{now['done']}/{now['total']} calls scored, in {now['stage']}, "
                f"{now['times_real_time']}x real time, {now['elapsed_s']:.0f} s{eta}"
            )
        print(line, file=self._out, flush=True)


class LiveProgress:
    """A bar a stage on a terminal, with speed against real time and the time to go."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description:<12}"), BarColumn(bar_width=32), MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"), console=Console(stderr=True),
        )  # fmt: skip
        self._tasks: dict[str, Any] = {}
        self._tally: Tally | None = None

    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None:
        self._tally = Tally(calls=calls, audio_s=audio_s, stages=stages)
        for stage in stages:
            self._tasks[stage] = self._bars.add_task(stage, total=calls, note="")
        self._bars.start()

    def event(self, stage: str, call_id: str, audio_s: float) -> None:
        if self._tally is None:
            return
        self._tally.add(stage, audio_s)
        now = self._tally.snapshot()
        eta = "" if now["eta_s"] is None else f"  {now['eta_s']:.0f} s to go"
        self._bars.update(self._tasks[stage], advance=1, note=f"{now['times_real_time']}x real time{eta}")

    def finish(self) -> None:
        self._bars.stop()


class Quiet:
    """No progress at all, for tests and for rescoring."""

    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None: ...
    def event(self, stage: str, call_id: str, audio_s: float) -> None: ...
    def finish(self) -> None: ...


def progress_for(kind: str) -> Progress:
    """``auto`` (live on a terminal, else plain), ``live``, ``plain``, ``json`` or ``quiet``."""
    if kind == "quiet":
        return Quiet()
    if kind == "live" or (kind == "auto" and sys.stderr.isatty()):
        return LiveProgress()
    return LineProgress(as_json=kind == "json")
