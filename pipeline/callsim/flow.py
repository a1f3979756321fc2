"""A call being written, event by event, from the sentences of the bank."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.callsim.bank import Bank
from pipeline.callsim.script import Event, Release, Speaker


@dataclass
class Flow:
    """A call being written. ``faults`` are to be planted; the rest is to go well."""

    bank: Bank
    rng: np.random.Generator
    faults: frozenset[str]
    events: list[Event] = field(default_factory=list)
    release: Release = field(default_factory=Release)
    desk: Speaker = "agent"  # who serves: the second agent after a transfer

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def say(self, role: Speaker, text: str, **options: Any) -> None:
        self.events.append(Event("say", role=role, text=text, **options))

    def agent(self, key: str, **options: Any) -> None:
        """A phrase of the bank, said by whoever serves."""
        self.say(self.desk, self.bank.line(key), **options)

    def customer(self, key: str, **options: Any) -> None:
        self.say("customer", self.bank.line(key), **options)

    def slip(self, rule: str) -> None:
        """The agent says something that breaks ``rule``."""
        self.say(self.desk, self.bank.fault(rule), fault=(rule,))

    def do(self, what: str, **options: Any) -> None:
        self.events.append(Event(what, **options))
