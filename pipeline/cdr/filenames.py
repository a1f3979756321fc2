"""What a recording's name tells: id, time, agent, direction, by patterns with named groups.

Groups understood: ``call_id, date`` (8 digits, or with hyphens) ``, time`` (6 digits, or with separators),
``year, month, day, epoch, agent_id, agent_name, team, direction, business``; a group named
``inbound`` or ``outbound`` that matched sets the direction. Patterns are searched in the whole path,
so that a date in the folders counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pipeline.cdr.fields import FieldError, parse_direction
from pipeline.config import ConfigError
from pipeline.types import Direction

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_FREEPBX_END = r"-(?P<date>\d{8})-(?P<time>\d{6})-(?P<call_id>\d{9,11}\.\d+)(?:\.\w+)?$"

PRESETS: dict[str, tuple[str, ...]] = {
    # FreePBX names files TYPE-TO-FROM-DATE-TIME-UNIQUEID (CALLFILENAME in its sub-record-check)
    "freepbx": (
        r"(?:^|/)(?P<outbound>out)-[^-/]+-(?P<agent_id>[^-/]+)" + _FREEPBX_END,
        r"(?:^|/)(?P<inbound>external|exten|in)-(?P<agent_id>[^-/]+)-[^-/]+" + _FREEPBX_END,
        r"(?:^|/)(?P<inbound>q|rg)-[^-/]+-[^-/]+" + _FREEPBX_END,
        r"(?:^|/)[a-z]+-[^-/]+-[^-/]+" + _FREEPBX_END,
    ),
    # FusionPBX: recordings/DOMAIN/archive/2026/Nov/21/UUID.wav
    "fusionpbx": (
        rf"(?:/(?P<year>\d{{4}})/(?P<month>[A-Z][a-z]{{2}})/(?P<day>\d{{2}}))?(?:^|/)(?P<call_id>{_UUID})(?:\.\w+)?$",
    ),
    # 20261121-093000[_1001][_in][_anything]
    "generic": (
        r"(?:^|/)(?P<date>20\d\d-?\d\d-?\d\d)[-_T ]?(?P<time>\d\d[-:.]?\d\d[-:.]?\d\d)"
        r"(?:[-_](?P<agent_id>[A-Za-z]{0,3}\d{2,6})(?![^-_.]))?"
        r"(?:[-_](?P<direction>in(?:bound)?|out(?:bound)?)(?![^-_.]))?(?:[-_][^/]*)?(?:\.\w+)?$",
    ),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What a name told; ``day`` without ``started_at`` when only folders are dated."""

    call_id: str | None = None
    started_at: datetime | None = None
    day: date | None = None
    agent_id: str | None = None
    agent_name: str | None = None
    team: str | None = None
    direction: Direction = "unknown"
    business: str | None = None


def compile_patterns(names: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    """Presets and own regexes, in order. Raises ConfigError for one that is neither."""
    compiled: list[re.Pattern[str]] = []
    for name in names:
        for source in PRESETS.get(name, (name,)):
            try:
                pattern = re.compile(source)
            except re.error as error:
                expected = f"expected {', '.join(PRESETS)} or a regex"
                raise ConfigError(f"ingest.filename_patterns: {expected}, found {name!r}: {error}") from error
            if not pattern.groupindex:
                raise ConfigError(
                    "ingest.filename_patterns: expected a preset or a regex with named groups such as "
                    f"(?P<call_id>…), found {name!r}"
                )
            compiled.append(pattern)
    return tuple(compiled)


def read_name(path: str, patterns: Iterable[re.Pattern[str]], zone: ZoneInfo) -> NameFacts | None:
    """Facts from the first pattern that fits ``path`` (with ``/``); None when none does.

    A name whose date cannot be (month 13) fits no pattern: it is some other number.
    """
    for pattern in patterns:
        if found := pattern.search(path):
            groups = {name: text for name, text in found.groupdict().items() if text}
            try:
                return _facts(groups, zone)
            except ValueError:
                continue
    return None


def _facts(groups: dict[str, str], zone: ZoneInfo) -> NameFacts:
    started_at, day = _when(groups, zone)
    direction: Direction = "unknown"
    for fixed in ("inbound", "outbound"):
        if fixed in groups:
            direction = "inbound" if fixed == "inbound" else "outbound"
    if "direction" in groups:
        try:
            direction = parse_direction(groups["direction"]) or "unknown"
        except FieldError:
            direction = "unknown"
    return NameFacts(
        call_id=groups.get("call_id"),
        started_at=started_at,
        day=day,
        agent_id=groups.get("agent_id"),
        agent_name=groups.get("agent_name"),
        team=groups.get("team"),
        direction=direction,
        business=groups.get("business"),
    )


def _when(groups: dict[str, str], zone: ZoneInfo) -> tuple[datetime | None, date | None]:
    if "epoch" in groups:
        at = datetime.fromtimestamp(int(groups["epoch"]), zone)
        return at, at.date()
    digits = re.sub(r"\D", "", groups.get("date", ""))
    if not digits and {"year", "month", "day"} <= groups.keys():
        month = groups["month"]
        number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
        digits = f"{groups['year']}{number:02d}{int(groups['day']):02d}"
    if not digits:
        return None, None
    day = datetime.strptime(digits, "%Y%m%d").date()
    if "time" not in groups:
        return None, day
    clock = datetime.strptime(re.sub(r"\D", "", groups["time"]).ljust(6, "0"), "%H%M%S").time()
    return datetime.combine(day, clock, zone), day
