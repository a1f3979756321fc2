"""The data types every room shares: frozen, standard library only, times in float seconds.

All times count from the start of the recording. ``None`` means "not known", never zero.
Numbers per frame are kept in ``array('f')`` so that a three-hour call stays small and this module
needs nothing installed.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MIN_SPAN_S = 0.001

Role = Literal["agent", "customer", "ivr", "agent2", "unknown"]
Direction = Literal["inbound", "outbound", "unknown"]
Side = Literal["agent", "customer", "system", "unknown"]
Outcome = Literal["pass", "fail", "unknown", "not_applicable"]
FailureKind = Literal["permanent", "transient", "excluded"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open stretch of time ``[start_s, end_s)``; empty below 1 ms."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        return max(0.0, self.end_s - self.start_s)

    @property
    def is_empty(self) -> bool:
        return self.end_s - self.start_s < MIN_SPAN_S

    @property
    def middle_s(self) -> float:
        return (self.start_s + self.end_s) / 2


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


# ---------------------------------------------------------------- audition: what is on the line


@dataclass(frozen=True, slots=True)
class Tone:
    """A labelled stretch that is not talk. ``count`` is cycles heard (rings, busy beats)."""

    kind: Literal["ringback", "busy", "congestion", "dtmf", "beep", "music", "ivr", "tone"]
    span: Span
    channel: int | None  # None: on every channel
    count: int | None = None
    detail: str = ""  # e.g. the DTMF digits
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class ChannelGate:
    """Is each channel fit to be judged? ``faults`` are plain words a supervisor can read.

    ``layout``: ``stereo`` two separate parties; ``mono`` one channel; ``identical`` two channels
    with the same sound (treated as mono); ``one_dead`` one leg never carries sound.
    """

    layout: Literal["stereo", "mono", "identical", "one_dead", "all_dead"]
    dead: tuple[bool, ...]
    clipped_share: tuple[float, ...]  # share of samples at full scale, per channel
    bleed_db: tuple[float | None, ...]  # level of the other side's echo in this channel; None: none
    snr_db: tuple[float | None, ...]
    inverted: bool = False
    truncated: bool = False
    faults: tuple[str, ...] = ()
    bleed_delay_s: tuple[float | None, ...] = ()  # how much later the echo comes, per channel


@dataclass(frozen=True, slots=True)
class Frames:
    """Per-channel numbers on a fixed grid: ``values[channel][i]`` covers ``[i, i+1) * step_s``."""

    step_s: float
    values: tuple[array, ...]  # type: ignore[type-arg]


@dataclass(frozen=True, slots=True)
class Audition:
    """Everything learnt from the sound before recognition. One entry per channel throughout."""

    duration_s: float
    gate: ChannelGate
    voice: tuple[tuple[Span, ...], ...]  # speech, echo and tones already taken out
    tones: tuple[Tone, ...]
    digital_silence: tuple[tuple[Span, ...], ...]  # exact zeros (or codec zero) ≥ 0.2 s
    level_dbfs: Frames  # RMS per 20 ms frame; -100 for digital silence
    pitch_hz: Frames | None  # NaN where unvoiced
    nuclei_s: tuple[tuple[float, ...], ...] = ()  # syllable nuclei heard, without recognition
    clicks_s: tuple[tuple[float, ...], ...] = ()  # line clicks, a hint for release
    noise_floor_dbfs: tuple[float, ...] = ()
    loudness_lufs: Frames | None = None  # K-weighted, 400 ms blocks every 100 ms
    answered_at_s: float | None = None  # end of the ringing or of the menus; None: from the start
    echo: tuple[tuple[Span, ...], ...] = ()  # voice taken out of a channel as the other side's echo


# ---------------------------------------------------------------- who said what, when


@dataclass(frozen=True, slots=True)
class Turn:
    """One party holding the floor; a stretch of voice with a role."""

    span: Span
    role: Role
    channel: int | None
    source: Literal["channel", "diarized"]
    confidence: float  # 0..1, that the role is right
    speaker: str | None = None  # the diarizer's label; None where the channel tells


@dataclass(frozen=True, slots=True)
class Diarization:
    """Turns plus where the roles came from. ``evidence`` lists each clue and its weight."""

    turns: tuple[Turn, ...]
    role_source: Literal["channel", "diarized", "words", "record", "none"]
    role_confidence: float
    evidence: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # for the ledger, e.g. "channels swapped: …"
    exclusive: tuple[Turn, ...] = ()  # diarized turns without overlap, to join with words
    # what an agent's voice profile adds to each speaker's log-odds of being the agent; empty: no profile
    voice_log_odds: dict[str, float] = field(default_factory=dict)
    # the settings in force, for whoever settles the roles from the words
    min_role_probability: float = 0.8
    swap_probability: float = 0.97


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    span: Span
    probability: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one party said without the other taking the floor."""

    role: Role
    span: Span
    text: str
    words: tuple[Word, ...]
    confidence: float  # 0..1: mean word probability × role confidence
    channel: int | None = None
    overlapped: bool = False
    speaker: str | None = None  # the diarizer's label; None where the channel tells


@dataclass(frozen=True, slots=True)
class Dropped:
    """Recognised text that a guard refused; kept so that nothing vanishes."""

    span: Span
    channel: int | None
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Transcript:
    utterances: tuple[Utterance, ...]
    dropped: tuple[Dropped, ...]
    asr_model: str
    asr_confidence: float | None  # mean word probability; None when nothing was said
    language: str = "zh"
    diarization: Diarization | None = None  # with the roles the words settled; replaces the stage's own


@dataclass(frozen=True, slots=True)
class Conversation:
    """What measures read. ``audition`` is None for dialogues that came as text only."""

    call: Call
    audition: Audition | None
    turns: tuple[Turn, ...]
    utterances: tuple[Utterance, ...]
    role_confidence: float = 1.0
    asr_confidence: float | None = None
    timed: bool = True  # False: the text came without times; spans are only an order


# ---------------------------------------------------------------- what happened


GapKind = Literal[
    "announced_hold",
    "dead_air",
    "hold_music",
    "mute",
    "one_way",
    "thinking",
    "before_answer",
    "after_farewell",
]


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which neither party speaks."""

    span: Span
    kind: GapKind
    waiting_on: Role  # whose turn it was to speak
    announced: bool = False
    agreed: bool = False  # the customer's consent was heard
    thanked: bool = False  # thanks or apology on return
    reassured_at_s: tuple[float, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Both parties at once. ``by`` began over ``over``."""

    span: Span
    kind: Literal["interruption", "backchannel", "cooperative", "echo"]
    by: Role
    over: Role
    gave_way: bool = False  # the first speaker stopped
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class HangUpClue:
    source: str  # "cdr:freeswitch", "busy tone", "leg silent", "words" …
    side: Side
    weight: float
    why: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Who released first, fused from record, sound and words."""

    side: Side
    probability: float
    released_at_s: float | None
    clues: tuple[HangUpClue, ...] = ()
    record_disagrees: bool = False
    after_last_words_s: float | None = None  # last speech of anyone → release
    excused: str | None = None  # why an agent's release is no fault


@dataclass(frozen=True, slots=True)
class Events:
    gaps: tuple[Gap, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    tones: tuple[Tone, ...] = ()
    hangup: HangUp | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """One number (or word) about a call, for one role or the whole call (role None)."""

    name: str
    value: float | str | None
    unit: str
    role: Role | None = None
    evidence: tuple[Span, ...] = ()
    reason: str = ""  # why value is None


@dataclass(frozen=True, slots=True)
class Measured:
    measures: tuple[Measure, ...]
    events: Events


# ---------------------------------------------------------------- judgement


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place to listen to. ``score`` 0..1: how sure the match is."""

    span: Span
    role: Role
    quote: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One scorecard item's outcome. ``points`` is what it changes (−10, 0, +2)."""

    rule_id: str
    outcome: Outcome
    points: float
    group: str
    title: str
    evidence: tuple[Evidence, ...] = ()
    near_miss: Evidence | None = None
    searched: Span | None = None  # the window searched, for "not said"
    why: str = ""
    fatal: bool = False
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class GroupScore:
    name: str
    points: float
    maximum: float | None


@dataclass(frozen=True, slots=True)
class Standard:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    call_id: str
    total: float | None  # None: nothing could be judged
    grade: str
    fatal: bool
    groups: tuple[GroupScore, ...]
    items: tuple[Verdict, ...]
    flags: tuple[str, ...]
    flagged: bool
    fingerprint: str
    standard: Standard
    confidence: float = 1.0
    critical: float | None = None  # 0..100 over the critical items alone; None: none was judged
    agent_quota: int = 0  # how many of an agent's calls a day its template wants a person to hear


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call went no further. One bad call never stops the day.

    ``excluded`` is by rule, not by fault: nothing is wrong with the day when such a call is left out.
    """

    call_id: str
    stage: str
    kind: FailureKind
    message: str


LedgerStatus = Literal["scored", "failed", "excluded", "missing_audio"]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Where one recording or one call record ended. Nothing is without a row."""

    call_id: str
    file: str  # relative to the recordings folder where it lies in it; "" for missing audio
    sha256: str  # "" when the bytes could not be read
    status: LedgerStatus
    stage: str  # the stage that decided
    reason: str  # "" when scored without remark
