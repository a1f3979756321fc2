"""The boards: how a period went, by day, week, team, agent or rule."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from pipeline.review import boards, charts
from pipeline.review.desk import desk_of
from pipeline.review.guard import Viewer, need
from pipeline.review.pages import render

router = APIRouter()
Reader = Annotated[Viewer, Depends(need("boards"))]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def period_of(request: Request) -> boards.Period:
    """The period a query string asks for; anything that is no date is left out."""
    asked = request.query_params
    start, end = (asked.get(name, "") for name in ("start", "end"))
    return boards.Period(
        start if _DATE.fullmatch(start) else "",
        end if _DATE.fullmatch(end) else "",
        asked.get("team", "")[:120],
        asked.get("agent", "")[:80],
    )


@router.get("/boards")
def board(request: Request, viewer: Reader, by: str = "day") -> Response:
    desk, period = desk_of(request), period_of(request)
    by = by if by in boards.GROUPINGS else "day"
    with desk.database.reading() as session:
        facets = request.app.state.facets.get(session)
        values = _values(session, period, by)
    return render(
        request,
        viewer,
        "boards.html",
        by=by,
        period=period,
        facets=facets,
        groupings=boards.GROUPINGS,
        **values,
    )


def _values(session: Session, period: boards.Period, by: str) -> dict[str, Any]:
    faults = boards.faults_by_rule(session, period)
    lines = [] if by == "rule" else boards.grouped(session, period, by)
    return {
        "whole": boards.overall(session, period),
        "lines": lines,
        "faults": faults,
        "worst": boards.extremes(session, period, best=False),
        "best": boards.extremes(session, period, best=True),
        "spread": charts.columns(boards.distribution(session, period), label="distribution"),
        "fault_chart": charts.bars(
            [(title, count, f"{count} ({points:g})") for _, title, count, points in faults[:12]],
            label="faults",
            bad=True,
        ),
        "trend": _drawn(lines, by),
    }


def _drawn(lines: list[boards.Line], by: str) -> object:
    if by in ("day", "week"):
        return charts.trend([(x.label, x.mean, x.calls) for x in lines[-31:]], label=by)
    rows = [
        (x.label, x.mean or 0.0, f"{x.mean:.1f} (n={x.calls})" if x.mean is not None else "–") for x in lines
    ]
    return charts.bars(rows[: boards.SHOWN], label=by)
