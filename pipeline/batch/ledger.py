"""The ledger: every recording and every record ends in exactly one row, and the day knows its sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from pipeline.types import Call, Failure, LedgerRow

NOT_REACHED = "not reached: the run was stopped before this call"


def ledger_rows(
    *,
    calls: Iterable[Call],
    ingest_rows: Iterable[LedgerRow],
    failures: Iterable[Failure],
    scored: Mapping[str, str],
    notes: Mapping[str, str],
) -> list[LedgerRow]:
    """All rows of a day, by call id. ``scored`` maps the id of every finished call to its remarks.

    A call that neither failed nor was scored was not reached, and its row says so.
    """
    failed = {failure.call_id: failure for failure in failures}
    rows = list(ingest_rows)
    for call in calls:
        file = " + ".join(call.paths)
        remark = "; ".join(part for part in (notes.get(call.id, ""), scored.get(call.id, "")) if part)
        if call.id in scored:
            rows.append(LedgerRow(call.id, file, call.sha256, "scored", "score", remark))
        elif call.id in failed:
            failure = failed[call.id]
            status = "excluded" if failure.kind == "excluded" else "failed"
            rows.append(LedgerRow(call.id, file, call.sha256, status, failure.stage, failure.message))
        else:
            rows.append(LedgerRow(call.id, file, call.sha256, "failed", "run", NOT_REACHED))
    return sorted(rows, key=lambda row: (row.call_id, row.file))


def count_by_status(rows: Iterable[LedgerRow]) -> dict[str, int]:
    """Scored, excluded, missing_audio, failed — always all four."""
    counts = Counter(row.status for row in rows)
    return {status: counts[status] for status in ("scored", "excluded", "missing_audio", "failed")}
