"""Which calls a person should hear: by what the scorecard says, by lot, and so many of each agent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from pipeline.rules.template import Template
from pipeline.types import Scorecard


class Flagged(Protocol):
    """What an agent's quota asks of a scorecard."""

    @property
    def call_id(self) -> str: ...
    @property
    def flags(self) -> tuple[str, ...]: ...
    @property
    def flagged(self) -> bool: ...
    @property
    def agent_quota(self) -> int: ...


F = TypeVar("F", bound=Flagged)


def drawn(call_id: str, salt: str) -> float:
    """A fixed lot 0..1 for a call: the same on every run and every machine."""
    digest = hashlib.sha256(f"{salt}\0{call_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def flag_call(template: Template, card: Scorecard) -> Scorecard:
    """The flags one call earns by itself; ``apply_quota`` adds each agent's quota."""
    policy, flags = template.flagging, []
    if policy.fatal and card.fatal:
        flags.append("fatal")
    if policy.below is not None and card.total is not None and card.total < policy.below:
        flags.append("below_grade")
    if policy.confidence_below is not None and card.confidence < policy.confidence_below:
        flags.append("low_confidence")
    if drawn(card.call_id, "sample") * 100 < policy.sample_percent:
        flags.append("sample")
    return replace(card, flags=tuple(flags), flagged=bool(flags))


def apply_quota(cards: Sequence[F], *, agents: Mapping[str, str | None]) -> list[F]:
    """Fill every agent's flagged calls up to their scorecards' quota, by lot; pure, in the order given.

    ``agents`` maps call id to agent; calls of nobody known fill no quota.
    """
    by_agent: dict[str, list[F]] = {}
    for card in cards:
        agent = agents.get(card.call_id)
        if agent:
            by_agent.setdefault(agent, []).append(card)
    chosen: set[str] = set()
    for own in by_agent.values():
        lacking = max(card.agent_quota for card in own) - sum(card.flagged for card in own)
        rest = sorted((c.call_id for c in own if not c.flagged), key=lambda c: (drawn(c, "quota"), c))
        chosen.update(rest[: max(0, lacking)])
    return [
        replace(card, flags=(*card.flags, "agent_quota"), flagged=True)  # type: ignore[type-var]
        if card.call_id in chosen
        else card
        for card in cards
    ]
