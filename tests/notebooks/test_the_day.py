"""The notebook runs from top to bottom on a day of results."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.report.day import write

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_the_day.ipynb"


def run(results: Path, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    from nbclient import NotebookClient

    monkeypatch.setenv("CALLQA_RESULTS", str(results))
    monkeypatch.setenv("PYTHONPATH", str(NOTEBOOK.parents[1]))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    return client.execute()


def shown(notebook: nbformat.NotebookNode) -> str:
    outputs = (out for cell in notebook.cells for out in cell.get("outputs", ()))
    return "\n".join(str(out.get("text", out.get("data", {}).get("text/plain", ""))) for out in outputs)


@pytest.mark.slow
def test_answers_the_first_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    done = run(tmp_path, monkeypatch)
    answers = shown(done)
    assert "2026-11-21: 12 calls scored" in answers
    for word in ("missing_audio", "taboo.retort", "rate.per_minute", "一组"):
        assert word in answers
    assert any("image/png" in out.get("data", {}) for cell in done.cells for out in cell.get("outputs", ()))


def test_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
