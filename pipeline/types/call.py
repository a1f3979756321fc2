"""The call itself: what the recording and its record say of it before anyone listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.types.base import Direction, Side


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What the switch's call record (CDR) says of a call; every field may be unknown (None).

    ``reader`` names the reader that made it (``generic``, ``freeswitch`` …); ``extra`` keeps the
    columns that have no field here, as text, for the call-record operator and the review page.
    """

    call_id: str
    file: str | None = None
    agent_id: str | None = None
    agent_name: str | None = None
    team: str | None = None
    direction: Direction = "unknown"
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ring_s: float | None = None
    hangup_side: Side = "unknown"
    hold_s: float | None = None
    business: str | None = None
    customer_flags: tuple[str, ...] = ()
    agent_channel: int | None = None
    reader: str = "generic"
    hangup_detail: str | None = None  # the raw value the side was read from, shown as evidence
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One recording (or one pair of one-leg files) and what is known of it before listening.

    ``paths`` holds one file, or two one-leg mono files (agent's leg first). ``sha256`` is of the
    bytes of all files in order.
    """

    id: str
    paths: tuple[str, ...]
    sha256: str
    sample_rate_hz: int
    channels: int
    duration_s: float
    started_at: datetime | None
    direction: Direction
    agent_id: str | None
    agent_name: str | None
    team: str | None
    agent_channel: int | None  # 0 = left; None for mono or not known
    cdr: CallRecord | None

    @property
    def path(self) -> str:
        return self.paths[0]
