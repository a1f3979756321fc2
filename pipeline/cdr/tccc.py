"""Tencent Cloud Contact Centre: the pushed CDR, and the answer of DescribeTelCdr.

Fields and values: https://cloud.tencent.com/document/product/679/67257 (data push) and
https://cloud.tencent.com/document/product/1270/47714 (DescribeTelCdr). ``Direction`` 0 is inbound,
1 outbound; ``HungUpSide`` is ``user`` or ``seat``; times are epoch seconds; ``SeatUser`` is the last
agent of the call, and every transfer is one entry of ``ServeParticipants``.
"""

from __future__ import annotations

from pipeline.cdr.fields import Cells
from pipeline.types import CallRecord, Direction

SIGNS = frozenset({"hungupside", "serveparticipants", "seatuser.name", "seatuser"})
_DIRECTIONS: dict[str, Direction] = {"0": "inbound", "1": "outbound"}


def record(cells: Cells) -> CallRecord | None:
    """One session. ``ring_s`` is from RingTimestamp to AcceptTimestamp."""
    call_id = cells.text("SessionId")
    if call_id is None:
        cells.fault("a SessionId", "none", lost=True)
        return None
    cells.call_id = call_id
    rang, answered = cells.time("RingTimestamp"), cells.time("AcceptTimestamp")
    direction = cells.text("Direction") or ""
    if direction and direction not in _DIRECTIONS:
        cells.fault("Direction: 0 or 1", repr(direction))
    url = cells.text("CustomRecordURL", "RecordURL", "RecordId")
    return CallRecord(
        call_id=call_id,
        file=url.split("?")[0].rsplit("/", 1)[-1] if url else None,
        agent_id=cells.text("SeatUser.StaffNumber", "SeatUser.UserId", "SeatUser.Mail"),
        agent_name=cells.text("SeatUser.Name", "SeatUser.Nick"),
        team=cells.text("QueuedSkillGroupName", "SkillGroup"),
        direction=_DIRECTIONS.get(direction, "unknown"),
        started_at=cells.time("StartTimestamp", "StartTimeStamp", "Time"),
        answered_at=answered,
        ended_at=cells.time("EndedTimestamp"),
        ring_s=max(0.0, (answered - rang).total_seconds()) if rang and answered else None,
        hangup_side=cells.side("HungUpSide"),
        reader="tccc",
        hangup_detail=cells.text("HungUpSide"),
        extra={k: v for k, v in cells.row.values.items() if v},
    )
