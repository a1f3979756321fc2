"""Who hung up, in words: as sure as it is, and never 100 %."""

from __future__ import annotations

import pytest

from pipeline.report.callline import hangup_words
from pipeline.types import HangUp, HangUpClue, Side

RECORD = HangUpClue("cdr:generic", "customer", 4.0, "")
BUSY = HangUpClue("busy tone", "customer", 4.0, "")
WORDS = HangUpClue("words", "agent", 1.0, "")


@pytest.mark.parametrize(
    ("side", "probability", "clues", "said"),
    [
        ("customer", 0.998, (RECORD, BUSY), "客户先挂机(话单与声音一致)"),
        ("customer", 1.0, (BUSY,), "客户先挂机(把握 99% 以上)"),
        ("customer", 0.996, (RECORD, WORDS), "客户先挂机(把握 99% 以上)"),  # the words speak for another side
        ("customer", 0.874, (RECORD, BUSY), "客户先挂机(把握 87%)"),
        ("unknown", 0.999, (BUSY,), "挂机方未定"),
    ],
)
def test_no_share_is_shown_as_certain(
    side: Side, probability: float, clues: tuple[HangUpClue, ...], said: str
) -> None:
    assert hangup_words(HangUp(side, probability, 12.0, clues), "zh") == said


def test_nothing_known_is_told_as_such() -> None:
    assert hangup_words(None, "en") == "who hung up is not known"
