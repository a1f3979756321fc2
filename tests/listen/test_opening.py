"""Menus before the answer, and rings that are not about the answer."""

from __future__ import annotations

from pipeline.listen.opening import answered_at_s, menu_prompts
from pipeline.types import Span, Tone

RING, KEY = "ringback", "dtmf"


def tone(kind: str, start_s: float, end_s: float) -> Tone:
    return Tone(kind, Span(start_s, end_s), None)  # type: ignore[arg-type]


def test_mono_menu_keys_and_ring_come_before_the_answer() -> None:
    voice = [[Span(1, 14), Span(20, 30)]]
    found = answered_at_s([tone(KEY, 15, 15.2), tone(RING, 16, 17)], voice)
    assert found == 17
    assert [t.span for t in menu_prompts(voice[0], None, answered_s=found)] == [Span(1, 14)]


def test_a_mono_ring_after_a_talk_is_a_transfer() -> None:
    voice = [[Span(4, 12), Span(13, 18), Span(18.5, 25), Span(35, 40)]]
    rings = [tone(RING, 1, 3), tone(RING, 27, 33)]
    assert answered_at_s(rings, voice) == 3
    assert answered_at_s(rings[1:], voice) is None


def test_a_ring_after_a_short_announcement_still_waits_for_the_answer() -> None:
    voice = [[Span(0, 5), Span(12, 20)]]
    assert answered_at_s([tone(RING, 6, 11)], voice) == 11
