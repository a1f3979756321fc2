"""Which day is a festival: dates, or stretches of dates, written in a lexicon under ``festivals:``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date


class Festivals:
    """``{"春节": ("2026-02-16/2026-02-22", …), "元旦": ("01-01",)}``; ``MM-DD`` holds every year.

    Raises ValueError for a date that is none.
    """

    def __init__(self, table: Mapping[str, tuple[str, ...]]) -> None:
        self._yearly: dict[tuple[int, int], str] = {}
        self._stretches: list[tuple[date, date, str]] = []
        for name, entries in table.items():
            for entry in entries:
                self._add(name, entry)
        self._years = {start.year for start, _, _ in self._stretches}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self._yearly.values(), *(name for _, _, name in self._stretches)]))

    def _add(self, name: str, entry: str) -> None:
        if len(entry) == 5:
            day = date.fromisoformat(f"2024-{entry}")
            self._yearly[day.month, day.day] = name
            return
        start, _, end = entry.partition("/")
        self._stretches.append((date.fromisoformat(start), date.fromisoformat(end or start), name))

    def on(self, day: date) -> str | None:
        """The festival of a day, "" when it is none, None when the table does not reach that year."""
        for start, end, name in self._stretches:
            if start <= day <= end:
                return name
        if (day.month, day.day) in self._yearly:
            return self._yearly[day.month, day.day]
        return "" if day.year in self._years or not self._stretches else None
