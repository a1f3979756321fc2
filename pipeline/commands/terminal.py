"""A call's scorecard and transcript as rows for a terminal of any width; 80 columns are enough.

Nothing depends on colour: what a deduction rests on stands in 【】, and is told in words beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from pipeline.report.callline import MIN_NEAR_CHARS, signed
from pipeline.report.listings import flag_words
from pipeline.report.sheet import clock
from pipeline.strings import text
from pipeline.types import Evidence, Outcome, Utterance, Verdict

if TYPE_CHECKING:
    from pipeline.report.rows import CallResult

MARKS: dict[Outcome, str] = {"fail": "✗", "unknown": "?", "pass": "✓", "not_applicable": "–"}
STYLES: dict[Outcome, str] = {
    "fail": "bold red",
    "unknown": "yellow",
    "pass": "green",
    "not_applicable": "dim",
}
FAINT_BELOW = 0.6  # utterances recognised with less confidence are shown faint


def scorecard_rows(result: CallResult, *, lang: str = "zh", everything: bool = False) -> Table:
    """Heading and flags; each deduction with its evidence; the rest in brief, or one by one."""
    call, card = result.call, result.scorecard
    rows = _grid(2)
    if result.transcript.asr_model.startswith("demo-"):
        rows.add_row("!", Text(text("show.demo", lang), style="bold red"))
    who = (call.id, call.agent_name or call.agent_id, call.team, text(f"direction.{call.direction}", lang),
           clock(call.duration_s), f"{card.standard.name} {card.standard.version}")  # fmt: skip
    rows.add_row("", "  ".join(part for part in who if part))
    total = text("show.no_total", lang) if card.total is None else f"{card.total:g}"
    rows.add_row("", Text(f"{total}  {card.grade}", style="bold red" if card.fatal else "bold"))
    if card.flags:
        rows.add_row("⚑", Text(flag_words(";".join(card.flags), lang), style="red"))
    rows.add_row("", "")
    for outcome in MARKS:
        items = [item for item in card.items if item.outcome == outcome]
        if outcome == "fail" or everything:
            _add_items(rows, outcome, items, lang)
        elif items:
            _add_brief(rows, outcome, items, lang)
    return rows


def _grid(marks: int) -> Table:
    """Columns: ``marks`` cells for the mark, and the words, which wrap under themselves."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=marks, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    return grid


def _add_items(rows: Table, outcome: Outcome, items: Sequence[Verdict], lang: str) -> None:
    for item in sorted(items, key=lambda v: (v.points, v.rule_id)):
        points = f"{signed(item.points)}  " if item.points else ""
        rows.add_row(
            MARKS[outcome],
            Text(f"{points}{item.title or item.rule_id}  ({item.rule_id})", style=STYLES[outcome]),
        )
        if outcome in ("fail", "unknown") and item.why:
            rows.add_row("", Text(item.why, style="dim"))
        if outcome == "fail":
            for line in _evidence_lines(item, lang):
                rows.add_row("", line)


def _evidence_lines(item: Verdict, lang: str) -> Iterator[Text]:
    for place in item.evidence:
        role = text(f"role.{place.role}", lang)
        yield Text(f"▶ {clock(place.span.start_s)} {role} “{place.quote}”{_matched(place, lang)}")
    if not item.evidence and item.searched:
        span = f"{clock(item.searched.start_s)}–{clock(item.searched.end_s)}"
        yield Text(text("show.searched", lang, span=span))
    near = item.near_miss
    if near and len(near.quote) >= MIN_NEAR_CHARS:
        yield Text(
            f"≈ {clock(near.span.start_s)} {text('show.nearest', lang)} “{near.quote}”{_matched(near, lang)}",
            style="dim",
        )


def _matched(place: Evidence, lang: str) -> str:
    """The phrase it was taken for and how alike, where it was not said just so."""
    if place.score >= 1:
        return ""
    told = f" {place.score:.0%}"
    return f"{told} {text('show.matched', lang, phrase=place.matched)}" if place.matched else told


def _add_brief(rows: Table, outcome: Outcome, items: Sequence[Verdict], lang: str) -> None:
    """How many, and which, grouped by their reason where there is one to tell."""
    head = text("show.count", lang, what=text(f"outcome.{outcome}", lang), count=len(items))
    if outcome == "not_applicable":
        rows.add_row(MARKS[outcome], Text(f"{head}  (--all)", style=STYLES[outcome]))
        return
    rows.add_row(MARKS[outcome], Text(head, style=STYLES[outcome]))
    reasons: dict[str, list[str]] = {}
    for item in items:
        reasons.setdefault(item.why if outcome == "unknown" else "", []).append(item.title or item.rule_id)
    for why, titles in reasons.items():
        rows.add_row("", Text(" · ".join(titles) + (f" — {why}" if why else ""), style="dim"))


def transcript_rows(result: CallResult, *, lang: str = "zh") -> Table:
    """What was said, in order of time, and what else a deduction rests on (a wait, the release)."""
    rows = Table.grid(padding=(0, 1))
    rows.add_column(no_wrap=True, justify="right")
    rows.add_column(no_wrap=True)
    rows.add_column(ratio=1, overflow="fold")
    marks = [
        (place, item) for item in result.scorecard.items if item.outcome == "fail" for place in item.evidence
    ]
    lines: list[tuple[float, list[Text | str]]] = []
    shown: set[int] = set()
    for said in result.transcript.utterances:
        own = [(n, place, item) for n, (place, item) in enumerate(marks) if _rests_on(place, said)]
        shown.update(n for n, _, _ in own)
        words = marked(said, [place for _, place, _ in own])
        words.append_text(_titles(item for _, _, item in own))
        lines.append((said.span.start_s, [clock(said.span.start_s), text(f"role.{said.role}", lang), words]))
    unspoken: dict[
        tuple[float, str], list[Verdict]
    ] = {}  # a wait, the release: one line for all that rests on it
    for n, (place, item) in enumerate(marks):
        if n not in shown:
            unspoken.setdefault((place.span.start_s, place.quote), []).append(item)
    for (at_s, quote), items in unspoken.items():
        words = Text(f"【{quote}】", style="bold red").append_text(_titles(items))
        lines.append((at_s, [clock(at_s), "·", words]))
    for _, line in sorted(lines, key=lambda pair: pair[0]):
        rows.add_row(*line)
    return rows


def _rests_on(place: Evidence, said: Utterance) -> bool:
    return place.role == said.role and any(_inside(place, word.span.middle_s) for word in said.words)


def _inside(place: Evidence, at_s: float) -> bool:
    return place.span.start_s <= at_s <= place.span.end_s


def marked(said: Utterance, places: Sequence[Evidence]) -> Text:
    """The utterance with the words that lie in any of ``places`` in 【】."""
    faint = "dim" if said.confidence < FAINT_BELOW else ""
    out, within = Text(style=faint), False
    for word in said.words or ():
        hit = any(_inside(place, word.span.middle_s) for place in places)
        if hit != within:
            out.append("【" if hit else "】", style="red")
            within = hit
        out.append(word.text, style="bold red" if hit else faint)
    if within:
        out.append("】", style="red")
    return out if said.words else Text(said.text, style=faint)


def _titles(items: Iterable[Verdict]) -> Text:
    told = dict.fromkeys(
        f"{item.title or item.rule_id} {signed(item.points)}" if item.points else item.title for item in items
    )
    return Text(f"  ← {';'.join(told)}" if told else "", style="red")
