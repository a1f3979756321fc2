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
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any, TypeVar

from pipeline.batch.codec import TornArtefact, decode, encode
from pipeline.stages.base import Stage
from pipeline.types import Call

T = TypeVar("T")
_numbers = count()


def write_atomically(path: Path, data: bytes, *, flush: bool = True) -> None:
    """Write under a temporary name in the same folder, then rename. Without ``flush`` nobody waits for the
    disk, and a power cut may leave the file torn. Raises OSError."""
    temporary = f"{path.parent}/.{path.name[:40]}.{os.getpid()}.{next(_numbers)}"
    try:
        with _new_file(temporary) as file:
            file.write(data)
            if flush:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _new_file(name: str) -> IO[bytes]:
    """A file of everyone's to read, in a folder that is made where it is not there: few files are the first."""
    how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC  # a killed run of the same number may have left one
    try:
        handle = os.open(name, how, 0o600)
    except FileNotFoundError:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(name, how, 0o600)
    os.fchmod(handle, 0o644)
    return os.fdopen(handle, "wb")


def fingerprint(value: Any) -> str:
    """Hex SHA-256 of a value's canonical JSON; dataclasses by their fields."""
    return hashlib.sha256(_canonical.encode(value).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=True, default=_plain)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Of a stage what its artefacts' keys are made from."""

    stage: str
    needs: tuple[str, ...]
    reads: tuple[str, ...]
    made_by: str


class Keys:
    """Works out the key of each stage's artefact for a call, without loading anything; goes to other processes."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._makers = [
            _Maker(
                stage.name,
                tuple(stage.needs),
                tuple(stage.reads),
                fingerprint([stage.name, stage.version, stage.settings, stage.revision()]),
            )
            for stage in stages
        ]

    def of(self, call: Call, *, kept: ArtefactStore | None = None) -> dict[str, str]:
        """Stage name -> key. ``kept``: of every stage but the last the artefact that is there will do, though an
        earlier version or other settings made it: re-scoring goes by what a day has."""
        keys: dict[str, str] = {}
        for one in self._makers:
            needs = {name: call.sha256 if name == "sound" else keys[name] for name in one.needs}
            reads = {name: _field(call, name) for name in one.reads}
            key = fingerprint([one.made_by, needs, reads])
            if kept is not None and one is not self._makers[-1] and not kept.has(one.stage, call.id, key):
                key = kept.newest(one.stage, call.id) or key
            keys[one.stage] = key
        return keys


def _field(call: Call, name: str) -> Any:
    """A field of the call, or ``cdr.field`` of its record (None where there is no record)."""
    value: Any = call
    for part in name.split("."):
        value = getattr(value, part) if value is not None else None
    return value


def file_name(call_id: str, key: str) -> str:
    """Call ids come from file names and records: hashed, they cannot climb out of the folder."""
    return f"{hashlib.sha256(call_id.encode()).hexdigest()[:24]}.{key[:24]}"


class ArtefactStore:
    """The artefacts of one day: ``<day>/artefacts/<stage>/<xx>/<call>.<key>``."""

    def __init__(self, day_dir: Path) -> None:
        self.root = day_dir / "artefacts"

    def path(self, stage: str, call_id: str, key: str) -> Path:
        name = file_name(call_id, key)
        return Path(f"{self.root}/{stage}/{name[:2]}/{name}")

    def has(self, stage: str, call_id: str, key: str) -> bool:
        return self.path(stage, call_id, key).exists()

    def get(self, stage: str, call_id: str, key: str, kind: type[T]) -> T | None:
        """The artefact, or None when there is none or it is torn (then it is removed). ``kind`` may name fewer
        fields than were stored."""
        path = self.path(stage, call_id, key)
        try:
            return decode(path.read_bytes(), kind)
        except FileNotFoundError:
            return None
        except TornArtefact:
            path.unlink(missing_ok=True)
            return None

    def newest(self, stage: str, call_id: str) -> str:
        """Key of the newest artefact, whatever it was made from; "" where there is none."""
        here = self.path(stage, call_id, "")
        try:
            with os.scandir(here.parent) as entries:
                own = [(e.stat().st_mtime_ns, e.name) for e in entries if e.name.startswith(here.name)]
        except FileNotFoundError:
            return ""
        return max(own)[1].rpartition(".")[2] if own else ""

    def latest(self, stage: str, call_id: str, kind: type[T]) -> T | None:
        """The newest artefact."""
        key = self.newest(stage, call_id)
        return self.get(stage, call_id, key, kind) if key else None

    def put(self, stage: str, call_id: str, key: str, value: Any, *, flush: bool = True) -> None:
        """Store an artefact. ``flush`` False for what is made again in milliseconds: torn, it is absent."""
        write_atomically(self.path(stage, call_id, key), encode(value), flush=flush)

    def prune(self, keep: Collection[str]) -> int:
        """Delete the older artefacts of the calls whose current ones (names of files) are to be kept, and what a
        killed run left half written. Other calls' artefacts stay: a run over a part of a day must not cost the
        rest its transcripts."""
        known = {name.partition(".")[0] for name in keep}
        stale = [
            entry.path
            for entry in self._files()
            if entry.name.startswith(".")
            or (entry.name not in keep and entry.name.partition(".")[0] in known)
        ]
        for path in stale:
            Path(path).unlink(missing_ok=True)
        return len(stale)

    def _files(self) -> Iterator[os.DirEntry[str]]:
        for folder in self.root.glob("*/*"):
            with os.scandir(folder) as entries:
                yield from entries
