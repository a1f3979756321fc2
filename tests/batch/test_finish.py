"""A stored day scored again and finished: one pass over the artefacts, the remarks in the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.batch.finish import finish_day
from pipeline.batch.manifest import Manifest, read_manifest
from pipeline.batch.plan import StagePlan, build_stages
from pipeline.batch.pool import Workers
from pipeline.batch.rescore import KINDS, rescore_and_keep
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.report.calljson import write_call
from pipeline.report.rows import CallResult
from pipeline.report.tables import write_tables
from pipeline.rules.flagging import apply_quota
from pipeline.types import Scorecard, Transcript
from tests.batch.big_day import DATE, make_day


@pytest.fixture()
def day(tmp_path: Path) -> Path:
    texts, _ = make_day(tmp_path / DATE, 3, 12)
    assert texts == 36  # all different
    return tmp_path / DATE


def stages_of(manifest: Manifest) -> list:
    return list(build_stages(StagePlan(manifest.config, manifest.profile, 1)))


def swap_channels(day: Path, manifest: Manifest) -> str:
    """The first call gets notes of its roles."""
    call, store = manifest.calls[0], ArtefactStore(day)
    key = Keys(stages_of(manifest)).of(call)["transcribe"]
    said = store.get("transcribe", call.id, key, Transcript)
    swapped = replace(said.diarization, notes=("channels swapped", "by the words"))
    store.put("transcribe", call.id, key, replace(said, diarization=swapped))
    return call.id


def outputs(day: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for part in ("calls", "tables") for path in (day / part).iterdir()}


def test_a_day_is_finished_reading_each_artefact_once(day, monkeypatch):
    manifest = read_manifest(day)
    first, stages = swap_channels(day, manifest), stages_of(manifest)
    with Workers(1) as pool:
        flags = list(rescore_and_keep(day, manifest, manifest.config.score, keys=Keys(stages), pool=pool))
    assert [one.call_id for one in flags] == [call.id for call in manifest.calls]

    reads: Counter[str] = Counter()
    real = Path.read_bytes

    def counted(path):
        reads.update([path.parent.parent.name] if "artefacts" in path.parts else [])
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    with Workers(1) as pool:
        ledger = finish_day(day, manifest, stages, pool=pool, flags=flags)
        assert [(row.call_id, row.status, row.reason) for row in ledger] == [
            (call.id, "scored", "channels swapped; by the words" if call.id == first else "")
            for call in manifest.calls
        ]
        assert reads == dict.fromkeys([*KINDS, "score"], 3)
        assert finish_day(day, manifest, stages, pool=pool) == ledger
        assert reads["score"] == 9  # once for the day's flags, where nobody hands them over


def test_the_bytes_depend_on_nobody_who_wrote_them(day, monkeypatch):
    manifest = read_manifest(day)
    swap_channels(day, manifest)
    stages = stages_of(manifest)
    with Workers(1) as pool:
        flags = list(rescore_and_keep(day, manifest, manifest.config.score, keys=Keys(stages), pool=pool))
        ledger = finish_day(day, manifest, stages, pool=pool, flags=flags)
    alone = outputs(day)
    monkeypatch.setattr("pipeline.batch.finish.PACKED", 1)
    with Workers(2) as pool:
        assert finish_day(day, manifest, stages, pool=pool) == ledger
    assert outputs(day) == alone
    # and they are what calls that are read whole become
    keys, store = Keys(stages), ArtefactStore(day)
    whole = [store.get("score", call.id, keys.of(call)["score"], Scorecard) for call in manifest.calls]
    results = []
    for call, card in zip(
        manifest.calls, apply_quota(whole, agents={c.id: c.agent_id for c in manifest.calls})
    ):
        parts = [store.get(stage, call.id, keys.of(call)[stage], kind) for stage, kind in KINDS.items()]
        results.append(CallResult(DATE, call, *parts, card))
        write_call(day, results[-1])
    write_tables(day, ledger=ledger, results=results)
    assert outputs(day) == alone
    assert all(result.audition is not None for result in results)


def test_older_scorecards_go_once_all_is_written(day):
    manifest = read_manifest(day)
    stages, store = stages_of(manifest), ArtefactStore(day)
    old = [store.path("score", call.id, "0" * 24) for call in manifest.calls]
    assert all(path.is_file() for path in old)
    with Workers(1) as pool:
        flags = list(rescore_and_keep(day, manifest, manifest.config.score, keys=Keys(stages), pool=pool))
        finish_day(day, replace(manifest, complete=False), stages, pool=pool, flags=flags)
        assert all(path.is_file() for path in old)
        finish_day(day, manifest, stages, pool=pool, flags=flags)
    assert not any(path.is_file() for path in old)
    assert sum(path.is_file() for path in store.root.rglob("*")) == 3 * len(stages)
