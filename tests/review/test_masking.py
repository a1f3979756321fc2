"""Numbers are found as people dictate them, in text, words and time."""

from __future__ import annotations

import pytest

from pipeline.review.masking import MARK, mask_text, mask_utterances
from pipeline.types import Role, Span, Utterance, Word


def said(role: Role, start_s: float, text: str, *, words: bool = True) -> Utterance:
    step = 0.2
    made = tuple(Word(c, Span(start_s + i * step, start_s + (i + 1) * step), 0.9) for i, c in enumerate(text))
    return Utterance(role, Span(start_s, start_s + step * len(text)), text, made if words else (), 0.9)


@pytest.mark.parametrize(
    "number",
    ["13800138000", "138 0013 8000", "138-0013-8000", "一三八零零一三八零零零", "幺三八零零幺三八零零零",
     "110101199003078515", "11010119900307851X", "6222 0202 0000 1234567", "１３８００１３８０００", "021-62345678"],
)  # fmt: skip
def test_numbers_are_covered(number: str) -> None:
    masked = mask_text(f"我的号码是{number}对")
    assert number not in masked
    assert not any(c in masked for c in "123456789一三八X")
    assert masked.startswith("我的号码是" + MARK)
    assert masked.endswith("对")


@pytest.mark.parametrize(
    "harmless", ["今天下午四点前", "工号6035", "一共三百二十块", "二零二六年", "等了30秒", "十二月二十一号"]
)
def test_what_is_no_number_stays(harmless: str) -> None:
    assert mask_text(harmless) == harmless


def test_a_number_dictated_in_pieces_is_covered_and_bleeped() -> None:
    lines = [
        said("customer", 0, "手机是138"),
        said("agent", 2, "嗯"),
        said("customer", 3, "0013"),
        said("agent", 4, "好的6035"),
        said("customer", 5, "8000对"),
    ]
    masked, bleeps = mask_utterances(lines)
    assert [u.text for u in masked] == [f"手机是{MARK * 3}", "嗯", MARK * 4, "好的6035", f"{MARK * 4}对"]
    assert "".join(w.text for w in masked[0].words) == masked[0].text
    assert [(round(s.start_s, 2), round(s.end_s, 2)) for s in bleeps] == [
        (0.52, 1.28),
        (2.92, 3.88),
        (4.92, 5.88),
    ]


def test_without_word_times_the_whole_utterance_is_bleeped() -> None:
    _, bleeps = mask_utterances([said("customer", 1, "号码13800138000", words=False)])
    assert bleeps[0].start_s <= 1
    assert bleeps[0].end_s >= 1 + 0.2 * 13
