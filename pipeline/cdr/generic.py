"""The generic call record: our own columns, or anybody's through ``ingest.cdr_columns``.

Columns: ``call_id,file,agent_id,agent_name,team,direction,started_at,answered_at,ended_at,ring_s,
hangup_side,hold_s,business,customer_flags,agent_channel``; all but call_id and file may be left
out, an empty cell is "not known". The usual Chinese headings are understood without a map.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from pipeline.cdr.fields import Cells, parse_channel
from pipeline.types import CallRecord

FIELDS = (
    "call_id", "file", "agent_id", "agent_name", "team", "direction", "started_at", "answered_at", "ended_at",
    "ring_s", "hangup_side", "hold_s", "business", "customer_flags", "agent_channel",
)  # fmt: skip
ALIASES: dict[str, tuple[str, ...]] = {
    "call_id": ("通话id", "通话编号", "通话标识", "呼叫id", "callid"),
    "file": ("录音文件", "录音", "文件名", "文件", "filename", "recording"),
    "agent_id": ("工号", "坐席工号", "座席工号", "坐席id"),
    "agent_name": ("坐席姓名", "座席姓名", "坐席", "座席", "客服姓名"),
    "team": ("班组", "团队", "技能组", "小组"),
    "direction": ("呼叫方向", "方向", "呼叫类型"),
    "started_at": ("开始时间", "呼叫时间", "通话开始时间"),
    "answered_at": ("接听时间", "应答时间", "接通时间"),
    "ended_at": ("结束时间", "挂断时间", "通话结束时间"),
    "ring_s": ("振铃时长", "振铃秒数"),
    "hangup_side": ("挂断方", "挂机方"),
    "hold_s": ("保持时长", "等待时长"),
    "business": ("业务类型", "业务"),
    "customer_flags": ("客户标签", "客户标记"),
    "agent_channel": ("坐席声道", "座席声道"),
}
KNOWN = frozenset(FIELDS) | {name for names in ALIASES.values() for name in names}


def column_map(columns: tuple[str, ...], configured: Mapping[str, str]) -> dict[str, str]:
    """Our field → their column, for the columns present. The configured map goes first."""
    there = {name.lower(): name for name in columns}
    found: dict[str, str] = {}
    for ours in FIELDS:
        for theirs in (configured.get(ours, ""), ours, *ALIASES[ours]):
            if theirs and theirs.lower() in there:
                found[ours] = there[theirs.lower()]
                break
    return found


def record(cells: Cells, names: Mapping[str, str]) -> CallRecord | None:
    """One row; None (with a Problem) when it names neither a call nor a file."""
    column = {ours: names.get(ours, "") for ours in FIELDS}
    file = cells.text(column["file"])
    call_id = cells.text(column["call_id"]) or (PurePosixPath(file.replace("\\", "/")).stem if file else None)
    if call_id is None:
        cells.fault("a call_id or a file", "neither", lost=True)
        return None
    cells.call_id = call_id
    mapped = set(names.values())
    return CallRecord(
        call_id=call_id,
        file=file,
        agent_id=cells.text(column["agent_id"]),
        agent_name=cells.text(column["agent_name"]),
        team=cells.text(column["team"]),
        direction=cells.direction(column["direction"]),
        started_at=cells.time(column["started_at"]),
        answered_at=cells.time(column["answered_at"]),
        ended_at=cells.time(column["ended_at"]),
        ring_s=cells.seconds(column["ring_s"]),
        hangup_side=cells.side(column["hangup_side"]),
        hold_s=cells.seconds(column["hold_s"]),
        business=cells.text(column["business"]),
        customer_flags=tuple(
            re.findall(r"[^\s,;|\uff0c\uff1b\u3001]+", cells.text(column["customer_flags"]) or "")
        ),
        agent_channel=cells.read(parse_channel, column["agent_channel"]),
        reader="generic",
        hangup_detail=cells.text(column["hangup_side"]),
        extra={k: v for k, v in cells.row.values.items() if v and k not in mapped},
    )
