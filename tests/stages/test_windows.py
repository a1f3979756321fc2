from array import array

import pytest

from pipeline.stages.windows import EDGE_S, pack
from pipeline.types import Frames, Span, Word


def spans(*pairs: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(Span(a, b) for a, b in pairs)


def word(text: str, start_s: float, end_s: float) -> Word:
    return Word(text, Span(start_s, end_s), 0.9)


def test_voice_goes_in_with_its_edges_and_silence_stays_out() -> None:
    (window,) = pack(spans((1.0, 2.0), (20.0, 21.0)), duration_s=60, longest_s=10)
    assert [p.source for p in window.pieces] == [Span(0.85, 2.15), Span(19.85, 21.15)]
    assert window.duration_s == pytest.approx(2 * (1.0 + 2 * EDGE_S))


def test_neighbours_whose_edges_meet_keep_the_pause_between_them() -> None:
    (window,) = pack(spans((1.0, 2.0), (2.25, 3.0)), duration_s=60, longest_s=10)
    assert [p.source for p in window.pieces] == [Span(0.85, 3.15)]
    assert window.pieces[0].voice == spans((1.0, 2.0), (2.25, 3.0))


def test_edges_end_with_the_recording() -> None:
    (window,) = pack(spans((0.05, 4.98)), duration_s=5.0, longest_s=10)
    assert window.pieces[0].source == Span(0.0, 5.0)


def test_no_window_is_longer_than_asked_and_no_voice_is_lost() -> None:
    voice = spans(*((i * 3.0, i * 3.0 + 2.0) for i in range(20)))
    windows = pack(voice, duration_s=70, longest_s=8)
    assert max(w.duration_s for w in windows) <= 8
    assert [v for w in windows for p in w.pieces for v in p.voice] == list(voice)


def test_long_voice_is_cut_in_its_longest_pause() -> None:
    windows = pack(spans((0.5, 6.0), (6.2, 12.0)), duration_s=20, longest_s=10)
    assert len(windows) == 2
    assert windows[0].pieces[0].source.end_s == pytest.approx(6.1)


def test_long_voice_without_a_pause_is_cut_at_its_quietest_frame() -> None:
    level = array("f", [-20.0] * 1000)
    level[430] = -50.0  # 8.6 s
    windows = pack(spans((0.5, 12.0)), duration_s=20, longest_s=10, levels=Frames(0.02, (level,)))
    assert windows[0].pieces[0].source.end_s == pytest.approx(8.61, abs=0.011)


def test_no_voice_gives_no_window() -> None:
    assert pack((), duration_s=60, longest_s=10) == ()


def test_words_return_to_the_time_of_the_call() -> None:
    (window,) = pack(spans((1.0, 2.0), (20.0, 21.0)), duration_s=60, longest_s=10)
    found = window.to_call(word("好", 1.55, 1.85))  # the second piece begins at 1.30 in the window
    assert found.span == Span(pytest.approx(20.1), pytest.approx(20.4))


def test_a_word_stretched_over_a_pause_is_cut_to_its_voice() -> None:
    """Window:  0.15 ▁voice▁ 1.15 … 1.45 ▁voice▁ 2.45; alignment gave 1.0–1.6 to one word of the first."""
    (window,) = pack(spans((1.0, 2.0), (20.0, 21.0)), duration_s=60, longest_s=10)
    assert window.to_call(word("见", 0.9, 1.6)).span.end_s == pytest.approx(2.0)
    assert window.to_call(word("您", 1.2, 1.7)).span.start_s == pytest.approx(20.0)


def test_a_word_outside_all_voice_stays_in_its_piece() -> None:
    (window,) = pack(spans((1.0, 2.0)), duration_s=60, longest_s=10)
    found = window.to_call(word("嗯", 1.2, 1.3))
    assert 0.85 <= found.span.start_s < found.span.end_s <= 2.16
