"""Operators over order: sequence, response, preceded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.rules.answer import Hit
from pipeline.rules.facts import CallFacts
from pipeline.rules.operator import Findings, operator
from pipeline.rules.ranges import ConditionType, beside
from pipeline.rules.window import Window
from pipeline.types import Evidence, Span


def _ordered(hits: tuple[Hit, ...]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (hit.evidence.span.start_s, hit.index or 0))


def _role_of(condition: Any) -> str:
    """The role whose utterances ``within`` counts: the condition's own, or the first one inside it."""
    role = getattr(condition, "role", None)
    if role is not None:
        return str(role)
    parts = condition.parts()
    return _role_of(parts[0]) if parts else "any"


@operator("response", by_role=False)
@dataclass(frozen=True, slots=True)
class Response:
    """Every ``to`` is followed by ``with``; moot when there is no ``to``."""

    to: ConditionType
    answer: ConditionType = field(metadata={"key": "with"})
    within: int | None = None
    within_s: float | None = None

    def parts(self) -> tuple[Any, ...]:
        return (self.to, self.answer)

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        return _paired(self, facts, window, self.to, self.answer, "after")

    def nearest(self, facts: CallFacts, window: Window, role: str) -> Evidence | None:
        return _nearest(self, facts, window, self.to, self.answer, "after")


@operator("preceded", by_role=False)
@dataclass(frozen=True, slots=True)
class Preceded:
    """Every ``of`` has a ``by`` before it; moot when there is no ``of``."""

    of: ConditionType
    by: ConditionType
    within: int | None = None
    within_s: float | None = None

    def parts(self) -> tuple[Any, ...]:
        return (self.of, self.by)

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        return _paired(self, facts, window, self.of, self.by, "before")

    def nearest(self, facts: CallFacts, window: Window, role: str) -> Evidence | None:
        return _nearest(self, facts, window, self.of, self.by, "before")


def _beside(pair: Any, facts: CallFacts, hit: Hit, answer: Any, side: str) -> Window:
    role = _role_of(answer)
    return beside(facts, hit, side, role=role, within=pair.within, within_s=pair.within_s)


def _paired(pair: Any, facts: CallFacts, window: Window, cause: Any, answer: Any, side: str) -> Findings:
    """Hits: the answers, when every cause has one; a miss keeps the unanswered causes as its reason."""
    caused = cause.answer(facts, window)
    if caused.value == "unknown":
        return Findings(doubts=(caused.why,), doubt=caused.doubt)
    if caused.value != "hit" or not caused.hits:
        return Findings(moot="未出现需要回应的情形")
    if pair.within_s is not None and not facts.timed:
        return Findings(doubts=("文字没有时间",), doubt=1.0)
    answered: list[Hit] = []
    doubts: list[str] = []
    for hit in _ordered(caused.hits):
        found = answer.answer(facts, _beside(pair, facts, hit, answer, side))
        if found.value == "hit":
            answered += found.hits or (hit,)
        elif found.value == "unknown":
            doubts.append(found.why)
        elif found.value == "miss":
            at, quote = hit.evidence.span.start_s, hit.evidence.quote[:30]
            return Findings(why=f"{at:.0f} 秒处「{quote}」之{'后' if side == 'after' else '前'}没有相应的话")
    if doubts:
        return Findings(doubts=tuple(doubts), doubt=1.0)
    return Findings(tuple(answered) or caused.hits)


def _nearest(
    pair: Any, facts: CallFacts, window: Window, cause: Any, answer: Any, side: str
) -> Evidence | None:
    near = [
        found
        for hit in cause.answer(facts, window).hits
        if (found := answer.nearest(facts, _beside(pair, facts, hit, answer, side))) is not None
    ]
    return max(near, key=lambda evidence: evidence.score, default=None)


@operator("sequence", by_role=False)
@dataclass(frozen=True, slots=True)
class Sequence:
    """The steps come one after the other, each within ``within_s`` seconds and ``within`` utterances of
    the one before, with no ``without`` in between."""

    steps: tuple[ConditionType, ...]
    within: int | None = None
    within_s: float | None = None
    without: ConditionType | None = None

    def __post_init__(self) -> None:
        if len(self.steps) < 2:
            raise ValueError(f"{len(self.steps)} step; a sequence needs 2")

    def parts(self) -> tuple[Any, ...]:
        return (*self.steps, *((self.without,) if self.without else ()))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        """Every way to go on is kept from step to step, as the nearest next hit may be a dead end."""
        if self.within_s is not None and not facts.timed:
            return Findings(doubts=("文字没有时间",), doubt=1.0)
        doubts: list[str] = []
        chains = self._begin(facts, window, doubts)
        reached = 1 if chains else 0
        for number, step in enumerate(self.steps[1:], start=2):
            chains = self._extend(facts, window, chains, step, doubts)
            reached = number if chains else reached
        if chains:
            return Findings(tuple(self._joined(chain) for chain in chains))
        return Findings(doubts=tuple(doubts), doubt=1.0 if doubts else 0.0, why=f"只走到第 {reached} 步")

    def _begin(self, facts: CallFacts, window: Window, doubts: list[str]) -> list[tuple[Hit, ...]]:
        first: Any = self.steps[0]
        found = first.answer(facts, window)
        if found.value == "unknown":
            doubts.append(found.why)
        return [(hit,) for hit in _ordered(found.hits)] if found.value == "hit" else []

    def _extend(
        self, facts: CallFacts, window: Window, chains: list[tuple[Hit, ...]], step: Any, doubts: list[str]
    ) -> list[tuple[Hit, ...]]:
        longer: dict[Hit, tuple[Hit, ...]] = {}  # by last hit: the chain that begins first
        for chain in chains:
            after = beside(facts, chain[-1], "after", role="any", within=self.within, within_s=self.within_s)
            found = step.answer(facts, window.meet(after))
            if found.value == "unknown":
                doubts.append(found.why)
            if found.value != "hit" or not found.hits:
                continue
            for following in _ordered(found.hits):
                if following not in longer and self._unbroken(facts, chain[-1], following, doubts):
                    longer[following] = (*chain, following)
        return list(longer.values())

    def _unbroken(self, facts: CallFacts, one: Hit, other: Hit, doubts: list[str]) -> bool:
        """Nothing of ``without`` lies between. Where that cannot be told, neither can the sequence."""
        without: Any = self.without
        if without is None:
            return True
        start_s, end_s = one.evidence.span.end_s, other.evidence.span.start_s
        low = -1 if one.index is None else one.index
        high = len(facts.utterances) if other.index is None else other.index
        gap = Window(frozenset(range(low + 1, high)), (Span(start_s, max(start_s, end_s)),))
        between = without.answer(facts, gap)
        if between.value == "unknown":
            doubts.append(between.why)
        return bool(between.value in ("miss", "moot"))

    def _joined(self, chain: tuple[Hit, ...]) -> Hit:
        first, last = chain[0].evidence, chain[-1].evidence
        quote = " → ".join(hit.evidence.quote[:30] for hit in chain)
        span = Span(first.span.start_s, max(first.span.end_s, last.span.end_s))
        score = min(hit.evidence.score for hit in chain)
        return Hit(Evidence(span, first.role, quote, score), chain[-1].index)
