"""What a large day costs beside recognition: ``python -m tests.batch.scale --from RESULTS --calls 100000``.

Measured, each in a process of its own, with its CPU seconds and its largest memory:

- *ingest*: N recordings (hard links to one short file, so reading them costs nothing: a real day adds the time the
  disk takes for its bytes) and a generic CSV of N rows, up to the manifest written and every key looked up;
- *finish*: from the artefacts of N calls to tables, JSON files, workbook and page. The artefacts are those of a real
  day (``--from``, e.g. results/demo after ``callqa demo``) under N ids: hard links, but for the scorecards, which hold
  the id.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeline.batch.codec import encode
from pipeline.batch.finish import finish_day
from pipeline.batch.manifest import Manifest, read_manifest, write_manifest
from pipeline.batch.plan import StagePlan, build_stages
from pipeline.batch.pool import Workers
from pipeline.batch.run import RunRequest, _done_before, _manifests
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.config import Config, IngestConfig
from pipeline.report.page import write_page
from pipeline.report.workbook import write_workbook
from pipeline.resources import resource as shipped
from pipeline.stages.ingest import ingest
from pipeline.types import Call, Scorecard

DATE = "2026-11-21"
CONFIG = Config(ingest=IngestConfig(settle_s=0.0))
PLAN = StagePlan(CONFIG, "demo", 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--from", dest="source", type=Path, required=True, help="results folder of a scored day"
    )
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--only", choices=["ingest", "finish"], help="default: both")
    parser.add_argument("--phase", choices=["ingest", "finish"])
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.phase:
        measured(asked.phase, PHASES[asked.phase], asked.folder)
        return 0
    with tempfile.TemporaryDirectory(prefix="callqa-scale-") as folder:
        phases = [asked.only] if asked.only else list(PHASES)
        if "ingest" in phases:
            make_recordings(Path(folder) / "rec", asked.calls)
        if "finish" in phases:
            make_artefacts(asked.source, Path(folder) / "out" / DATE, asked.calls)
        print(f"{asked.calls} calls made", flush=True)
        for phase in phases:
            subprocess.run([sys.executable, "-m", "tests.batch.scale", "--from", str(asked.source),
                            "--phase", phase, "--folder", folder], check=True)  # fmt: skip
    return 0


def measured(name: str, phase: Callable[[Path], str], folder: Path) -> None:
    started, cpu = time.monotonic(), time.process_time()
    said = phase(folder)
    largest_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {time.process_time() - cpu:.1f} CPU s, {time.monotonic() - started:.1f} s by the clock, "
          f"at most {largest_mb:.0f} MB; {said}", flush=True)  # fmt: skip


def make_recordings(folder: Path, calls: int) -> None:
    folder.mkdir(parents=True)
    sound = shipped("models", "demo", "day", "d04-curt.wav").read_bytes()[:16_000]
    rows = ["call_id,file,agent_id,team,direction,started_at"]
    for n in range(calls):
        below = folder / f"{n // 1000:03d}"
        first = below / f"c{n // 1000 * 1000:06d}.wav"  # a file system allows a file so many links only
        if n % 1000:
            os.link(first, below / f"c{n:06d}.wav")
        else:
            below.mkdir()
            first.write_bytes(sound)
        rows.append(f"call-{n:06d},c{n:06d}.wav,{1000 + n % 300},{n % 12},inbound,{DATE} 09:00:00")
    (folder / "calls.csv").write_text("\n".join(rows) + "\n")


def make_artefacts(source: Path, day_dir: Path, calls: int) -> None:
    before = next(path.parent for path in source.glob("*/run.json"))
    templates = read_manifest(before).calls
    old, store, keys = ArtefactStore(before), ArtefactStore(day_dir), Keys(build_stages(PLAN))
    cards = {call.id: old.latest("score", call.id, Scorecard) for call in templates}
    listed: list[Call] = []
    for n in range(calls):
        template = templates[n % len(templates)]
        card = cards[template.id]
        assert card is not None, f"{template.id} has no scorecard in {before}"
        call = replace(template, id=f"call-{n:06d}", sha256=f"{n:064x}", agent_id=str(1000 + n % 300))
        for stage, key in keys.of(call).items():
            path = store.path(stage, call.id, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            if stage == "score":
                path.write_bytes(encode(replace(card, call_id=call.id)))
            else:
                made = old.path(stage, template.id, "")
                os.link(next(made.parent.glob(f"{made.name}*")), path)
        listed.append(call)
    write_manifest(day_dir, Manifest(DATE, "demo", CONFIG, "rec", None, tuple(listed), (), complete=True))


def ingest_phase(folder: Path) -> str:
    request = RunRequest(
        str(folder / "rec"), str(folder / "rec" / "calls.csv"), None, "demo", folder / "ingested"
    )
    found = ingest(request.recordings, config=CONFIG.ingest, cdr=Path(str(request.cdr)))
    manifests = _manifests(found, request, CONFIG)
    for manifest in manifests:
        write_manifest(request.results / manifest.date, manifest)
        _done_before(request.results / manifest.date, manifest.calls, build_stages(PLAN))
    return f"{len(found.calls)} calls, {len(found.ledger)} other rows"


def finish_phase(folder: Path) -> str:
    day_dir = folder / "out" / DATE
    with Workers() as pool:
        ledger = finish_day(day_dir, read_manifest(day_dir), build_stages(PLAN), pool=pool)
    outputs = [*day_dir.glob("tables/*"), *day_dir.glob("*.xlsx"), *day_dir.glob("*.html")]
    sizes = {path.name: round(path.stat().st_size / 1e6, 1) for path in outputs}
    spent = {}
    for write in (write_workbook, write_page):  # once more, alone
        cpu = time.process_time()
        write(day_dir)
        spent[write.__name__] = round(time.process_time() - cpu, 1)
    return f"{len(ledger)} ledger rows; MB: {json.dumps(sizes)}; of these, CPU s: {json.dumps(spent)}"


PHASES: dict[str, Callable[[Path], str]] = {"ingest": ingest_phase, "finish": finish_phase}

if __name__ == "__main__":
    sys.exit(main())
