"""The programs that fill slots do what regular expressions over sounds do."""

import random
import re

import numpy as np
import pytest

from pipeline.rules.kernels.slots import slot_beside
from pipeline.rules.script import Script
from pipeline.rules.slots import SLOTS, slot_chars, slot_sounds
from pipeline.rules.tables import slot_programs
from pipeline.text import prepare
from tests.rules.plain_match import EXPRESSIONS
from tests.rules.plain_match import slot_beside as plain_slot_beside


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("leftwards", [True, False])
def test_a_slot_is_filled_as_its_expression_says(slot: str, leftwards: bool) -> None:
    rng = random.Random(slot)
    script, number = Script([], []), list(SLOTS).index(slot)
    programs = slot_programs(script)
    words = [
        *re.findall("[\u4e00-\u9fff]{1,3}", EXPRESSIONS[slot]),
        *slot_chars(slot),
        "的",
        "想",
        "a",
        "是",
        "十",
    ]
    filled = 0
    for _ in range(400):
        text = prepare("".join(rng.choice(words) for _ in range(rng.randint(0, 8))))
        at, slack = rng.randint(0, len(text.chars)), rng.choice((0, 3, 8))
        heard = script.read(text.sounds, text.chars)
        found = slot_beside(number, programs, heard, at, slack, leftwards, np.empty((999, 2), np.int64))
        wanted = plain_slot_beside(slot, text, at, slack, leftwards=leftwards)
        assert found == (wanted[:2] if wanted else (-1, -1)), (text.chars, at, slack)
        filled += wanted is not None
    assert filled > 20


def test_every_slot_has_an_expression_it_is_tested_by() -> None:
    assert SLOTS.keys() == EXPRESSIONS.keys()
    assert all(slot_sounds(slot) for slot in SLOTS)
