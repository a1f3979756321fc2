"""Asterisk: CDR (Master.csv or a database export), made whole by queue_log or CEL.

A CDR does not say who hung up. ``queue_log`` does for queue calls: COMPLETECALLER and COMPLETEAGENT
(https://docs.asterisk.org/Operation/Logging/Queue-Logs/). CEL does for all: the HANGUP event's ``extra``
holds ``hangupsource``, the channel that released
(https://docs.asterisk.org/Configuration/Reporting/Channel-Event-Logging-CEL/). Master.csv has no
heading; its order is that of cdr_csv.c.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.cdr.fields import Cells, FieldError, parse_time
from pipeline.cdr.problem import Problem
from pipeline.cdr.table import Table, decode
from pipeline.types import CallRecord, Direction, Side

SIGNS = frozenset({"uniqueid", "dcontext", "lastapp", "dstchannel"})
MASTER_CSV = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start",
    "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield",
)  # fmt: skip
CEL_COLUMNS = frozenset({"eventtype", "eventtime", "uniqueid", "linkedid", "channame", "extra"})
_DISPOSITIONS = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION")
_EXTENSION = re.compile(r"(?:[A-Za-z0-9_]+/)?([^-@/]+)")


@dataclass(frozen=True, slots=True)
class QueueCall:
    """What queue_log tells of one call."""

    agent: str | None
    queue: str | None
    ring_s: float | None
    side: Side
    event: str | None


def is_master_csv(table: Table) -> bool:
    """Without a heading, the 15th column of Master.csv gives it away."""
    return not table.header and any(row.values.get("14") in _DISPOSITIONS for row in table.rows[:5])


def records(rows: list[Cells], queue: dict[str, QueueCall], releases: dict[str, str]) -> list[CallRecord]:
    """All rows, by call (``linkedid``); ``releases``: linkedid → the channel that hung up."""
    calls: dict[str, list[Cells]] = {}
    for cells in rows:
        call_id = cells.text("linkedid", "uniqueid")
        if call_id is None:
            cells.fault("a uniqueid", "none (Master.csv needs loguniqueid=yes in cdr.conf)", lost=True)
            continue
        cells.call_id = call_id
        calls.setdefault(call_id, []).append(cells)
    return [_record(call_id, group, queue, releases) for call_id, group in calls.items()]


def _record(
    call_id: str, rows: list[Cells], queue: dict[str, QueueCall], releases: dict[str, str]
) -> CallRecord:
    first = rows[0]
    answered = [row for row in rows if row.text("disposition") == "ANSWERED" and row.text("dstchannel")]
    last = answered[-1] if answered else rows[-1]
    direction = _direction(rows)
    in_queue = next((queue[u] for row in rows if (u := row.text("uniqueid")) in queue), queue.get(call_id))
    side, detail = _released(in_queue, releases.get(call_id), last, direction)
    agent_channel = last.text("channel") if direction == "outbound" else last.text("dstchannel")
    agent = (in_queue.agent if in_queue else None) or agent_channel
    file = next((name for row in rows if (name := row.text("recordingfile") or _file_in(row))), None)
    return CallRecord(
        call_id=call_id,
        file=file.replace("\\", "/").rsplit("/", 1)[-1] if file else None,
        agent_id=_extension(agent),
        agent_name=last.text("dst_cnam", "agent_name"),
        team=in_queue.queue if in_queue else None,
        direction=direction,
        started_at=_edge((row.time("start", "calldate") for row in rows), latest=False),
        answered_at=_edge((row.time("answer", "answerdate") for row in answered), latest=False),
        ended_at=_edge((row.time("end", "enddate") for row in rows), latest=True),
        ring_s=in_queue.ring_s if in_queue else _ring_s(last),
        hangup_side=side,
        reader="asterisk",
        hangup_detail=detail,
        extra={k: v for k, v in first.row.values.items() if v} | _transfers(answered),
    )


def _file_in(row: Cells) -> str | None:
    """Dialplans without a recordingfile column put the name into userfield."""
    told = row.text("userfield") or ""
    return told if re.search(r"\.\w{2,4}$", told) else None


def _transfers(answered: list[Cells]) -> dict[str, str]:
    agents = list(dict.fromkeys(_extension(row.text("dstchannel")) or "" for row in answered))
    return {"agents": ",".join(agents), "transfers": str(len(agents) - 1)} if len(agents) > 1 else {}


def _direction(rows: list[Cells]) -> Direction:
    """By context, as FreePBX names them; a queue only ever takes calls in."""
    for row in rows:
        context, app = row.text("dcontext") or "", row.text("lastapp") or ""
        file = row.text("recordingfile") or ""
        if row.text("outbound_cnum") or file.startswith("out-"):
            return "outbound"
        if app == "Queue" or "queue" in context or re.match(r"from-(trunk|pstn|did|external)", context):
            return "inbound"
    return "outbound" if (rows[0].text("dcontext") or "") == "from-internal" else "unknown"


def _released(
    queued: QueueCall | None, channel: str | None, row: Cells, direction: Direction
) -> tuple[Side, str | None]:
    if queued is not None and queued.side != "unknown":
        return queued.side, f"queue_log {queued.event}"
    if not channel:
        return "unknown", None
    first_party: Side = "agent" if direction == "outbound" else "customer"
    second_party: Side = "customer" if direction == "outbound" else "agent"
    if direction == "unknown":
        return "unknown", f"hangupsource {channel}"
    side: Side = "system"
    if channel == row.text("channel"):
        side = first_party
    elif channel == row.text("dstchannel"):
        side = second_party
    return side, f"hangupsource {channel}"


def _ring_s(row: Cells) -> float | None:
    start, answer = row.time("start", "calldate"), row.time("answer", "answerdate")
    return max(0.0, (answer - start).total_seconds()) if start and answer else None


def _edge(times: Iterable[datetime | None], *, latest: bool) -> datetime | None:
    known = [time for time in times if time is not None]
    return (max(known) if latest else min(known)) if known else None


def _extension(channel: str | None) -> str | None:
    """``PJSIP/1001-0000002a`` and ``Local/1001@from-queue-1;2`` are both 1001."""
    found = _EXTENSION.match(channel) if channel else None
    return found.group(1) if found else None


def read_queue_log(path: Path) -> tuple[dict[str, QueueCall], list[Problem]]:
    """``epoch|callid|queue|agent|EVENT|data…`` → what each call's last agent and end were."""
    calls: dict[str, QueueCall] = {}
    problems: list[Problem] = []
    text, _ = decode(path.read_bytes())
    for number, line in enumerate(text.splitlines(), 1):
        parts = line.strip().split("|")
        if len(parts) < 5:
            if line.strip():
                problems.append(Problem(str(path), number, "at least 5 fields between |", f"{len(parts)}"))
            continue
        _, call_id, queue, agent, event, *data = parts
        before = calls.get(call_id, QueueCall(None, None, None, "unknown", None))
        if event == "CONNECT":  # holdtime | bridged channel's id | ringtime
            ring = float(data[2]) if len(data) > 2 and data[2].isdigit() else None
            calls[call_id] = QueueCall(agent, queue, ring, before.side, before.event)
        elif event in ("COMPLETECALLER", "COMPLETEAGENT"):
            side: Side = "customer" if event == "COMPLETECALLER" else "agent"
            calls[call_id] = QueueCall(agent, queue, before.ring_s, side, event)
    return calls, problems


def read_cel(table: Table, calls: set[str], zone: ZoneInfo) -> dict[str, str]:
    """linkedid → channel that hung up first, for the ids in ``calls``.

    The order of columns is each site's own (cel_custom.conf) and there may be no heading, so cells
    are known by what they hold: HANGUP, a time, a call's id (linkedid comes last), JSON with hangupsource.
    """
    first: dict[str, tuple[datetime, str]] = {}
    for row in table.rows:
        cells = list(row.values.values())
        if not any(cell.upper() == "HANGUP" for cell in cells):
            continue
        source = next((found for cell in cells if (found := _hangup_source(cell))), None)
        ids = [cell for cell in cells if cell in calls]
        at = next((time for cell in cells if (time := _time_or_none(cell, zone))), None)
        if at and source and ids and (ids[-1] not in first or at < first[ids[-1]][0]):
            first[ids[-1]] = (at, source)
    return {call_id: source for call_id, (_, source) in first.items()}


def _hangup_source(cell: str) -> str | None:
    if "hangupsource" not in cell:
        return None
    try:
        return str(json.loads(cell)["hangupsource"]) or None
    except (ValueError, KeyError, TypeError):
        return None


def _time_or_none(cell: str, zone: ZoneInfo) -> datetime | None:
    if not re.match(r"\d{4}-\d\d-\d\d[ T]\d|\d{10}\.\d{3,}$", cell):
        return None
    try:
        return parse_time(cell, zone)
    except FieldError:
        return None
