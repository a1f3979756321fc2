"""The one error a lexicon, rule or scorecard can raise: file, line, what was expected, what was found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class RuleError(ValueError):
    """A lexicon or scorecard that cannot be used. ``str()`` reads ``file:line: expected …, found …``."""

    def __init__(self, file: str, line: int, *, expected: str, found: str) -> None:
        super().__init__(f"{file}:{line}: expected {expected}, found {found}")
        self.file, self.line, self.expected, self.found = file, line, expected, found

    def __reduce__(self) -> tuple[Any, ...]:  # so that a worker's error reaches its parent whole
        return _again, (self.file, self.line, self.expected, self.found)


def _again(file: str, line: int, expected: str, found: str) -> RuleError:
    return RuleError(file, line, expected=expected, found=found)


def one_of(names: Iterable[str], typed: str) -> str:
    """ "one of: a, b, c", led by the names nearest to what was typed."""
    known = sorted(names)
    near = difflib.get_close_matches(typed, known, n=2, cutoff=0.6)
    listed = ", ".join(known) if len(known) <= 40 else ", ".join(known[:40]) + " …"
    return f"{' or '.join(map(repr, near))} (one of: {listed})" if near else f"one of: {listed}"
