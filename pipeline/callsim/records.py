"""Call records (CDR) for rendered calls, as switches write them.

``generic`` is the project's own CSV; the others carry the columns by which each switch tells who
released first: FreeSWITCH ``sip_hangup_disposition``, Asterisk CEL ``HANGUP`` rows, Tencent TCCC
``HungUpSide``, Alibaba ``ReleaseInitiator``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.callsim.render import Rendered

GENERIC_COLUMNS = (
    "call_id", "file", "agent_id", "agent_name", "team", "direction", "started_at", "answered_at",
    "ended_at", "ring_s", "hangup_side", "hold_s", "business", "customer_flags", "agent_channel",
)  # fmt: skip
DEFAULT_START = datetime.fromisoformat("2026-11-21T09:00:00+08:00")


def generic_row(call: Rendered) -> dict[str, str]:
    """The generic CSV's row of one call; what the script's ``record`` says overrules the truth."""
    script, truth = call.script, call.truth
    started = script.started_at or DEFAULT_START
    rung = script.ring_s if script.ring_s is not None else truth["answered_at_s"]
    before = 0.0 if truth["answered_at_s"] else rung  # rings before the recording began
    released = truth["release"]["at_s"]
    ended = released if released is not None else truth["duration_s"]
    row = {
        "call_id": script.id,
        "file": " ".join(call.files()),
        "agent_id": script.agent.id,
        "agent_name": script.agent.name,
        "team": script.agent.team,
        "direction": script.direction,
        "started_at": _moment(started),
        "answered_at": _moment(started + timedelta(seconds=before + truth["answered_at_s"])),
        "ended_at": _moment(started + timedelta(seconds=before + ended)),
        "ring_s": f"{rung:g}",
        "hangup_side": truth["release"]["by"],
        "hold_s": f"{_hold_s(truth):g}",
        "business": script.business,
        "customer_flags": " ".join(script.customer.flags),
        "agent_channel": "" if truth["agent_channel"] is None else str(truth["agent_channel"]),
    }
    return {k: v or "" for k, v in (row | dict(script.record)).items()}


def write_records(calls: Sequence[Rendered], folder: Path, flavour: str = "generic") -> list[Path]:
    """The records of all calls in one flavour; the files written. ValueError on an unknown flavour."""
    if flavour not in FLAVOURS:
        raise ValueError(f"record flavour: expected one of {', '.join(FLAVOURS)}, found {flavour!r}")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in FLAVOURS[flavour](calls).items():
        (folder / name).write_text(text, encoding="utf-8")
        paths.append(folder / name)
    return paths


def _generic(calls: Sequence[Rendered]) -> dict[str, str]:
    return {"calls.csv": _csv([generic_row(c) for c in calls], GENERIC_COLUMNS)}


def _freeswitch(calls: Sequence[Rendered]) -> dict[str, str]:
    """mod_json_cdr: one document for the agent's leg of each call."""
    return {f"{c.script.id}.cdr.json": json.dumps(_freeswitch_leg(c), indent=1) for c in calls}


def _freeswitch_leg(call: Rendered) -> dict[str, Any]:
    row = generic_row(call)
    # On the agent's leg the switch *sends* the BYE when the other side let go first.
    disposition = {"customer": "send_bye", "agent": "recv_bye"}.get(row["hangup_side"], "send_cancel")
    epochs = {k: str(int(_epoch(row[f"{k}ed_at"]))) for k in ("start", "answer")}
    return {
        "variables": {
            "uuid": row["call_id"],
            "direction": "outbound" if row["direction"] == "inbound" else "inbound",
            "record_file": row["file"],
            "cc_agent": row["agent_id"],
            "start_epoch": epochs["start"],
            "answer_epoch": epochs["answer"],
            "bridge_epoch": epochs["answer"],
            "end_epoch": str(int(_epoch(row["ended_at"]))),
            "hold_accum_seconds": str(round(float(row["hold_s"] or 0))),
            "sip_hangup_disposition": disposition,
            "hangup_cause": "NORMAL_CLEARING",
        }
    }


def _asterisk(calls: Sequence[Rendered]) -> dict[str, str]:
    """cdr-csv's Master.csv (with uniqueid and recording file), and cel_custom.csv."""
    cdr, cel = [], []
    for row in map(generic_row, calls):
        start, answer, end = (_naive(row[k]) for k in ("started_at", "answered_at", "ended_at"))
        whole = round(_epoch(row["ended_at"]) - _epoch(row["started_at"]))
        talk = round(_epoch(row["ended_at"]) - _epoch(row["answered_at"]))
        cdr.append(["", "customer", row["agent_id"], "from-trunk", "", "SIP/trunk-1", f"SIP/{row['agent_id']}",
                    "Dial", "", start, answer, end, whole, talk, "ANSWERED", "3", row["call_id"],
                    row["file"]])  # fmt: skip
        first = "SIP/trunk-1" if row["hangup_side"] == "customer" else f"SIP/{row['agent_id']}"
        cel.append(["HANGUP", end, row["call_id"], first, json.dumps({"hangupsource": first})])
    return {"Master.csv": _rows(cdr), "cel_custom.csv": _rows(cel)}


def _tccc(calls: Sequence[Rendered]) -> dict[str, str]:
    """Tencent Cloud Contact Center, DescribeTelCdr."""
    sides = {"agent": "seat", "customer": "user", "system": "system"}
    records = [
        {
            "SessionId": row["call_id"],
            "RecordId": row["call_id"],
            "RecordURL": row["file"],
            "Direction": 0 if row["direction"] == "inbound" else 1,
            "StartTimeStamp": int(_epoch(row["started_at"])),
            "AcceptTimestamp": int(_epoch(row["answered_at"])),
            "EndedTimestamp": int(_epoch(row["ended_at"])),
            "Duration": round(_epoch(row["ended_at"]) - _epoch(row["answered_at"])),
            "SeatUser": {"UserId": row["agent_id"], "Name": row["agent_name"]},
            "HungUpSide": sides.get(row["hangup_side"], ""),
            "EndStatus": 1,
        }
        for row in map(generic_row, calls)
    ]
    return {"tccc.json": json.dumps({"TelCdrs": records}, ensure_ascii=False, indent=1)}


def _alibaba(calls: Sequence[Rendered]) -> dict[str, str]:
    """Alibaba Cloud Call Center, ListCallDetailRecordsV2."""
    records = [
        {
            "ContactId": row["call_id"],
            "RecordingFile": row["file"],
            "ContactType": "Inbound" if row["direction"] == "inbound" else "Outbound",
            "StartTime": int(_epoch(row["started_at"]) * 1000),
            "EstablishedTime": int(_epoch(row["answered_at"]) * 1000),
            "ReleaseTime": int(_epoch(row["ended_at"]) * 1000),
            "AgentIds": row["agent_id"],
            "AgentNames": row["agent_name"],
            "RingTime": round(float(row["ring_s"] or 0)),
            "HoldTime": round(float(row["hold_s"] or 0)),
            "ReleaseInitiator": row["hangup_side"].capitalize(),
        }
        for row in map(generic_row, calls)
    ]
    return {"alibaba.json": json.dumps({"Data": {"List": records}}, ensure_ascii=False, indent=1)}


FLAVOURS: dict[str, Callable[[Sequence[Rendered]], dict[str, str]]] = {
    "generic": _generic,
    "freeswitch": _freeswitch,
    "asterisk": _asterisk,
    "tccc": _tccc,
    "alibaba": _alibaba,
}


def _hold_s(truth: dict[str, Any]) -> float:
    held = (w for w in truth["waits"] if w["kind"] in ("announced_hold", "hold_music"))
    return float(round(sum(w["end_s"] - w["start_s"] for w in held)))


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _naive(text: str) -> str:
    """Asterisk writes times without a zone; here in UTC, as ``usegmtime=yes`` does."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _csv(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> str:
    held = io.StringIO()
    writer = csv.DictWriter(held, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue()


def _rows(rows: Sequence[Sequence[Any]]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return held.getvalue()
