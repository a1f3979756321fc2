"""A rule and how it judges a call: expect or forbid, applicability, evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pipeline.rules.answer import Answer
from pipeline.rules.errors import RuleError
from pipeline.rules.facts import CallFacts
from pipeline.rules.ranges import ConditionType
from pipeline.rules.shape import GRAMMARS
from pipeline.rules.yamltree import Leaf, Tree, describe
from pipeline.types import Evidence, Outcome, Verdict

Kind = Literal["say", "taboo", "measure", "event", "pair", "meta"]
Severity = Literal["fatal", "major", "normal", "minor", "bonus"]
Status = Literal["draft", "stable", "retired"]

# A taboo not heard still passes when at most this share of the agent's words was unclear: nothing is
# taken off either way, and one mumbled line should not make every taboo of a call undecided.
FORBID_DOUBT = 0.2
MAX_EVIDENCE = 20


@dataclass(frozen=True, slots=True)
class Example:
    """A dialogue snippet and the line it begins on."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand of the standard."""

    id: str = field(metadata={"hidden": True})
    file: str = field(metadata={"hidden": True})
    line: int = field(metadata={"hidden": True})
    title: str
    kind: Kind
    group: str
    source: tuple[str, ...] = ()
    severity: Severity = "normal"
    status: Status = "stable"
    version: str = "1"
    when: ConditionType | None = None
    expect: ConditionType | None = None
    forbid: ConditionType | None = None
    why: str = ""
    flag: tuple[Example, ...] = ()
    passes: tuple[Example, ...] = field(default=(), metadata={"key": "pass"})
    unknown: tuple[Example, ...] = ()
    na: tuple[Example, ...] = ()
    known_false_positives: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if (self.expect is None) == (self.forbid is None):
            raise ValueError("both or neither of expect and forbid")

    @property
    def demand(self) -> Any:
        return self.expect if self.expect is not None else self.forbid

    @property
    def conditions(self) -> tuple[Any, ...]:
        return (self.demand,) if self.when is None else (self.when, self.demand)

    @property
    def examples(self) -> tuple[tuple[Outcome, Example], ...]:
        """What each example must give."""
        wanted: list[tuple[Outcome, tuple[Example, ...]]] = [
            ("fail", self.flag),
            ("pass", self.passes),
            ("unknown", self.unknown),
            ("not_applicable", self.na),
        ]
        return tuple((outcome, example) for outcome, examples in wanted for example in examples)

    def judge(self, facts: CallFacts) -> Verdict:
        """The verdict on a call; points are the scorecard's business.

        What would fail is looked at once more with the benefit of the doubt: see doubt.py.
        """
        verdict = self._judge(facts)
        if verdict.outcome != "fail":
            return verdict
        again = self._judge(facts.second_look)
        if self.expect is None:
            return again if again.outcome == "unknown" else verdict
        near = self.demand.nearest(facts, facts.whole)
        if again.outcome == "unknown":
            return replace(again, near_miss=near)
        if near is None and any(self.demand.lacking(facts, facts.whole)):
            verdict = replace(verdict, why=f"{verdict.why};没有接近的说法")
        return replace(verdict, near_miss=near)

    def _judge(self, facts: CallFacts) -> Verdict:
        said: tuple[Evidence, ...] = ()
        if self.when is not None:
            asked: Answer = self.when.answer(facts, facts.whole)  # type: ignore[attr-defined]
            if asked.value in ("miss", "moot"):
                return self._verdict("not_applicable", asked, "不是本条适用的情形")
            if asked.value == "unknown":
                return self._verdict("unknown", asked, f"不能确定是否适用:{asked.why}")
            said = tuple(hit.evidence for hit in asked.hits[:MAX_EVIDENCE] if hit.evidence.quote)
        found: Answer = self.demand.answer(facts, facts.whole)
        verdict = self._judged(facts, found)
        if self.kind == "taboo" and verdict.outcome == "fail" and not verdict.evidence:
            return replace(verdict, evidence=said)  # what must not stand alone was said; play that
        return verdict

    def _judged(self, facts: CallFacts, found: Answer) -> Verdict:
        if found.value == "moot":
            return self._verdict("not_applicable", found, found.why)
        if found.value == "unknown":
            if self.forbid is not None and found.doubt <= FORBID_DOUBT:
                return self._verdict("pass", found, "", confidence=1 - found.doubt)
            return self._verdict("unknown", found, found.why)
        failed = found.value == ("miss" if self.expect is not None else "hit")
        if not failed:
            return self._verdict("pass", found, "", confidence=found.confidence)
        why = self.why or self.title
        return self._verdict("fail", found, f"{why}({found.why})" if found.why else why)

    def _verdict(
        self,
        outcome: Outcome,
        found: Answer,
        why: str,
        *,
        confidence: float | None = None,
    ) -> Verdict:
        shown = outcome != "not_applicable"
        evidence = tuple(hit.evidence for hit in found.hits[:MAX_EVIDENCE]) if shown else ()
        return Verdict(
            self.id,
            outcome,
            0.0,
            self.group,
            self.title,
            evidence,
            None,
            found.searched if outcome in ("fail", "unknown") else None,
            why,
            confidence=found.confidence if confidence is None else confidence,
        )


def _example(tree: Tree) -> Example:
    if not isinstance(tree, Leaf):
        expected = "a dialogue, as text"
        raise RuleError(tree.file, tree.line, expected=expected, found=describe(tree))
    return Example(tree.raw, tree.line)


GRAMMARS[Example] = (_example, {"type": "string"})
