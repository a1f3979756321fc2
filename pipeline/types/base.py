"""Stretches of time and the closed sets of words that every type uses."""

from __future__ import annotations

from dataclasses import dataclass
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
