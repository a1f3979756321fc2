"""What an operator is: a frozen dataclass of its settings with ``find``; registered by its YAML key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from pipeline.rules.answer import Hit
from pipeline.rules.facts import CallFacts
from pipeline.rules.window import Window


class Findings(NamedTuple):
    """Places found. ``doubts``: why more may be there unheard, with ``doubt`` the share of the window
    not heard (1: cannot be told at all); ``moot``: why the question does not arise; ``why`` tells a
    miss. ``unasked``: tells the doubts where that is dear; asked only where the hits alone do not decide."""

    hits: tuple[Hit, ...] = ()
    doubts: tuple[str, ...] = ()
    doubt: float = 0.0
    why: str = ""
    moot: str = ""
    unasked: Callable[[], tuple[tuple[str, ...], float]] | None = None

    def with_doubts(self) -> Findings:
        """The same with its doubts told."""
        return self if self.unasked is None else Findings(self.hits, *self.unasked(), self.why, self.moot)


CLEAR = Findings()


def cannot_tell(why: str) -> Findings:
    return Findings(doubts=(why,), doubt=1.0)


class Operator(Protocol):
    """``hears``: what it needs beside the record: "text", "sound", "times"; ``by_role``: a role matters."""

    hears: ClassVar[frozenset[str]]
    by_role: ClassVar[bool]

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings: ...


OPERATORS: dict[str, type[Any]] = {}
T = TypeVar("T", bound=type)


def operator(name: str, *, hears: str = "", by_role: bool = True) -> Callable[[T], T]:
    """Register the decorated frozen dataclass under its YAML key."""

    def register(cls: T) -> T:
        cls.hears = frozenset(hears.split())  # type: ignore[attr-defined]
        cls.by_role = by_role  # type: ignore[attr-defined]
        OPERATORS[name] = cls
        return cls

    return register


def in_order(**bounds: tuple[float | None, float | None]) -> None:
    """Raises ValueError for bounds that are negative or leave nothing between them: ``min_s=(2, 1)``."""
    for name, (low, high) in bounds.items():
        if low is not None and high is not None and low > high:
            raise ValueError(f"{name}: {low:g} over its upper bound {high:g}; nothing lies between")
        if (low is not None and low < 0) or (high is not None and high < 0):
            raise ValueError(f"{name}: a negative bound")


def unheard(facts: CallFacts, window: Window, role: str, *, skip: frozenset[int] = frozenset()) -> Findings:
    """No hits, but the doubts: what in the window was recognised too badly, or said by nobody sure."""
    murky = [(i, why) for i, why in facts.murky(role) if window.has(i) and i not in skip]
    if not murky:
        return CLEAR
    unsure = [] if role == "any" else facts.chosen("unknown", window)
    total = sum(len(facts.utterances[i].text) for i in [*facts.chosen(role, window), *unsure])
    lost = sum(len(facts.utterances[i].text) for i, _ in murky)
    index, why = murky[0]
    told = f"第{index + 1}句{why}:{facts.utterances[index].text[:20]}"
    return Findings(doubts=(told,), doubt=lost / total if total else 0.0)
