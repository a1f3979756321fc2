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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.callsim.render import Rendered
from pipeline.callsim.script import Script

GENERIC_COLUMNS = (
    "call_id", "file", "agent_id", "agent_name", "team", "direction", "started_at", "answered_at",
    "ended_at", "ring_s", "hangup_side", "hold_s", "business", "customer_flags", "agent_channel",
)  # fmt: skip
DEFAULT_START = datetime.fromisoformat("2026-11-21T09:00:00+08:00")


def generic_row(call: Rendered) -> dict[str, str]:
    """The generic CSV's row of one call; what the script's ``record`` says overrules the truth."""
    script, truth = call.script, call.truth
    started = script.started_at or DEFAULT_START
    rung = script.ring_s if script.ring_s is not None else _rung_s(truth)
    before = 0.0 if truth["answered_at_s"] else rung  # rings before the recording began
    released = truth["release"]["at_s"]
    ended = released if released is not None else truth["duration_s"]
    row = {
        "call_id": script.id,
        "file": call.files()[0],
        "agent_id": script.agent.id,
        "agent_name": script.agent.name,
        "team": script.agent.team,
        "direction": script.direction,
        "started_at": _moment(started),
        "answered_at": _moment(started + timedelta(seconds=before + truth["answered_at_s"])),
        "ended_at": _moment(started + timedelta(seconds=before + ended)),
        "ring_s": f"{rung:g}",
        "hangup_side": truth["release"]["by"],
        "hold_s": f"{_hold_s(script):g}",
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
    """mod_json_cdr: one document a leg, the first leg first."""
    return {
        f"{call.script.id}.{letter}.cdr.json": json.dumps({"variables": leg}, indent=1)
        for call in calls
        for letter, leg in zip("ab", _freeswitch_legs(generic_row(call)))
    }


def _freeswitch_legs(row: dict[str, str]) -> list[dict[str, str]]:
    """The leg of the side that let go receives its BYE; to the other the switch sends one."""
    ids = {"customer": row["call_id"], "agent": f"{row['call_id']}-agent"}
    shared = {
        "call_direction": row["direction"],
        "record_name": row["file"],
        "start_epoch": _epoch_s(row["started_at"]),
        "answer_epoch": _epoch_s(row["answered_at"]),
        "bridge_epoch": _epoch_s(row["answered_at"]),
        "end_epoch": _epoch_s(row["ended_at"]),
        "hold_accum_seconds": row["hold_s"],
        "hangup_cause": "NORMAL_CLEARING",
        "cc_agent": row["agent_id"],
        "cc_agent_name": row["agent_name"],
        "cc_queue": row["team"],
    }
    legs = [
        shared
        | {
            "uuid": ids[side],
            "cc_side": "agent" if side == "agent" else "member",
            "bridge_uuid": ids["customer" if side == "agent" else "agent"],
            "sip_hangup_disposition": "recv_bye" if row["hangup_side"] == side else "send_bye",
        }
        for side in ("customer", "agent")
    ]
    return legs if row["direction"] == "inbound" else legs[::-1]


def _asterisk(calls: Sequence[Rendered]) -> dict[str, str]:
    """A CDR export with headings, and the CEL rows that tell who hung up. Times without a zone."""
    cdr, cel = [], []
    for row in map(generic_row, calls):
        trunk, agent = "SIP/trunk-00000001", f"SIP/{row['agent_id'] or 'agent'}-00000002"
        inbound = row["direction"] != "outbound"
        cdr.append(
            {
                "calldate": _naive(row["started_at"]),
                "dcontext": "from-trunk" if inbound else "from-internal",
                "channel": trunk if inbound else agent,
                "dstchannel": agent if inbound else trunk,
                "lastapp": "Dial",
                "answer": _naive(row["answered_at"]),
                "end": _naive(row["ended_at"]),
                "disposition": "ANSWERED",
                "uniqueid": row["call_id"],
                "linkedid": row["call_id"],
                "recordingfile": row["file"],
                "dst_cnam": row["agent_name"],
            }
        )
        source = {"customer": trunk, "agent": agent}.get(row["hangup_side"], "dialplan/builtin")
        cel.append(
            {
                "eventtype": "HANGUP",
                "eventtime": _naive(row["ended_at"]),
                "linkedid": row["call_id"],
                "channame": source,
                "extra": json.dumps({"hangupsource": source}),
            }
        )
    return {"cdr.csv": _csv(cdr, list(cdr[0])), "cel.csv": _csv(cel, list(cel[0]))} if cdr else {}


def _tccc(calls: Sequence[Rendered]) -> dict[str, str]:
    """Tencent Cloud Contact Center, DescribeTelCdr."""
    sides = {"agent": "seat", "customer": "user", "system": "system"}
    records = [
        {
            "SessionId": row["call_id"],
            "RecordURL": row["file"],
            "Direction": 0 if row["direction"] == "inbound" else 1,
            "StartTimestamp": int(_epoch(row["started_at"])),
            "RingTimestamp": int(_epoch(row["answered_at"]) - float(row["ring_s"] or 0)),
            "AcceptTimestamp": int(_epoch(row["answered_at"])),
            "EndedTimestamp": int(_epoch(row["ended_at"])),
            "SeatUser": {"StaffNumber": row["agent_id"], "Name": row["agent_name"]},
            "HungUpSide": sides.get(row["hangup_side"], ""),
            "SkillGroup": row["team"],
        }
        for row in map(generic_row, calls)
    ]
    return {"tccc.json": json.dumps({"TelCdrs": records}, ensure_ascii=False, indent=1)}


def _alibaba(calls: Sequence[Rendered]) -> dict[str, str]:
    """Alibaba Cloud Call Center, ListCallDetailRecordsV2."""
    records = [
        {
            "ContactId": row["call_id"],
            "RecordingFileName": row["file"],
            "ContactType": row["direction"].upper(),
            "StartTime": int(_epoch(row["started_at"]) * 1000),
            "EstablishedTime": int(_epoch(row["answered_at"]) * 1000),
            "ReleaseTime": int(_epoch(row["ended_at"]) * 1000),
            "AgentIds": row["agent_id"],
            "AgentNames": row["agent_name"],
            "RingTime": round(float(row["ring_s"] or 0)),
            "HoldTime": round(float(row["hold_s"] or 0)),
            "SkillGroupNames": row["team"],
            "ReleaseInitiator": row["hangup_side"],
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


def _rung_s(truth: dict[str, Any]) -> float:
    """Seconds of ringing in the recording: until the answer, a voice menu before it left out."""
    answered: float = truth["answered_at_s"]
    menu = [u["end_s"] for u in truth["utterances"] if u["role"] == "ivr" and u["end_s"] <= answered]
    return round(answered - max(menu, default=0.0), 3)


def _hold_s(script: Script) -> float:
    """What the switch counts: the seconds between hold and return, ringing left out."""
    return float(round(sum(e.seconds for e in script.events if e.do == "hold")))


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _epoch_s(text: str) -> str:
    return str(int(_epoch(text)))


def _naive(text: str) -> str:
    """The wall clock of the call's own zone, as Asterisk writes it."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S")


def _csv(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> str:
    held = io.StringIO()
    writer = csv.DictWriter(held, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue()
