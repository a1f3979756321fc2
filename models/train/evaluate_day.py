"""The demo day's scorecards against the simulator's truth: planted faults found, points lost for nothing.

callqa demo --results results/demo && python -m models.train.evaluate_day results/demo
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from models.train.corpus import spoken
from pipeline.resources import resource
from pipeline.store import open_results


@dataclass(frozen=True, slots=True)
class Compared:
    """One call: rule ids planted, of them found and left unknown; rule ids that cost points unplanted.

    ``cer``: character errors per character said, each channel by itself; 0..1 and above.
    """

    call_id: str
    layout: str
    cer: float
    planted: frozenset[str]
    found: frozenset[str]
    unknown: frozenset[str]
    false: frozenset[str]


def compare(results: Path, date: str = "last") -> list[Compared]:
    """Every scored call of the day that has a truth file."""
    day = open_results(results).day(date)
    read = day.utterances()
    compared = []
    for call_id, items in day.verdicts().groupby("call_id"):
        path = resource("models", "demo", "day", "truth", f"{call_id}.json")
        if not path.is_file():
            continue
        truth = json.loads(path.read_text(encoding="utf-8"))
        planted = frozenset(fault["rule_id"] for fault in truth["faults"])
        failed = items[items["outcome"] == "fail"]
        compared.append(
            Compared(
                call_id=str(call_id),
                layout=truth["layout"],
                cer=_cer(read[read["call_id"] == call_id], truth),
                planted=planted,
                found=planted & set(failed["rule_id"]),
                unknown=planted & set(items[items["outcome"] == "unknown"]["rule_id"]),
                false=frozenset(failed[failed["points"] < 0]["rule_id"]) - planted,
            )
        )
    return compared


def _cer(read: pd.DataFrame, truth: dict[str, Any]) -> float:
    from rapidfuzz.distance import Levenshtein

    read = read.sort_values("start_s")
    said = sorted(truth["utterances"], key=lambda u: u["start_s"])
    pairs = [
        (
            "".join(spoken(u["text"]) for u in said if u["channel"] == channel),
            "".join(spoken(text) for text in read[read["channel"].fillna(0) == channel]["text"]),
        )
        for channel in {u["channel"] for u in said}
    ]
    return sum(Levenshtein.distance(a, b) for a, b in pairs) / max(1, sum(len(a) for a, _ in pairs))


def main() -> None:
    calls = compare(Path(sys.argv[1]))
    print(
        "| call | layout | CER | planted | found | unknown | missed | cost points unplanted |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for call in calls:
        missed = call.planted - call.found - call.unknown
        print(
            f"| {call.call_id} | {call.layout} | {call.cer:.0%} | {len(call.planted)} | {len(call.found)} "
            f"| {len(call.unknown)} | {', '.join(sorted(missed))} | {', '.join(sorted(call.false))} |"
        )
    for layout in ("stereo", "mono"):
        of = [call for call in calls if call.layout == layout]
        clean = [call for call in of if not call.planted]
        print(
            f"\n{layout}: {sum(len(c.planted) for c in of)} planted, {sum(len(c.found) for c in of)} found, "
            f"{sum(len(c.unknown) for c in of)} unknown; {len(clean)} clean calls, "
            f"{sum(len(c.false) for c in clean)} items cost them points"
        )


if __name__ == "__main__":
    main()
