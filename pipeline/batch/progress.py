"""How a day's progress is told: a live display on a terminal, lines or JSON under cron."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol, TextIO

KINDS = ("auto", "live", "plain", "json", "quiet")
PLAIN_EVERY_S = 15.0


class Progress(Protocol):
    """Told in this order: recordings read, the calls begun, each call through each stage, a day written."""

    def reading(self, done: int, total: int) -> None: ...
    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None: ...
    def event(self, stage: str, call_id: str, audio_s: float) -> None: ...
    def writing(self, day: str) -> None: ...
    def finish(self) -> None: ...


class Tally:
    """Counts behind every display: calls done per stage, and audio passed through it."""

    def __init__(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None:
        self.calls, self.audio_s, self.stages = calls, audio_s, tuple(stages)
        self.done: Counter[str] = Counter()
        self.done_audio_s: Counter[str] = Counter()
        self.started = time.monotonic()

    def add(self, stage: str, audio_s: float) -> None:
        self.done[stage] += 1
        self.done_audio_s[stage] += audio_s  # type: ignore[assignment]

    def snapshot(self) -> dict[str, Any]:
        """Stage in work, calls done/total, × real time, seconds elapsed and to go (None at first).

        A call tried again after its worker died is counted twice on the way; no sum goes past the total.
        """
        elapsed = max(time.monotonic() - self.started, 1e-3)
        passed_s = sum(min(self.done_audio_s[stage], self.audio_s) for stage in self.stages)
        share = passed_s / max(self.audio_s * len(self.stages), 1e-9)
        last = self.stages[-1]
        stage = next((s for s in self.stages if self.done[s] < self.calls), last)
        return {
            "stage": stage,
            "done": min(self.done[last], self.calls),
            "total": self.calls,
            "times_real_time": round(share * self.audio_s / elapsed, 1),
            "elapsed_s": round(elapsed, 1),
            "eta_s": round(elapsed * (1 - share) / share, 1) if share > 0 else None,
        }


def in_words(seconds: float) -> str:
    """``45 s``, ``12 min 30 s``, ``3 h 05 min``: as fine as it is useful."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class LineProgress:
    """One line every 15 seconds and one at the end; as JSON with ``as_json``."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None) -> None:
        self._as_json = as_json
        self._out = out or sys.stderr
        self._tally: Tally | None = None
        self._last = time.monotonic()

    def reading(self, done: int, total: int) -> None:
        if self._due():
            self._say({"event": "reading", "done": done, "total": total}, f"{done}/{total} recordings read")

    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None:
        self._tally = Tally(calls=calls, audio_s=audio_s, stages=stages)

    def event(self, stage: str, call_id: str, audio_s: float) -> None:
        if self._tally is None:
            return
        self._tally.add(stage, audio_s)
        if self._due():
            self._count(self._tally)

    def writing(self, day: str) -> None:
        if self._tally is not None:
            self._count(self._tally)
        self._say({"event": "writing", "day": day}, f"writing tables, workbook and page of {day}")

    def finish(self) -> None: ...

    def _due(self) -> bool:
        return time.monotonic() - self._last >= PLAIN_EVERY_S

    def _count(self, tally: Tally) -> None:
        now = tally.snapshot()
        eta = f", about {in_words(now['eta_s'])} to go" if now["eta_s"] else ""
        words = (
            f"{now['done']}/{now['total']} calls done, in {now['stage']}, "
            f"{now['times_real_time']}x real time, {in_words(now['elapsed_s'])}{eta}"
        )
        self._say({"event": "progress", **now}, words)

    def _say(self, facts: dict[str, Any], words: str) -> None:
        self._last = time.monotonic()
        print(json.dumps(facts) if self._as_json else words, file=self._out, flush=True)


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

    def reading(self, done: int, total: int) -> None:
        self._bars.update(self._task("ingest", total), completed=done, total=total)

    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None:
        self._tally = Tally(calls=calls, audio_s=audio_s, stages=stages)
        for stage in stages:
            self._task(stage, calls)

    def event(self, stage: str, call_id: str, audio_s: float) -> None:
        if self._tally is None:
            return
        self._tally.add(stage, audio_s)
        now = self._tally.snapshot()
        eta = f"  {in_words(now['eta_s'])} to go" if now["eta_s"] else ""
        done = min(self._tally.done[stage], self._tally.calls)
        self._bars.update(
            self._tasks[stage], completed=done, note=f"{now['times_real_time']}x real time{eta}"
        )

    def writing(self, day: str) -> None:
        self._bars.update(self._task("outputs", None), note=f"tables, workbook and page of {day}")

    def finish(self) -> None:
        self._bars.stop()

    def _task(self, name: str, total: int | None) -> Any:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, note="")
            self._bars.start()
        return self._tasks[name]


class Quiet:
    """No progress at all."""

    def reading(self, done: int, total: int) -> None: ...
    def start(self, *, calls: int, audio_s: float, stages: Sequence[str]) -> None: ...
    def event(self, stage: str, call_id: str, audio_s: float) -> None: ...
    def writing(self, day: str) -> None: ...
    def finish(self) -> None: ...


def progress_for(kind: str) -> Progress:
    """One of ``KINDS``; ``auto`` is live on a terminal, else plain."""
    if kind == "quiet":
        return Quiet()
    if kind == "live" or (kind == "auto" and sys.stderr.isatty()):
        return LiveProgress()
    return LineProgress(as_json=kind == "json")
