"""Recordings and call records in, one ``Call`` per recording out, and a ledger row for all the rest.

Nothing is decoded here: names, records, headers and SHA-256 only, so that 100,000 files take minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.audio import AudioError, probe
from pipeline.cdr import Problem, Records, read_cdr
from pipeline.cdr.filenames import NameFacts, compile_patterns, read_name
from pipeline.config import ConfigError, IngestConfig
from pipeline.stages.examine import Found, Progress, direction_of, examine_all, placed, safe_id
from pipeline.stages.match import RecordIndex, match_records
from pipeline.stages.recordings import (
    Listing,
    Recording,
    list_recordings,
    lone_recording,
    pair_legs,
)
from pipeline.strings import text
from pipeline.types import Call, CallRecord, LedgerRow

STAGE = "ingest"


@dataclass(frozen=True, slots=True)
class Ingested:
    """The work found. Every recording and every call record is in ``calls`` or in ``ledger``.

    ``remarks`` (call id → words for the ledger) cost a call nothing; ``problems`` are the faults of
    the call-record file; ``notes`` concern the folder as a whole.
    """

    calls: tuple[Call, ...]
    ledger: tuple[LedgerRow, ...]
    remarks: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def ingest(
    recordings: str,
    *,
    config: IngestConfig,
    cdr: Path | None = None,
    day: date | None = None,
    spool: Path | None = None,
    workers: int = 4,
    progress: Progress | None = None,
) -> Ingested:
    """Find, identify and check every recording under ``recordings``; with ``day``, only that day's.

    ``day`` is one of ``config.timezone``; ``spool`` is where remote recordings are copied to.
    Raises RecordingsError, CdrError and ConfigError: nothing could be begun. All else is in the answer.
    """
    zone = zone_of(config)
    patterns = compile_patterns(config.filename_patterns)
    records = read_cdr(cdr, config) if cdr else Records((), (), (), "none")
    index = RecordIndex(records.records)

    def of_the_day(name: str, where: str) -> bool:
        alone = lone_recording(name, where, suffixes=config.leg_suffixes)
        item = Found(alone, read_name(where, patterns, zone), index.of(alone))
        return placed(item, day, zone, config).fault is None

    listing = list_recordings(recordings, spool=spool, workers=workers, wanted=of_the_day)
    matched, left_over, claims = match_records(_units(listing, config), index)
    found = [Found(unit, read_name(unit.where, patterns, zone), record) for unit, record in matched]
    found = [placed(item, day, zone, config) for item in found]
    examined = examine_all(found, config, workers, progress)
    calls, rows, noted = _settled(examined, config, with_records=cdr is not None)
    rows += [LedgerRow("", name, "", "failed", STAGE, reason) for name, reason in listing.failed]
    rows += _records_without_audio(left_over, day, zone)
    for problem in records.problems:
        if problem.call_id:
            noted.setdefault(safe_id(problem.call_id), []).append(text("ledger.broken_record", what=problem))
        elif problem.lost:  # a call that nobody can name: the day is not whole
            rows.append(
                LedgerRow("", problem.file, "", "failed", STAGE, text("ledger.broken_record", what=problem))
            )
    for call_id, words in claims.items():
        noted.setdefault(safe_id(call_id), []).append(words)
    rows = [replace(row, reason="; ".join([row.reason, *noted.pop(row.call_id, ())])) for row in rows]
    told = (*_passed_over(listing, cdr, recordings), *records.notes)
    kept = {call_id: tuple(words) for call_id, words in noted.items()}
    return Ingested(tuple(calls), tuple(rows), kept, records.problems, told)


def parse_day(text: str, *, timezone: str, now: datetime) -> date:
    """``YYYY-MM-DD``, ``today`` or ``yesterday`` in ``timezone``; ``now`` has a zone. Raises ValueError."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--date: expected YYYY-MM-DD, today or yesterday, found {text!r}") from None


def zone_of(config: IngestConfig) -> ZoneInfo:
    try:
        return ZoneInfo(config.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigError(
            f"ingest.timezone: expected a name such as Asia/Shanghai, found {config.timezone!r}"
        ) from error


def _units(listing: Listing, config: IngestConfig) -> list[Recording]:
    """Legs are joined when the header says mono; only files named like legs are opened for it."""
    legs = [path for path, name, _ in listing.files if Path(name).stem.endswith(config.leg_suffixes)]
    mono = []
    for path in legs:
        try:
            if probe(path).channels == 1:
                mono.append(path)
        except AudioError:
            continue  # told when it is examined
    return pair_legs(listing.files, suffixes=config.leg_suffixes, mono=mono)


def _settled(
    items: Iterable[Found], config: IngestConfig, *, with_records: bool
) -> tuple[list[Call], list[LedgerRow], dict[str, list[str]]]:
    """Ids made unique, and the remarks each call carries."""
    calls: list[Call] = []
    rows: list[LedgerRow] = []
    remarks: dict[str, list[str]] = {}
    files: dict[str, str] = {}  # call id → file
    heard: dict[str, str] = {}  # sha256 → call id
    for item in items:
        call_id, name = item.call_id, item.recording.name
        words = [item.recording.remark] if item.recording.remark else []
        if call_id in files:
            copy = next(i for n in range(2, 10**9) if (i := f"{call_id}~{n}") not in files)
            words.append(text("ledger.duplicate", call_id=call_id, file=files[call_id], copy=copy))
            call_id = copy
        files[call_id] = name
        if item.fault:
            status, reason = item.fault
            words += [note for found in item.probes for note in found.notes]
            rows.append(LedgerRow(call_id, name, item.sha256, status, STAGE, "; ".join([reason, *words])))
            continue
        if item.sha256 in heard:
            words.append(text("ledger.same_audio", call_id=heard[item.sha256]))
        heard.setdefault(item.sha256, call_id)
        if with_records and item.record is None:
            words.append(text("ledger.no_record"))
        words += [note for found in item.probes for note in found.notes]
        if words:
            remarks[call_id] = words
        calls.append(_call(item, call_id, config))
    return calls, rows, remarks


def _call(item: Found, call_id: str, config: IngestConfig) -> Call:
    record, name = item.record, item.name or NameFacts()
    joined = len(item.probes) == 2
    channels = 2 if joined else item.probes[0].channels
    agent_channel: int | None = None
    direction = direction_of(item)
    if joined:
        agent_channel = 0  # the agent's leg goes first
    elif channels == 2:
        told = record.agent_channel if record else None
        agent_channel = told if told is not None else config.agent_channel.get(direction, 0)
    return Call(
        id=call_id,
        paths=item.recording.paths,
        sha256=item.sha256,
        sample_rate_hz=max(p.sample_rate_hz for p in item.probes),
        channels=channels,
        duration_s=max(p.duration_s for p in item.probes),
        started_at=item.started_at,
        direction=direction,
        agent_id=(record.agent_id if record else None) or name.agent_id,
        agent_name=(record.agent_name if record else None) or name.agent_name,
        team=(record.team if record else None) or name.team,
        agent_channel=agent_channel,
        cdr=record,
    )


def _records_without_audio(
    records: Iterable[tuple[CallRecord, str]], day: date | None, zone: ZoneInfo
) -> list[LedgerRow]:
    rows = []
    for record, why in records:
        at = record.started_at or record.answered_at
        if day is not None and (at is None or at.astimezone(zone).date() != day):
            reason = text("ledger.record_other_day" if at else "ledger.record_no_start", day=day)
            rows.append(LedgerRow(safe_id(record.call_id), "", "", "excluded", STAGE, reason))
        elif record.reader != "generic" and record.answered_at is None:
            reason = text("ledger.never_answered")
            rows.append(LedgerRow(safe_id(record.call_id), "", "", "excluded", STAGE, reason))
        else:
            rows.append(LedgerRow(safe_id(record.call_id), "", "", "missing_audio", STAGE, why))
    return rows


def _passed_over(listing: Listing, cdr: Path | None, recordings: str) -> tuple[str, ...]:
    """Files that are no recordings by their names, counted; not the call records where they lie beside them."""
    counts = listing.passed_over.copy()
    if cdr is not None and cdr.is_file() and cdr.resolve().is_relative_to(Path(recordings).resolve()):
        counts[cdr.suffix.lower()] -= 1
    kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(counts.items()) if count > 0)
    return (f"files that are no recordings by their names: {kinds}",) if kinds else ()
