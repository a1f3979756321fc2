"""The workbook's lists: calls, deductions, agents and teams, each as columns and rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipeline.report.day import DayReport, rows_of
from pipeline.report.sheet import CLOCK, Column, days
from pipeline.strings import text

if TYPE_CHECKING:
    import pandas as pd


def call_columns() -> tuple[Column, ...]:
    return (
        Column("call_id", 26), Column("started_at", 19), Column("agent_id", 10), Column("agent_name", 12),
        Column("team", 12), Column("direction", 8), Column("duration", 8, CLOCK), Column("total", 8),
        Column("grade", 7), Column("fatal", 10), Column("flagged", 8), Column("flags", 24),
        Column("fault_count", 8), Column("unknown_count", 11), Column("role_confidence", 10, "0%"),
        Column("asr_confidence", 10, "0%"), Column("channels", 6), Column("standard", 24),
    )  # fmt: skip


def call_rows(report: DayReport, lang: str) -> Iterator[list[Any]]:
    counts = report.faults.drop_duplicates(["call_id", "rule_id"]).groupby("call_id").size().to_dict()
    yes = text("workbook.yes", lang)
    zone = ZoneInfo(report.timezone)
    for call in rows_of(report.worst):
        yield [
            call.call_id, _local(call.started_at, zone), call.agent_id, call.agent_name, call.team,
            text(f"direction.{call.direction}", lang), days(call.duration_s), rounded(call.total), call.grade,
            yes if call.fatal else "", yes if call.flagged else "", flag_words(call.flags, lang),
            counts.get(call.call_id, 0), report.unknown_items.get(call.call_id, 0), call.role_confidence,
            _number(call.asr_confidence), call.channels, call.standard,
        ]  # fmt: skip


def paint_call(row: Sequence[Any]) -> str | None:
    """Fatal calls red, calls to review yellow."""
    return "fatal" if row[9] else ("flagged" if row[10] else None)


def fault_columns() -> tuple[Column, ...]:
    return (
        Column("call_id", 26), Column("agent_id", 10), Column("agent_name", 12), Column("team", 12),
        Column("rule", 24), Column("group", 10), Column("points", 8), Column("start", 8, CLOCK),
        Column("end", 8, CLOCK),
        Column("role", 8), Column("quote", 48, wrap=True), Column("score", 10, "0%"), Column("why", 40, wrap=True),
        Column("rule_id", 24),
    )  # fmt: skip


def fault_rows(faults: pd.DataFrame, report: DayReport, lang: str) -> Iterator[list[Any]]:
    for fault in rows_of(faults):
        yield [
            fault.call_id, fault.agent_id, fault.agent_name, fault.team,
            report.titles.get(fault.rule_id, fault.rule_id), fault.group, rounded(fault.points),
            days(fault.start_s), days(fault.end_s), text(f"role.{fault.role}", lang) if fault.role else "",
            fault.quote or text("workbook.no_quote", lang), _number(fault.score), fault.why, fault.rule_id,
        ]  # fmt: skip


def people_columns(by: str) -> tuple[Column, ...]:
    who = (Column("agent_id", 12), Column("agent_name", 14), Column("team", 14))
    return (
        *(who if by == "agent_id" else (Column("team", 16),)),
        Column("calls", 10), Column("mean", 10, "0.0"), Column("lowest", 10), Column("highest", 10),
        Column("fatal", 10), Column("flagged", 10), Column("lost", 10), Column("commonest", 60, wrap=True),
    )  # fmt: skip


def people_rows(report: DayReport, by: str, lang: str) -> Iterator[list[Any]]:
    nobody = text("workbook.nobody", lang)
    for who in rows_of(report.people(by)):
        key = getattr(who, by) or nobody
        names = [key, who.name if key != nobody else "", who.of_team] if by == "agent_id" else [key]
        yield [
            *names, who.calls, rounded(who.mean), rounded(who.lowest), rounded(who.highest), who.fatal, who.flagged,
            rounded(who.lost), who.commonest,
        ]  # fmt: skip


def flag_words(flags: str, lang: str) -> str:
    """``fatal;sample`` in words; a flag without a word stays as it is."""
    words = []
    for flag in filter(None, flags.split(";")):
        try:
            words.append(text(f"flag.{flag}", lang))
        except KeyError:
            words.append(flag)
    return "、".join(words)


def _local(moment: Any, zone: ZoneInfo) -> datetime | None:
    """Excel knows no zones: the wall clock of the place, as the agents know it."""
    if moment is None or moment != moment:  # NaT
        return None
    return moment.to_pydatetime().astimezone(zone).replace(tzinfo=None, microsecond=0)


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def rounded(value: Any) -> float | None:
    """One decimal, and none where it is whole: Excel's own ``0.#`` shows 95 as "95."."""
    if value is None or value != value:
        return None
    short = round(float(value), 1)
    return int(short) if short.is_integer() else short
