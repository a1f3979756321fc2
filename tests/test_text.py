"""Normalisation keeps places, sounds fold as a telephone blurs them, syllables are counted as spoken."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.sounds import cut, fold, may_part, segmenter
from pipeline.text import (
    clauses,
    count_syllables,
    normalise,
    pinyin,
    prepare,
    spoken_number,
    to_simplified,
    words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("您好,請問有什麼可以幫到您?", "您好请问有什么可以帮到您"),
        ("工号８０２１", "工号八零二一"),
        ("幺三〇两零", "一三零二零"),
        ("嗯,那个,您看哈…", "您看"),
        ("ＡＰＰ Wi-Fi", "appwifi"),
        ("😀\ue123\u200b", ""),
        ("", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_offsets_lead_back_to_what_was_recognised() -> None:
    prepared = prepare("嗯,您 好啊,請講!")
    assert prepared.chars == "您好请讲"
    assert prepared.original_span(0, 2) == (2, 5)
    assert prepared.original[slice(*prepared.original_span(2, 4))] == "請講"
    assert 2 in prepared.breaks


@pytest.mark.parametrize(
    ("one", "other"),
    [("zhang", "zan"), ("chi", "ci"), ("shi", "si"), ("ni", "li"), ("re", "le"), ("hui", "fei"),
     ("huang", "fang"), ("ing", "in"), ("zheng", "zen"), ("xiang", "xian"), ("guang", "guan")],
)  # fmt: skip
def test_sounds_a_telephone_blurs_fall_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("ba", "pa"), ("gu", "ku"), ("tong", "dong"), ("wo", "wu")])
def test_other_sounds_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_polyphones_are_read_by_their_word() -> None:
    assert prepare("银行").sounds == prepare("银航").sounds
    assert prepare("重新").sounds == prepare("虫新").sounds
    assert prepare("重要").sounds != prepare("虫要").sounds
    assert pinyin("去银行重新办理") == ("qu", "yin", "hang", "chong", "xin", "ban", "li")


@pytest.mark.parametrize(
    ("text", "count"),
    [("您好,请讲。", 4), ("120元", 5), ("工号8021", 6), ("13812345678", 11), ("APP", 3), ("hello", 2),
     ("嗯啊呃,。!", 0), ("3.5元", 4), ("酒店 hotel 房", 5), ("１０点", 2)],
)  # fmt: skip
def test_syllables_are_counted_as_spoken(text: str, count: int) -> None:
    assert count_syllables(text) == count


@pytest.mark.parametrize(
    ("digits", "said"),
    [("120", "一百二十"), ("15", "十五"), ("1005", "一千零五"), ("0", "零"), ("20000", "二零零零零")],
)
def test_quantities_are_read_as_numbers(digits: str, said: str) -> None:
    assert spoken_number(digits, quantity=True) == said


def test_traditional_phrases_follow_opencc() -> None:
    assert to_simplified("轉接電話") == "转接电话"
    assert to_simplified("已经很好") == "已经很好"


def test_words_know_the_trade() -> None:
    assert "您好" in words("您好,请问")
    assert clauses("您好,请讲。") == ((0, 2), (3, 5))


@given(st.text(max_size=60))
def test_any_text_keeps_its_places(text: str) -> None:
    prepared = prepare(text)
    assert len(prepared.chars) == len(prepared.sounds) == len(prepared.offsets)
    assert list(prepared.offsets) == sorted(set(prepared.offsets))
    assert all(0 <= at < len(text) for at in prepared.offsets)
    assert count_syllables(text) >= 0


@given(st.text(alphabet="您好请问有什么可以帮工号为您服务中国银行长大重复乙龘丶龦鿕a1.", max_size=30))
def test_words_are_cut_as_jieba_cuts_them(text: str) -> None:
    assert cut(text) == tuple(segmenter().cut(text, HMM=False))


@given(st.text(alphabet="您好请问有什么可以帮工号为您服务中国银行长大重复乙龘丶龦鿕a1.", max_size=30))
def test_characters_that_stand_alone_side_by_side_may(text: str) -> None:
    alone = [pair for pair in pairwise(cut(text)) if len("".join(pair)) == 2]
    assert all(may_part(*pair) for pair in alone)
    assert not may_part("您", "好") and may_part("好", "您")
