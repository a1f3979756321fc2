"""Artefacts on disk: one file per call and stage, named by what it was made from.

The key chains: (stage, version, settings, model revision, the Call's fields it reads, keys of the
stages it needs). A changed lexicon therefore changes the score's key and nothing before it. A file
is written under a temporary name and renamed: that it exists is the mark that it is whole, and a
torn one reads as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from pipeline.batch.codec import TornArtefact, decode, encode
from pipeline.stages.base import Stage
from pipeline.types import Call

T = TypeVar("T")


def write_atomically(path: Path, data: bytes, *, flush: bool = True) -> None:
    """Write under a temporary name in the same folder, then rename. Without ``flush`` nobody waits for the
    disk, and a power cut may leave the file torn. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def fingerprint(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON; dataclasses by their fields."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


class Keys:
    """Works out the key of each stage's artefact for a call, without loading anything."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._stages = [
            (stage, fingerprint([stage.name, stage.version, stage.settings, stage.revision()]))
            for stage in stages
        ]

    def of(self, call: Call) -> dict[str, str]:
        """Stage name -> key."""
        keys: dict[str, str] = {}
        for stage, made_by in self._stages:
            needs = {name: call.sha256 if name == "sound" else keys[name] for name in stage.needs}
            reads = {name: _field(call, name) for name in stage.reads}
            keys[stage.name] = fingerprint([made_by, needs, reads])
        return keys


def _field(call: Call, name: str) -> Any:
    """A field of the call, or ``cdr.field`` of its record (None where there is no record)."""
    value: Any = call
    for part in name.split("."):
        value = getattr(value, part) if value is not None else None
    return value


class ArtefactStore:
    """The artefacts of one day: ``<day>/artefacts/<stage>/<xx>/<call>.<key>``."""

    def __init__(self, day_dir: Path) -> None:
        self.root = day_dir / "artefacts"

    def path(self, stage: str, call_id: str, key: str) -> Path:
        # Call ids come from file names and records: hashed, they cannot climb out of the folder.
        name = hashlib.sha256(call_id.encode()).hexdigest()[:24]
        return self.root / stage / name[:2] / f"{name}.{key[:24]}"

    def has(self, stage: str, call_id: str, key: str) -> bool:
        return self.path(stage, call_id, key).exists()

    def get(self, stage: str, call_id: str, key: str, kind: type[T]) -> T | None:
        """The artefact, or None when there is none or it is torn (then it is removed)."""
        path = self.path(stage, call_id, key)
        try:
            return decode(path.read_bytes(), kind)
        except FileNotFoundError:
            return None
        except TornArtefact:
            path.unlink(missing_ok=True)
            return None

    def latest(self, stage: str, call_id: str, kind: type[T]) -> T | None:
        """The newest artefact whatever it was made from: re-scoring reads what a day already has."""
        here = self.path(stage, call_id, "")
        try:
            with os.scandir(here.parent) as entries:
                found = [entry for entry in entries if entry.name.startswith(here.name)]
        except FileNotFoundError:
            return None
        newest = max(found, key=lambda entry: entry.stat().st_mtime_ns) if len(found) > 1 else None
        name = (newest or found[0]).name if found else ""
        return self.get(stage, call_id, name.rpartition(".")[2], kind) if name else None

    def put(self, stage: str, call_id: str, key: str, value: Any, *, flush: bool = True) -> None:
        """Store an artefact. ``flush`` False for what is made again in milliseconds: torn, it is absent."""
        write_atomically(self.path(stage, call_id, key), encode(value), flush=flush)

    def prune(self, keep: Mapping[str, Iterable[tuple[str, str]]]) -> int:
        """Delete the older artefacts of these calls, and what a killed run left half written.

        ``keep`` maps stage to (call id, current key) pairs. Other calls' artefacts stay: a run over a part
        of a day must not cost the rest its transcripts.
        """
        wanted = {self.path(stage, *pair) for stage, pairs in keep.items() for pair in pairs}
        known = {path.name.partition(".")[0] for path in wanted}
        stale = [
            path
            for path in self.root.glob("*/*/*")
            if path.name.startswith(".") or (path not in wanted and path.name.partition(".")[0] in known)
        ]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)
