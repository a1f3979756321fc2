"""Dialogues as JSON lines: what is read, and what each bad line is told as."""

import json

import pytest

from pipeline.rules.textcalls import TextCall, TextCallError, parse_text_call, read_text_calls

GOOD = {
    "call_id": "c1", "date": "2026-02-17", "business": "complaint", "agent_id": "8021", "vip": 3,
    "utterances": [{"role": "agent", "text": "您好", "start_s": 1, "end_s": 2.5, "confidence": 0.8}],
}  # fmt: skip


def line(**changes):
    return json.dumps({**GOOD, **changes}, ensure_ascii=False)


def test_a_dialogue_with_times():
    call = parse_text_call(line())
    conversation = call.conversation
    said = conversation.utterances[0]
    assert (said.role, said.text, said.span.start_s, said.span.end_s, said.confidence) == (
        "agent",
        "您好",
        1,
        2.5,
        0.8,
    )
    assert conversation.timed and conversation.audition is None and call.date == "2026-02-17"
    record = conversation.call.cdr
    assert (record.business, record.agent_id, record.extra) == ("complaint", "8021", {"vip": "3"})
    assert record.started_at.isoformat() == "2026-02-17T00:00:00+08:00"


def test_one_missing_time_leaves_only_the_order():
    said = [{"role": "agent", "text": "甲", "start_s": 5, "end_s": 6}, {"role": "customer", "text": "乙"}]
    conversation = parse_text_call(line(utterances=said)).conversation
    assert not conversation.timed
    assert [u.text for u in conversation.utterances] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "a JSON object a line"),
        ("[1]", "a JSON object a line; found list"),
        ("[" * 100_000, "a JSON object a line"),
        (line(call_id=""), "call_id, a text"),
        (line(utterances="您好"), "utterances, a list"),
        (line(utterances=[{"role": "boss", "text": "x"}]), "role of utterance 0: one of agent"),
        (line(utterances=[{"role": "agent", "text": 5}]), "text of utterance 0"),
        (line(utterances=[5]), "utterance 0 as an object"),
        (line(utterances=[{"role": "agent", "text": "x", "start_s": 3, "end_s": 1}]), "start_s ≤ end_s"),
        (line(utterances=[{"role": "agent", "text": "x", "confidence": 7}]), "confidence 0..1"),
        (line(date="2026-02-31"), "date as YYYY-MM-DD"),
        (line(direction="up"), "direction: one of inbound"),
        (line(ring_s="long"), "ring_s, a number"),
        (line(started_at="yesterday"), "started_at as"),
    ],
)
def test_a_bad_line_says_what_was_expected(text, said):
    with pytest.raises(TextCallError) as caught:
        parse_text_call(text)
    assert said in str(caught.value) and "found" in str(caught.value)


def test_a_file_keeps_its_good_lines_and_names_the_others(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text("\n".join([line(), "nonsense", "", line(), line(call_id="c2")]), encoding="utf-8-sig")
    found = list(read_text_calls(path))
    assert [number for number, _, _ in found] == [1, 2, 4, 5]
    assert [isinstance(call, TextCall) for _, _, call in found] == [True, False, False, True]
    assert "first on line 1" in str(found[2][2])
