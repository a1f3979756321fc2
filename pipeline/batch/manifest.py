"""run.json in a day's folder: what was asked for and what ingest found.

Re-scoring, ``callqa show`` and the review desk read it, so that none of them needs the recordings
folder or the record file again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from pipeline.batch.store import write_atomically
from pipeline.config import Config
from pipeline.types import Call, Failure, LedgerRow

FILE_NAME = "run.json"


class ManifestError(ValueError):
    """A day folder without a readable run.json; the message names file, expected, found."""


@dataclass(frozen=True, slots=True)
class Manifest:
    date: str
    profile: str
    config: Config
    recordings: str
    cdr: str | None
    calls: tuple[Call, ...]
    rows: tuple[LedgerRow, ...]  # decided by ingest: excluded, missing audio, unreadable
    notes: Mapping[str, str] = field(default_factory=dict)  # call id -> remark for the ledger
    failures: tuple[Failure, ...] = ()
    complete: bool = False  # False while running, and after Ctrl-C

    @property
    def unfailed(self) -> tuple[Call, ...]:
        """The calls that no stage gave up."""
        failed = {failure.call_id for failure in self.failures}
        return tuple(call for call in self.calls if call.id not in failed)


def write_manifest(day_dir: Path, manifest: Manifest) -> None:
    data = msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=1)
    write_atomically(day_dir / FILE_NAME, data + b"\n")


def read_manifest(day_dir: Path) -> Manifest:
    """Raises ManifestError."""
    path = day_dir / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ManifestError(
            f"{path}: expected the record of a run; found: {error.strerror}. Is {day_dir} a day's folder?"
        ) from error
    except msgspec.MsgspecError as error:
        raise ManifestError(
            f"{path}: expected the record of a run by this version; found: {error}"
        ) from error
