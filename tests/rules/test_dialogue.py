# ruff: noqa: E501 - tables of cases read best unbroken
"""Dialogue snippets into conversations."""

import pytest

from pipeline.rules.dialogue import DialogueError, read_dialogue


def test_lines_follow_one_another_at_speaking_pace():
    conversation, _ = read_dialogue("坐席: 一二三四\n客户: 五六七八")
    first, second = conversation.utterances
    assert (first.span.start_s, first.span.end_s) == (0.0, 1.0)
    assert second.span.start_s == pytest.approx(1.4)
    assert (first.role, second.role, first.channel, second.channel) == ("agent", "customer", 0, 1)


def test_everything_a_line_can_tell():
    conversation, measured = read_dialogue(
        "# 一行注释\n振铃 4\n坐席: 您好 # 句末注释\n32.5-34 客户: 我要投诉\n坐席(打断): 你先听\n客户(听不清): 什么\n"
        "保持 40s 已告知 已同意 已致谢 已安抚\n静音 6s 等客户\n音乐 9s\n挂机: 坐席 1.5s ~0.6\n"
        "记录: business=complaint ring_s=12 customer_flags=elderly,vip 会员=金\n测量: rate_cpm.agent=310 rate_band=fast\n角色不定"
    )
    assert [u.text for u in conversation.utterances] == ["您好", "我要投诉", "你先听", "什么"]
    assert (conversation.utterances[1].span.start_s, conversation.utterances[1].span.end_s) == (32.5, 34.0)
    assert conversation.utterances[3].confidence < 0.45 and conversation.role_confidence < 0.7
    events = measured.events
    hold, silent, music = events.gaps
    assert (hold.kind, hold.announced, hold.agreed, hold.thanked, len(hold.reassured_at_s)) == (
        "announced_hold", True, True, True, 1,
    )  # fmt: skip
    assert hold.span.duration_s == pytest.approx(40)
    assert (silent.kind, silent.waiting_on, music.kind) == ("dead_air", "customer", "hold_music")
    assert [(o.kind, o.by, o.over) for o in events.overlaps] == [("interruption", "agent", "customer")]
    assert events.hangup.side == "agent" and events.hangup.probability == 0.6
    assert events.hangup.after_last_words_s == 1.5
    record = conversation.call.cdr
    assert (record.business, record.ring_s, record.customer_flags) == ("complaint", 12.0, ("elderly", "vip"))
    assert record.extra == {"会员": "金"}
    assert {(m.name, m.role, m.value) for m in measured.measures} == {
        ("rings", None, 4.0), ("rate_cpm", "agent", 310.0), ("rate_band", None, "fast"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "经理: 你好",
        "静音",
        "静音 六秒",
        "静音 6s 等经理",
        "挂机: 经理",
        "记录: business",
        "测量: x",
        "坐席(大声): 好",
        "5-3 坐席: 好",
        "振铃 多",
    ],
)
def test_a_line_that_says_nothing_is_told_with_its_number(line):
    with pytest.raises(DialogueError) as caught:
        read_dialogue(f"坐席: 您好\n{line}")
    assert caught.value.line == 2 and repr(line) in str(caught.value)
