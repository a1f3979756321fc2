from __future__ import annotations

import pytest

from pipeline.measures.cues import cue_span, says
from pipeline.types import Span, Utterance, Word


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("好的,麻烦您請稍等一下啊", "please_wait"),
        ("让您酒等了", "return_thanks"),  # 久 and 酒 sound alike
        ("嗯嗯。", "backchannel"),
        ("没有了,再见!", "farewell"),
    ],
)
def test_cues_are_heard_through_script_filler_and_homophones(text: str, cue: str) -> None:
    assert says(text, cue)


@pytest.mark.parametrize(
    ("text", "cue"), [("好的我知道你的意思了", "backchannel"), ("订单三天后发货", "farewell")]
)
def test_other_talk_is_no_cue(text: str, cue: str) -> None:
    assert not says(text, cue)


def test_an_unknown_cue_is_an_error_that_names_the_known() -> None:
    with pytest.raises(KeyError, match="please_wait"):
        says("您好", "plaese_wait")


def test_the_place_of_a_cue_comes_from_its_words() -> None:
    words = tuple(Word(t, Span(i, i + 1), 0.9) for i, t in enumerate(["好的", "请", "稍等", "一下"]))
    assert cue_span(Utterance("agent", Span(0, 4), "好的请稍等一下", words, 0.9), "please_wait") == Span(1, 3)
