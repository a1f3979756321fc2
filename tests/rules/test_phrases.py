"""What texts hold is remembered by role, with the themes of the opening and without."""

import pytest

from pipeline.rules.match import PhraseTheme, Place
from pipeline.rules.phrases import REMEMBERED_CHARS, PhraseIndex

THEMES = (
    PhraseTheme("greeting", ("您好请讲",)),
    PhraseTheme("wait", ("请您稍等",)),
    PhraseTheme("thanks", ("谢谢您",)),
)
WANTED = {"agent": frozenset(("greeting", "wait")), "customer": frozenset(("thanks",))}
TEXTS = ("您好请讲，请您稍等", "谢谢您", "请您稍等一下", "", "嗯" * REMEMBERED_CHARS + "请您稍等")


@pytest.fixture
def index() -> PhraseIndex:
    return PhraseIndex(THEMES, wanted=WANTED, opening={"greeting": 3})


def told(places: tuple[Place, ...]) -> list[str]:
    return [place.theme for place in places]


def test_the_themes_of_the_opening_are_told_apart(index: PhraseIndex) -> None:
    assert told(index.places(TEXTS[0], role="agent")) == ["greeting", "wait"]
    assert told(index.places(TEXTS[0], role="agent", opening=False)) == ["wait"]
    assert told(index.places(TEXTS[1], role="agent")) == []
    assert told(index.places(TEXTS[1], role="customer")) == ["thanks"]
    assert told(index.places(TEXTS[1], role="ivr")) == []


def test_many_texts_hold_what_each_holds(index: PhraseIndex) -> None:
    alone = [index.places(text, role="agent") for text in TEXTS]
    other = PhraseIndex(THEMES, wanted=WANTED, opening={"greeting": 3})
    other.look_through(TEXTS * 2, role="agent")
    assert [other.places(text, role="agent") for text in TEXTS] == alone


def test_what_was_looked_through_is_not_searched_again(index: PhraseIndex, monkeypatch) -> None:
    index.look_through(TEXTS, role="agent")
    searched = []
    monkeypatch.setattr(index, "_search", lambda texts, role: searched.extend(texts))
    index.look_through(TEXTS, role="agent")
    for text in TEXTS[:-1]:
        index.places(text, role="agent")
    assert searched == []  # the last is too long to be remembered
