from array import array

from pipeline.stages.utterances import by_channel, simplified, without_boilerplate, without_echo
from pipeline.types import Frames, Span, Utterance, Word


def words(text: str, start_s: float, *, each_s: float = 0.25, probability: float = 0.9) -> list[Word]:
    return [
        Word(c, Span(start_s + i * each_s, start_s + (i + 1) * each_s), probability)
        for i, c in enumerate(text)
    ]


def talk(left: list[Word], right: list[Word]) -> list[tuple[str, str]]:
    return [(u.role, u.text) for u in by_channel([left, right], roles=["agent", "customer"], voice=[(), ()])]


def test_turns_alternate_in_time() -> None:
    assert talk(words("您好请讲", 0) + words("好的", 4), words("我要退票", 1.5)) == [
        ("agent", "您好请讲"), ("customer", "我要退票"), ("agent", "好的"),
    ]  # fmt: skip


def test_a_backchannel_inside_speech_does_not_break_it() -> None:
    assert talk(words("我帮您查一下订单", 0), words("嗯", 0.9)) == [
        ("agent", "我帮您查一下订单"),
        ("customer", "嗯"),
    ]


def test_a_pause_in_which_the_other_answers_breaks() -> None:
    assert talk(words("请稍等", 0) + words("查到了", 1.5), words("好", 0.9)) == [
        ("agent", "请稍等"), ("customer", "好"), ("agent", "查到了"),
    ]  # fmt: skip


def test_a_short_pause_alone_does_not_and_a_long_one_does() -> None:
    assert talk(words("请", 0) + words("稍等", 1.2), []) == [("agent", "请稍等")]
    assert talk(words("请", 0) + words("稍等", 2.0), []) == [("agent", "请"), ("agent", "稍等")]


def test_overlap_is_told_by_the_other_sides_voice() -> None:
    voice = [(Span(0, 1),), (Span(0.5, 2),)]
    (one,) = by_channel([words("好的呢吧", 0), []], roles=["agent", "customer"], voice=voice)
    assert one.overlapped


def test_confidence_is_the_mean_of_the_words() -> None:
    (one,) = by_channel(
        [words("好", 0, probability=0.5) + words("的", 0.25, probability=1.0)], roles=["agent"], voice=[()]
    )
    assert one.confidence == 0.75


def said(text: str, channel: int, start_s: float) -> Utterance:
    own = words(text, start_s)
    return Utterance("unknown", Span(start_s, own[-1].span.end_s), text, tuple(own), 0.9, channel)


def levels(left: float, right: float) -> Frames:
    return Frames(0.02, (array("f", [left] * 1000), array("f", [right] * 1000)))


def test_an_echo_is_dropped_with_its_reason() -> None:
    both = [said("请问有什么可以帮到您", 0, 1.0), said("请问有什么可以帮您", 1, 1.15)]
    kept, dropped = without_echo(both, levels(-20, -40))
    assert [u.channel for u in kept] == [0]
    assert dropped[0].reason == "echo of channel 0"


def test_the_same_words_as_loud_or_at_another_time_are_no_echo() -> None:
    both = [said("请问有什么可以帮到您", 0, 1.0), said("请问有什么可以帮到您", 1, 1.1)]
    assert without_echo(both, levels(-20, -21))[1] == []
    apart = [said("请问有什么可以帮到您", 0, 1.0), said("请问有什么可以帮到您", 1, 8.0)]
    assert without_echo(apart, levels(-20, -40))[1] == []


def test_a_credit_is_dropped_and_kept_on_record() -> None:
    kept, dropped = without_boilerplate([said("字幕由志愿者提供", 0, 1.0), said("您好", 0, 9.0)])
    assert [u.text for u in kept] == ["您好"]
    assert dropped[0].text == "字幕由志愿者提供"


def test_traditional_words_become_simplified_in_their_places() -> None:
    assert [w.text for w in simplified(words("請問您還需要嗎", 0))] == list("请问您还需要吗")
