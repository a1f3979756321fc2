"""The drawn call: two lanes of turns, holds by type, interruptions, tones, release, a mark a verdict.

Plain SVG 1.1 with classes only (no inline style: the pages' policy forbids it); 1200 units wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from pipeline.review.callview import CallView
from pipeline.types import Gap, HangUp, Role, Span, Tone

WIDTH = 1200.0
LANES: dict[Role, tuple[float, float]] = {"agent": (22.0, 34.0), "customer": (64.0, 34.0)}  # top, height
BOTH = (22.0, 76.0)
MARK_Y = 116.0
HEIGHT = 134.0
_TICKS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
Words = Callable[..., str]


def timeline_svg(view: CallView, t: Words, *, peaks_href: str) -> str:
    """The drawing. ``t`` gives the words of the viewer's language, keys under ``review.``."""
    record = view.record
    length = max(record.call.duration_s, 0.1)
    events = record.measured.events
    x = _Scale(length)
    parts = [
        _ticks(x, length),
        *(
            f'<rect class="lane" x="0" y="{top}" width="{WIDTH:g}" height="{high}"/>'
            for top, high in LANES.values()
        ),
        *(_turn(x, turn.role, turn.span) for turn in record.roles.turns),
        f'<image class="peaks" href="{escape(peaks_href)}" x="0" y="{BOTH[0]}" width="{WIDTH:g}" '
        f'height="{BOTH[1]}" preserveAspectRatio="none"/>',
        *(_gap(x, gap, t) for gap in events.gaps),
        *(_tone(x, tone, t) for tone in events.tones),
        *(_overlap(x, o.span, t(f"overlap.{o.kind}")) for o in events.overlaps if o.kind == "interruption"),
        _release(x, events.hangup, t) if events.hangup else "",
        *_marks(x, view),
        f'<line class="playhead" id="playhead" x1="0" x2="0" y1="10" y2="{HEIGHT - 6:g}"/>',
    ]
    return (
        f'<svg id="timeline" class="timeline" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-label="{escape(t("call.timeline"))}" data-length="{length:.3f}" data-width="{WIDTH:g}">'
        + "".join(parts)
        + "</svg>"
    )


def peaks_svg(data: bytes, *, lanes: tuple[str, ...]) -> str:
    """The waveforms as one path a lane; ``data`` as ``audio.peaks`` gives it."""
    channels = max(1, len(lanes))
    bins = len(data) // channels
    paths = []
    for channel, lane in enumerate(lanes):
        top, high = LANES["agent"] if lane == "agent" else LANES["customer"] if lane == "customer" else BOTH
        middle = top - BOTH[0] + high / 2
        values = data[channel * bins : (channel + 1) * bins]
        bars = "".join(
            f"M{i * WIDTH / bins:.1f} {middle - v / 255 * high * 0.7:.1f}V{middle + v / 255 * high * 0.7:.1f}"
            for i, v in enumerate(values)
            if v > 1
        )
        colour = {"agent": "#1d5652", "customer": "#8a5a20"}.get(lane, "#555b63")
        paths.append(
            f'<path d="{bars}" stroke="{colour}" stroke-width="0.8" stroke-opacity="0.55" fill="none"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {BOTH[1]:g}" '
        f'preserveAspectRatio="none">{"".join(paths)}</svg>'
    )


class _Scale:
    def __init__(self, length_s: float) -> None:
        self._unit = WIDTH / length_s

    def __call__(self, at_s: float) -> float:
        return round(min(max(at_s * self._unit, 0.0), WIDTH), 2)

    def rect(self, span: Span, top: float, high: float, *, kind: str, least: float = 0.0) -> str:
        left = self(span.start_s)
        wide = max(self(span.end_s) - left, least)
        return f'<rect class="{kind}" x="{left}" y="{top:g}" width="{wide:.2f}" height="{high:g}"'


def _ticks(x: _Scale, length: float) -> str:
    step = next((s for s in _TICKS_S if length / s <= 14), _TICKS_S[-1])
    marks = []
    for at in range(0, int(length) + 1, step):
        label = f"{at // 60:02d}:{at % 60:02d}"
        anchor = "start" if at == 0 else "middle"
        marks.append(f'<line class="tick" x1="{x(at)}" x2="{x(at)}" y1="14" y2="{MARK_Y - 14:g}"/>')
        marks.append(f'<text class="tick" x="{x(at)}" y="10" text-anchor="{anchor}">{label}</text>')
    return "".join(marks)


def _turn(x: _Scale, role: str, span: Span) -> str:
    lane = (
        LANES["agent"] if role in ("agent", "agent2") else LANES["customer"] if role == "customer" else BOTH
    )
    return x.rect(span, lane[0], lane[1], kind=f"turn {role}", least=0.6) + ' rx="2"/>'


def _gap(x: _Scale, gap: Gap, t: Words) -> str:
    words = [t(f"gap.{gap.kind}"), f"{gap.span.duration_s:.0f} s"]
    if gap.kind in ("announced_hold", "hold_music", "mute"):
        words.append(t("gap.reassured") if gap.reassured_at_s else t("gap.not_reassured"))
    label = " · ".join(words)
    return _labelled(x, gap.span, BOTH, f"gap {gap.kind}", label, text_y=BOTH[0] + BOTH[1] / 2 + 4)


def _tone(x: _Scale, tone: Tone, t: Words) -> str:
    label = t(f"tone.{tone.kind}") + (f" {tone.detail}" if tone.detail else "")
    return _labelled(x, tone.span, (BOTH[0] + BOTH[1] - 8, 8.0), f"tone {tone.kind}", label)


def _labelled(
    x: _Scale, span: Span, box: tuple[float, float], kind: str, label: str, *, text_y: float | None = None
) -> str:
    drawn = x.rect(span, *box, kind=kind, least=1.5) + f"><title>{escape(label)}</title></rect>"
    wide = x(span.end_s) - x(span.start_s)
    fits = int(wide / 11)  # units a Chinese character takes at the drawing's text size
    if text_y is not None and fits >= 4:
        middle = (x(span.start_s) + x(span.end_s)) / 2
        short = label if len(label) <= fits * 1.3 else label[: fits - 1] + "…"
        drawn += f'<text class="gap-label" x="{middle:.1f}" y="{text_y:g}" text-anchor="middle">{escape(short)}</text>'
    return drawn


def _overlap(x: _Scale, span: Span, label: str) -> str:
    return x.rect(span, 54, 12, kind="overlap", least=4) + f"><title>{escape(label)}</title></rect>"


def _release(x: _Scale, hangup: HangUp, t: Words) -> str:
    if hangup.released_at_s is None:
        return ""
    at = x(hangup.released_at_s)
    label = t("call.released_by", side=t(f"side.{hangup.side}"))
    top, high = LANES["agent"] if hangup.side == "agent" else LANES["customer"]
    return (
        f'<g class="release {escape(hangup.side)}"><title>{escape(label)}</title>'
        f'<line x1="{at}" x2="{at}" y1="{BOTH[0]}" y2="{BOTH[0] + BOTH[1]}"/>'
        f'<text x="{max(at - 4, 0):.1f}" y="{top + high / 2 + 5:g}" text-anchor="end">⏏</text></g>'
    )


def _marks(x: _Scale, view: CallView) -> Iterable[str]:
    """Numbered marks under the lanes; those that would cover each other are moved right."""
    last = -1e9
    placed = [
        (place.start_s, item) for item in view.judged for place in item.places[:3] if item.mark is not None
    ]
    for start_s, item in sorted(placed, key=lambda p: p[0]):
        at = x(start_s)
        centre = min(max(at, last + 17, 9), WIDTH - 9)
        last = centre
        yield (
            f'<g class="mark {item.outcome}" data-play="{max(0.0, start_s - 2):.2f}" data-item="{item.mark}">'
            f"<title>{item.mark} {escape(item.verdict.title)}</title>"
            f'<line x1="{at}" x2="{centre:.1f}" y1="98" y2="{MARK_Y - 8:g}"/>'
            f'<circle cx="{centre:.1f}" cy="{MARK_Y:g}" r="8"/>'
            f'<text x="{centre:.1f}" y="{MARK_Y + 4:g}" text-anchor="middle">{item.mark}</text></g>'
        )
