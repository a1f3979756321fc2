"""The ledger: every recording and every record ends in exactly one row, and the day knows its sum."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.strings import text
from pipeline.types import Call, Failure, LedgerRow, LedgerStatus

_SPOOLED = re.compile(r"/\.spool/[0-9a-f]{24}/")  # pipeline.stages.remote keeps each file's own name


def ledger_rows(
    *,
    calls: Iterable[Call],
    ingest_rows: Iterable[LedgerRow],
    failures: Iterable[Failure],
    scored: Mapping[str, str],
    notes: Mapping[str, str],
    recordings: str = "",
) -> list[LedgerRow]:
    """All rows of a day, by call id. ``scored`` maps the id of every finished call to its remarks.

    Files are named as they lie under the folder ``recordings``, where they do. A call that neither
    failed nor was scored was not reached, and its row says so.
    """
    failed = {failure.call_id: failure for failure in failures}
    rows = list(ingest_rows)
    for call in calls:
        file = " + ".join(_under(path, recordings) for path in call.paths)
        told = (notes.get(call.id, ""), scored.get(call.id, ""))
        remark = "; ".join(dict.fromkeys(part for words in told for part in words.split("; ") if part))
        if call.id in scored:
            rows.append(LedgerRow(call.id, file, call.sha256, "scored", "score", remark))
        elif call.id in failed:
            failure = failed[call.id]
            status: LedgerStatus = "excluded" if failure.kind == "excluded" else "failed"
            reason = "; ".join(part for part in (failure.message, notes.get(call.id, "")) if part)
            rows.append(LedgerRow(call.id, file, call.sha256, status, failure.stage, reason))
        else:
            rows.append(LedgerRow(call.id, file, call.sha256, "failed", "run", text("ledger.not_reached")))
    return sorted(rows, key=lambda row: (row.call_id, row.file))


def _under(path: str, folder: str) -> str:
    """The path inside ``folder``; a remote file's own name; a glob's files keep the path they have."""
    if "://" in folder and (spooled := _SPOOLED.search(path)):
        return path[spooled.end() :]
    root = Path(os.path.abspath(folder))  # noqa: PTH100 - Path.absolute() keeps "..", calls' paths do not
    return Path(path).relative_to(root).as_posix() if folder and Path(path).is_relative_to(root) else path


def count_by_status(rows: Iterable[LedgerRow]) -> dict[str, int]:
    """Scored, excluded, missing_audio, failed — always all four."""
    counts = Counter(row.status for row in rows)
    return {status: counts[status] for status in ("scored", "excluded", "missing_audio", "failed")}
