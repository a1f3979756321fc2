"""What it is worth: verdicts with their evidence, scorecards, and where each call ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.types.base import FailureKind, Outcome, Role, Span


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place to listen to. ``score`` 0..1: how sure the match is; ``matched``: the phrase it was taken for,
    as the lexicon writes it, where it was not said just so."""

    span: Span
    role: Role
    quote: str
    score: float = 1.0
    matched: str = ""


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
