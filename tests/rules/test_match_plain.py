"""Every shortcut of phrase search gives what the plain way gives: hits and verdicts."""

from __future__ import annotations

import random
from functools import partial

import pytest

from pipeline.callsim.grammar import generate_scripts
from pipeline.resources import resource
from pipeline.rules.book import Rulebook, load_rulebook
from pipeline.rules.damage import damage
from pipeline.rules.facts import CallFacts
from pipeline.rules.simulated import simulated_call
from pipeline.types import Verdict
from tests.rules.plain_match import PlainIndex

CALLS = 4


@pytest.fixture(scope="module")
def shipped() -> Rulebook:
    return load_rulebook(resource("lexicons"))


@pytest.fixture(scope="module")
def plain(shipped: Rulebook) -> PlainIndex:
    return PlainIndex(shipped.index._themes, shipped.index)


def verdicts(book: Rulebook, index, call) -> dict[str, Verdict]:
    facts = CallFacts(call.conversation, call.measured, phrases=index, festivals=book.festivals)
    return dict(book.judge(facts, book.order))


@pytest.mark.parametrize("cer", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("which", ["train", "tune"])
def test_verdicts_are_those_of_the_plain_search(shipped, plain, which, cer):
    rng = random.Random(f"{which}{cer}")
    for script in generate_scripts(CALLS, 7, which):
        call = simulated_call(script, damage=partial(damage, cer=cer, rng=rng))
        found = verdicts(shipped, shipped.index, call)
        wanted = verdicts(shipped, plain, call)
        assert found == wanted


@pytest.mark.parametrize("cer", [0.05, 0.15, 0.3])
def test_places_are_those_of_the_plain_search(shipped, plain, cer):
    rng = random.Random(cer)
    said = [
        (u.role, u.text)
        for script in generate_scripts(4, 11, "tune")
        for u in simulated_call(script).conversation.utterances
    ]
    for role, text in said:
        heard = damage(text, cer=cer, rng=rng)
        found = shipped.index.places(heard, role=role)
        wanted = plain.places(heard, role=role)
        assert [_told(place) for place in found] == [_told(place) for place in wanted]


def _told(place):
    """All but the variant: of two wordings that fit alike either may be named."""
    return place.theme, place.start, place.end, place.said, place.score, place.guarded
