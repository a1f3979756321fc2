"""Every kind of silence, and what must be told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.config import MeasureConfig
from pipeline.measures.activity import activity
from pipeline.measures.gaps import find_gaps, wait_without_reassurance_s
from pipeline.types import Conversation, Gap, Span, Tone
from tests.measures.build import talk, text_only

SETTINGS = MeasureConfig()
ASK = ("customer", 1.0, 4.0, "帮我查一下订单。")


def gaps(conversation: Conversation) -> tuple[Gap, ...]:
    return find_gaps(conversation, activity(conversation), SETTINGS)


def only(conversation: Conversation, start_s: float) -> Gap:
    return next(g for g in gaps(conversation) if abs(g.span.start_s - start_s) < 0.01)


def test_a_question_left_without_an_answer_is_dead_air_that_waits_on_the_agent() -> None:
    heard = talk([(10, 12)], [(1, 4)], [ASK, ("agent", 10, 12, "您的订单已经发货了。")], duration_s=13)
    gap = only(heard, 4)
    assert (gap.kind, gap.waiting_on, gap.span) == ("dead_air", "agent", Span(4, 10))
    assert not gap.announced


def test_an_agents_question_left_without_an_answer_waits_on_the_customer() -> None:
    said = [("agent", 1, 4, "请问您的身份证号码是多少?"), ("customer", 9, 12, "我找一下,三五零。")]
    assert only(talk([(1, 4)], [(9, 12)], said, duration_s=13), 4).waiting_on == "customer"


def test_an_announced_hold_knows_consent_and_thanks() -> None:
    said = [
        ASK, ("agent", 4.5, 7, "麻烦您稍等片刻,好吗?"), ("customer", 7.4, 8, "好的。"),
        ("agent", 20, 23, "对不起,让您久等了。"),
    ]  # fmt: skip
    gap = only(talk([(4.5, 7), (20, 23)], [(1, 4), (7.4, 8)], said, duration_s=24), 8)
    assert (gap.kind, gap.announced, gap.agreed, gap.thanked) == ("announced_hold", True, True, True)


def test_a_hold_without_consent_or_thanks() -> None:
    said = [ASK, ("agent", 4.5, 7, "请稍等。"), ("agent", 20, 23, "查到了,已经发货。")]
    gap = only(talk([(4.5, 7), (20, 23)], [(1, 4)], said, duration_s=24), 7)
    assert (gap.kind, gap.announced, gap.agreed, gap.thanked) == ("announced_hold", True, False, False)


def test_a_plea_for_patience_does_not_end_the_wait() -> None:
    said = [
        ASK, ("agent", 4.5, 7, "请您稍等。"), ("agent", 20, 22, "请再稍等一下。"),
        ("customer", 22.3, 22.8, "好的。"), ("agent", 35, 37, "让您久等了。"),
    ]  # fmt: skip
    agent = [(4.5, 7), (20, 22), (35, 37)]
    found = [
        g
        for g in gaps(talk(agent, [(1, 4), (22.3, 22.8)], said, duration_s=38))
        if g.kind == "announced_hold"
    ]
    assert [g.span for g in found] == [Span(7, 35)]
    assert found[0].reassured_at_s == (20,)
    assert wait_without_reassurance_s(found[0]) == 15


def test_an_answer_in_between_ends_the_wait() -> None:
    said = [
        ASK, ("agent", 4.5, 7, "请您稍等。"), ("agent", 12, 16, "您的订单一共三件,都已经发货了。"),
        ("agent", 22, 24, "还有别的吗?"),
    ]  # fmt: skip
    found = gaps(talk([(4.5, 7), (12, 16), (22, 24)], [(1, 4)], said, duration_s=25))
    assert [(g.kind, g.span) for g in found if g.span.duration_s > 3] == [
        ("announced_hold", Span(7, 12)),
        ("dead_air", Span(16, 22)),
    ]


def test_music_makes_a_hold_with_music_even_unannounced() -> None:
    heard = talk([(30, 32)], [(1, 4)], [ASK], duration_s=33, tones=[Tone("music", Span(5, 29.5), 0)])
    assert only(heard, 4).kind == "hold_music"


def test_ringing_in_the_middle_is_a_hold_too() -> None:
    heard = talk([(12, 14)], [(1, 4)], [ASK], duration_s=15, tones=[Tone("ringback", Span(5, 11), 0, 2)])
    assert only(heard, 4).kind == "hold_music"


@pytest.mark.parametrize(
    ("silent", "kind"),
    [
        (([(4, 12)], []), "mute"),
        (([], [(4, 12)]), "one_way"),  # the customer's leg is gone: nobody mutes there
        (([], []), "dead_air"),
    ],
)
def test_a_leg_that_carries_nothing(silent: tuple[list[tuple[float, float]], ...], kind: str) -> None:
    heard = talk([(12, 14)], [(1, 4)], [ASK], duration_s=15, silent=silent)  # type: ignore[arg-type]
    assert only(heard, 4).kind == kind


def test_a_line_that_is_silent_in_every_pause_tells_nothing() -> None:
    pauses = [(0, 1), (2, 2.6), (3, 3.7), (5, 5.8), (7, 12), (13, 14)]
    agent = [(1, 2), (2.6, 3), (3.7, 5), (5.8, 7), (12, 13)]
    heard = talk(agent, [], [], duration_s=14, silent=(pauses, []))
    assert only(heard, 7).kind == "dead_air"


def test_a_dead_leg_the_customer_talks_into_is_one_way_not_mute() -> None:
    said = [ASK, ("customer", 6, 8, "喂?听得到吗?")]
    heard = talk([(16, 18)], [(1, 4), (6, 8)], said, duration_s=19, silent=([(4, 16)], []))
    assert only(heard, 8).kind == "one_way"


def test_before_the_answer_and_after_the_goodbye() -> None:
    heard = talk(
        [(12, 14), (15, 16)], [(17, 18)], [("agent", 15, 16, "再见。"), ("customer", 17, 18, "再见。")],
        duration_s=24, tones=[Tone("ringback", Span(0, 11), 0, 3)], answered_s=11,
    )  # fmt: skip
    found = gaps(heard)
    assert found[0] == Gap(Span(0, 11), "before_answer", "agent")
    assert (found[-1].kind, found[-1].span) == ("after_farewell", Span(18, 24))


def test_a_long_silence_at_the_end_without_a_goodbye_is_dead_air() -> None:
    assert only(talk([], [(1, 4)], [ASK], duration_s=14), 4).kind == "dead_air"


def test_a_busy_tone_ends_the_conversation() -> None:
    busy = Tone("busy", Span(20, 23), 1, 4)
    heard = talk([(1, 4)], [(15, 16)], [("customer", 15, 16, "再见")], duration_s=23, tones=[busy])
    assert gaps(heard)[-1].span == Span(16, 20)


def test_a_text_has_no_gaps() -> None:
    assert gaps(text_only(("agent", "您好"), ("customer", "你好"))) == ()


def test_voices_without_a_role_still_end_a_silence() -> None:
    heard = talk([(1, 4), (12, 14)], [(5, 7)], duration_s=14.5)
    nameless = replace(heard, turns=tuple(replace(t, role="unknown") for t in heard.turns))
    assert [(g.span, g.waiting_on) for g in gaps(nameless) if g.span.duration_s > 3] == [
        (Span(7, 12), "unknown")
    ]
