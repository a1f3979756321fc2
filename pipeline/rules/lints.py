"""What can be wrong with a rule that loads: regular expressions that blow up, record fields nobody fills."""

from __future__ import annotations

import difflib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import regex

from pipeline.rules.book import Rulebook, conditions_of
from pipeline.rules.condition import Find, walk
from pipeline.rules.operators.record import DERIVED_FIELDS, RECORD_FIELDS, Bounds, Recorded
from pipeline.rules.operators.words import REGEX_TIMEOUT_S, Regex
from pipeline.types import Direction, Side

SLOW_REGEX_S = 0.02
# Texts on which nested repeats blow up: long runs of one character, of pairs, of digits.
_BAIT = ("是" * 40 + "!", "好的" * 30 + "!", "1" * 40 + "!", "a" * 40 + "!", "啊1 " * 25 + "!")
_OWN_CHARACTERS = 6  # of a pattern's own, tried in long runs
# Fields with values of their own; what else stands there matches no call.
_VALUES: dict[str, tuple[str, ...]] = {
    "direction": get_args(Direction), "hangup_side": get_args(Side),
    "weekday": tuple(map(str, range(1, 8))), "hour": tuple(map(str, range(24))),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong (``error``) or doubtful (``warning``), with its place."""

    level: Literal["error", "warning"]
    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.rule}: {self.message}"


def regex_lints(book: Rulebook) -> Iterator[Finding]:
    """Patterns, and their exclusions, that can take for ever."""
    for rule in book.rules.values():
        for part in conditions_of(rule):
            if not isinstance(part, Find) or not isinstance(part.operator, Regex):
                continue
            for text in filter(None, (part.operator.pattern, part.operator.exclude)):
                if is_slow(regex.compile(text)):
                    message = f"regular expression that can blow up: {text!r}"
                    yield Finding("error", rule.file, part.line, rule.id, message)


def is_slow(pattern: regex.Pattern[str]) -> bool:
    """Does it take longer than SLOW_REGEX_S on texts made to be hard for it?"""
    for bait in _baits(pattern.pattern):
        started = time.thread_time()  # not the wall clock: a busy machine makes no pattern slow
        try:
            pattern.findall(bait, timeout=REGEX_TIMEOUT_S)
        except TimeoutError:
            return True
        if time.thread_time() - started > SLOW_REGEX_S:
            return True
    return False


def _baits(pattern: str) -> Iterator[str]:
    """Long runs, of everyday characters and of the pattern's own; then with all its own after a stop, as
    an engine gives up at once on a text that lacks a character it needs."""
    yield from _BAIT
    own = "".join(dict.fromkeys(regex.findall(r"(?<!\\)\w", pattern)))
    for one in (*own[:_OWN_CHARACTERS], "是", "1"):
        yield one * 40 + "!"
        yield one * 40 + "!" + own + "!"


def record_lints(book: Rulebook) -> Iterator[Finding]:
    """Fields that look misspelt (any other column of the CDR file may be asked for), and values that a
    field never has."""
    known = RECORD_FIELDS | DERIVED_FIELDS
    values = {**_VALUES, "festival": ("", *book.festivals.names)}
    for file, name, part in _recorded(book):
        for field, wanted in part.operator.wanted.items():
            meant = difflib.get_close_matches(field, known, n=1, cutoff=0.75)
            if field not in known and meant:
                message = f"record field {field!r}: did you mean {meant[0]!r}?"
                yield Finding("warning", file, part.line, name, message)
            if field in values and not isinstance(wanted, Bounds):
                for value in wanted:
                    if value not in values[field]:
                        expected = ", ".join(filter(None, values[field]))
                        message = f"record {field} is never {value!r}; one of: {expected}"
                        yield Finding("error", file, part.line, name, message)


def _recorded(book: Rulebook) -> Iterator[tuple[str, str, Any]]:
    """(file, rule or scorecard, condition) of everything asked of the call record."""
    asked = [(rule.file, rule.id, part) for rule in book.rules.values() for part in conditions_of(rule)]
    for template in book.templates:
        fits: Any = template.fits
        asked += [(template.file, template.name, part) for part in (walk(fits) if fits else ())]
    yield from (one for one in asked if isinstance(one[2], Find) and isinstance(one[2].operator, Recorded))
