"""Ranges: the same word said in many places, found only where the range looks."""

import pytest

CALL = "\n".join(
    [
        "坐席: 一号", "客户: 二号", "坐席: 三号", "客户: 四号", "坐席: 五号", "客户: 六号", "坐席: 七号",
        "保持 20s", "坐席: 八号", "客户: 九号", "坐席: 十号", "客户: 再见",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("range_", "role", "heard"),
    [
        ("{first: 2}", "agent", "一三"),
        ("{last: 2}", "agent", "八十"),
        ("{first: 1}", "customer", "二"),
        ("{middle: [1, 1]}", "agent", "三五七八"),
        ("{first_s: 2}", "any", "一二"),
        ("{last_s: 1.5}", "any", "十"),
        ("{phase: opening}", "any", "一二三四五"),
        ("{phase: body}", "any", ""),
        ("{phase: closing}", "any", "六七八九十"),
        ("{phase: closing, first: 5}", "agent", "七八"),
        ("{after: {keyword: 五号}}", "agent", "七八十"),
        ("{after: {keyword: 五号}, within: 1}", "agent", "七"),
        ("{after: {keyword: 五号}, within_s: 3}", "agent", "七"),
        ("{before: {keyword: 五号}}", "any", "一二三四"),
        ("{before: {keyword: 五号}, within: 1}", "customer", "四"),
        ("{around: {keyword: 五号}, within: 1}", "any", "四五六"),
        ("{after: {keyword: 号}, nth: 3}", "agent", "七八十"),
        ("{after: {keyword: 号}, nth: last}", "customer", ""),
        ("{first: 3, last: 5}", "agent", "三五"),
    ],
)
def test_range(ask, range_, role, heard):
    found = ask(f"{{regex: '.号', role: {role}, in: {range_}}}", CALL)
    assert "".join(hit.evidence.quote[0] for hit in found.hits) == heard


def test_an_anchor_that_never_comes_asks_no_question(ask):
    found = ask("{keyword: 号, in: {after: {keyword: 百}}}", CALL)
    assert (found.value, found.why) == ("moot", "未出现所要求的前提")


def test_an_anchor_that_cannot_be_told_is_unknown(ask):
    found = ask("{keyword: 号, in: {after: {hangup: agent}}}", CALL)
    assert (found.value, found.why) == ("unknown", "不能确定谁先挂机")


def test_during_a_hold_and_without_one(ask):
    inside = "坐席: 请稍等\n保持 20s\n5-8 坐席: 请再稍等一下"
    assert ask("{utterance: {}, in: {during: hold}}", inside).value == "hit"
    assert ask("{gap: {kinds: hold}, in: {during: hold}}", CALL).value == "hit"
    assert ask("{utterance: {}, in: {during: hold}}", "坐席: 您好").value == "moot"


def test_the_body_lies_between_opening_and_closing(ask):
    long_call = "\n".join(f"{who}: {n}号" for n in "零一二三四五六七八九" for who in ("坐席", "客户"))
    found = ask("{regex: '.号', in: {phase: body}}", long_call)
    assert "".join(hit.evidence.quote[0] for hit in found.hits) == "三四五六"


def test_a_miss_tells_the_window_searched(ask):
    found = ask("{keyword: 没有, in: {first: 2}}", "0-1 坐席: 一\n2-3 客户: 二\n4-5 坐席: 三\n9-10 坐席: 四")
    assert found.value == "miss" and (found.searched.start_s, found.searched.end_s) == (0.0, 5.0)
