"""Words to speakers: split segments, replies kept apart, edges forgiven, overlap marked."""

from __future__ import annotations

from pipeline.roles.words import split_by_speaker
from pipeline.types import Diarization, Span, Turn, Word


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(Span(start, end), "unknown", 0, "diarized", 0.0, speaker)


def diarized(*turns: Turn, exclusive: tuple[Turn, ...] | None = None) -> Diarization:
    return Diarization(turns, "diarized", 0.0, exclusive=exclusive if exclusive is not None else turns)


def words(text: str, start: float, *, step: float = 0.2) -> list[Word]:
    return [Word(c, Span(start + i * step, start + (i + 1) * step), 0.9) for i, c in enumerate(text)]


def said(pieces: tuple) -> list[tuple[str | None, str]]:
    return [(piece.speaker, piece.text) for piece in pieces]


def test_a_segment_of_two_speakers_is_split() -> None:
    turns = diarized(turn(0, 1.0, "A"), turn(1.0, 2.0, "B"))
    assert said(split_by_speaker(words("您好请讲啊我要退票呢", 0), turns)) == [
        ("A", "您好请讲啊"),
        ("B", "我要退票呢"),
    ]


def test_a_reply_inside_the_other_speech_stays_with_its_speaker() -> None:
    turns = diarized(turn(0, 1.0, "A"), turn(1.0, 1.2, "B"), turn(1.2, 2.0, "A"))
    found = split_by_speaker(words("我给您查嗯一下订单", 0.2), turns)
    assert said(found) == [("A", "我给您查"), ("B", "嗯"), ("A", "一下订单")]


def test_a_stray_edge_goes_back() -> None:
    # B's turn is drawn 0.15 s long into A's clause by a slip of the diarizer, with no word of B's own
    turns = diarized(turn(0, 1.0, "A"), turn(1.0, 1.9, "B"), turn(1.15, 2.0, "A"), exclusive=(
        turn(0, 1.0, "A"), turn(1.0, 1.15, "B"), turn(1.15, 2.0, "A")))  # fmt: skip
    found = split_by_speaker(words("这边为您查询订单吧", 0.1), turns)
    assert "查询" in "".join(piece.text for piece in found if piece.speaker == "A")


def test_a_word_outside_every_turn_goes_to_the_nearest() -> None:
    turns = diarized(turn(0, 1.0, "A"), turn(3.0, 4.0, "B"))
    assert said(split_by_speaker([*words("好", 1.1), *words("对", 2.7)], turns)) == [("A", "好"), ("B", "对")]


def test_a_long_pause_ends_an_utterance_and_overlap_is_marked() -> None:
    turns = diarized(turn(0, 5.0, "A"), turn(4.2, 5.0, "B"), exclusive=(turn(0, 5.0, "A"),))
    found = split_by_speaker([*words("好的", 0), *words("请问", 4.2)], turns)
    assert said(found) == [("A", "好的"), ("A", "请问")]
    assert [piece.overlapped for piece in found] == [False, True]


def test_nothing_said_and_nobody_heard() -> None:
    assert split_by_speaker([], diarized()) == ()
    assert said(split_by_speaker(words("您好", 0), diarized())) == [(None, "您好")]
