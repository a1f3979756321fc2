"""One recording, and all that can be known of it without decoding: name, record, bytes, header."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.audio import AudioError, Probe, probe
from pipeline.cdr.filenames import NameFacts
from pipeline.config import IngestConfig
from pipeline.stages.recordings import Recording, sha256, still_growing
from pipeline.strings import text
from pipeline.types import CallRecord, Direction, LedgerStatus

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """One recording with all that is known of it; ``fault`` says why it goes no further."""

    recording: Recording
    name: NameFacts | None
    record: CallRecord | None
    sha256: str = ""
    probes: tuple[Probe, ...] = ()
    fault: tuple[LedgerStatus, str] | None = None

    @property
    def started_at(self) -> datetime | None:
        record, name = self.record, self.name
        told = (record.started_at or record.answered_at) if record else None
        return told or (name.started_at if name else None)

    @property
    def call_id(self) -> str:
        told = self.record.call_id if self.record else (self.name.call_id if self.name else None)
        return safe_id(told or self.recording.stem)


def examine_all(
    found: list[Found], config: IngestConfig, workers: int, progress: Progress | None
) -> list[Found]:
    waiting = (path for item in found if not item.fault for path in item.recording.paths)
    growing = still_growing(waiting, settle_s=config.settle_s)
    examined = []
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for item in pool.map(lambda item: _examined(item, growing, config), found):
            examined.append(item)
            if progress:
                progress(len(examined), len(found))
    return examined


def placed(item: Found, day: date | None, zone: ZoneInfo, config: IngestConfig) -> Found:
    """Is it known what this recording is, and is it of the day asked for?"""
    if item.name is None and item.record is None:
        tried = ", ".join(config.filename_patterns)
        return replace(item, fault=("excluded", text("ledger.no_pattern", patterns=tried)))
    if day is None:
        return item
    at = item.started_at
    of = at.astimezone(zone).date() if at else (item.name.day if item.name else None)
    if of is None:
        return replace(item, fault=("excluded", text("ledger.no_start", day=day)))
    if of != day:
        return replace(item, fault=("excluded", text("ledger.other_day", of=of, day=day)))
    return item


def _examined(item: Found, growing: set[str], config: IngestConfig) -> Found:
    """Hash and header. Called from several threads."""
    if item.fault:
        return item
    paths = _agent_first(item, config)
    item = replace(item, recording=replace(item.recording, paths=paths))
    if growing.intersection(paths):
        return replace(item, fault=("failed", text("ledger.growing")))
    try:
        item = replace(item, sha256=sha256(paths))
        item = replace(item, probes=tuple(probe(path) for path in paths))
    except OSError as error:
        what = f"{item.recording.name}: expected a readable file, found {error.strerror or error}"
        return replace(item, fault=("failed", text("ledger.unreadable", what=what)))
    except AudioError as error:
        what = f"{Path(error.path).name}: expected {error.expected}, found {error.found}"
        return replace(item, fault=("failed", text("ledger.unreadable", what=what)))
    seconds = max(p.duration_s for p in item.probes)
    if seconds < config.min_duration_s:
        reason = text("ledger.short", seconds=seconds, limit=config.min_duration_s)
        return replace(item, fault=("excluded", reason))
    if seconds > config.max_duration_s:
        reason = text("ledger.long", seconds=seconds, limit=config.max_duration_s)
        return replace(item, fault=("excluded", reason))
    return item


def _agent_first(item: Found, config: IngestConfig) -> tuple[str, ...]:
    """The record's agent_channel counts the legs as the suffixes do; without it, the direction decides."""
    paths = item.recording.paths
    if len(paths) != 2:
        return paths
    told = item.record.agent_channel if item.record else None
    if told is None:
        told = int(config.agent_leg.get(direction_of(item)) == config.leg_suffixes[1])
    return paths[::-1] if told == 1 else paths


def direction_of(item: Found) -> Direction:
    told = item.record.direction if item.record else "unknown"
    return item.name.direction if told == "unknown" and item.name else told


def safe_id(call_id: str) -> str:
    """``call_id`` as it can stand in a file name and a URL; the switch's own characters mostly can."""
    plain = re.sub(r"[^\w.+~=-]", "_", call_id).lstrip(".-") or "_"
    return plain[:120]
