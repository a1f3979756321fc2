"""Charts as plain SVG with classes, drawn on the server: nothing to download, nothing to run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

WIDTH, LEFT, RIGHT = 620.0, 36.0, 12.0
LONGEST_NAME = 13  # characters that fit beside a bar


def trend(points: Sequence[tuple[str, float | None, int]], *, label: str) -> Markup:
    """A line of means over bars of how many calls stand behind each; ``points``: name, mean, calls."""
    if not points:
        return Markup("")
    top, bottom, high = 14.0, 150.0, 100.0
    low = max(0.0, math.floor(min((m for _, m, _ in points if m is not None), default=0.0) / 10) * 10 - 10)
    most = max(n for *_, n in points) or 1
    step = (WIDTH - LEFT - RIGHT) / len(points)
    every = -(-len(points) // 9)  # names under every bar would run into each other

    def height_of(value: float) -> float:
        return bottom - (min(max(value, low), high) - low) / (high - low) * (bottom - top)

    back, path, front = [], [], []
    for value in (low, (low + high) / 2, high):
        back.append(_line("axis", LEFT, WIDTH - RIGHT, height_of(value)))
        back.append(_text(LEFT - 6, height_of(value) + 4, f"{value:g}", anchor="end"))
    for i, (name, mean, calls) in enumerate(points):
        x, wide, tall = LEFT + step * (i + 0.5), min(step * 0.6, 46), calls / most * 52
        back.append(_rect("bar soft", x - wide / 2, bottom - tall, wide, tall, title=f"{name}: {calls}"))
        if i % every == 0:
            back.append(_text(x, bottom + 16, name[-5:]))
            back.append(_text(x, bottom + 30, f"n={calls}"))
        if mean is None:
            continue
        path.append(f"{x:.1f},{height_of(mean):.1f}")
        told = f"<title>{escape(name)}: {mean:.1f} (n={calls})</title>"
        front.append(f'<circle class="dot" cx="{x:.1f}" cy="{height_of(mean):.1f}" r="3.5">{told}</circle>')
        if len(points) <= 14:
            front.append(_text(x, height_of(mean) - 8, f"{mean:.0f}", kind="value"))
    curve = f'<polyline class="curve" points="{" ".join(path)}"/>'
    return _svg(190, label, "".join([*back, curve, *front]))


def bars(
    rows: Sequence[tuple[str, float, str]], *, label: str, bad: bool = False, left: float = 150.0
) -> Markup:
    """Horizontal bars: name, value, what is written at the end."""
    line = 22.0
    most = max((v for _, v, _ in rows), default=0) or 1
    parts = []
    for i, (name, value, written) in enumerate(rows):
        y = i * line + 4
        wide = max(value / most * (WIDTH - left - 90), 1.0)
        short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
        parts.append(_text(left - 8, y + 12, short, anchor="end", kind="value"))
        parts.append(_rect("bar bad" if bad else "bar", left, y, wide, 15, title=name))
        parts.append(_text(left + wide + 6, y + 12, written, anchor="start"))
    return _svg(len(rows) * line + 8, label, "".join(parts))


def columns(rows: Sequence[tuple[str, int]], *, label: str, bad_share: float = 0.6) -> Markup:
    """A histogram; the number stands on each column, the lowest ``bad_share`` of the bands in red."""
    top, bottom = 18.0, 150.0
    most = max((n for _, n in rows), default=0) or 1
    step = (WIDTH - 2 * RIGHT) / max(1, len(rows))
    parts = [_line("axis", RIGHT, WIDTH - RIGHT, bottom)]
    for i, (name, count) in enumerate(rows):
        x, tall = RIGHT + i * step, count / most * (bottom - top)
        kind = "bar bad" if i < len(rows) * bad_share else "bar"
        parts.append(_rect(kind, x + 3, bottom - tall, step - 6, tall, title=f"{name}: {count}"))
        parts.append(_text(x + step / 2, bottom + 15, name))
        if count:
            parts.append(_text(x + step / 2, bottom - tall - 4, str(count), kind="value"))
    return _svg(172, label, "".join(parts))


def interval(low: float | None, at: float | None, high: float | None) -> Markup:
    """A share with its interval on a 0..1 line, small enough for a table cell."""
    if low is None or high is None or at is None:
        return Markup("")
    wide = 120.0
    body = (
        _line("axis", 0, wide, 8)
        + _line("whisker", low * wide, high * wide, 8)
        + f'<circle class="dot" cx="{at * wide:.1f}" cy="8" r="4"/>'
    )
    return Markup(
        f'<svg class="chart small" viewBox="-5 0 {wide + 10:g} 16" width="{wide + 10:g}" height="16" '
        f'role="img" aria-label="{low:.2f}–{high:.2f}">{body}</svg>'
    )


def _text(x: float, y: float, words: str, *, anchor: str = "middle", kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _rect(kind: str, x: float, y: float, wide: float, tall: float, *, title: str) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="2">'
        f"<title>{escape(title)}</title></rect>"
    )


def _line(kind: str, x1: float, x2: float, y: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" x2="{x2:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _svg(height: float, label: str, body: str) -> Markup:
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH:g} {height:g}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )
