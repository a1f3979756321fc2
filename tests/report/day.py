"""A day of results with hostile text in it, for the workbook and the page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pipeline.report.calljson import write_call
from pipeline.report.rows import CallResult
from pipeline.report.tables import write_tables
from pipeline.types import Evidence, LedgerRow, Span, Verdict
from tests.review.factory import make_result

DATE = "2026-11-21"
FORMULA = '=HYPERLINK("http://x","y")'
SCRIPT = "<script>alert('x')</script>"


def hostile(result: CallResult) -> CallResult:
    """An agent whose name is a formula, and words that are a script with a control character."""
    place = Evidence(Span(5.0, 6.0), "agent", f"{SCRIPT}\x07", 0.9)
    item = Verdict(
        "taboo.retort", "fail", -10.0, "禁语", "顶撞客户", (place, replace(place, span=Span(9.0, 9.5)))
    )
    items = tuple(v for v in result.scorecard.items if v.rule_id != "taboo.retort")
    card = replace(
        result.scorecard, items=(*items, item), total=50.0, flagged=True, flags=("fatal",), fatal=True
    )
    return replace(result, call=replace(result.call, agent_name=FORMULA), scorecard=card)


def sampled(result: CallResult) -> CallResult:
    card = result.scorecard
    return replace(result, scorecard=replace(card, flagged=True, flags=(*card.flags, "sample")))


def write(results: Path, *, profile: str = "demo", complete: bool = True, calls: int = 12) -> Path:
    """A day folder as ``callqa run`` leaves it: tables, call files, run.json."""
    day = results / DATE
    made = [make_result(DATE, n) for n in range(calls)]
    made = [hostile(made[0]), *map(sampled, made[1:3]), *made[3:]] if made else []
    for result in made:
        write_call(day, result)
    ledger = [LedgerRow(r.call.id, f"{r.call.id}.wav", r.call.sha256, "scored", "score", "") for r in made]
    ledger += [
        LedgerRow(
            "bad", "bad.wav", "", "failed", "ingest", "bad.wav: expected a recording, found plain text"
        ),
        LedgerRow("gone", "", "", "missing_audio", "ingest", "gone.wav was not found"),
        LedgerRow("short", "short.wav", "0" * 64, "excluded", "ingest", "0.2 s of sound, shorter than 1"),
    ]
    write_tables(day, ledger=ledger, results=made)
    (day / "run.json").write_text(json.dumps({"profile": profile, "complete": complete}))
    return day
