"""The ``--date`` option: a day, or the word yesterday."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.config import ConfigError


def parse_day(text: str, *, zone: str, today: date | None = None) -> str:
    """YYYY-MM-DD; ``yesterday`` and ``today`` count in ``zone``. Raises ConfigError."""
    try:
        now = today or datetime.now(ZoneInfo(zone)).date()
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"ingest.timezone expected a zone such as Asia/Shanghai, found {zone!r}") from error
    if text == "yesterday":
        return (now - timedelta(days=1)).isoformat()
    if text == "today":
        return now.isoformat()
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ConfigError(f"--date expected YYYY-MM-DD or 'yesterday', found {text!r}") from error
