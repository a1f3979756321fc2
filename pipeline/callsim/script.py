"""The script of a call: who says what, when and how, on what kind of line. Read from YAML.

::

    id: hotel-01
    business: inquiry
    layout: stereo                     # stereo | mono | legs (two one-leg files)
    agent: {id: "6035", name: 李静, team: 一组, cpm: 220, voice: {set: heldout, seed: 3, gender: female}}
    customer: {voice: {set: heldout, seed: 8}}
    line: {codec: alaw, snr_db: 38}
    events:
      - do: ringback
        count: 2
      - agent: 您好,工号六零三五,请问有什么可以帮到您?
      - customer: 我想查一下昨天订的酒店。
        gap_s: 0.5                     # silence since the last speech; negative: begins before its end
      - agent: 麻烦您稍等片刻,好吗?
      - customer: 好的。
      - do: hold
        seconds: 16
        sound: music
        announced: true
      - agent: 对不起,让您久等了。
    release: {by: customer, after_s: 0.8, busy: 4}
    faults: [close.farewell]

An event is a line (``agent:``, ``customer:``, ``ivr:`` or ``agent2:`` with the text) or ``do:`` one of
``DOINGS``. Everything else is an option; an unknown one is an error that names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_type_hints

import yaml

from pipeline.callsim.checks import ScriptError, check, misfit
from pipeline.callsim.line import Codec
from pipeline.callsim.voices import VARIANTS, Voice, VoiceSet
from pipeline.types import Direction, GapKind, Side

Speaker = Literal["agent", "customer", "ivr", "agent2"]
SPEAKERS: tuple[Speaker, ...] = ("agent", "customer", "ivr", "agent2")
Layout = Literal["stereo", "mono", "legs"]
OverlapKind = Literal["interruption", "backchannel", "cooperative", "echo"]
DOINGS = ("ringback", "busy", "congestion", "dtmf", "beep", "music", "hold", "wait", "cough", "laugh",
          "mute", "one_way", "die", "answer")  # fmt: skip

_VARIANTS = tuple(name for by_sex in VARIANTS.values() for names in by_sex.values() for name in names)


@dataclass(frozen=True, slots=True)
class VoiceSpec:
    """A voice drawn from a set by seed, with any number of ``Voice``'s fields fixed by hand."""

    set: VoiceSet = "heldout"
    seed: int = 0
    gender: Literal["female", "male"] | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """A party. ``level_dbfs`` is the RMS of their speech on the line; ``cpm`` characters a minute."""

    voice: VoiceSpec = VoiceSpec()
    cpm: float = 220.0
    level_dbfs: float = -20.0
    id: str | None = None
    name: str | None = None
    team: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """The path between the mouths and the file. ``noise`` fills both legs under everything."""

    codec: Codec = "ulaw"
    snr_db: float = 40.0  # of line noise, against speech at −20 dBFS
    noise: Literal["line", "comfort", "digital"] = "line"
    loss: float = 0.0  # share of 20 ms packets lost
    clip_db: float | None = None  # drive above full scale of the agent's leg
    bleed_db: float | None = None  # echo of each side in the other's leg
    bleed_delay_ms: float = 40.0
    drift_ppm: float = 0.0  # of the customer's file against the agent's, layout legs only
    offset_s: float = 0.0  # the customer's file begins this much later, layout legs only


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens. Lines have ``role`` and ``text``; the rest is told by ``do``."""

    do: str
    role: Speaker | None = None
    text: str = ""
    gap_s: float | None = None  # None: a natural pause, drawn by the script's seed
    at_s: float | None = None  # begin this long after the start of the last line (for backchannels)
    overlap: OverlapKind | None = None  # what an overlap is, when gap_s or at_s makes one
    gave_way: bool = False  # the one spoken over stopped
    cpm: float | None = None
    level_db: float = 0.0  # louder or softer than the person's own level
    language: Literal["cmn", "yue", "en"] = "cmn"
    fault: tuple[str, ...] = ()  # rule ids this event plants
    seconds: float = 0.0
    count: int = 1
    digits: str = ""
    sound: Literal["music", "silence"] = "silence"
    style: str = "piano"
    on: Literal["agent", "customer", "both"] | None = None
    by: Speaker = "agent"
    kind: GapKind | None = None
    waiting_on: Speaker = "agent"
    announced: bool = False
    agreed: bool = False
    thanked: bool = False
    reassures: bool = False  # a line inside a wait, which does not end it


@dataclass(frozen=True, slots=True)
class Release:
    """Who lets go first, how long after the last words, and the busy beats the other then hears."""

    by: Side = "customer"
    after_s: float = 1.0
    busy: int = 0
    excused: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    id: str
    events: tuple[Event, ...]
    agent: Person = Person()
    customer: Person = Person(cpm=230.0, level_dbfs=-22.0)
    agent2: Person = Person()
    line: Line = Line()
    release: Release = Release()
    title: str = ""
    business: str | None = None
    direction: Direction = "inbound"
    started_at: datetime | None = None
    layout: Layout = "stereo"
    agent_channel: int = 0
    cut_s: float | None = None  # the recording breaks off here
    ring_s: float | None = None  # rings before the recording began, for the call record
    record: Mapping[str, str] = field(default_factory=dict)  # columns of the call record that lie
    faults: tuple[str, ...] = ()
    must_not_find: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()  # rules for which either answer may be right
    seed: int = 0
    set: str = "heldout"

    def all_faults(self) -> tuple[str, ...]:
        """Every planted rule id, in order, each once."""
        return tuple(dict.fromkeys([*self.faults, *(f for e in self.events for f in e.fault)]))


def read_script(path: Path) -> Script:
    """A script file; ScriptError names the file, the place, what was expected and what was found."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScriptError(f"{path}: expected a YAML script, found {error}") from error
    return parse_script(loaded, where=str(path))


def read_scripts(paths: Sequence[Path]) -> list[Script]:
    """Several script files; their ids name the recordings, so no two may be the same."""
    first: dict[str, Path] = {}
    scripts = []
    for path in paths:
        script = read_script(path)
        if script.id in first:
            raise ScriptError(
                f"{path}: id: expected one of its own, found {script.id!r} as in {first[script.id]}"
            )
        first[script.id] = path
        scripts.append(script)
    return scripts


def parse_script(loaded: Any, *, where: str = "script") -> Script:
    """A script from plain dictionaries and lists."""
    fields = dict(_mapping(loaded, where))
    parts: dict[str, Any] = {}
    for name in ("agent", "customer", "agent2"):
        if name in fields:
            parts[name] = _person(fields.pop(name), f"{where}: {name}")
    for name, kind in (("line", Line), ("release", Release)):
        if name in fields:
            parts[name] = _build(kind, fields.pop(name), f"{where}: {name}")
    events = fields.pop("events", None)
    if not isinstance(events, list) or not events:
        raise ScriptError(f"{where}: events: expected a list of events, found {events!r}")
    fields["id"] = str(fields.get("id", "call"))
    parts["events"] = tuple(_event(e, f"{where}: event {i + 1}") for i, e in enumerate(events))
    started = fields.pop("started_at", None)
    if started is not None:
        parts["started_at"] = _moment(started, where)
    script: Script = _build(Script, {**fields, **parts}, where)
    check(script, where)
    return script


def _person(loaded: Any, where: str) -> Person:
    fields = dict(_mapping(loaded, where))
    voice = dict(_mapping(fields.pop("voice", {}), f"{where}: voice"))
    own = {k: voice.pop(k) for k in ("set", "seed", "gender") if k in voice}
    # Told here, though the rest of the voice is drawn when it speaks.
    _build(Voice, voice, f"{where}: voice")
    if voice.get("variant", _VARIANTS[0]) not in _VARIANTS:  # espeak-ng takes its plain voice without a word
        raise ScriptError(
            f"{where}: voice: variant: expected one of {', '.join(_VARIANTS)}, found {voice['variant']!r}"
        )
    spec = _build(VoiceSpec, {**own, "fixed": voice}, f"{where}: voice")
    person: Person = _build(Person, {**fields, "voice": spec}, where)
    return person


def _event(loaded: Any, where: str) -> Event:
    fields = dict(_mapping(loaded, where))
    said = [s for s in SPEAKERS if s in fields]
    if len(said) + ("do" in fields) != 1:
        raise ScriptError(f"{where}: expected one of {', '.join(SPEAKERS)} or do, found {sorted(fields)}")
    if said:
        fields |= {"do": "say", "role": said[0], "text": str(fields.pop(said[0]))}
    elif fields["do"] not in DOINGS:
        raise ScriptError(f"{where}: do: expected one of {', '.join(DOINGS)}, found {fields['do']!r}")
    if isinstance(fields.get("fault"), str):
        fields["fault"] = [fields["fault"]]
    event: Event = _build(Event, fields, where)
    return event


def _build(kind: Any, loaded: Any, where: str) -> Any:
    fields = dict(_mapping(loaded, where))
    known = get_type_hints(kind)
    for name, value in fields.items():
        if name not in known:
            raise ScriptError(f"{where}: expected one of {', '.join(sorted(known))}, found {name!r}")
        if expected := misfit(known[name], value):
            raise ScriptError(f"{where}: {name}: expected {expected}, found {value!r}")
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})
    except TypeError as error:
        raise ScriptError(f"{where}: {error}") from error


def _mapping(loaded: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(loaded, Mapping):
        raise ScriptError(f"{where}: expected a mapping, found {loaded!r}")
    return loaded


def _moment(value: Any, where: str) -> datetime:
    moment = value if isinstance(value, datetime) else None
    if moment is None:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise ScriptError(f"{where}: started_at: expected a date and time, found {value!r}") from error
    if moment.tzinfo is None:
        raise ScriptError(f"{where}: started_at: expected a time zone, such as +08:00, found {value!r}")
    return moment
