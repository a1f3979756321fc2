"""A sheet a team and a sheet an agent: what a lead hands to one of them, without the others' calls."""

from __future__ import annotations

from typing import Any

from pipeline.report.day import DayReport, rows_of
from pipeline.report.listings import (
    call_columns,
    call_rows,
    fault_columns,
    fault_rows,
    paint_call,
    people_columns,
    people_rows,
)
from pipeline.report.sheet import Book
from pipeline.strings import text

MAX_SHEETS = 40  # of agents, and of teams: nobody leafs through more; the lists hold everybody


def write_people(book: Book, report: DayReport) -> None:
    """The teams, then the agents, lowest mean first, as on their lists; those nobody can name have none."""
    for by, write in (("team", _team), ("agent_id", _agent)):
        named = report.people(by)
        for who in rows_of(named[named[by] != ""].head(MAX_SHEETS)):
            write(book, report.only(by, getattr(who, by)), who)


def _team(book: Book, report: DayReport, who: Any) -> None:
    """The team's agents, and what they lose points by."""
    columns = people_columns("agent_id")
    sheet = book.sheet("team", widths=[column.width for column in columns], of=who.team)
    book.heading(sheet, who.team)
    book.blank(sheet)
    book.rows(sheet, columns, people_rows(report, "agent_id", book.lang))
    book.blank(sheet)
    names = ("rule_id", "rule", "group", "calls", "points")
    book.head(sheet, [text(f"column.{name}", book.lang) for name in names])
    for fault in rows_of(report.common_faults):
        book.line(sheet, [fault.rule_id, fault.title, fault.group, fault.calls, fault.points])


def _agent(book: Book, report: DayReport, who: Any) -> None:
    """The agent's calls, lowest first, and every deduction with its time and quote."""
    columns, faults = call_columns(), fault_columns()
    widest = [max(one.width, other.width) for one, other in zip(columns, faults)]
    name = f"{who.agent_id} {who.name or ''}".strip()
    sheet = book.sheet("agent", widths=[*widest, *(c.width for c in columns[len(widest) :])], of=name)
    book.heading(sheet, " · ".join(filter(None, (name, who.of_team))))
    book.blank(sheet)
    book.rows(sheet, columns, call_rows(report, book.lang), paint=paint_call)
    book.blank(sheet)
    book.rows(sheet, faults, fault_rows(report.faults, report, book.lang))
