"""The numbers themselves, each against a value worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.config import MeasureConfig
from pipeline.measures import REGISTRY, compute_all, scene_of
from pipeline.measures.events import find_events
from pipeline.types import CallRecord, Conversation, Measure, Span, Tone
from tests.measures.build import talk, text_only

ALL = "您好请问有什么可以帮到您"  # 12 characters


def read(conversation: Conversation, name: str, role: str | None = None, **settings: Any) -> Measure:
    chosen = MeasureConfig(**settings)
    scene = scene_of(conversation, find_events(conversation, chosen), chosen)
    return next(m for m in compute_all(scene) if m.name == name and m.role == role)


def test_rate_leaves_pauses_out_and_turn_rate_in() -> None:
    heard = talk([(1, 2), (3, 5)], said=[("agent", 1, 5, ALL)])
    assert read(heard, "rate_voiced_cpm", "agent").value == 240
    assert read(heard, "rate_turn_cpm", "agent").value == 180
    assert read(heard, "rate_cpm", "agent").value == 240
    assert read(heard, "rate_cpm", "agent", rate_over="turn").value == 180


def test_rate_counts_digits_as_read_and_never_punctuation_or_fillers() -> None:
    heard = talk([(1, 3)], said=[("agent", 1, 3, "嗯,工号8021。")])
    assert read(heard, "char_count", "agent").value == 6
    assert read(heard, "rate_voiced_cpm", "agent").value == 180


def test_words_without_voice_of_their_own_do_not_lower_the_rate() -> None:
    heard = talk([(1, 4), (20, 26)], said=[("agent", 1, 4, ALL)])
    assert read(heard, "rate_voiced_cpm", "agent").value == 240


@pytest.mark.parametrize(("asr", "nuclei", "known"), [(0.9, 3, True), (0.3, 3, False), (0.3, 12, True)])
def test_a_weak_recognition_must_agree_with_the_sound(asr: float, nuclei: int, known: bool) -> None:
    times = [1.1 + 0.2 * i for i in range(nuclei)]
    heard = talk([(1, 4)], said=[("agent", 1, 4, ALL)], asr=asr, nuclei=(times, ()))
    found = read(heard, "rate_cpm", "agent")
    assert (found.value is not None) == known
    assert known or "识别把握不足" in found.reason


@pytest.mark.parametrize(
    ("end", "flags", "band"), [(3, (), "fast"), (4, (), "ok"), (4, ("elderly",), "fast"), (8, (), "slow")]
)
def test_the_band_is_slower_for_the_elderly(end: float, flags: tuple[str, ...], band: str) -> None:
    heard = talk([(1, end)], said=[("agent", 1, end, ALL)], record=CallRecord("c", customer_flags=flags))
    assert read(heard, "rate_band", "agent").value == band


@pytest.mark.parametrize(
    ("characters", "nuclei", "band"),
    [
        (29, 34, None),
        (29, 30, "ok"),
        (34, 36, "fast"),
        (31, 30, None),
        (12, 11, None),
        (13, 14, "ok"),
        (29, 0, "ok"),
    ],
)
def test_words_and_sound_on_either_side_of_a_limit_tell_nothing(
    characters: int, nuclei: int, band: str | None
) -> None:
    """6 s of voice: 300 a minute are 30 characters, 120 are 12; a character has 1.05 nuclei."""
    times = [1 + 6 * i / nuclei for i in range(nuclei)]
    heard = talk([(1, 7)], said=[("agent", 1, 7, "说" * characters)], nuclei=(times, ()))
    found = read(heard, "rate_band", "agent")
    assert found.value == band
    assert band or "落在界限两边" in found.reason


def test_elderly_by_address() -> None:
    assert read(talk([(1, 3)], said=[("agent", 1, 3, "大爷,您别着急。")]), "elderly_caller").value == 1


def test_shares_and_monologue() -> None:
    heard = talk([(1, 4), (5, 7), (20, 21)], [(10, 12), (22, 23), (26, 27)])
    assert read(heard, "talk_share", "agent").value == 0.6
    assert read(heard, "talk_s", "customer").value == 4
    assert read(heard, "longest_monologue_s", "agent").value == 6
    assert read(heard, "turn_count", "agent").value == 2
    assert read(heard, "last_speaker").value == "customer"


def test_silence_and_waits_add_up() -> None:
    said = [("customer", 1, 4, "帮我查一下。"), ("agent", 4.5, 6, "请稍等。"), ("agent", 40, 42, "查到了。")]
    heard = talk([(4.5, 6), (40, 42)], [(1, 4)], said, duration_s=43)
    assert read(heard, "hold_total_s").value == 34
    assert read(heard, "hold_unthanked_count").value == 1
    assert read(heard, "hold_over_30s_unapologised_count").value == 1
    assert read(heard, "hold_reassure_longest_s").value == 34
    assert read(heard, "dead_air_count").value == 0
    assert read(heard, "silence_share").value == round((43 - 6.5) / 43, 3)
    assert read(heard, "response_latency_s", "agent").value == 0.5


def test_hold_of_the_record_is_set_against_the_sound() -> None:
    said = [("agent", 4.5, 6, "请稍等。"), ("agent", 16, 18, "让您久等了。")]
    heard = talk([(4.5, 6), (16, 18)], [(1, 4)], said, record=CallRecord("c", hold_s=8.0), duration_s=19)
    assert read(heard, "hold_record_difference_s").value == 2


def test_dead_air_is_reported_from_three_and_scored_from_five_seconds() -> None:
    said = [
        ("customer", 1, 4, "查一下。"),
        ("agent", 8, 9, "好的。"),
        ("customer", 10, 12, "快点。"),
        ("agent", 18, 19, "好。"),
    ]
    heard = talk([(8, 9), (18, 19)], [(1, 4), (10, 12)], said, duration_s=20)
    assert read(heard, "dead_air_count").value == 2
    assert read(heard, "dead_air_scored_count").value == 1
    assert read(heard, "dead_air_longest_s").value == 6


def test_rings_from_the_sound_else_from_the_record() -> None:
    ringing = Tone("ringback", Span(0, 11), 0, 3)
    assert read(talk([(12, 14)], tones=[ringing], answered_s=11.0), "rings").value == 3
    assert read(talk([(1, 4)], record=CallRecord("c", ring_s=12.0)), "rings").value == 3
    assert read(talk([(1, 4)]), "rings").value is None


def test_levels_are_measured_where_a_party_speaks_alone() -> None:
    heard = talk([(1, 4)], [(3, 8)], levels=(-20.0, -26.0))
    assert read(heard, "level_dbfs", "agent").value == -20
    assert read(heard, "level_difference_db").value == 6


def test_a_silent_caller_and_the_prompts() -> None:
    said = [
        ("agent", 1, 4, "您好,请讲。"),
        ("agent", 9, 11, "请问您听得到吗?"),
        ("agent", 16, 20, "听不到您的声音,请换部电话。"),
    ]
    heard = talk([(1, 4), (9, 11), (16, 20)], [], said, duration_s=22)
    assert read(heard, "no_voice").value == "customer"
    assert read(heard, "no_voice_prompts").value == 2
    assert read(heard, "no_voice_first_prompt_s").value == 9
    assert read(heard, "no_voice_second_prompt_s").value == 16
    assert read(talk([(1, 4)], [(5, 7)]), "no_voice").value == "none"


def test_a_text_without_times_gives_every_measure_and_says_why_it_is_empty() -> None:
    conversation = text_only(("agent", "您好,工号8021。"), ("customer", "你好。"), ("agent", "再见。"))
    settings = MeasureConfig()
    found = compute_all(scene_of(conversation, find_events(conversation, settings), settings))
    assert {m.name for m in found} == set(REGISTRY)
    assert all(m.reason for m in found if m.value is None)
    assert {m.name for m in found if m.value is not None} <= {"char_count", "elderly_caller", "nin_share"}


def test_a_call_in_which_nobody_speaks_gives_every_measure() -> None:
    settings = MeasureConfig()
    silent = talk(duration_s=5.0)
    found = compute_all(scene_of(silent, find_events(silent, settings), settings))
    assert all(m.value is not None or m.reason for m in found)
    assert next(m.value for m in found if m.name == "no_voice") == "both"


def test_words_are_due_every_fifteen_seconds_of_a_wait() -> None:
    said = [("customer", 1, 4, "帮我查一下。"), ("agent", 4.5, 6, "请稍等。"), ("agent", 20, 22, "请再稍等一下。"),
            ("agent", 48, 50, "查到了。")]  # fmt: skip
    heard = talk([(4.5, 6), (20, 22), (48, 50)], [(1, 4)], said, duration_s=51)
    assert read(heard, "hold_reassure_longest_s").value == 28
    assert read(heard, "hold_reassure_missed_count").value == 1
    silent = talk([(4.5, 6), (48, 50)], [(1, 4)], [*said[:2], said[3]], duration_s=51)
    assert read(silent, "hold_reassure_missed_count").value == 2


@pytest.mark.parametrize(("told", "disagrees"), [(8.0, 0), (14.0, 1)])
def test_a_record_whose_hold_the_sound_does_not_know(told: float, disagrees: int) -> None:
    said = [("agent", 4.5, 6, "请稍等。"), ("agent", 16, 18, "让您久等了。")]
    heard = talk([(4.5, 6), (16, 18)], [(1, 4)], said, record=CallRecord("c", hold_s=told), duration_s=19)
    assert read(heard, "hold_record_disagrees").value == disagrees


def test_without_roles_what_needs_them_says_so() -> None:
    heard = talk([(1, 4), (12, 14)], [(5, 7)], duration_s=14.5)
    nameless = replace(heard, turns=tuple(replace(t, role="unknown") for t in heard.turns))
    for name, role in (
        ("talk_s", "agent"),
        ("dead_air_count", None),
        ("hold_count", None),
        ("no_voice", None),
    ):
        found = read(nameless, name, role)
        assert (found.value, "哪个声音是坐席" in found.reason) == (None, True), name
    assert read(nameless, "gap_longest_s").value == 5
