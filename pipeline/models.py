"""Which models a profile means, where they lie, and that their bytes are the pinned ones.

A profile is a name in ``models/models.toml`` (demo, cpu, gpu), a folder with a CTranslate2 model, or a
hub id (``owner/name``) that was fetched before. Nothing here, and nothing loaded through it, calls a
hub; only ``pipeline.model_fetch`` does, when asked by ``callqa models fetch``.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pipeline.resources import resource

Kind = Literal["asr", "diarization"]
RECORD = "callqa-files.json"  # sha256 of what a fetch brought, beside it
_NEEDED = {"asr": ("model.bin", "config.json", "tokenizer.json"), "diarization": ("config.yaml",)}


class ModelError(ValueError):
    """A model that is not there or not what it should be; the message names the command that helps."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model. ``files``: name → sha256 as pinned; empty for a folder of the user's own.

    ``revision`` is of the bytes that are here; of a hub model not fetched yet, the one that will be.
    """

    name: str
    kind: Kind
    path: Path
    revision: str
    licence: str = "unknown"
    hub: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def folder(self) -> Path:
        """Its folder, every needed file there and every pinned byte right. Raises ModelError."""
        self.check()
        return verified(self)

    def check(self) -> None:
        """Only that its files are there: cheap. Raises ModelError."""
        missing = [n for n in (*_NEEDED[self.kind], *self.files) if not (self.path / n).is_file()]
        if missing:
            raise ModelError(
                f"{self.path}: expected the {self.kind} model {self.name}, found no {missing[0]}; {self._advice()}"
            )

    def _advice(self) -> str:
        if self.hub:
            return f"get it once with: callqa models fetch {self.name}"
        if self.files or "demo" in self.name:
            return "it travels with callqa: install again, or make it with: make models"
        return "give a folder that CTranslate2 converted (ct2-transformers-converter)"


@dataclass(frozen=True, slots=True)
class Models:
    """What a profile loads, and how."""

    profile: str
    asr: Model
    diarization: Model
    device: str
    compute_type: str
    window_s: float  # speech packed into one recognition window

    @property
    def is_demo(self) -> bool:
        """Understands synthetic demo voices only; every output says so."""
        return self.asr.name == "demo-asr"

    def check(self) -> None:
        """Raises ModelError for the first model that is not there."""
        self.asr.check()
        self.diarization.check()


def models_dir() -> Path:
    """Where fetched models lie: $CALLQA_MODELS, or ~/.cache/callqa/models."""
    given = os.environ.get("CALLQA_MODELS")
    return Path(given) if given else Path.home() / ".cache" / "callqa" / "models"


def resolve(profile: str) -> Models:
    """The models of a profile name, a folder, or a fetched hub id. Cheap. Raises ModelError."""
    table = _table()
    if profile in table["profile"]:
        chosen = table["profile"][profile]
        return Models(
            profile, model(chosen["asr"]), model(chosen["diarization"]), chosen["device"],
            chosen["compute_type"], chosen["window_s"],
        )  # fmt: skip
    cpu = table["profile"]["cpu"]
    if Path(profile).is_dir():
        asr = _own_folder(Path(profile))
    elif profile.count("/") == 1 and not profile.startswith((".", "/", "~")):
        asr = model(profile)
    else:
        names = ", ".join(table["profile"])
        raise ModelError(
            f"profile: expected {names}, a model folder or a hub id (owner/name), found {profile!r}"
        )
    own = {"device": "cpu", "compute_type": "int8", "window_s": cpu["window_s"]}
    return Models(profile, asr, model(cpu["diarization"]), **own)


def known_models() -> tuple[Model, ...]:
    """Every model of models.toml, in its order."""
    return tuple(model(name) for name in _table()["model"])


def models_of(name: str) -> tuple[Model, ...]:
    """A profile's two models, or the one of that name or hub id. Raises ModelError."""
    chosen = _table()["profile"].get(name)
    return (model(chosen["asr"]), model(chosen["diarization"])) if chosen else (model(name),)


def model(name: str) -> Model:
    """A model by its name in models.toml, or a hub id that was fetched before. Raises ModelError."""
    table = _table()
    found = table["model"].get(name)
    if found is None:
        if name.count("/") != 1:
            raise ModelError(
                f"model: expected one of {', '.join(table['model'])} or a hub id, found {name!r}"
            )
        path = models_dir() / name.replace("/", "--")
        revision, files = recorded(path)
        return Model(name, "asr", path, revision, hub=name, files=files)
    pinned = table.get("files", {}).get(name, {})
    if "shipped" in found:
        return Model(
            name,
            found["kind"],
            resource("models", found["shipped"]),
            _digest(pinned),
            found["licence"],
            None,
            pinned,
        )
    path = models_dir() / name
    revision, files = recorded(path)
    if not revision or revision == found["revision"]:  # fetched by --revision: what arrived is the pin
        files = {**files, **pinned}
    return Model(
        name, found["kind"], path, revision or found["revision"], found["licence"], found["hub"], files
    )


def pinned_revision(name: str) -> str:
    """The commit models.toml pins a hub model to; "main" for a hub id that it does not list."""
    return str(_table()["model"].get(name, {}).get("revision", "main"))


def pinned_files(name: str) -> dict[str, str]:
    """Name → sha256 as models.toml has them; empty for a hub id that it does not list."""
    return dict(_table().get("files", {}).get(name, {}))


def verified(chosen: Model) -> Path:
    """The model's folder once every pinned sha256 is right; checked once per process and file state.

    Checkpoints are unpickled when loaded, so this comes before any load. Raises ModelError.
    """
    stamps = tuple((name, _stamp(chosen.path / name)) for name in chosen.files)
    _check_bytes(chosen.name, chosen.path, stamps, tuple(chosen.files.items()))
    return chosen.path


@cache
def _check_bytes(
    name: str, path: Path, stamps: tuple[tuple[str, tuple[int, int]], ...], files: tuple[tuple[str, str], ...]
) -> None:
    for file, expected in files:
        found = sha256_of(path / file)
        if found != expected:
            raise ModelError(
                f"{path / file}: expected sha256 {expected[:16]}… ({name}), found {found[:16]}…; "
                "the file was changed or damaged: install or fetch it again"
            )


def offline() -> None:
    """No hub, no telemetry from here on: every model is a folder. Call before the engines are imported."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ[name] = "1"
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own_folder(path: Path) -> Model:
    """A user's folder: its revision changes with its files, without reading gigabytes."""
    stamps = {
        p.name: f"{p.stat().st_size}:{p.stat().st_mtime_ns}" for p in sorted(path.iterdir()) if p.is_file()
    }
    return Model(path.resolve().name, "asr", path.resolve(), _digest(stamps))


def recorded(path: Path) -> tuple[str, dict[str, str]]:
    """Revision and sha256 of a fetched model; empty when it was not fetched."""
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        return str(record["revision"]), dict(record["files"])
    except FileNotFoundError:
        return "", {}
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path / RECORD}: expected a fetch's record, found {error!r}; fetch the model again"
        ) from error


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()[:16]


@cache
def _table() -> dict[str, Any]:
    path = resource("models", "models.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
