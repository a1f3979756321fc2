"""Folders of recordings and call records, and what ingest makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from pipeline.config import IngestConfig
from pipeline.stages.ingest import Ingested, ingest
from pipeline.types import Call, LedgerRow

RATE = 8000
CONFIG = IngestConfig(settle_s=0.0)
HEAD = "call_id,file,agent_id,direction,started_at,agent_channel\n"


def record_call(path: Path, *, seconds: float = 1.5, channels: int = 2, level: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full((int(RATE * seconds), channels), level), RATE, subtype="ULAW")
    return path


def look(folder: Path | str, cdr_text: str | None = None, **settings: object) -> Ingested:
    cdr = None
    if cdr_text is not None:
        cdr = Path(folder) / "calls.csv"
        cdr.write_text(cdr_text)
    day = settings.pop("day", None)
    config = IngestConfig(**{"settle_s": 0.0} | settings)  # type: ignore[arg-type]
    return ingest(str(folder), config=config, cdr=cdr, day=day)  # type: ignore[arg-type]


def only_row(found: Ingested) -> LedgerRow:
    (row,) = found.ledger
    return row


def by_id(found: Ingested) -> dict[str, Call]:
    return {call.id: call for call in found.calls}
