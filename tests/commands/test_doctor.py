"""``callqa doctor`` finds what would stop the daily job, and says what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.commands import doctor


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLQA_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(doctor, "LOW_DISK_GB", 0.0)  # of this machine, now
    monkeypatch.setattr(doctor, "WORKER_GB", 0.0)


def examined(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["doctor", *words])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def test_with_the_shipped_models_it_is_ready_and_warns_of_them() -> None:
    code, said = examined("--profile", "demo")
    assert code == 0, said
    assert "NO " not in said
    assert "synthetic demo voices only" in said
    assert "ready: callqa run" in said


def test_each_thing_missing_has_its_advice() -> None:
    code, said = examined()
    assert code == 1 and "no profile chosen" in said and "--profile cpu|gpu|FOLDER" in said
    code, said = examined("--profile", "cpu")
    assert code == 1 and "callqa models fetch faster-whisper-small" in said


def test_settings_and_lexicons_are_tried(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "x.yaml").write_text("rules: 3\n")
    (tmp_path / "callqa.toml").write_text('[score]\nlexicons = "broken"\n')
    code, said = examined("--profile", "demo")
    assert code == 1 and "NO  lexicons:" in said and "x.yaml" in said
    (tmp_path / "callqa.toml").write_text('[ingest]\ntimezone = "Peking"\n')
    code, said = examined("--profile", "demo")
    assert code == 1 and "expected a name such as Asia/Shanghai, found 'Peking'" in said


def test_a_gpu_profile_without_a_gpu_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctranslate2

    from pipeline.models import resolve

    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    found = doctor._device(resolve("gpu"))
    assert not found.ok and "--profile cpu" in found.advice
    assert doctor._device(resolve("demo")).ok


def test_little_disk_and_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK_GB", 1e9)
    monkeypatch.setattr(doctor, "WORKER_GB", 2.5)
    monkeypatch.setattr(doctor, "_available_gb", lambda: 1.0)
    code, said = examined("--profile", "demo")
    assert code == 1
    assert "make room or set results elsewhere" in said
    assert "--workers 1, or more memory" in said
