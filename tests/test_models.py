import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

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


def test_hub_ids_are_those_faster_whisper_itself_names() -> None:
    from faster_whisper.utils import _MODELS

    assert resolve("cpu").asr.hub == _MODELS["small"]
    assert resolve("gpu").asr.hub == _MODELS["large-v3-turbo"]


def test_every_hub_model_is_pinned_to_a_commit_and_to_bytes() -> None:
    for model in known_models():
        if model.hub:
            assert len(models.pinned_revision(model.name)) == 40, model.name
            files = models.pinned_files(model.name)
            assert set(models._NEEDED[model.kind]) <= set(files)
            assert all(len(sha) == 64 for sha in files.values())


class Hub:
    """Stands for the hub: gives these files at any revision, or raises."""

    def __init__(self, files: dict[str, str], error: Exception | None = None) -> None:
        self.files, self.error, self.asked = files, error, ""

    def model_info(self, hub: str, revision: str) -> object:
        self.asked = revision
        if self.error:
            raise self.error
        return SimpleNamespace(sha=revision)

    def download(self, hub: str, *, revision: str, local_dir: Path, token: str | None) -> None:
        for name, text in self.files.items():
            (local_dir / name).parent.mkdir(parents=True, exist_ok=True)
            (local_dir / name).write_text(text)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Hub]]:
    import huggingface_hub

    monkeypatch.setenv("CALLQA_MODELS", str(tmp_path / "models"))

    def stand_in(files: dict[str, str], error: Exception | None = None) -> Hub:
        made = Hub(files, error)
        monkeypatch.setattr(huggingface_hub, "HfApi", lambda token=None: made)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", made.download)
        return made

    return stand_in


MODEL_FILES = {"model.bin": "weights", "config.json": "{}", "tokenizer.json": "{}", "README.md": "card"}


def test_a_fetch_asks_for_the_pin_and_refuses_other_bytes(hub: Callable[..., Hub]) -> None:
    made = hub(MODEL_FILES)
    done = CliRunner().invoke(command, ["fetch", "faster-whisper-small"])
    assert made.asked == "536b0662742c02347bc0e980a01041f333bce120"
    assert done.exit_code == 1
    assert "expected sha256 b55496ac" in done.output and "models.toml pins it" in done.output
    with pytest.raises(ModelError, match=r"expected sha256|found no"):
        resolve("cpu").asr.folder()  # and what arrived is not loaded


def test_another_revision_is_recorded_as_it_arrived(hub: Callable[..., Hub]) -> None:
    hub(MODEL_FILES)
    done = CliRunner().invoke(command, ["fetch", "faster-whisper-small", "--revision", "f" * 40])
    assert done.exit_code == 0, done.output
    model = resolve("cpu").asr
    assert model.revision == "f" * 40  # in every key and table, not the pin that was passed over
    assert model.folder().is_dir()
    assert "(models.toml pins 536b0662742c)" in CliRunner().invoke(command, ["list"]).output


def test_a_revision_that_is_gone_says_how_to_correct_the_pin(hub: Callable[..., Hub]) -> None:
    import httpx
    from huggingface_hub.errors import GatedRepoError, RevisionNotFoundError

    answer = httpx.Response(404, request=httpx.Request("GET", "https://hub.invalid"))
    hub({}, RevisionNotFoundError("404 Client Error", response=answer))
    done = CliRunner().invoke(command, ["fetch", "faster-whisper-small"])
    assert done.exit_code == 1
    for said in (
        "expected to fetch revision 536b0662742c02347bc0e980a01041f333bce120; found: RevisionNotFoundError",
        "https://huggingface.co/Systran/faster-whisper-small/commits/main",
        "callqa models fetch faster-whisper-small --revision COMMIT",
        "correct the pin in",
    ):
        assert said in done.output
    hub({}, GatedRepoError("403 Client Error", response=answer))
    done = CliRunner().invoke(command, ["fetch", "speaker-diarization-community-1"])
    assert "accept, and fetch with --token or HF_TOKEN" in done.output


def test_without_a_network_the_fetch_says_what_to_copy(hub: Callable[..., Hub]) -> None:
    hub({}, ConnectionError("no route to host"))
    done = CliRunner().invoke(command, ["fetch", "cpu"])
    assert done.exit_code == 1
    assert "copy a folder fetched on another machine to" in done.output


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
