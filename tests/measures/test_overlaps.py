"""Interruption told from everything that only sounds like it."""

from __future__ import annotations

import pytest

from pipeline.config import MeasureConfig
from pipeline.measures.activity import activity
from pipeline.measures.overlaps import find_overlaps
from pipeline.types import Overlap
from tests.measures.build import Pair, talk

ACCOUNT = "我上个星期订的机票到现在还没有收到短信"


def overlap(agent: list[Pair], customer: list[Pair], agent_text: str, customer_text: str) -> Overlap:
    said = [
        ("agent", agent[0][0], agent[-1][1], agent_text),
        ("customer", customer[0][0], customer[-1][1], customer_text),
    ]
    heard = talk(agent, customer, sorted(said, key=lambda s: s[1]))  # type: ignore[arg-type]
    (found,) = find_overlaps(heard, activity(heard), MeasureConfig())
    return found


def test_cutting_in_is_an_interruption_and_the_first_gave_way() -> None:
    found = overlap([(5, 9)], [(1, 6)], "这个我们没有办法处理的", ACCOUNT)
    assert (found.kind, found.by, found.over, found.gave_way) == ("interruption", "agent", "customer", True)
    assert found.span.start_s == 5
    assert found.span.end_s == 6


def test_the_customer_barging_in_is_theirs() -> None:
    found = overlap([(1, 9)], [(5, 7)], "您的机票已经出票行程单会寄到您家里", "你先听我说完")
    assert (found.kind, found.by, found.gave_way) == ("interruption", "customer", False)


@pytest.mark.parametrize("sign", ["嗯", "好的", "对对对", "是的"])
def test_a_backchannel_is_none(sign: str) -> None:
    assert overlap([(3, 3.5)], [(1, 8)], sign, ACCOUNT).kind == "backchannel"


def test_without_words_a_short_sound_inside_a_turn_is_a_backchannel() -> None:
    assert overlap([(3, 3.5)], [(1, 8)], "", ACCOUNT).kind == "backchannel"


def test_turns_that_only_meet_are_cooperative() -> None:
    assert overlap([(5.7, 9)], [(1, 6)], "好的我帮您查一下订单", ACCOUNT).kind == "cooperative"


def test_both_beginning_at_once_is_cooperative() -> None:
    assert overlap([(1.4, 5)], [(1, 4)], "请问您的订单号是多少", ACCOUNT).kind == "cooperative"


def test_helping_with_a_word_is_cooperative() -> None:
    assert overlap([(4, 5.2)], [(1, 8)], "还没有收到短信", ACCOUNT + "怎么回事").kind != "interruption"


def test_the_same_words_on_both_legs_are_echo() -> None:
    assert overlap([(1.2, 6.2)], [(1, 6)], ACCOUNT, ACCOUNT).kind == "echo"


def test_words_said_before_are_no_echo() -> None:
    said = [
        ("agent", 1, 3, "这个是不能退的"),
        ("agent", 3.4, 9, "您提供的手机号码我已经登记好了"),
        ("customer", 8, 10, "这个是不能退的"),
    ]
    heard = talk([(1, 3), (3.4, 9)], [(8, 10)], said)  # type: ignore[arg-type]
    assert find_overlaps(heard, activity(heard), MeasureConfig())[0].kind == "interruption"


def test_the_floor_must_have_been_held() -> None:
    settings = MeasureConfig(interruption_floor_s=6.0)
    said = [("customer", 1, 6, ACCOUNT), ("agent", 5, 9, "这个我们没有办法处理的")]
    heard = talk([(5, 9)], [(1, 6)], said)  # type: ignore[arg-type]
    assert find_overlaps(heard, activity(heard), settings)[0].kind == "cooperative"
