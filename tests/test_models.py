import json
import socket
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline import models
from pipeline.commands.models import command
from pipeline.config import TranscribeConfig
from pipeline.models import Model, ModelError, known_models, models_of, resolve, sha256_of, verified


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a converted model, two bytes long each."""
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def pinned(folder: Path) -> Model:
    files = {name: sha256_of(folder / name) for name in ("model.bin", "config.json", "tokenizer.json")}
    return Model("pinned", "asr", folder, "r1", files=files)


def test_every_profile_resolves_without_loading_anything() -> None:
    assert resolve("demo").is_demo
    assert resolve("cpu").asr.hub == "Systran/faster-whisper-small"
    assert resolve("gpu").device == "cuda"


def test_every_model_has_a_licence_and_a_revision() -> None:
    assert all(m.licence not in ("", "unknown") and m.revision for m in known_models())


def test_an_unknown_profile_names_what_there_is() -> None:
    with pytest.raises(
        ModelError, match=r"expected demo, cpu, gpu, a model folder or a hub id.*found 'fast'"
    ):
        resolve("fast")


def test_a_missing_model_says_which_command_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="callqa models fetch faster-whisper-small"):
        resolve("cpu").asr.folder()
    with pytest.raises(ModelError, match="callqa models fetch someone/whisper-zh"):
        resolve("someone/whisper-zh").asr.folder()


def test_a_folder_is_a_profile_and_its_revision_follows_its_files(folder: Path) -> None:
    before = resolve(str(folder)).asr
    assert before.folder() == folder
    (folder / "model.bin").write_text("other weights")
    assert resolve(str(folder)).asr.revision != before.revision


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"found no model\.bin; give a folder that CTranslate2 converted"):
        resolve(str(tmp_path)).asr.folder()


def test_changed_bytes_are_refused_before_loading(folder: Path) -> None:
    chosen = pinned(folder)
    assert verified(chosen) == folder
    (folder / "model.bin").write_text("[]")
    with pytest.raises(ModelError, match=r"model\.bin: expected sha256 .*found"):
        chosen.folder()


def test_shipped_files_are_as_pinned() -> None:
    chosen = resolve("demo").asr
    assert {"model.bin", "config.json", "tokenizer.json"} <= set(chosen.files)
    assert chosen.folder().is_dir()


def test_a_fetched_models_record_gives_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_MODELS", str(tmp_path))
    path = tmp_path / "faster-whisper-small"
    path.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (path / name).write_text(name)
    files = {name: sha256_of(path / name) for name in ("model.bin", "config.json", "tokenizer.json")}
    (path / models.RECORD).write_text(json.dumps({"revision": "abc", "files": files}))
    assert resolve("cpu").asr.folder() == path
    (path / models.RECORD).write_text("{")
    with pytest.raises(ModelError, match="fetch the model again"):
        resolve("cpu")


def test_models_of_a_profile_are_both() -> None:
    assert [m.kind for m in models_of("cpu")] == ["asr", "diarization"]
    with pytest.raises(ModelError, match="found 'nothing'"):
        models_of("nothing")


def test_list_tells_what_is_here_and_how_to_get_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_MODELS", str(tmp_path))
    done = CliRunner().invoke(command, ["list"])
    assert done.exit_code == 0
    assert "callqa models fetch faster-whisper-small" in done.output
    assert "demo-asr" in done.output


def test_fetching_a_shipped_model_is_an_error() -> None:
    done = CliRunner().invoke(command, ["fetch", "demo-asr"])
    assert done.exit_code == 1
    assert "travels with callqa" in done.output


def test_verifying_a_missing_model_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_MODELS", str(tmp_path))
    done = CliRunner().invoke(command, ["verify", "faster-whisper-small"])
    assert done.exit_code == 1
    assert "FAIL faster-whisper-small" in done.output


@pytest.mark.engine
def test_a_local_model_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.stages.recogniser import Recogniser

    asked: list[object] = []

    def connect(_: socket.socket, address: object) -> None:
        asked.append(address)
        raise OSError("no network in this test")

    def look_up(host: object, *_: object, **__: object) -> None:
        asked.append(host)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    recogniser = Recogniser(models=resolve("demo"), settings=TranscribeConfig(), threads=1)
    recogniser.read([np.zeros(16_000, np.float32)])
    assert asked == []


@pytest.mark.engine
def test_verify_runs_the_recogniser_on_the_shipped_sentence() -> None:
    done = CliRunner().invoke(command, ["verify", "demo-asr"])
    assert done.exit_code == 0, done.output
    assert "heard: 您好" in done.output
