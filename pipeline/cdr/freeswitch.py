"""FreeSWITCH: one record a leg, from mod_json_cdr, or a CSV/database export with variable names as heads.

``sip_hangup_disposition`` tells who sent the BYE on that leg: ``recv_bye`` the party on it hung up,
``send_bye`` FreeSWITCH did, because the other leg was gone or the dialplan ended the call
(https://developer.signalwire.com/freeswitch/, "sip_hangup_disposition"; times and ``hold_accum_seconds``:
"Switch core variables"). So the two legs of a call are read together: the leg that received the BYE
is the side that released. Which leg is the agent's is told by ``cc_side`` (mod_callcenter), else by
``call_direction`` (FusionPBX): the first leg of an inbound call is the customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from pipeline.cdr.fields import Cells
from pipeline.cdr.table import Row
from pipeline.types import CallRecord, Direction, Side

SIGNS = frozenset(
    {
        "sip_hangup_disposition", "variables.sip_hangup_disposition", "variables.uuid", "xml_cdr_uuid",
        "hold_accum_seconds", "bleg_uuid",
    }
)  # fmt: skip
_RELATIVES = ("originating_leg_uuid", "bridge_uuid", "bleg_uuid", "cc_member_session_uuid", "call_uuid",
              "other_leg_unique_id")  # fmt: skip
Party = Literal["agent", "customer", "unknown"]


@dataclass(slots=True)
class Leg:
    cells: Cells
    uuid: str
    relatives: tuple[str, ...]

    @property
    def started(self) -> float:
        try:
            return float(self.cells.text("start_epoch", "start_uepoch") or 0)
        except ValueError:
            return 0.0


def records(rows: list[Cells]) -> list[CallRecord]:
    """All legs of the file, joined to calls."""
    legs: list[Leg] = []
    for cells in rows:
        cells.row = _plain(cells.row)
        uuid = cells.text("uuid", "xml_cdr_uuid")
        if uuid is None:
            cells.fault("a uuid", "none", lost=True)
            continue
        cells.call_id = uuid
        relatives = (cells.text(name) for name in _RELATIVES)
        legs.append(Leg(cells, uuid, tuple(r for r in relatives if r)))
    return [_record(group) for group in _groups(legs)]


def _plain(row: Row) -> Row:
    """Without the ``variables.`` mod_json_cdr puts them under, and its URL encoding undone."""
    values = {name.removeprefix("variables."): unquote(value) for name, value in row.values.items()}
    return Row(row.line, values, row.file)


def _groups(legs: list[Leg]) -> list[list[Leg]]:
    """Legs that name each other, directly or through a third one."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for leg in legs:
        for other in leg.relatives:
            leader[find(other)] = find(leg.uuid)
    groups: dict[str, list[Leg]] = {}
    for leg in legs:
        groups.setdefault(find(leg.uuid), []).append(leg)
    return [sorted(group, key=lambda leg: leg.started) for group in groups.values()]


def _record(legs: list[Leg]) -> CallRecord:
    first = legs[0].cells
    direction = first.direction("call_direction")
    if direction == "unknown":
        direction = _direction(legs)
    agent = next((leg for leg in reversed(legs) if _party(leg, legs, direction) == "agent"), None)
    side, detail = _released(legs, direction)
    name = first.text("record_name", "record_file", "recording_file", "record_filename")
    holds = [hold for leg in legs if (hold := leg.cells.seconds("hold_accum_seconds")) is not None]
    bridged = first.time("bridge_epoch", "bridge_stamp")
    ends = [end for leg in legs if (end := leg.cells.time("end_epoch", "end_stamp"))]
    return CallRecord(
        call_id=legs[0].uuid,
        file=name.replace("\\", "/").rsplit("/", 1)[-1] if name else None,
        agent_id=_agent_id(agent),
        agent_name=agent.cells.text("effective_callee_id_name", "cc_agent_name") if agent else None,
        team=first.text("cc_queue", "call_center_queue"),
        direction=direction,
        started_at=first.time("start_epoch", "start_stamp"),
        answered_at=bridged or first.time("answer_epoch", "answer_stamp"),
        ended_at=max(ends, default=None),
        ring_s=_ring_s(legs, direction),
        hangup_side=side,
        hold_s=max(holds, default=None),
        reader="freeswitch",
        hangup_detail=detail,
        extra={k: v for k, v in first.row.values.items() if v and len(v) < 500},
    )


def _direction(legs: list[Leg]) -> Direction:
    """``direction`` is the leg's, as FreeSWITCH sees it: a leg it places to an agent belongs to a call in."""
    if any(leg.cells.text("cc_side") for leg in legs):
        return "inbound"  # mod_callcenter queues calls that come in
    agent = next((leg for leg in legs if leg.cells.text("cc_agent")), None)
    placed: dict[str | None, Direction] = {"outbound": "inbound", "inbound": "outbound"}
    return placed.get(agent.cells.text("direction"), "unknown") if agent else "unknown"


def _party(leg: Leg, legs: list[Leg], direction: Direction) -> Party:
    side = leg.cells.text("cc_side")
    if side in ("agent", "member"):
        return "agent" if side == "agent" else "customer"
    if len(legs) == 1 and leg.cells.text("cc_agent"):
        return "agent"
    if direction == "unknown":
        return "unknown"
    first_leg_is_agent = direction == "outbound"
    return "agent" if (leg is legs[0]) == first_leg_is_agent else "customer"


def _released(legs: list[Leg], direction: Direction) -> tuple[Side, str | None]:
    """Side, and the disposition it was read from. The first leg outlives the others in a transfer."""
    told = [(leg, leg.cells.text("sip_hangup_disposition") or "") for leg in [legs[0], *reversed(legs[1:])]]
    told = [(leg, word) for leg, word in told if word]
    if not told:
        return "unknown", None
    for leg, word in told:
        if word == "recv_bye":
            side = _party(leg, legs, direction)
            return side, f"recv_bye on the {'first' if leg is legs[0] else 'second'} leg"
    if len(legs) == 1 and told[0][1] == "send_bye" and _bridged(legs[0]):
        # the leg without a record hung up, and the BYE was passed on
        other: dict[Party, Side] = {"agent": "customer", "customer": "agent"}
        return other.get(_party(legs[0], legs, direction), "unknown"), "send_bye on the only leg"
    return "system", f"{told[0][1]} on every leg"


def _bridged(leg: Leg) -> bool:
    return leg.cells.text("bridge_epoch", "bridge_stamp") not in (None, "0")


def _agent_id(leg: Leg | None) -> str | None:
    if leg is None:
        return None
    name = leg.cells.text("cc_agent", "user_name", "dialed_user", "extension", "destination_number")
    return name.split("@")[0] if name else None


def _ring_s(legs: list[Leg], direction: Direction) -> float | None:
    """Ringing of the called leg until its answer; a queue may answer the first leg long before."""
    called = next((leg for leg in legs[1:] if leg.cells.text("answer_epoch") not in (None, "0")), None)
    if called is None:
        return None
    rang, answered = called.cells.time("start_epoch"), called.cells.time("answer_epoch")
    return max(0.0, (answered - rang).total_seconds()) if rang and answered else None
