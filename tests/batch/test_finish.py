"""A stored day scored again and finished: one pass over the artefacts, the remarks in the ledger."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pipeline.batch.finish import finish_day
from pipeline.batch.manifest import read_manifest
from pipeline.batch.plan import StagePlan, build_stages
from pipeline.batch.rescore import rescore_and_keep
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.types import Transcript
from tests.batch.big_day import DATE, make_day


def test_a_day_is_finished_reading_each_artefact_once(tmp_path, monkeypatch):
    day = tmp_path / DATE
    texts, _ = make_day(day, 2, 12)
    assert texts == 24  # all different
    manifest = read_manifest(day)
    stages = build_stages(StagePlan(manifest.config, manifest.profile, 1))
    keys = {call.id: Keys(stages).of(call) for call in manifest.calls}
    first = manifest.calls[0].id
    store = ArtefactStore(day)
    said = store.get("transcribe", first, keys[first]["transcribe"], Transcript)
    swapped = replace(said.diarization, notes=("channels swapped", "by the words"))
    store.put("transcribe", first, keys[first]["transcribe"], replace(said, diarization=swapped))
    scores = {call_id: own["score"] for call_id, own in keys.items()}
    kept = list(rescore_and_keep(day, manifest, manifest.config.score, keys=scores, workers=1))
    assert kept == [None, None]

    reads: Counter[tuple[str, str]] = Counter()
    real = ArtefactStore.get

    def counted(self, stage, call_id, key, kind):
        reads[stage, call_id] += 1
        return real(self, stage, call_id, key, kind)

    monkeypatch.setattr(ArtefactStore, "get", counted)
    ledger = finish_day(day, manifest, stages)
    assert [(row.call_id, row.status, row.reason) for row in ledger] == [
        (first, "scored", "channels swapped; by the words"), (manifest.calls[1].id, "scored", "")
    ]  # fmt: skip
    assert len(reads) == 2 * len(stages)
    # scorecards once for the day's flags, once where their call is written: no day's cards are held at once
    assert {times for (stage, _), times in reads.items() if stage != "score"} == {1}

    alone = {path: path.read_bytes() for part in ("calls", "tables") for path in (day / part).iterdir()}
    monkeypatch.setattr("pipeline.batch.finish.PACKED", 1)
    assert finish_day(day, manifest, stages, workers=2) == ledger
    assert {path: path.read_bytes() for path in alone} == alone
