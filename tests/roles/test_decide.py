"""Roles from words: clear calls decided, swapped channels found, thin evidence left unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.roles.decide import decide, settle_roles
from pipeline.roles.evidence import is_menu, party_clues
from pipeline.types import (
    Audition,
    Call,
    CallRecord,
    ChannelGate,
    Diarization,
    Frames,
    Span,
    Tone,
    Turn,
    Utterance,
)  # fmt: skip

AGENT = [
    "您好工号八零二一很高兴为您服务",
    "请问您的手机号码是多少",
    "麻烦您稍等一下我为您查询",
    "请问还有什么可以帮您",
    "感谢您的来电再见",
]
CUSTOMER = ["喂你好我想退一张机票", "一三八零零一三八零零零", "好的", "没有了", "谢谢再见"]


def call(**changes: object) -> Call:
    known = {
        "id": "c1", "paths": ("c1.wav",), "sha256": "", "sample_rate_hz": 8000, "channels": 2,
        "duration_s": 60.0, "started_at": None, "direction": "inbound", "agent_id": None, "agent_name": None,
        "team": None, "agent_channel": None, "cdr": None,
    }  # fmt: skip
    return Call(**{**known, **changes})  # type: ignore[arg-type]


def dialogue(*lines: tuple[str, str], channels: dict[str, int] | None = None) -> list[Utterance]:
    return [
        Utterance(
            "unknown", Span(2 * i, 2 * i + 1.5), text, (), 0.9,
            channel=channels[who] if channels else 0, speaker=None if channels else who,
        )
        for i, (who, text) in enumerate(lines)
    ]  # fmt: skip


def exchange(first: str, second: str, **kind: object) -> list[Utterance]:
    lines = [line for pair in zip(AGENT, CUSTOMER) for line in zip((first, second), pair)]
    return dialogue(*lines, **kind)  # type: ignore[arg-type]


def mono(utterances: list[Utterance]) -> Diarization:
    turns = tuple(Turn(u.span, "unknown", 0, "diarized", 0.0, u.speaker) for u in utterances)
    return Diarization(turns, "diarized", 0.0, exclusive=turns)


def stereo(utterances: list[Utterance], *, agent: int, confidence: float = 0.95) -> Diarization:
    turns = tuple(
        Turn(u.span, "agent" if u.channel == agent else "customer", u.channel, "channel", confidence)
        for u in utterances
    )
    return Diarization(turns, "channel", confidence)


@pytest.mark.parametrize(("agent", "customer"), [("S0", "S1"), ("S1", "S0")])
def test_a_plain_mono_call(agent: str, customer: str) -> None:
    utterances = exchange(agent, customer)
    settled, final = settle_roles(utterances, mono(utterances), call=call())
    assert {u.role for u in settled if u.speaker == agent} == {"agent"}
    assert {u.role for u in settled if u.speaker == customer} == {"customer"}
    assert final.role_source == "words"
    assert final.role_confidence > 0.95
    assert settled[0].confidence == pytest.approx(0.9 * final.role_confidence)
    assert {t.role for t in final.turns} == {"agent", "customer"}
    assert any("开场问候" in line for line in final.evidence)


def test_voices_the_diarizer_hardly_told_apart_leave_roles_unknown() -> None:
    utterances = exchange("S0", "S1")
    settled, final = settle_roles(utterances, replace(mono(utterances), speaker_certainty=0.002), call=call())
    assert {u.role for u in settled} == {"unknown"}
    assert any("嗓音相近" in line for line in final.evidence)
    _, apart = settle_roles(utterances, replace(mono(utterances), speaker_certainty=0.9), call=call())
    assert apart.role_confidence > 0.95


def test_a_customer_who_speaks_first() -> None:
    lines = [("S0", "喂有人吗"), *((u.speaker or "", u.text) for u in exchange("S1", "S0"))]
    assert decide(dialogue(*lines), call=call()).roles == {"S0": "customer", "S1": "agent"}


def test_thin_evidence_leaves_roles_unknown_and_says_so() -> None:
    utterances = dialogue(("S0", "喂"), ("S1", "喂"), ("S0", "嗯"), ("S1", "嗯"))
    settled, final = settle_roles(utterances, mono(utterances), call=call(direction="outbound"))
    assert {u.role for u in settled} == {"unknown"}
    assert {t.role for t in final.turns} == {"unknown"}
    assert "角色" in final.notes[-1]


def test_one_speaker_alone() -> None:
    decision = decide(dialogue(("S0", AGENT[0]), ("S0", "请问您听得到吗"), ("S0", AGENT[4])), call=call())
    assert decision.roles == {"S0": "agent"}
    assert decision.probability > 0.8


def test_both_parties_under_one_label_are_not_decided() -> None:
    lines = [("S0", u.text) for u in exchange("S0", "S1")]
    lines += [("S0", "你们这什么态度我要投诉"), ("S0", "我想退款多少钱"), ("S0", "怎么还不给我退款")]
    decision = decide(dialogue(*lines), call=call())
    assert decision.probability < 0.1
    assert any("也说对方的话" in line for line in decision.evidence)


def test_a_lone_voice_that_answers_itself_or_talks_on_is_doubted() -> None:
    alone = [("S0", "您好很高兴为您服务"), ("S0", "请问您听得到吗")]
    sure = decide(dialogue(*alone), call=call())
    assert sure.probability > 0.8
    asked = decide(dialogue(*alone, ("S0", "请问您的房号是多少八零二一")), call=call())
    assert asked.probability < sure.probability - 0.1
    assert any("自问自答" in line for line in asked.evidence)
    long = decide(dialogue(*alone, *[("S0", "请问您还在线上吗我这边听不到您的声音")] * 12), call=call())
    assert long.probability < 0.5
    assert any("无人应答" in line for line in long.evidence)


def test_labels_whose_words_are_mixed_up_are_not_decided() -> None:
    lines = [(u.speaker or "", u.text) for u in exchange("S0", "S1")]
    sure = decide(dialogue(*lines), call=call()).probability
    mixed = [
        *lines,
        ("S0", "我想退款怎么还不给我退"),
        ("S0", "你们这什么态度我要投诉"),
        ("S1", "我为您查询请您稍等"),
    ]
    decision = decide(dialogue(*mixed), call=call())
    assert decision.probability < sure - 0.1
    assert any("也说对方的话" in line for line in decision.evidence)


def test_a_third_voice_that_says_too_little_has_no_role() -> None:
    lines = [(u.speaker or "", u.text) for u in exchange("S0", "S1")]
    roles = decide(dialogue(*lines, ("S2", "喂"), ("S2", "请问您")), call=call()).roles
    assert (roles["S0"], roles["S1"], roles["S2"]) == ("agent", "customer", "unknown")


def test_a_second_agent_after_a_transfer() -> None:
    first = [(u.speaker or "", u.text) for u in exchange("S0", "S1")][:6]
    second = [
        ("S2", "您好我是主管工号三零零一很高兴为您服务"),
        ("S1", "我要投诉你们"),
        ("S2", "非常抱歉我为您处理"),
    ]
    roles = decide(dialogue(*first, *second, ("S1", "好的谢谢")), call=call()).roles
    assert roles == {"S0": "agent", "S1": "customer", "S2": "agent2"}


def test_one_agent_under_two_labels_is_one_agent() -> None:
    lines = [(u.speaker or "", u.text) for u in exchange("S0", "S1")]
    split = [("S2" if who == "S0" and i % 4 == 2 else who, text) for i, (who, text) in enumerate(lines)]
    roles = decide(dialogue(*split), call=call()).roles
    assert roles == {"S0": "agent", "S1": "customer", "S2": "agent"}


def test_a_menu_is_ivr_by_its_words_and_by_its_tone() -> None:
    menu = [("S2", "欢迎致电查询订单请按一"), ("S2", "人工服务请按零")]
    lines = [*menu, *((u.speaker or "", u.text) for u in exchange("S0", "S1"))]
    assert decide(dialogue(*lines), call=call()).roles["S2"] == "ivr"
    utterances = dialogue(("S0", "欢迎您的来电"), *lines[2:])
    gate = ChannelGate("mono", (False,), (0.0,), (None,), (None,))
    heard = Audition(
        60.0, gate, ((),), (Tone("ivr", Span(0, 2), 0),), ((),), Frames(0.02, ()), None
    )  # fmt: skip
    settled, _ = settle_roles(utterances, mono(utterances), call=call(), audition=heard)
    assert [u.role for u in settled[:3]] == ["ivr", "agent", "customer"]


def test_stereo_agreeing_words_keep_the_map() -> None:
    utterances = exchange("a", "c", channels={"a": 1, "c": 0})
    settled, final = settle_roles(utterances, stereo(utterances, agent=1), call=call(agent_channel=1))
    assert [u.role for u in settled[:2]] == ["agent", "customer"]
    assert (final.role_source, final.notes) == ("channel", ())
    assert final.role_confidence > 0.99


@pytest.mark.parametrize("record", [None, CallRecord("c1", agent_channel=0)])
def test_a_swapped_map_is_put_right_with_a_note(record: CallRecord | None) -> None:
    utterances = exchange("a", "c", channels={"a": 1, "c": 0})
    confidence = 0.99 if record else 0.95
    settled, final = settle_roles(
        utterances, stereo(utterances, agent=0, confidence=confidence), call=call(agent_channel=0, cdr=record)
    )
    assert [u.role for u in settled[:2]] == ["agent", "customer"]
    assert [t.role for t in final.turns[:2]] == ["agent", "customer"]
    assert final.role_source == "words"
    assert "对调" in final.notes[0]


def test_words_that_only_hint_do_not_swap() -> None:
    utterances = dialogue(
        ("a", "喂"), ("c", "您好"), ("a", "嗯"), ("c", "我想问一下"), channels={"a": 0, "c": 1}
    )
    settled, final = settle_roles(utterances, stereo(utterances, agent=0), call=call(agent_channel=0))
    assert [u.role for u in settled[:2]] == ["agent", "customer"]
    assert not any("对调" in note for note in final.notes)


def test_silent_call_keeps_the_map_and_says_nothing() -> None:
    settled, final = settle_roles([], stereo([], agent=0), call=call(agent_channel=0))
    assert (settled, final.turns, final.notes) == ((), (), ())


def test_a_known_voice_tips_the_balance() -> None:
    utterances = dialogue(("S0", "喂"), ("S1", "喂"))
    assert decide(utterances, call=call(), voices={"S1": 5.0}).roles == {"S0": "customer", "S1": "agent"}


def test_clues_are_what_they_say() -> None:
    utterances = exchange("S0", "S1")
    agent = party_clues([u for u in utterances if u.speaker == "S0"], utterances, direction="inbound")
    assert agent["greeting"] == 0.75  # the opening, and 还有什么可以帮
    assert agent["staff_number"] == 0.5
    assert agent["first_inbound"] == 1.0
    assert agent["nin_share"] > 0.8
    assert not is_menu(utterances)
