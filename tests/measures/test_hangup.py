"""Who released first: each clue alone, together, and against a record that lies."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.callsim.records import FLAVOURS, write_records
from pipeline.callsim.render import Rendered
from pipeline.callsim.script import read_script
from pipeline.cdr import read_cdr
from pipeline.config import IngestConfig
from pipeline.measures.events import find_events
from pipeline.measures.hangup import HARD_WEIGHT, fuse
from pipeline.resources import resource
from pipeline.types import CallRecord, Conversation, HangUp, HangUpClue, Span, Tone
from tests.measures.build import talk, text_only

DAY = resource("models", "demo", "day")
DAY_SCRIPT = read_script(DAY / "scripts" / "01_hotel_inquiry.yaml")
DAY_TRUTH = json.loads((DAY / "truth" / "d01-hotel-inquiry.json").read_text(encoding="utf-8"))
BYE = ("agent", 10.0, 13.0, "感谢您的来电,再见。")
ANSWER = ("customer", 13.5, 14.2, "再见。")


def release(conversation: Conversation) -> HangUp:
    found = find_events(conversation).hangup
    assert found is not None
    return found


def ended(
    *, record: CallRecord | None = None, busy_on: int | None = None, duration_s: float = 15.0
) -> Conversation:
    tones = [] if busy_on is None else [Tone("busy", Span(15.5, 18), busy_on, 4)]
    return talk([(1, 4), (10, 13)], [(5, 9), (13.5, 14.2)], [BYE, ANSWER], tones=tones, record=record,
                duration_s=18.1 if tones else duration_s)  # fmt: skip


def test_an_answered_goodbye_points_to_the_customer() -> None:
    found = release(ended())
    assert found.side == "customer"
    assert [c.source for c in found.clues] == ["words"]


@pytest.mark.parametrize(("leg", "side"), [(0, "agent"), (1, "customer")])
def test_a_busy_tone_lies_on_the_leg_of_the_one_who_left(leg: int, side: str) -> None:
    found = release(ended(busy_on=leg))
    assert (found.side, found.released_at_s) == (side, 15.2)
    assert found.after_last_words_s == pytest.approx(1.0)


def test_a_missing_busy_tone_is_no_clue() -> None:
    assert not any("busy" in c.source for c in release(ended()).clues)


@pytest.mark.parametrize("side", ["agent", "customer", "system"])
def test_a_right_record_is_believed_against_the_words(side: str) -> None:
    found = release(ended(record=CallRecord("c1", hangup_side=side)))  # type: ignore[arg-type]
    assert found.side == side
    assert found.clues[0].source == "cdr:generic"


def test_a_record_that_the_sound_denies_is_found_out() -> None:
    found = release(ended(record=CallRecord("c1", hangup_side="customer"), busy_on=0))
    assert found.record_disagrees
    assert found.side == "unknown"
    assert not release(ended(record=CallRecord("c1", hangup_side="customer"), busy_on=1)).record_disagrees


def test_the_leg_that_falls_silent_first_let_go() -> None:
    heard = talk([(1, 4), (10, 13)], [(5, 9)], [BYE], duration_s=16, silent=([(14, 16)], []))
    found = release(heard)
    assert found.side == "agent"
    assert found.released_at_s == 14


def test_comfort_noise_that_ends_on_one_leg_points_to_it() -> None:
    heard = talk([(1, 4), (10, 13)], [(5, 9)], [BYE], duration_s=16)
    assert heard.audition is not None
    rows = heard.audition.level_dbfs.values
    for i in range(round(14.5 / 0.02), len(rows[1])):
        rows[1][i] = -75.0
    clue = next(c for c in release(heard).clues if c.source == "noise ended")
    assert (clue.side, clue.weight < HARD_WEIGHT) == ("customer", True)
    assert not any(c.source == "noise ended" for c in release(talk([(1, 4)], [(5, 9)])).clues)


@pytest.mark.parametrize("flavour", sorted(FLAVOURS))
def test_every_switch_record_is_weighed_against_the_sound(tmp_path: Path, flavour: str) -> None:
    """FreeSWITCH's BYE, Asterisk's hangupsource, TCCC's HungUpSide, Alibaba's ReleaseInitiator, and our own CSV."""
    call = Rendered(DAY_SCRIPT, np.zeros((1, 0), np.float32), DAY_TRUTH)
    paths = write_records([call], tmp_path, flavour)
    source = tmp_path if flavour == "freeswitch" else next(p for p in paths if "cel" not in p.name)
    (record,) = read_cdr(source, IngestConfig()).records
    assert record.hangup_side == DAY_TRUTH["release"]["by"] == "customer"
    found = release(ended(record=record))
    assert (found.side, found.clues[0].source, found.record_disagrees) == (
        "customer",
        f"cdr:{flavour}",
        False,
    )
    assert release(ended(record=record, busy_on=0)).record_disagrees
    assert release(ended(record=record, busy_on=1)).probability >= found.probability


def test_voices_without_roles_blame_nobody() -> None:
    heard = ended()
    nameless = replace(heard, turns=tuple(replace(t, role="unknown") for t in heard.turns))
    assert not any(c.source in ("words", "cut off") for c in release(nameless).clues)


def test_dropping_the_line_right_after_the_own_goodbye() -> None:
    assert release(talk([(1, 4), (10, 13)], [(5, 9)], [BYE], duration_s=13.3)).clues[0].side == "agent"


def test_a_party_cut_off_did_not_cut_itself_off() -> None:
    heard = talk([(1, 4)], [(5, 9)], [("customer", 5, 9, "你们到底")], duration_s=9.05)
    assert release(heard).clues[0].side == "agent"


def test_nothing_known_is_unknown() -> None:
    side, probability = fuse([], 0.75)
    assert side == "unknown"
    assert probability < 0.75
    assert fuse([HangUpClue("x", "agent", 4.0, "")], 0.75)[0] == "agent"


def test_two_warnings_excuse_the_agent() -> None:
    said = [
        ("agent", 1, 3, "请您使用文明语言。"),
        ("customer", 4, 6, "我就骂你。"),
        ("agent", 7, 9, "请尊重我们的工作。"),
    ]
    heard = talk([(1, 3), (7, 9)], [(4, 6)], said, duration_s=10, record=CallRecord("c", hangup_side="agent"))  # type: ignore[arg-type]
    assert release(heard).excused == "two_abuse_warnings"
    once = talk(
        [(1, 3), (7, 9)], [(4, 6)], said[:2], duration_s=10, record=CallRecord("c", hangup_side="agent")
    )  # type: ignore[arg-type]
    assert release(once).excused is None


@pytest.mark.parametrize(("duration_s", "excused"), [(19.0, "silent_customer"), (15.0, None)])
def test_a_silent_customer_excuses_only_after_five_seconds(duration_s: float, excused: str | None) -> None:
    said = [("agent", 10, 13, "如您没有其它问题我挂线了,再见。")]
    heard = talk(
        [(1, 4), (10, 13)], [(5, 9)], said, duration_s=duration_s, record=CallRecord("c", hangup_side="agent")
    )  # type: ignore[arg-type]
    assert release(heard).excused == excused


def test_a_customer_never_heard_and_told_so_is_a_dead_line() -> None:
    said = [("agent", 1, 3, "您好,请讲。"), ("agent", 8, 12, "听不到您的声音,请您换部电话再拨。")]
    heard = talk([(1, 3), (8, 12)], [], said, duration_s=14, record=CallRecord("c", hangup_side="agent"))  # type: ignore[arg-type]
    assert release(heard).excused == "dead_line"


def test_a_nuisance_line_excuses() -> None:
    said = [("agent", 8, 12, "对不起,线路故障,请稍后再拨。")]
    heard = talk([(8, 12)], [(1, 5)], said, duration_s=13, record=CallRecord("c", hangup_side="agent"))  # type: ignore[arg-type]
    assert release(heard).excused == "nuisance"


def test_a_text_has_a_release_only_from_its_record() -> None:
    assert find_events(text_only(("agent", "再见"))).hangup is None
