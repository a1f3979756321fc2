"""Alibaba Cloud Contact Centre: GetCallDetailRecord and ListCallDetailRecords(V2), API 2020-07-01.

Fields and values: https://help.aliyun.com/zh/ccs/developer-reference/api-ccc-2020-07-01-getcalldetailrecord.
``ReleaseInitiator`` is ``agent`` or ``customer``; ``ContactType`` INBOUND, OUTBOUND, PREDICTIVE …;
``AgentIds`` and ``AgentNames`` list everyone the call passed through, joined by commas, last one last;
times are epoch milliseconds.
"""

from __future__ import annotations

from pipeline.cdr.fields import Cells
from pipeline.types import CallRecord, Direction

SIGNS = frozenset({"releaseinitiator", "contactdisposition"})
_DIRECTIONS: dict[str, Direction] = {
    "INBOUND": "inbound", "OUTBOUND": "outbound", "PREDICTIVE": "outbound", "BACK2BACK": "outbound",
    "PRIVACYDIAL": "outbound",
}  # fmt: skip
# Ends that no party chose: the flow ended the call.
_BY_SYSTEM = ("QueuingTimeout", "QueuingOverflow", "QueuingFailed", "IVRException")


def record(cells: Cells) -> CallRecord | None:
    """One contact."""
    call_id = cells.text("ContactId")
    if call_id is None:
        cells.fault("a ContactId", "none", lost=True)
        return None
    cells.call_id = call_id
    started, established = cells.time("StartTime"), cells.time("EstablishedTime")
    disposition = cells.text("ContactDisposition")
    kind = (cells.text("ContactType") or "").upper().replace("_", "")
    url = cells.text("RecordingFileName", "RecordingFile", "RecordingUrl", "FileName")
    side = cells.side("ReleaseInitiator")
    return CallRecord(
        call_id=call_id,
        file=url.split("?")[0].rsplit("/", 1)[-1] if url else None,
        agent_id=_last(cells.text("AgentIds", "AgentId")),
        agent_name=_last(cells.text("AgentNames", "AgentName")),
        team=_last(cells.text("SkillGroupNames", "SkillGroupName")),
        direction=_DIRECTIONS.get(kind, "unknown"),
        started_at=started,
        answered_at=established,
        ended_at=cells.time("ReleaseTime"),
        ring_s=cells.seconds("RingTime"),
        hangup_side="system" if side == "unknown" and disposition in _BY_SYSTEM else side,
        hold_s=cells.seconds("HoldTime"),
        reader="alibaba",
        hangup_detail=cells.text("ReleaseInitiator", "ContactDisposition"),
        extra={k: v for k, v in cells.row.values.items() if v},
    )


def _last(names: str | None) -> str | None:
    """The last in a comma list: the agent who ended the call is the one judged on its end."""
    return names.split(",")[-1].strip() or None if names else None
