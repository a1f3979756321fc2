"""report.html: the day at a glance in one file that opens anywhere, without a network or a script.

Its size is bounded: however large the day, so many bars, rows and timelines are drawn and the rest is
counted, with the workbook to look in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipeline import __version__
from pipeline.report import charts
from pipeline.report.calljson import CallFileError, read_call
from pipeline.report.callline import Fault, draw_call, faults_of, release_words, signed, unknown_count
from pipeline.report.day import BANDS, DayReport, read_day, rows_of
from pipeline.report.listings import flag_words
from pipeline.report.sheet import clock
from pipeline.strings import text

if TYPE_CHECKING:
    from pipeline.report.rows import CallResult

FILE_NAME = "report.html"
MAX_TIMELINES, MAX_WORST, MAX_BARS, MAX_LEDGER = 60, 10, 12, 60
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class CallView:
    """One call as the page shows it."""

    anchor: str
    call_id: str
    who: str
    when: str
    length: str
    total: str
    grade: str
    fatal: bool
    flags: str
    faults: list[Fault]
    unknown: int
    release: str
    drawing: str


def write_page(day_dir: Path, *, lang: str = "zh") -> Path:
    """Write ``day_dir/report.html``, whole or not at all. Raises TableError and OSError."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    report = read_day(day_dir)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    html = environment.get_template("page.html").render(_context(report, lang))
    path = day_dir / FILE_NAME
    tmp = path.with_name(f".{path.name}.tmp")
    tmp.write_text(html, encoding="utf-8", errors="xmlcharrefreplace")
    tmp.replace(path)
    return path


def _context(report: DayReport, lang: str) -> dict[str, Any]:
    from markupsafe import Markup

    flagged = report.worst[report.worst["flagged"]]["call_id"].tolist()
    views = list(_views(report, flagged[:MAX_TIMELINES], lang))
    drawn = {view.call_id: view.anchor for view in views}

    def t(key: str, **values: Any) -> str:
        return text(key, lang, **values)

    return {
        "t": t,
        "lang": "zh-CN" if lang == "zh" else lang,
        "report": report,
        "figures": _figures(report, lang),
        "distribution": Markup(_distribution(report)),
        "common": Markup(_common(report, lang)),
        "agents": Markup(_agents(report, lang)),
        "more_agents": max(0, report.calls["agent_id"].nunique() - MAX_BARS),
        "teams": rows_of(report.people("team").head(MAX_BARS)),
        "worst": [(row, drawn.get(row["call_id"])) for row in _worst_rows(report, lang)],
        "views": views,
        "flagged": len(flagged),
        "unaccounted": _unaccounted(report),
        "max_ledger": MAX_LEDGER,
        "footer": _footer(report, lang),
        "Markup": Markup,
    }


def _figures(report: DayReport, lang: str) -> list[tuple[str, str, str, str]]:
    """(name, value, note, tone) of each tile."""
    calls, statuses = report.calls, report.statuses
    lost = statuses["failed"] + statuses["missing_audio"]
    notes = [
        f"{text(f'status.{name}', lang)} {count}" for name, count in statuses.items() if name != "scored"
    ]
    fatal, flagged = int(calls["fatal"].sum()), int(calls["flagged"].sum())
    median = text("page.median", lang, median=_score(calls["total"].median()))
    hours = text("page.hours_value", lang, hours=float(calls["duration_s"].sum()) / 3600)
    return [
        (text("status.scored", lang), str(statuses["scored"]), " · ".join(notes), "bad" if lost else ""),
        (text("page.mean", lang), _score(calls["total"].mean()), median, ""),
        (text("page.fatal", lang), str(fatal), "", "bad" if fatal else ""),
        (text("page.flagged", lang), str(flagged), "", "warn" if flagged else ""),
        (text("page.hours", lang), hours, "", ""),
    ]


def _distribution(report: DayReport) -> str:
    labels = [f"{low}–{100 if low == BANDS[-1] else low + 9}" for low in BANDS]
    tones = ["bad" if low < 60 else ("warn" if low < 80 else "calm") for low in BANDS]
    return charts.histogram(report.bands, labels, tones=tones)


def _common(report: DayReport, lang: str) -> str:
    rows = [
        charts.Bar(
            str(row.title), int(row.calls), text("page.points", lang, points=signed(row.points)), "warn"
        )
        for row in rows_of(report.common_faults.head(MAX_BARS))
    ]
    return charts.bars(rows)


def _agents(report: DayReport, lang: str) -> str:
    rows = []
    for who in rows_of(report.people("agent_id")):
        if who.mean != who.mean:  # nothing of theirs could be judged
            continue
        name = " ".join(part for part in (who.name, who.agent_id) if part) or text("page.unknown_agent", lang)
        rows.append(charts.Range(name, who.lowest, who.mean, who.highest, who.calls))
    return charts.ranges(rows[:MAX_BARS])


def _worst_rows(report: DayReport, lang: str) -> Iterator[dict[str, Any]]:
    zone = ZoneInfo(report.timezone)
    firsts = report.faults.drop_duplicates(["call_id", "rule_id"])
    faulty = report.worst["total"].notna() & report.worst["call_id"].isin(firsts["call_id"])
    for call in rows_of(report.worst[faulty].head(MAX_WORST)):
        own = firsts[firsts["call_id"] == call.call_id]
        yield {
            "call_id": call.call_id,
            "who": _who(call.agent_name, call.agent_id, lang),
            "team": call.team or "",
            "when": _when(call.started_at, zone, lang),
            "length": clock(call.duration_s),
            "total": _score(call.total),
            "grade": call.grade,
            "fatal": call.fatal,
            "faults": ";".join(report.titles.get(rule, rule) for rule in own["rule_id"].head(5)),
        }


def _views(report: DayReport, call_ids: list[str], lang: str) -> Iterator[CallView]:
    zone = ZoneInfo(report.timezone)
    for number, call_id in enumerate(call_ids, 1):
        try:
            result = read_call(report.path, call_id)
        except CallFileError:  # a day moved without its call files still has its tables
            continue
        yield _view(f"call-{number}", result, zone, lang)


def _view(anchor: str, result: CallResult, zone: ZoneInfo, lang: str) -> CallView:
    from markupsafe import Markup

    call, card = result.call, result.scorecard
    return CallView(
        anchor=anchor,
        call_id=call.id,
        who=_who(call.agent_name, call.agent_id, lang),
        when=_when(call.started_at, zone, lang),
        length=clock(call.duration_s),
        total=_score(card.total),
        grade=card.grade,
        fatal=card.fatal,
        flags=flag_words(";".join(card.flags), lang),
        faults=faults_of(result, lang),
        unknown=unknown_count(card.items),
        release=release_words(result, lang),
        drawing=Markup(draw_call(result, lang)),
    )


def _unaccounted(report: DayReport) -> list[tuple[str, str, str, str]]:
    """(status, call id, file, reason) of what has no score, failures first."""
    order = {"failed": 0, "missing_audio": 1, "excluded": 2}
    rows = report.ledger[report.ledger["status"] != "scored"]
    rows = rows.assign(order=rows["status"].map(order)).sort_values(["order", "call_id", "file"])
    return [(row.status, row.call_id, Path(row.file).name, row.reason) for row in rows_of(rows)]


def _footer(report: DayReport, lang: str) -> str:
    def told(column: str) -> str:
        return "、".join(sorted(report.calls[column].dropna().unique())[:4]) or "–"

    return text(
        "page.footer", lang, standard=told("standard"), model=told("asr_model"), timezone=report.timezone,
        version=__version__,
    )  # fmt: skip


def _who(name: str | None, agent_id: str | None, lang: str) -> str:
    return " ".join(part for part in (name, agent_id) if part) or text("page.unknown_agent", lang)


def _when(moment: Any, zone: ZoneInfo, lang: str) -> str:
    if moment is None or moment != moment:
        return text("page.undated", lang)
    return f"{moment.astimezone(zone):%H:%M:%S}"


def _score(value: float | None) -> str:
    """One decimal where it tells something; "–" when nothing could be judged."""
    return "–" if value is None or value != value else f"{value:.1f}".removesuffix(".0")
