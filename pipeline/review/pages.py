"""Pages out of templates: escaping on, the viewer's language, the few ways a number is written."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from sqlalchemy import func, select

from pipeline.review.desk import desk_of
from pipeline.review.guard import Viewer
from pipeline.review.masking import mask_text
from pipeline.review.models import Notice
from pipeline.strings import strings, text
from pipeline.types import CallRecord, Span


def render(
    request: Request, viewer: Viewer | None, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A template as the viewer sees it. ``t(key)`` in it is the string of the viewer's language."""
    lang = viewer.lang if viewer else _asked_language(request)

    t = words(lang)

    def word(section: str, name: str) -> str:
        return strings(lang).get(f"{section}.{name}", name)

    def shown(found: object) -> str:
        plain = "" if found is None else str(found)
        return plain if viewer is not None and viewer.can("see_numbers") else mask_text(plain)

    body = (
        environment()
        .get_template(template)
        .render(
            t=t,
            word=word,
            shown=shown,
            viewer=viewer,
            lang=lang,
            path=request.url.path,
            unread=_unread(request, viewer),
            **values,
        )
    )
    return HTMLResponse(body, status_code=status)


def words(lang: str) -> Callable[..., str]:
    """``t(key, **slots)``: a string of the desk's section, or else of the shared ones."""
    table = strings(lang)

    def t(key: str, **slots: Any) -> str:
        own = f"review.{key}"
        return text(own if own in table else key, lang, **slots)

    return t


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("pipeline.review", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"clock": clock, "points": points, "number": number, "percent": percent}
    made.filters |= {"pairs": pairs, "spans": spans, "fields": known_fields}
    return made


def clock(seconds: float | None) -> str:
    """Seconds as 01:12, or 1:01:12 from an hour on."""
    if seconds is None:
        return "–"
    whole = int(max(0.0, seconds))
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{minutes}" if hours else minutes


def points(value: float | None) -> str:
    """Points with their sign: −10, +2, 0."""
    if value is None:
        return "–"
    sign = "−" if value < 0 else "+" if value > 0 else ""
    return f"{sign}{abs(value):g}"


def number(value: float | None, digits: int = 1) -> str:
    if value is None:
        return "–"
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def percent(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}%"


def pairs(values: Iterable[str]) -> list[tuple[str, str]]:
    """Each value with itself as its label, for a choice box."""
    return [(value, value) for value in values]


def spans(found: Iterable[Span]) -> str:
    """Spans as JSON pairs, for the player."""
    return json.dumps([[round(s.start_s, 2), round(s.end_s, 2)] for s in found])


def known_fields(record: CallRecord) -> list[tuple[str, str]]:
    """A call record's fields that are known, ``extra`` among them."""
    pairs = [(f.name, getattr(record, f.name)) for f in dataclasses.fields(record) if f.name != "extra"]
    known = [(name, value) for name, value in pairs if value not in (None, "", (), "unknown")]
    shown = [(name, ", ".join(value) if isinstance(value, tuple) else str(value)) for name, value in known]
    return shown + sorted(record.extra.items())


def _unread(request: Request, viewer: Viewer | None) -> int:
    if viewer is None:
        return 0
    with desk_of(request).database.reading() as session:
        unread = select(func.count()).select_from(Notice).where(Notice.user_id == viewer.id, ~Notice.read)
        return session.scalar(unread) or 0


def _asked_language(request: Request) -> str:
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "zh")
    return "en" if asked.lower().startswith("en") else "zh"
