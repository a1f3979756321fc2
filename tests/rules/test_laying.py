"""Near misses are those of the plain way, and a bound leaves none out: on recognised calls."""

import random

import pytest

from pipeline.callsim.grammar import generate_scripts
from pipeline.resources import resource
from pipeline.rules.book import load_rulebook
from pipeline.rules.damage import damage
from pipeline.rules.laying import LONGEST
from pipeline.rules.match import PhraseTheme
from pipeline.rules.nearmiss import SHOWN, NearTheme
from pipeline.rules.simulated import simulated_call
from pipeline.rules.variants import Slot, flatten
from pipeline.text import PreparedText, prepare
from tests.rules.plain_laying import weightiest


@pytest.fixture(scope="module")
def written() -> tuple[PhraseTheme, ...]:
    return load_rulebook(resource("lexicons")).index._themes


@pytest.fixture(scope="module")
def themes(written) -> list[NearTheme]:
    return [NearTheme(theme) for theme in written]


@pytest.fixture(scope="module")
def texts() -> list[PreparedText]:
    rng = random.Random(5)
    said = [
        u.text
        for script in generate_scripts(3, 5, "tune")
        for u in simulated_call(script).conversation.utterances
    ]
    heard = [damage(text, cer=0.2, rng=rng) for text in rng.sample(said, 30)]
    return [prepare(text) for text in [*heard, "嗯", "您好" * 40, "app的vip", ""]]


def test_what_weighs_enough_is_found_and_nothing_else(themes, texts):
    for theme in themes:
        most = theme.most([text.original for text in texts[::2]])
        for text, bound in zip(texts[::2], most):
            whole = theme.find(text)
            found = theme.near_miss(text.original)
            assert found == (whole if whole and whole.weight >= SHOWN else None)
            assert bound >= SHOWN if found else bound < 100
            assert found is None or found.weight <= bound + 1e-6


def test_bounds_rule_out_most(themes, texts):
    may = [one >= SHOWN for theme in themes for one in theme.most([text.original for text in texts])]
    assert 0 < sum(may) < 0.2 * len(may)


def test_a_pattern_lies_where_it_lies_the_plain_way(written, texts):
    slotted = [
        theme
        for theme in written
        if any(
            isinstance(part, Slot)
            for variant in theme.variants
            for flat in flatten(variant, theme.synonyms, theme=theme.id)
            for part in flat
        )
    ]
    rng, laid = random.Random(3), 0
    for theme in (*slotted[:8], *rng.sample(written, 12)):
        near = NearTheme(theme)
        for text in rng.sample(texts[:30], 8):
            found, plain = near.find(text), weightiest(theme, text)
            assert (found is None) == (plain is None)
            if found is not None and plain is not None:
                laid += 1
                assert (found.weight, found.start, found.end) == (pytest.approx(plain[0]), *plain[1:])
    assert laid > 100


def test_a_wording_longer_than_is_compared_at_once_is_told_by_its_beginning():
    long = "我们今天给您登记一下您的地址和电话然后安排师傅明天上午上门检查维修好吗谢谢您"
    theme = NearTheme(PhraseTheme("long", (long,)))
    near = theme.find(prepare(f"好的{long}"))
    assert 2 * len(long) > LONGEST and near is not None and near.likeness == 1.0


def test_a_theme_of_samples_only_is_near_nothing():
    theme = NearTheme(PhraseTheme("samples", ()))
    assert theme.find(prepare("您好")) is None and theme.most(["您好"])[0] < SHOWN
