"""Which call record belongs to which recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from pipeline.stages.recordings import Recording
from pipeline.strings import text
from pipeline.types import CallRecord

Matched = list[tuple[Recording, CallRecord | None]]


def match_records(
    recordings: Sequence[Recording], index: RecordIndex
) -> tuple[Matched, list[tuple[CallRecord, str]], dict[str, str]]:
    """By file name first (the record's path may be longer or shorter than ours), then by call id.

    Returns every recording with its record or None, the records left over with the reason, and
    remarks (call id → words) for recordings that two records claim.
    """
    used: dict[int, str] = {}
    matched: Matched = []
    for recording in recordings:
        record = index.of(recording)
        if record is not None:
            used.setdefault(id(record), recording.name)
        matched.append((recording, record))
    left_over: list[tuple[CallRecord, str]] = []
    remarks: dict[str, str] = {}
    taken = {_base(recording.name): record for recording, record in matched if record}
    for record in index.records:
        if id(record) in used:
            continue
        rival = taken.get(_base(record.file)) if record.file else None
        if rival is not None:
            left_over.append((record, text("ledger.rival", file=record.file, call_id=rival.call_id)))
            remarks[rival.call_id] = text("ledger.claimed", call_id=record.call_id)
        else:
            missing = text("ledger.file_missing", file=record.file)
            named = missing if record.file else text("ledger.unclaimed")
            left_over.append((record, named))
    return matched, left_over, remarks


class RecordIndex:
    """Call records by what a recording may be called."""

    def __init__(self, records: Iterable[CallRecord]) -> None:
        self.records = list(records)
        self._by_file: dict[str, list[CallRecord]] = {}
        self._by_id: dict[str, CallRecord] = {}
        for record in self.records:
            for file in _files(record):
                self._by_file.setdefault(_base(file), []).append(record)
            self._by_id.setdefault(record.call_id.lower(), record)

    def of(self, recording: Recording) -> CallRecord | None:
        """The record that names this recording, or None."""
        names = [PurePosixPath(recording.name).name.lower(), recording.stem.lower()]
        names.append(recording.stem.lower() + PurePosixPath(recording.name).suffix.lower())
        for name in names:
            if rivals := self._by_file.get(name):
                exact = [record for record in rivals if _same_file(record.file or "", recording.name)]
                return (exact or rivals)[0]
        stem = recording.stem.lower()
        if stem in self._by_id:
            return self._by_id[stem]
        # FreePBX puts the unique id last, behind a hyphen
        return self._by_id.get(stem.rsplit("-", 1)[-1]) or self._by_id.get(stem.rsplit("_", 1)[-1])


def _files(record: CallRecord) -> list[str]:
    """The record's file, also as the two legs it may name in one cell (``x-in.wav x-out.wav``)."""
    if not record.file:
        return []
    parts = record.file.split()
    legs = parts if len(parts) == 2 and all(PurePosixPath(part).suffix for part in parts) else []
    return [record.file, *legs]


def _base(file: str) -> str:
    return file.replace("\\", "/").rsplit("/", 1)[-1].lower()


def _same_file(told: str, name: str) -> bool:
    """One path ends with the other."""
    one, other = (PurePosixPath(text.replace("\\", "/").lower()).parts for text in (told, name))
    shared = min(len(one), len(other))
    return one[-shared:] == other[-shared:]
