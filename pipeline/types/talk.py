"""Who said what, when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.types.base import Role, Span
from pipeline.types.call import Call
from pipeline.types.sound import Audition


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
    speaker_certainty: float = 1.0  # 0..1, that the diarized speakers are different voices
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
