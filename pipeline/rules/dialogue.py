"""Dialogue snippets as a QA lead writes them beside a rule, into the same types a recording gives.

::

    坐席: 您好,请问有什么可以帮您        12.5-14.0 客户: 我要投诉
    坐席(打断): 你先听我说               客户(听不清): 我的订单
    静音 6s 等坐席    保持 40s 已告知 已同意 已致谢    音乐 20s    振铃 4    挂机: 坐席 1.0s
    记录: business=complaint ring_s=12    测量: rate_cpm=310 level_dbfs.agent=-40    角色不定
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.text import count_syllables
from pipeline.types import (
    Call,
    CallRecord,
    Conversation,
    Events,
    Gap,
    HangUp,
    Measure,
    Measured,
    Overlap,
    Role,
    Span,
    Tone,
    Turn,
    Utterance,
)

SYLLABLES_PER_S = 4.0  # 240 a minute, an ordinary agent
PAUSE_S = 0.4
RING_CYCLE_S = 5.0  # China's ring-back: 1 s on, 4 s off
UNCLEAR = 0.2
ROLES: dict[str, Role] = {
    "坐席": "agent", "客户": "customer", "导航": "ivr", "坐席2": "agent2", "未知": "unknown",
}  # fmt: skip
_SPOKEN = re.compile(
    r"(?:(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?\s+)?"  # start, end
    r"(坐席2?|客户|导航|未知)(?:[((](.*?)[))])?\s*[::]\s*(.*)"
)
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)\s*s")
_NUMBERED = frozenset({"ring_s", "hold_s", "agent_channel"})
_DATED = frozenset({"started_at", "answered_at", "ended_at"})
_ZONE = ZoneInfo("Asia/Shanghai")


class DialogueError(ValueError):
    """A line that cannot be read: ``line`` from 1, expected, found."""

    def __init__(self, line: int, found: str, expected: str = "") -> None:
        wanted = (
            expected or "坐席: …, 客户: …, 静音 6s, 保持 40s, 音乐 20s, 振铃 4, 挂机: …, 记录: …, 测量: …"
        )
        super().__init__(f"line {line}: expected {wanted}; found {found!r}")
        self.line, self.expected, self.found = line, wanted, found


@dataclass
class _Draft:
    """What the lines so far have told."""

    at_s: float = 0.0
    utterances: list[Utterance] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)
    tones: list[Tone] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    hangup: HangUp | None = None
    waited_s: float = 0.0
    record: dict[str, Any] | None = None
    role_confidence: float = 1.0


def read_dialogue(text: str) -> tuple[Conversation, Measured]:
    """Conversation and measures of a snippet. Raises DialogueError."""
    draft = _Draft()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#", 1)[0].strip() if not raw.lstrip().startswith("#") else ""
        if line:
            try:
                _read_line(draft, line)
            except (ValueError, IndexError, KeyError) as error:
                raise DialogueError(number, line) from error
    return _finished(draft)


def _read_line(draft: _Draft, line: str) -> None:
    spoken = _SPOKEN.fullmatch(line)
    if spoken:
        _speak(draft, *spoken.groups())
        return
    for word, reader in _READERS.items():
        if line.startswith(word):
            reader(draft, re.sub(r"^[\s::]+", "", line[len(word) :]))
            return
    raise ValueError(line)


def _speak(draft: _Draft, start: str | None, end: str | None, name: str, how: str | None, said: str) -> None:
    role, length_s = ROLES[name], max(0.3, count_syllables(said) / SYLLABLES_PER_S)
    start_s = float(start) if start else draft.at_s + (PAUSE_S if draft.utterances else 0.0)
    marks = (how or "").split()
    if any(mark not in ("打断", "听不清", "附和") for mark in marks):
        raise ValueError(how)
    last = draft.utterances[-1] if draft.utterances else None
    if {"打断", "附和"} & set(marks) and last:
        start_s = float(start) if start else last.span.start_s + last.span.duration_s / 2
    end_s = float(end) if end else start_s + length_s
    if end_s <= start_s:
        raise ValueError("an utterance that ends before it begins")
    span = Span(start_s, end_s)
    if "打断" in marks and last:
        over = Span(start_s, max(start_s + 0.5, min(end_s, last.span.end_s)))
        draft.overlaps.append(Overlap(over, "interruption", role, last.role, gave_way=True))
    if "附和" in marks and last:
        draft.overlaps.append(Overlap(span, "backchannel", role, last.role))
    confidence = UNCLEAR if "听不清" in marks else 1.0
    channel = {"agent": 0, "customer": 1}.get(role)
    draft.utterances.append(Utterance(role, span, said, (), confidence, channel, bool(marks)))
    draft.at_s = max(draft.at_s, end_s)


def _silence(kind: Any) -> Callable[[_Draft, str], None]:
    def read(draft: _Draft, rest: str) -> None:
        length = _SECONDS.match(rest)
        if length is None:
            raise ValueError(rest)
        words = rest[length.end() :].split()
        if any(w not in ("等坐席", "等客户", "已告知", "已同意", "已致谢", "已安抚") for w in words):
            raise ValueError(rest)
        span = Span(draft.at_s, draft.at_s + float(length[1]))
        draft.gaps.append(
            Gap(
                span,
                kind,
                "customer" if "等客户" in words else "agent",
                announced="已告知" in words,
                agreed="已同意" in words,
                thanked="已致谢" in words,
                reassured_at_s=(span.middle_s,) if "已安抚" in words else (),
            )
        )
        if kind == "hold_music":
            draft.tones.append(Tone("music", span, 0))
        draft.at_s = span.end_s

    return read


def _rings(draft: _Draft, rest: str) -> None:
    count = int(rest)
    span = Span(draft.at_s, draft.at_s + count * RING_CYCLE_S)
    draft.tones.append(Tone("ringback", span, None, count))
    draft.measures.append(Measure("rings", float(count), "rings"))
    draft.at_s = span.end_s


def _hang_up(draft: _Draft, rest: str) -> None:
    side, *more = rest.split()
    probability = 0.95
    for word in more:
        if word.startswith("~"):
            probability = float(word[1:])
        elif seconds := _SECONDS.fullmatch(word):
            draft.waited_s = float(seconds[1])
        else:
            raise ValueError(word)
    sides = {"坐席": "agent", "客户": "customer", "系统": "system"}
    draft.hangup = HangUp(sides[side], probability, None)  # type: ignore[arg-type]


def _record(draft: _Draft, rest: str) -> None:
    known = {f.name for f in fields(CallRecord)}
    record = draft.record = draft.record or {}
    for pair in rest.split():
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(pair)
        if name in _NUMBERED:
            record[name] = float(value)
        elif name in _DATED:
            moment = datetime.fromisoformat(value)
            record[name] = moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)
        elif name == "customer_flags":
            record[name] = tuple(value.split(","))
        elif name in known:
            record[name] = value
        else:
            record.setdefault("extra", {})[name] = value


def _measured(draft: _Draft, rest: str) -> None:
    for pair in rest.split():
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(pair)
        name, _, role = name.partition(".")
        try:
            number: float | str = float(value)
        except ValueError:
            number = value
        if role not in ("", "agent", "customer"):
            raise ValueError(role)
        draft.measures.append(Measure(name, number, "", role or None))  # type: ignore[arg-type]


def _unsure_roles(draft: _Draft, rest: str) -> None:
    draft.role_confidence = 0.4


_READERS: dict[str, Callable[[_Draft, str], None]] = {
    "静音": _silence("dead_air"),
    "按静音键": _silence("mute"),
    "保持": _silence("announced_hold"),
    "音乐": _silence("hold_music"),
    "停顿": _silence("thinking"),
    "振铃": _rings,
    "挂机": _hang_up,
    "记录": _record,
    "测量": _measured,
    "角色不定": _unsure_roles,
}


def _finished(draft: _Draft) -> tuple[Conversation, Measured]:
    utterances = tuple(sorted(draft.utterances, key=lambda u: u.span.start_s))
    ended_s = max(draft.at_s, draft.at_s + draft.waited_s)
    record = None if draft.record is None else CallRecord("example", **draft.record)
    started = record.started_at if record else None
    call = Call(
        "example", ("example.wav",), "", 8000, 2, ended_s, started,
        record.direction if record else "unknown", record.agent_id if record else None,
        None, record.team if record else None, 0, record,
    )  # fmt: skip
    turns = tuple(Turn(u.span, u.role, u.channel, "channel", 1.0) for u in utterances)
    conversation = Conversation(call, None, turns, utterances, draft.role_confidence)
    hangup = draft.hangup
    if hangup is not None:
        hangup = replace(hangup, released_at_s=ended_s, after_last_words_s=draft.waited_s)
    events = Events(tuple(draft.gaps), tuple(draft.overlaps), tuple(draft.tones), hangup)
    return conversation, Measured(tuple(draft.measures), events)
