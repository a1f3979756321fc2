"""Conditions: one operator asked in one range, and all / any / not / at_least over conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pipeline.rules import answer as kleene
from pipeline.rules.answer import Answer, Hit
from pipeline.rules.facts import CallFacts
from pipeline.rules.operator import Findings
from pipeline.rules.ranges import Range
from pipeline.rules.window import Window
from pipeline.types import Evidence, Outcome

Assumed = Literal["hit", "miss"]
CLEAR_SCORE = 0.5  # below this a match is too loose to be held against anyone


class Condition(Protocol):
    """Anything a rule can ask. ``line`` is where it stands in its file."""

    @property
    def line(self) -> int: ...

    def answer(self, facts: CallFacts, within: Window) -> Answer: ...
    def parts(self) -> tuple[Condition, ...]: ...
    def lacking(self, facts: CallFacts, within: Window) -> Iterator[Find]: ...
    def nearest(self, facts: CallFacts, within: Window) -> Evidence | None: ...


@dataclass(frozen=True, slots=True)
class Count:
    """How many hits are wanted; without ``min``: at least one, or none needed when ``max`` is given."""

    min: int | None = None
    max: int | None = None

    def __post_init__(self) -> None:
        if min(self.min or 0, self.max or 0) < 0:
            raise ValueError(f"a negative count (min {self.min}, max {self.max})")

    @property
    def least(self) -> int:
        return self.min if self.min is not None else (1 if self.max is None else 0)


@dataclass(frozen=True, slots=True)
class Find:
    """One operator, asked of one role in one range."""

    name: str
    operator: Any
    role: str = "agent"
    inside: Range | None = None
    count: Count = field(default_factory=Count)
    assume: Assumed | None = None
    line: int = 0

    def window(self, facts: CallFacts, within: Window) -> Window:
        return within if self.inside is None else self.inside.window(facts, within, self.role)

    def answer(self, facts: CallFacts, within: Window) -> Answer:
        found = self._ask(facts, within)
        return assumed(found, self.assume)

    def _ask(self, facts: CallFacts, within: Window) -> Answer:
        if why := self._cannot(facts):
            return kleene.unknown(why)
        window = self.window(facts, within)
        if window.unsure:
            return kleene.unknown(window.unsure)
        if window.missing:
            return kleene.moot(window.missing)
        return counted(self.operator.find(facts, window, self.role), self.count, window)

    def _cannot(self, facts: CallFacts) -> str:
        hears = self.operator.hears
        if hears and facts.nobody_speaks:
            return "录音里无人说话"
        if "sound" in hears and not facts.sound:
            return "只有文字,没有录音"
        if "times" in hears and not facts.timed:
            return "文字没有时间"
        if not self.operator.by_role or self.role == "any":
            return ""
        if facts.role_doubt:
            return facts.role_doubt
        if "text" in hears and not facts.indexes(self.role):
            return "没有听到坐席说话" if self.role == "agent" else ""
        return ""

    def parts(self) -> tuple[Condition, ...]:
        own = self.operator.parts() if hasattr(self.operator, "parts") else ()
        return own + (self.inside.parts() if self.inside else ())

    def lacking(self, facts: CallFacts, within: Window) -> Iterator[Find]:
        """What was not said: this, where it looks for words and can look."""
        if hasattr(self.operator, "nearest") and not self._cannot(facts):
            yield self

    def nearest(self, facts: CallFacts, within: Window) -> Evidence | None:
        """The words that come nearest to what was not said; None when none are near."""
        if not any(self.lacking(facts, within)):
            return None
        near: Evidence | None = self.operator.nearest(facts, self.window(facts, within), self.role)
        return near


def counted(found: Findings, count: Count, window: Window) -> Answer:
    """Kleene over a count: between the sure hits and all that may be, is the number always inside?"""
    if found.moot:
        return kleene.moot(found.moot)
    searched = window.hull
    sure = tuple(h for h in found.hits if not h.doubtful and h.evidence.score >= CLEAR_SCORE)
    if found.hits and len(sure) >= count.least and count.max is None:  # whatever else there may be
        return Answer("hit", sure, searched, confidence=_confidence(sure))
    found = found.with_doubts()
    if not found.hits and not found.doubts:  # by far the commonest answer
        return Answer("miss" if count.least else "hit", (), searched, why=found.why)
    more = len(found.hits) > len(sure) or bool(found.doubts)
    most = float("inf") if found.doubts else len(found.hits)
    limit = float("inf") if count.max is None else count.max
    if len(sure) >= count.least and most <= limit:
        return Answer("hit", sure, searched, confidence=_confidence(sure))
    if most < count.least or len(sure) > limit:
        return Answer("miss", sure, searched, why=found.why)
    if not more:
        return Answer("miss", sure, searched, why=found.why)
    why = found.doubts[0] if found.doubts else "听得不够清楚,不能确定"
    doubt = 1.0 if len(found.hits) > len(sure) else found.doubt
    return Answer("unknown", found.hits, searched, why=why, doubt=doubt)


def _confidence(hits: tuple[Hit, ...]) -> float:
    return max((hit.evidence.score for hit in hits), default=1.0)


def assumed(found: Answer, assume: Assumed | None) -> Answer:
    return found._replace(value=assume) if assume and found.value == "unknown" else found


@dataclass(frozen=True, slots=True)
class Group:
    """``all``, ``any``, ``at_least``, ``not``, ``absent`` or ``hint`` over conditions."""

    how: Literal["all", "any", "at_least", "not", "absent", "hint"]
    of: tuple[Condition, ...]
    count: int = 1
    assume: Assumed | None = None
    line: int = 0

    def answer(self, facts: CallFacts, within: Window) -> Answer:
        return assumed(self._decide(facts, within), self.assume)

    def _decide(self, facts: CallFacts, within: Window) -> Answer:
        if self.how in ("all", "any"):
            # Stop at the first part that decides: most calls decide most rules early.
            decisive = "miss" if self.how == "all" else "hit"
            answers = []
            for part in self.of:
                answers.append(part.answer(facts, within))
                if answers[-1].value == decisive:
                    break
            return kleene.both(answers) if self.how == "all" else kleene.either(answers)
        if self.how == "at_least":
            return kleene.at_least(self.count, [part.answer(facts, within) for part in self.of])
        found = self.of[0].answer(facts, within)
        return kleene.hinted(found) if self.how == "hint" else kleene.negate(found)

    def parts(self) -> tuple[Condition, ...]:
        return self.of

    def lacking(self, facts: CallFacts, within: Window) -> Iterator[Find]:
        """What was not said of this: the parts that were are not looked for again."""
        if self.how in ("not", "absent", "hint"):
            return
        for part in self.of:
            if part.answer(facts, within).value != "hit":
                yield from part.lacking(facts, within)

    def nearest(self, facts: CallFacts, within: Window) -> Evidence | None:
        near = [n for part in self.lacking(facts, within) if (n := part.nearest(facts, within)) is not None]
        return max(near, key=lambda evidence: evidence.score, default=None)


@dataclass(frozen=True, slots=True)
class RuleIs:
    """Another rule's outcome, ``fail`` unless said otherwise."""

    SHORT = "id"

    id: str
    outcome: Outcome = "fail"
    assume: Assumed | None = None
    line: int = 0

    def answer(self, facts: CallFacts, within: Window) -> Answer:
        verdict = facts.verdicts.get(self.id)
        if verdict is None:
            return assumed(kleene.unknown(f"规则 {self.id} 没有结论"), self.assume)
        hits = tuple(Hit(evidence) for evidence in verdict.evidence)
        if verdict.outcome == self.outcome:
            return Answer("hit", hits, why=verdict.why)
        if verdict.outcome == "unknown":
            return assumed(kleene.unknown(verdict.why), self.assume)
        return Answer("miss", why=verdict.why)

    def parts(self) -> tuple[Condition, ...]:
        return ()

    def lacking(self, facts: CallFacts, within: Window) -> Iterator[Find]:
        return iter(())

    def nearest(self, facts: CallFacts, within: Window) -> Evidence | None:
        return None


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and every condition inside it."""
    yield condition
    for part in condition.parts():
        yield from walk(part)
