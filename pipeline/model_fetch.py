"""``callqa models fetch``: the only place that calls a hub, and only when asked.

A pinned revision or none: what the hub sends is checked against the sha256 of ``models/models.toml`` and
recorded beside the files, so that every later load can check it again without a network.
"""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.models import RECORD, Model, ModelError, pinned_files, pinned_revision, sha256_of
from pipeline.resources import resource


def fetch(chosen: Model, *, token: str | None = None, revision: str | None = None) -> Path:
    """Download a hub model at ``revision`` (default: the pinned one) and record its files' sha256.

    Raises ModelError; then nothing is recorded, and the model still counts as not fetched.
    """
    if chosen.hub is None:
        raise ModelError(
            f"{chosen.name}: expected a hub model, found one that travels with callqa; nothing to fetch"
        )
    from huggingface_hub import HfApi, snapshot_download

    wanted = revision or pinned_revision(chosen.name)
    try:
        commit = HfApi(token=token).model_info(chosen.hub, revision=wanted).sha or wanted
        snapshot_download(chosen.hub, revision=commit, local_dir=chosen.path, token=token)
    except Exception as error:  # the hub client raises many kinds: network, gate, name, disk
        raise ModelError(
            f"{chosen.hub}: expected to fetch revision {wanted}; found: {_words(error)}\n"
            f"  {_advice(error, chosen)}"
        ) from error
    names = sorted(
        p for p in chosen.path.rglob("*") if p.is_file() and ".cache" not in p.parts and p.name != RECORD
    )
    files = {p.relative_to(chosen.path).as_posix(): sha256_of(p) for p in names}
    if commit == pinned_revision(chosen.name):
        _compare(chosen, files)
    record = {"revision": commit, "files": files}
    (chosen.path / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
    return chosen.path


def _compare(chosen: Model, files: dict[str, str]) -> None:
    for name, expected in pinned_files(chosen.name).items():
        found = files.get(name)
        if found != expected:
            raise ModelError(
                f"{chosen.path / name}: expected sha256 {expected} as {_toml()} pins it, found "
                f"{found or 'no such file'}; do not load these files before you know why they differ"
            )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"


def _advice(error: Exception, chosen: Model) -> str:
    """What helps, by the kind of failure; the hub client's classes are told apart by name."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    page = f"https://huggingface.co/{chosen.hub}"
    if "RevisionNotFoundError" in kinds:
        return (
            f"the pin is wrong or the commit is gone. Choose a commit at {page}/commits/main, try it with\n"
            f"  callqa models fetch {chosen.name} --revision COMMIT\n  and correct the pin in {_toml()}"
        )
    if "GatedRepoError" in kinds:
        return (
            f"its terms must be accepted once: log in at {page}, accept, and fetch with --token or HF_TOKEN"
        )
    if "RepositoryNotFoundError" in kinds:
        return f"no model of that id, or a private or gated one: look at {page}; --token or HF_TOKEN may be needed"
    if kinds & {"OSError"} and getattr(error, "errno", None):
        return f"could {chosen.path} be written? $CALLQA_MODELS names another folder"
    return (
        "this one command needs a network. Without one, copy a folder fetched on another machine to "
        f"{chosen.path}"
    )


def _toml() -> Path:
    return resource("models", "models.toml")
