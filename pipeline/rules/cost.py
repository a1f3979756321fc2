"""What each rule costs: ``callqa rules profile``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.rules.book import Rulebook
from pipeline.rules.check import example_facts
from pipeline.rules.facts import CallFacts
from pipeline.rules.measured import measured_text
from pipeline.rules.textcalls import TextCall, read_text_calls


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds a call, over ``calls`` calls; ``rule`` "(phrases)" is the one pass over the text."""

    rule: str
    us_per_call: float
    failed: int
    unknown: int


def profile(book: Rulebook, make: Sequence[Callable[[], CallFacts]]) -> list[Cost]:
    """Cost of every rule, dearest first. ``make`` builds fresh facts of each call, so nothing is shared
    between runs but the memory of texts that production shares too."""
    assert book.index  # compiled outside the clock
    spent: dict[str, float] = {"(phrases)": 0.0}
    failed: dict[str, int] = {}
    unknown: dict[str, int] = {}
    for build in make:
        facts = build()
        started = time.perf_counter()
        assert facts.themes is not None
        spent["(phrases)"] += time.perf_counter() - started
        for name in book.order:
            started = time.perf_counter()
            verdict = facts.verdicts[name] = book.rules[name].judge(facts)
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - started
            failed[name] = failed.get(name, 0) + (verdict.outcome == "fail")
            unknown[name] = unknown.get(name, 0) + (verdict.outcome == "unknown")
    calls = max(1, len(make))
    costs = [Cost(n, s * 1e6 / calls, failed.get(n, 0), unknown.get(n, 0)) for n, s in spent.items()]
    return sorted(costs, key=lambda c: -c.us_per_call)


def example_calls(book: Rulebook) -> list[Callable[[], CallFacts]]:
    """Every example of every rule, as a call."""
    return [
        partial(example_facts, book, example) for rule in book.rules.values() for _, example in rule.examples
    ]


def text_calls(book: Rulebook, path: Path) -> list[Callable[[], CallFacts]]:
    """The dialogues of a JSONL file; lines that are none are left out."""
    return [partial(_facts, book, call) for _, _, call in read_text_calls(path) if isinstance(call, TextCall)]


def _facts(book: Rulebook, call: TextCall) -> CallFacts:
    measured = measured_text(call.conversation)
    return CallFacts(call.conversation, measured, phrases=book.index, festivals=book.festivals)
