"""What is wrong with a call-record file, said so that a clerk can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a call-record file. ``line`` 0: the file as a whole; ``call_id`` "" when unknown;
    ``lost``: it cost the whole row or file, not a cell."""

    file: str
    line: int
    expected: str
    found: str
    call_id: str = ""
    lost: bool = False

    def __str__(self) -> str:
        where = f"{self.file} line {self.line}" if self.line else self.file
        return f"{where}: expected {self.expected}, found {self.found}"


class CdrError(ValueError):
    """A call-record file that cannot be opened, or a reader that does not exist."""
