"""The page's charts, drawn as SVG text: no script, no font, nothing to fetch. Words are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

WIDTH = 520  # of a half-page chart, in SVG units; the page scales it


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, length, words at its end and where a click leads."""

    name: str
    value: float
    note: str = ""
    tone: str = "calm"  # calm | warn | bad


@dataclass(frozen=True, slots=True)
class Range:
    """One person's scores: lowest, mean, highest of ``calls`` calls."""

    name: str
    lowest: float
    mean: float
    highest: float
    calls: int


def histogram(counts: Sequence[int], labels: Sequence[str], *, tones: Sequence[str]) -> str:
    """Upright bars over their labels, each with its count."""
    height, base, top = 300, 268, 24
    step = WIDTH / len(counts)
    most = max([1, *counts])
    parts = [f'<line class="axis" x1="0" y1="{base}" x2="{WIDTH}" y2="{base}"/>']
    for index, (count, label, tone) in enumerate(zip(counts, labels, tones, strict=True)):
        x, tall = index * step, (base - top) * count / most
        middle = x + step / 2
        if count:
            parts.append(
                f'<rect class="{tone}" x="{x + step * 0.12:.1f}" y="{base - tall:.1f}" width="{step * 0.76:.1f}" '
                f'height="{tall:.1f}" rx="2"/>'
                f'<text class="num" x="{middle:.1f}" y="{base - tall - 6:.1f}">{count}</text>'
            )
        parts.append(f'<text class="tick" x="{middle:.1f}" y="{base + 18}">{escape(label)}</text>')
    return _svg(parts, WIDTH, height)


def bars(rows: Sequence[Bar], *, name_width: int = 190) -> str:
    """Lying bars with names at the left and notes at the right."""
    step, note_width = 26, 84
    room = WIDTH - name_width - note_width
    most = max([1.0, *(row.value for row in rows)])
    parts = []
    for index, row in enumerate(rows):
        y, long = index * step, room * row.value / most
        parts.append(
            f'<text class="name" x="{name_width - 8}" y="{y + 17}">{escape(shorten(row.name, 15))}'
            f"<title>{escape(row.name)}</title></text>"
            f'<rect class="{row.tone}" x="{name_width}" y="{y + 4}" width="{max(2.0, long):.1f}" height="18" rx="2"/>'
            f'<text class="value" x="{name_width + max(2.0, long) + 6:.1f}" y="{y + 17}">{row.value:g}</text>'
            f'<text class="note" x="{WIDTH}" y="{y + 17}">{escape(row.note)}</text>'
        )
    return _svg(parts, WIDTH, max(1, len(rows)) * step + 4)


def ranges(rows: Sequence[Range], *, name_width: int = 130) -> str:
    """A line from lowest to highest with a dot at the mean, on a scale that begins where the scores do."""
    step, right = 26, 64
    low = min([90.0, *(row.lowest for row in rows)])
    low = max(0.0, low // 10 * 10)
    high = max([100.0, *(row.highest for row in rows)])
    room = WIDTH - name_width - right

    def at(score: float) -> float:
        return name_width + room * (score - low) / (high - low)

    tall = max(1, len(rows)) * step
    parts = []
    tick = 10 if high - low <= 60 else 20
    for score in range(ceil(low / tick) * tick, int(high) + 1, tick):
        x = at(score)
        parts.append(
            f'<line class="grid" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{tall}"/>'
            f'<text class="tick" x="{x:.1f}" y="{tall + 16}">{score}</text>'
        )
    for index, row in enumerate(rows):
        y = index * step + 13
        tone = "bad" if row.mean < 60 else ("warn" if row.mean < 80 else "calm")
        parts.append(
            f'<text class="name" x="{name_width - 8}" y="{y + 4}">{escape(shorten(row.name, 10))}'
            f"<title>{escape(row.name)}</title></text>"
            f'<line class="span" x1="{at(row.lowest):.1f}" y1="{y}" x2="{at(row.highest):.1f}" y2="{y}"/>'
            f'<circle class="{tone}" cx="{at(row.mean):.1f}" cy="{y}" r="6"/>'
            f'<text class="note" x="{WIDTH}" y="{y + 4}">{row.mean:.1f} ({row.calls})</text>'
        )
    return _svg(parts, WIDTH, tall + 22)


def shorten(words: str, most: int) -> str:
    """At most ``most`` full-width characters; two narrow ones count as one."""
    used = 0.0
    for index, char in enumerate(words):
        used += 0.55 if ord(char) < 0x2E80 else 1.0
        if used > most:
            return words[: max(1, index - 1)] + "…"
    return words


def _svg(parts: Sequence[str], width: int, height: float) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height:.0f}" xmlns="http://www.w3.org/2000/svg" role="img">'
        + "".join(parts)
        + "</svg>"
    )
