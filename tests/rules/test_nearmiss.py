"""Near misses: the whole pattern counts, near sounds weigh less than far ones, clean calls are read strictly."""

import pytest

from pipeline.rules.match import PhraseTheme
from pipeline.rules.nearmiss import NearMiss, NearTheme
from pipeline.text import prepare

MORE = NearTheme(PhraseTheme("more", ("请问还!有什么(可以|能)帮到您", "[请问]您还!需要…4(服务|业务)")))
WELCOME = NearTheme(PhraseTheme("welcome", ("不客气", "不用谢")))
NUMBER = NearTheme(PhraseTheme("number", ("工号{工号}",)))


def near(theme: NearTheme, text: str) -> NearMiss:
    found = theme.find(prepare(text))
    assert found is not None
    return found


def test_an_anchor_alone_is_no_near_miss() -> None:
    assert MORE.find(prepare("什么")) is None  # it was 1.00 while only the anchor was scored
    assert near(MORE, "请问害有什么能摆到您").weight > 0


def test_a_near_sound_weighs_more_than_a_far_one() -> None:
    assert near(WELCOME, "不客去").weight > near(WELCOME, "不客马").weight


def test_a_syllable_lost_and_one_too_many_leave_a_near_miss() -> None:
    assert near(WELCOME, "不谢").weight > 0
    assert near(WELCOME, "不用的谢").weight > 0
    assert WELCOME.find(prepare("知道了")) is None


def test_a_stretch_that_fills_its_clause_weighs_more() -> None:
    assert (
        near(WELCOME, "好的\uff0c不客去\uff0c请您留意短信").weight
        > near(WELCOME, "好的不客去请您留意短信").weight
    )


def test_a_slot_wants_something_of_its_kind() -> None:
    assert near(NUMBER, "工号六零锌五").weight > 0 > near(NUMBER, "工号天地人和").weight


def test_in_a_clean_call_a_syllable_that_differs_was_meant() -> None:
    found = near(WELCOME, "不可以")
    assert found.edits == 1 and found.odd == (2,)
    assert found.weight_at(0.15) == pytest.approx(found.weight)
    assert found.weight_at(0.01) < found.weight_at(0.1) < found.weight


def test_nothing_is_near_nothing() -> None:
    assert NearTheme(PhraseTheme("short", ("再见",))).find(prepare("")) is None
    assert WELCOME.shortest == 3
