"""Hit, miss, unknown - and moot: the answers conditions give, and Kleene's logic over them.

*Moot* is no fourth truth value but the absence of a question: the trigger or anchor a condition
waits for never came. Moot parts are left out of a conjunction or disjunction; a rule whose whole
answer is moot does not apply.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pipeline.types import Evidence, Span

Value = Literal["hit", "miss", "unknown", "moot"]


class Hit(NamedTuple):
    """One place where a condition holds. ``index``: the utterance; None for what is not speech."""

    evidence: Evidence
    index: int | None = None  # type: ignore[assignment]  # tuple has an index() nobody needs here
    doubtful: bool = False


class Answer(NamedTuple):
    """What a condition found.

    ``doubt`` 0..1 tells an unknown's size: the share of the window that could not be heard; 1 when
    the reason is another. ``searched`` is the window.
    """

    value: Value
    hits: tuple[Hit, ...] = ()
    searched: Span | None = None
    why: str = ""
    doubt: float = 0.0
    confidence: float = 1.0


def unknown(why: str, *, searched: Span | None = None, doubt: float = 1.0) -> Answer:
    return Answer("unknown", why=why, searched=searched, doubt=doubt)


def moot(why: str) -> Answer:
    return Answer("moot", why=why)


def negate(answer: Answer) -> Answer:
    """Hit and miss change places; unknown and moot stay."""
    if answer.value == "hit":
        return answer._replace(value="miss")
    if answer.value == "miss":
        return answer._replace(value="hit", confidence=1.0)
    return answer


def hinted(answer: Answer) -> Answer:
    """A hit that can be meant otherwise: unknown, with its evidence. Miss, unknown and moot stay."""
    if answer.value != "hit":
        return answer
    return answer._replace(value="unknown", why="像是这种情形,只凭这句话不能确定")


def both(answers: Sequence[Answer]) -> Answer:
    """Kleene's *and*: a miss decides, else an unknown, else hit. All moot → moot."""
    asked = [a for a in answers if a.value != "moot"]
    if not asked:
        return answers[0] if answers else Answer("hit")
    for value in ("miss", "unknown"):
        told = [a for a in asked if a.value == value]
        if told:
            return _joined(told[0], told) if value == "unknown" else _with_hits(told[0], asked)
    return _joined(asked[0], asked)


def either(answers: Sequence[Answer]) -> Answer:
    """Kleene's *or*: a hit decides, else an unknown, else miss. All moot → moot."""
    asked = [a for a in answers if a.value != "moot"]
    if not asked:
        return answers[0] if answers else Answer("miss")
    for value in ("hit", "unknown"):
        told = [a for a in asked if a.value == value]
        if told:
            return _joined(told[0], told)
    return _joined(asked[0], asked)


def at_least(count: int, answers: Sequence[Answer]) -> Answer:
    """Hit when ``count`` parts hit; unknown when the unknown ones could still make it so."""
    asked = [a for a in answers if a.value != "moot"]
    if not asked and answers:
        return answers[0]
    hits = [a for a in asked if a.value == "hit"]
    open_ones = [a for a in asked if a.value == "unknown"]
    if len(hits) >= count:
        return _joined(hits[0], hits)
    if len(hits) + len(open_ones) >= count:
        return _joined(open_ones[0], open_ones)
    missed = [a for a in asked if a.value == "miss"]
    first = missed[0] if missed else Answer("miss")
    return _with_hits(first, asked)._replace(why=first.why or f"{len(hits)}/{count}")


def _joined(first: Answer, answers: Sequence[Answer]) -> Answer:
    if len(answers) == 1:
        return first
    hits = tuple(hit for a in answers for hit in a.hits)
    confidence = min(a.confidence for a in answers)
    return first._replace(hits=hits, confidence=confidence, doubt=max(a.doubt for a in answers))


def _with_hits(first: Answer, answers: Sequence[Answer]) -> Answer:
    """A miss with what speaks for it (a thing that may not be, and is) and what was found beside it."""
    found = tuple(hit for a in answers if a.value == "hit" for hit in a.hits)
    return first._replace(hits=first.hits + found) if found else first
