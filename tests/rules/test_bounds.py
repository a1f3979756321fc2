"""A bound is never below what is found, and what it leaves out is never found: on recognised calls, all themes."""

import random

import pytest

from pipeline.callsim.grammar import generate_scripts
from pipeline.resources import resource
from pipeline.rules.book import load_rulebook
from pipeline.rules.bounds import LONGEST
from pipeline.rules.damage import damage
from pipeline.rules.doubt import MAYBE
from pipeline.rules.match import PhraseTheme
from pipeline.rules.nearmiss import NearTheme
from pipeline.rules.simulated import simulated_call
from pipeline.text import PreparedText, prepare


@pytest.fixture(scope="module")
def themes() -> list[NearTheme]:
    return [NearTheme(theme) for theme in load_rulebook(resource("lexicons")).index._themes]


@pytest.fixture(scope="module")
def texts() -> list[PreparedText]:
    rng = random.Random(5)
    said = [
        u.text
        for script in generate_scripts(3, 5, "tune")
        for u in simulated_call(script).conversation.utterances
    ]
    heard = [damage(text, cer=0.2, rng=rng) for text in rng.sample(said, 30)]
    return [prepare(text) for text in [*heard, "嗯", "您好" * 40, "app的vip"]]


def test_what_weighs_enough_is_found_and_nothing_else(themes, texts):
    for theme in themes:
        may = theme.may_weigh(texts, MAYBE)
        for text, one in zip(texts, may):
            whole = theme.find(text)
            found = theme.find(text, least=MAYBE)
            assert found == (whole if whole and whole.weight >= MAYBE else None)
            assert one or found is None


def test_nothing_is_liker_than_its_bound(themes, texts):
    for theme in themes:
        for text in texts:
            near = theme.find(text)
            assert near is None or near.likeness <= theme.likest(text)


def test_bounds_rule_out_most(themes, texts):
    may = [one for theme in themes for one in theme.may_weigh(texts, MAYBE)]
    assert sum(may) < 0.15 * len(may)


def test_a_wording_longer_than_is_compared_at_once_is_told_by_its_beginning():
    long = "我们今天给您登记一下您的地址和电话然后安排师傅明天上午上门检查维修好吗谢谢您"
    theme = NearTheme(PhraseTheme("long", (long,)))
    near = theme.find(prepare(f"好的{long}"))
    assert 2 * len(long) > LONGEST and near is not None and near.likeness == 1.0
