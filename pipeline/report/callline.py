"""A call drawn on one line of time: two lanes of talk, holds and silences, deductions, the release."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from pipeline.report.rows import CallResult
from pipeline.report.sheet import clock
from pipeline.strings import text
from pipeline.types import Gap, HangUp, Role, Span, Utterance, Verdict

WIDTH, LEFT, RIGHT = 1060, 72, 12  # LEFT holds "Customer"
_LANE, _SPACE = 22, 10  # height of a lane, and between the lanes
_PIN, _STACK = 19, 3  # height of a pin, and how many stand over one place
_SILENT = ("dead_air", "mute", "one_way", "thinking", "before_answer", "after_farewell")
_Scale = Callable[[float], float]  # seconds → x
MIN_NEAR_CHARS = 2  # a near miss of one character tells nobody anything
NEARLY_SURE = 0.995  # from here on a share would be shown as 100 %
_TICKS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800)


@dataclass(frozen=True, slots=True)
class Fault:
    """One deduction as the page lists it: ``number`` is the one on its pin; None when it has no place."""

    number: int | None
    at: str
    title: str
    points: str
    quote: str
    why: str
    fatal: bool
    heard: bool  # False: something was not said


def faults_of(result: CallResult, lang: str) -> list[Fault]:
    """The call's failed items, in order of time; those without a place come last."""
    found: list[Fault] = []
    for number, (item, place) in enumerate(_placed(result), 1):
        first = item.evidence[0] if item.evidence else None
        quote = first.quote if first else ""
        why = item.why
        if not first and item.near_miss and len(item.near_miss.quote) >= MIN_NEAR_CHARS:
            why = f"{why} · {text('page.near_miss', lang, quote=item.near_miss.quote)}"
        at = clock(place.start_s) if place else ""
        if place and not first:
            at = f"{clock(place.start_s)}–{clock(place.end_s)}"
        title = item.title or item.rule_id
        found.append(
            Fault(
                number if place else None, at, title, signed(item.points), quote, why, item.fatal, bool(first)
            )
        )
    return found


def signed(points: float) -> str:
    """With a real minus sign, as wide as a plus."""
    return f"{points:g}".replace("-", "\N{MINUS SIGN}")


def draw_call(result: CallResult, lang: str) -> str:
    """SVG of the whole call."""
    length = max(result.call.duration_s, 0.1)

    def x(at_s: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(at_s, 0.0), length) / length

    stacks = _stacks(result, x)
    top = 9 + _PIN * max([0, *(min(len(stack), _STACK) for stack in stacks)])
    lanes = {"agent": top, "customer": top + _LANE + _SPACE}
    bottom = lanes["customer"] + _LANE
    parts = [*_axis(length, x, top, bottom), *_lane_names(lanes, lang)]
    for gap in result.measured.events.gaps:
        parts.append(_gap(gap, x, top, bottom, lang))
    for said in result.transcript.utterances:
        parts.append(_talk(said, x, lanes, lang))
    for overlap in result.measured.events.overlaps:
        if overlap.kind == "interruption":
            words = text("page.legend_interruption", lang)
            parts.append(_box("cut", overlap.span, x, top + _LANE, _SPACE, words))
    for stack in stacks:
        parts += _pins(stack, bottom)
    parts.append(_release(result, x, top, bottom, lang))
    return (
        f'<svg class="line" viewBox="0 0 {WIDTH} {bottom + 24}" xmlns="http://www.w3.org/2000/svg" role="img">'
        + "".join(parts)
        + "</svg>"
    )


def release_words(result: CallResult, lang: str) -> str:
    """Who hung up first and how sure that is."""
    return hangup_words(result.measured.events.hangup, lang)


def hangup_words(end: HangUp | None, lang: str) -> str:
    """Who hung up first and how sure that is. No share is shown as 100 %: nobody is that sure.

    ::

        record and sound agree, 99.8 %   客户先挂机(话单与声音一致)
        one of them, 99.8 %              客户先挂机(把握 99% 以上)
        less                             客户先挂机(把握 87%)
    """
    if end is None or end.side == "unknown":
        return text("page.release_unknown", lang)
    how = text("page.sure", lang, percent=end.probability)
    if end.probability >= NEARLY_SURE:
        told = {clue.source.startswith("cdr:") for clue in end.clues if clue.side == end.side}
        how = text("page.record_and_sound" if told == {True, False} else "page.nearly_sure", lang)
    return text("page.released", lang, side=text(f"side.{end.side}", lang), how=how)


def _placed(result: CallResult) -> list[tuple[Verdict, Span | None]]:
    failed = [item for item in result.scorecard.items if item.outcome == "fail"]
    places = [(item, item.evidence[0].span if item.evidence else item.searched) for item in failed]
    return sorted(
        places, key=lambda pair: (pair[1] is None, pair[1].start_s if pair[1] else 0.0, pair[0].points)
    )


def _axis(length: float, x: _Scale, top: float, bottom: float) -> Iterator[str]:
    step = next((tick for tick in _TICKS_S if length / tick <= 14), 3600)
    for at in range(0, int(length) + 1, step):
        yield (
            f'<line class="grid" x1="{x(at):.1f}" y1="{top}" x2="{x(at):.1f}" y2="{bottom}"/>'
            f'<text class="tick" x="{x(at):.1f}" y="{bottom + 16}">{clock(at)}</text>'
        )


def _lane_names(lanes: dict[str, int], lang: str) -> Iterator[str]:
    for role, y in lanes.items():
        yield f'<text class="name" x="{LEFT - 8}" y="{y + 16}">{escape(text(f"role.{role}", lang))}</text>'


def _gap(gap: Gap, x: _Scale, top: float, bottom: float, lang: str) -> str:
    kind = "quiet" if gap.kind in _SILENT else "hold"
    words = f"{text(f'page.gap.{gap.kind}', lang)} {gap.span.duration_s:.0f} s"
    return _box(kind, gap.span, x, top, bottom - top, words)


def _talk(said: Utterance, x: _Scale, lanes: dict[str, int], lang: str) -> str:
    lane, tone = _lane_of(said.role, said.channel)
    words = f"{clock(said.span.start_s)} {text(f'role.{said.role}', lang)}: {said.text}"
    return _box(tone, said.span, x, lanes[lane], _LANE, words)


def _lane_of(role: Role, channel: int | None) -> tuple[str, str]:
    """Lane and colour; who is not known is drawn grey, in the lane of the agent's side only when it is the IVR."""
    if role in ("agent", "agent2"):
        return "agent", "agent"
    if role == "customer":
        return "customer", "customer"
    return ("agent" if role == "ivr" or channel == 0 else "customer"), "other"


def _box(tone: str, span: Span, x: _Scale, y: float, tall: float, words: str) -> str:
    wide = max(1.5, x(span.end_s) - x(span.start_s))
    return (
        f'<rect class="{tone}" x="{x(span.start_s):.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="1.5">'
        f"<title>{escape(words)}</title></rect>"
    )


@dataclass(frozen=True, slots=True)
class _Pin:
    x: float
    number: int
    title: str
    heard: bool  # False: not said; the pin is hollow


def _stacks(result: CallResult, x: _Scale) -> list[list[_Pin]]:
    """Pins that would cover each other stand over the first of them."""
    stacks: list[list[_Pin]] = []
    for number, (item, place) in enumerate(_placed(result), 1):
        if place is None:
            continue
        pin = _Pin(x(place.start_s), number, item.title or item.rule_id, bool(item.evidence))
        if stacks and pin.x - stacks[-1][0].x < _PIN:
            stacks[-1].append(pin)
        else:
            stacks.append([pin])
    return stacks


def _pins(stack: list[_Pin], bottom: float) -> Iterator[str]:
    """Numbered, top to bottom; what does not fit is counted on the last."""
    at = stack[0].x
    shown = stack if len(stack) <= _STACK else stack[: _STACK - 1]
    yield f'<line class="stem" x1="{at:.1f}" y1="{_PIN / 2 + 1:.1f}" x2="{at:.1f}" y2="{bottom}"/>'
    for level, pin in enumerate(shown):
        yield _circle(at, level, str(pin.number), pin.title, heard=pin.heard)
    if rest := stack[len(shown) :]:
        titles = "、".join(f"{pin.number} {pin.title}" for pin in rest)
        yield _circle(at, len(shown), f"+{len(rest)}", titles, heard=any(pin.heard for pin in rest))


def _circle(at: float, level: int, label: str, title: str, *, heard: bool) -> str:
    y = _PIN / 2 + 1 + level * _PIN
    return (
        f'<circle class="{"pin" if heard else "pin absent"}" cx="{at:.1f}" cy="{y:.1f}" r="8.5">'
        f"<title>{escape(title)}</title></circle>"
        f'<text class="pinno" x="{at:.1f}" y="{y + 3.8:.1f}">{escape(label)}</text>'
    )


def _release(result: CallResult, x: _Scale, top: float, bottom: float, lang: str) -> str:
    end = result.measured.events.hangup
    if end is None or end.released_at_s is None:
        return ""
    at = x(end.released_at_s)
    return (
        f'<line class="release" x1="{at:.1f}" y1="{top - 4}" x2="{at:.1f}" y2="{bottom + 4}">'
        f"<title>{escape(release_words(result, lang))}</title></line>"
    )


def unknown_count(items: Sequence[Verdict]) -> int:
    return sum(item.outcome == "unknown" for item in items)
