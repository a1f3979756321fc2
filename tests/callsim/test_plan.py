"""Exact times without audio: what is said, when, and what lies between."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.callsim.placed import Plan
from pipeline.callsim.plan import plan_call
from pipeline.callsim.script import parse_script
from pipeline.callsim.truth import find_gaps, find_overlaps, find_waits, truth_of


def planned(*events: dict[str, Any], **script: Any) -> Plan:
    people = {"agent": {"cpm": 240}, "customer": {"cpm": 240}}
    return plan_call(parse_script({"id": "one", **people, "events": list(events), **script}))


def test_a_line_lasts_as_long_as_its_characters() -> None:
    plan = planned({"agent": "您好请问有什么事", "gap_s": 1.0}, {"customer": "我想问路", "gap_s": 0.5})
    agent, customer = plan.said
    assert (agent.span.start_s, agent.span.end_s) == (1.0, 3.0)  # eight characters at four a second
    assert (customer.span.start_s, customer.span.end_s) == (3.5, 4.5)


def test_punctuation_makes_pauses_that_the_inner_rate_leaves_out() -> None:
    truth = truth_of(planned({"agent": "您好，请讲。谢谢", "gap_s": 0.0}))
    (line,) = truth["utterances"]
    assert [p["text"] for p in line["phrases"]] == ["您好", "请讲", "谢谢"]
    rates = truth["rates"]["agent"]
    assert rates["cpm"] == pytest.approx(240.0)
    assert rates["cpm_with_pauses"] == pytest.approx(6 / (line["end_s"] - line["start_s"]) * 60, abs=0.01)
    assert rates["cpm_with_pauses"] < 200


def test_planning_repeats_by_seed() -> None:
    lines = [{"agent": "您好"}, {"customer": "你好"}]
    assert planned(*lines, seed=4) == planned(*lines, seed=4)
    assert planned(*lines, seed=4).said != planned(*lines, seed=5).said


def test_gaps_are_typed() -> None:
    plan = planned(
        {"do": "ringback", "count": 1, "gap_s": 0.0},
        {"agent": "您好", "gap_s": 0.5},
        {"customer": "我要查订单", "gap_s": 0.6},
        {"do": "hold", "seconds": 8, "announced": True, "agreed": True},
        {"agent": "查到了"},
        {"do": "wait", "seconds": 5},
        {"agent": "已经发货"},
        {"do": "hold", "seconds": 6, "sound": "music"},
        {"agent": "久等了"},
        {"do": "mute", "seconds": 4},
        {"agent": "再见"},
        release={"by": "customer", "after_s": 1.0},
    )
    gaps = find_gaps(plan)
    assert [(g.kind, round(g.span.duration_s, 3)) for g in gaps] == [
        ("before_answer", 1.5), ("thinking", 0.6), ("announced_hold", 8.0), ("dead_air", 5.0),
        ("hold_music", 6.0), ("mute", 4.0), ("after_farewell", 1.25),
    ]  # fmt: skip
    assert gaps[2].announced and gaps[2].agreed and not gaps[3].announced
    assert plan.answered_s == 1.2


def test_a_wait_runs_on_over_a_plea_for_patience() -> None:
    plan = planned(
        {"agent": "请稍等", "gap_s": 0.0},
        {"do": "hold", "seconds": 10, "announced": True},
        {"agent": "请再稍等", "reassures": True},
        {"do": "hold", "seconds": 12, "announced": True},
        {"agent": "请再稍等一下", "reassures": True},
        {"do": "hold", "seconds": 5, "announced": True},
        {"agent": "久等了"},
        {"do": "wait", "seconds": 4},
        {"agent": "好了"},
    )
    first, second = find_waits(plan)
    assert (first.kind, round(first.span.duration_s, 3)) == ("announced_hold", 10 + 1 + 12 + 1.5 + 5)
    assert first.reassured_at_s == (10.75, 23.75)
    assert (second.kind, second.span.duration_s) == ("dead_air", pytest.approx(4.0))


def test_overlaps_are_typed_by_script_or_length() -> None:
    plan = planned(
        {"customer": "我昨天买的洗衣机门关不上怎么办", "gap_s": 0.0},
        {"agent": "嗯", "at_s": 1.0},
        {"agent": "您先把订单号告诉我", "gap_s": -0.75, "gave_way": True},
    )
    back, cut_in = find_overlaps(plan)
    assert (back.kind, back.by, back.over, back.span.start_s) == ("backchannel", "agent", "customer", 1.0)
    assert (cut_in.kind, cut_in.gave_way, cut_in.span.duration_s) == (
        "interruption",
        True,
        pytest.approx(0.75),
    )


def test_release_and_busy_tone() -> None:
    plan = planned({"agent": "再见", "gap_s": 0.0}, release={"by": "agent", "after_s": 2.0, "busy": 3})
    truth = truth_of(plan)
    assert truth["release"] | {"excused": 0} == {
        "by": "agent", "at_s": 2.5, "after_last_words_s": 2.0, "last_speaker": "agent", "excused": 0,
    }  # fmt: skip
    (busy,) = truth["tones"]
    assert (busy["kind"], busy["count"], busy["start_s"]) == ("busy", 3, 2.8)
    assert busy["end_s"] - busy["start_s"] == pytest.approx(3 * 0.7 - 0.35)


def test_a_dead_leg_makes_its_lines_unheard() -> None:
    plan = planned(
        {"agent": "您好", "gap_s": 0.0},
        {"do": "die", "by": "customer"},
        {"customer": "喂听得到吗", "gap_s": 1.0},
        {"agent": "您还在吗", "gap_s": 1.0},
    )
    assert [line.heard for line in plan.said] == [True, False, True]
    assert [u["heard"] for u in truth_of(plan)["utterances"]] == [True, False, True]
    assert find_gaps(plan)[0].kind == "one_way"


def test_a_recording_cut_off_keeps_what_was_before() -> None:
    plan = planned(
        {"agent": "您好，请讲", "gap_s": 0.0}, {"customer": "我想查一下订单", "gap_s": 0.5}, cut_s=2.6
    )
    truth = truth_of(plan)
    assert truth["duration_s"] == 2.6
    assert truth["release"]["by"] == "unknown"
    assert truth["utterances"][-1]["end_s"] == 2.6
    assert "我想查一下订单".startswith(truth["utterances"][-1]["text"])


@pytest.mark.parametrize(("layout", "agent_channel", "expected"), [
    ("stereo", 0, {"agent": 0, "customer": 1, "ivr": 0}), ("stereo", 1, {"agent": 1, "customer": 0, "ivr": 1}),
    ("legs", 1, {"agent": 0, "customer": 1, "ivr": 0}), ("mono", 0, {"agent": 0, "customer": 0, "ivr": 0}),
])  # fmt: skip
def test_channels_by_layout(layout: str, agent_channel: int, expected: dict[str, int]) -> None:
    plan = planned(
        {"ivr": "欢迎"}, {"agent": "您好"}, {"customer": "你好"}, layout=layout, agent_channel=agent_channel
    )
    assert {u["role"]: u["channel"] for u in truth_of(plan)["utterances"]} == expected


def test_planted_faults_carry_their_place() -> None:
    truth = truth_of(
        planned(
            {"agent": "不知道", "fault": "taboo.dont_know", "gap_s": 0.0},
            {"do": "wait", "seconds": 6, "fault": "hold.dead_air"},
            {"agent": "嗯"},
            faults=["close.farewell"],
        )
    )
    faults = {f["rule_id"]: f for f in truth["faults"]}
    assert faults["taboo.dont_know"]["quote"] == "不知道"
    assert (faults["hold.dead_air"]["start_s"], faults["hold.dead_air"]["end_s"]) == (0.75, 6.75)
    assert faults["close.farewell"]["start_s"] is None
    assert not truth["clean"]


def test_a_dead_leg_still_hears_the_switchs_busy_tone() -> None:
    plan = planned(
        {"agent": "再见", "gap_s": 0.0}, {"do": "die", "by": "customer"}, release={"after_s": 1.0, "busy": 2}
    )
    truth = truth_of(plan)
    assert truth["silent_legs"] == [{"channel": 1, "start_s": 0.5, "end_s": 1.5}]
    assert truth["tones"][0]["start_s"] > 1.5
