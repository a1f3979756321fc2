"""Role-labelled dialogues that came as text: one JSON object a line, into conversations.

``{"call_id", "date"?, "business"?, "utterances": [{"role", "text", "start_s"?, "end_s"?, "confidence"?}]}``;
any field of the call record (agent_id, team, direction, started_at …) may stand beside them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

from pipeline.types import Call, CallRecord, Conversation, Direction, Role, Side, Span, Turn, Utterance

ZONE = ZoneInfo("Asia/Shanghai")
MAX_TEXT = 2_000_000  # characters of one utterance
_RECORD = {f.name for f in fields(CallRecord)} - {"extra", "reader", "file"}
_OWN = {"call_id", "date", "utterances"}
_CHOICES = {"direction": get_args(Direction), "hangup_side": get_args(Side)}
_NUMBERS = ("ring_s", "hold_s")
_TIMES = ("started_at", "answered_at", "ended_at")


class TextCallError(ValueError):
    """A line that is no dialogue; the message names what was expected and found."""


@dataclass(frozen=True, slots=True)
class TextCall:
    """One dialogue. ``date`` YYYY-MM-DD or "" when the line names none."""

    conversation: Conversation
    date: str

    @property
    def call(self) -> Call:
        return self.conversation.call


def read_text_calls(path: Path) -> Iterator[tuple[int, str, TextCall | TextCallError]]:
    """(line number, the call id as far as it can be read, the call or what is wrong with it)."""
    seen: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                call = parse_text_call(line)
                call_id = call.call.id
                if call_id in seen:
                    raise _wrong("each call_id once", f"{call_id!r} again (first on line {seen[call_id]})")
                seen[call_id] = number
                yield number, call_id, call
            except TextCallError as error:
                yield number, f"line {number}", error


def parse_text_call(line: str) -> TextCall:
    """Raises TextCallError."""
    try:
        data = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _wrong("a JSON object a line", str(error)) from error
    if not isinstance(data, dict):
        raise _wrong("a JSON object a line", type(data).__name__)
    call_id = data.get("call_id")
    if not isinstance(call_id, str) or not call_id.strip():
        raise _wrong("call_id, a text", repr(call_id))
    said = data.get("utterances")
    if not isinstance(said, list):
        raise _wrong("utterances, a list", type(said).__name__)
    utterances, timed = _utterances(said)
    day = _day(data.get("date"))
    record = _record(call_id, data)
    return TextCall(_conversation(record, utterances, timed), day or _day_of(record))


def _wrong(expected: str, found: str) -> TextCallError:
    return TextCallError(f"expected {expected}; found {found[:120]}")


def _utterances(said: list[Any]) -> tuple[tuple[Utterance, ...], bool]:
    timed = bool(said) and all(
        isinstance(one, dict) and _number(one.get("start_s")) and _number(one.get("end_s")) for one in said
    )
    found = []
    for index, one in enumerate(said):
        if not isinstance(one, dict):
            raise _wrong(f"utterance {index} as an object", type(one).__name__)
        role: Any = one.get("role")
        text = one.get("text")
        if role not in get_args(Role):
            raise _wrong(f"role of utterance {index}: one of {', '.join(get_args(Role))}", repr(role))
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise _wrong(f"text of utterance {index}, at most {MAX_TEXT} characters", _short(text))
        span = Span(float(one["start_s"]), float(one["end_s"])) if timed else Span(float(index), index + 1.0)
        if not 0 <= span.start_s <= span.end_s:
            raise _wrong(f"0 ≤ start_s ≤ end_s in utterance {index}", f"{span.start_s}, {span.end_s}")
        confidence = one.get("confidence", 1.0)
        if not _number(confidence) or not 0 <= confidence <= 1:
            raise _wrong(f"confidence 0..1 in utterance {index}", repr(confidence))
        found.append(Utterance(role, span, text, (), float(confidence)))
    return tuple(sorted(found, key=lambda u: u.span.start_s)), timed


def _short(value: Any) -> str:
    return f"{len(value)} characters" if isinstance(value, str) else repr(value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _day(value: Any) -> str:
    if value in (None, ""):
        return ""
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise _wrong("date as YYYY-MM-DD", repr(value)) from error


def _record(call_id: str, data: dict[str, Any]) -> CallRecord:
    values: dict[str, Any] = {"call_id": call_id, "reader": "text"}
    extra: dict[str, str] = {}
    for name, value in data.items():
        if name in _OWN or value is None or value == "":
            continue
        if name not in _RECORD:
            extra[name] = str(value)
        elif name in _CHOICES:
            if value not in _CHOICES[name]:
                raise _wrong(f"{name}: one of {', '.join(_CHOICES[name])}", repr(value))
            values[name] = value
        elif name in _NUMBERS:
            if not _number(value):
                raise _wrong(f"{name}, a number", repr(value))
            values[name] = float(value)
        elif name in _TIMES:
            values[name] = _moment(name, value)
        elif name == "customer_flags":
            values[name] = tuple(map(str, value)) if isinstance(value, list) else (str(value),)
        elif name != "agent_channel":
            values[name] = str(value)
    if "started_at" not in values and data.get("date"):
        values["started_at"] = datetime.fromisoformat(_day(data["date"])).replace(tzinfo=ZONE)
    return CallRecord(**values, extra=extra)


def _moment(name: str, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise _wrong(f"{name} as YYYY-MM-DDTHH:MM:SS", repr(value)) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def _day_of(record: CallRecord) -> str:
    return record.started_at.astimezone(ZONE).date().isoformat() if record.started_at else ""


def _conversation(record: CallRecord, utterances: tuple[Utterance, ...], timed: bool) -> Conversation:
    length_s = max((u.span.end_s for u in utterances), default=0.0) if timed else 0.0
    call = Call(
        id=record.call_id, paths=("",), sha256="", sample_rate_hz=0, channels=0, duration_s=length_s,
        started_at=record.started_at, direction=record.direction, agent_id=record.agent_id,
        agent_name=record.agent_name, team=record.team, agent_channel=None, cdr=record,
    )  # fmt: skip
    turns = tuple(Turn(u.span, u.role, None, "channel", 1.0) for u in utterances)
    return Conversation(call, None, turns, utterances, timed=timed)
