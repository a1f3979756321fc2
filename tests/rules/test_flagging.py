"""Which calls a person should hear."""

import dataclasses

import pytest

from pipeline.rules.flagging import apply_quota, drawn, flag_call
from pipeline.rules.template import Flagging
from pipeline.types import Scorecard, Standard


def card(call_id="c", **changes):
    plain = Scorecard(call_id, 90.0, "优", False, (), (), (), False, "", Standard("hotline", "1"), 1.0)
    return dataclasses.replace(plain, **changes)


@pytest.mark.parametrize(
    ("policy", "changes", "flags"),
    [
        ({}, {}, ()),
        ({}, {"fatal": True}, ("fatal",)),
        ({"fatal": False}, {"fatal": True}, ()),
        ({"below": 90}, {}, ()),
        ({"below": 90}, {"total": 89.9}, ("below_grade",)),
        ({"below": 90}, {"total": None}, ()),
        ({"confidence_below": 0.6}, {"confidence": 0.5}, ("low_confidence",)),
        ({"sample_percent": 100}, {}, ("sample",)),
        ({"below": 95, "sample_percent": 100}, {"fatal": True}, ("fatal", "below_grade", "sample")),
    ],
)
def test_policy(book, policy, changes, flags):
    template = dataclasses.replace(book.templates[0], flagging=Flagging(**policy))
    flagged = flag_call(template, card(**changes))
    assert (flagged.flags, flagged.flagged) == (flags, bool(flags))


def test_the_sample_is_the_same_every_time_and_of_the_right_size(book):
    template = dataclasses.replace(book.templates[0], flagging=Flagging(sample_percent=5))
    chosen = [i for i in range(4000) if flag_call(template, card(f"call-{i}")).flagged]
    assert 150 < len(chosen) < 250  # 200 expected, ±3.6 standard deviations
    assert drawn("call-1", "sample") == drawn("call-1", "sample") != drawn("call-1", "quota")


def test_the_quota_fills_up_what_is_lacking():
    cards = [card(f"a{i}", agent_quota=2) for i in range(5)] + [
        card("b0", agent_quota=2),
        card("n0", agent_quota=2),
    ]
    cards[3] = dataclasses.replace(cards[3], flagged=True, flags=("fatal",))
    agents = {f"a{i}": "8021" for i in range(5)} | {"b0": "8022", "n0": None}
    done = apply_quota(cards, agents=agents)
    assert [c.call_id for c in done] == [c.call_id for c in cards]
    flagged = {c.call_id: c.flags for c in done if c.flagged}
    assert flagged.pop("a3") == ("fatal",) and flagged.pop("b0") == ("agent_quota",)
    assert len(flagged) == 1 and "n0" not in flagged
    again = apply_quota(list(reversed(cards)), agents=agents)
    assert {c.call_id for c in again if c.flagged} == {c.call_id for c in done if c.flagged}
