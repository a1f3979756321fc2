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
from pipeline.rules.match import PhraseMatcher, PhraseTheme
from pipeline.rules.simulated import simulated_call
from pipeline.text import prepare
from pipeline.types import Verdict
from tests.rules.plain_match import EXPRESSIONS, PlainIndex, plain_anchors, plain_hits

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
    return place.theme, place.start, place.end, place.said, place.score, place.guarded or ""


# Few syllables, near and far, some written in several ways, some that turn a meaning: much fits almost.
LETTERS = "你尼您宁好号浩号是事四不没要药十一"


def wording(rng: random.Random, longest: int) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, longest)))


def variant(rng: random.Random) -> str:
    """Stretches with options, one that no edit may touch now and then, between gaps and slots."""
    parts = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        parts.append(f"[{wording(rng, 2)}]" * rng.randint(0, 1) + f"({wording(rng, 4)}|{wording(rng, 9)})")
        slot = f"{{{rng.choice(list(EXPRESSIONS))}}}"
        parts.append("!" * (rng.random() < 0.1) + rng.choice(("…", "…3", "…40", "……5", slot, "")))
    return wording(rng, 3) * rng.randint(0, 1) + "".join(parts)


def spoilt(rng: random.Random, text: str) -> str:
    """What the variant's characters may have been heard as."""
    kept = [one for one in text if one in LETTERS and rng.random() < 0.9]
    for _ in range(rng.randint(0, 8)):
        kept.insert(rng.randint(0, len(kept)), rng.choice(LETTERS + "天点王部a，"))
    return "".join(kept)


@pytest.mark.parametrize("seed", range(12))
def test_any_patterns_are_found_as_the_plain_search_finds_them(seed: int) -> None:
    rng = random.Random(seed)
    variants = [variant(rng) for _ in range(30)]
    themes = [
        PhraseTheme(
            f"theme{place}",
            tuple(variants[3 * place : 3 * place + 3]),
            mode=rng.choice(("fuzzy", "fuzzy", "fuzzy", "sound", "exact")),
            max_distance=rng.choice((None, None, 0.1, 0.5)),
        )
        for place in range(10)
    ]
    texts = [spoilt(rng, "".join(rng.sample(variants, rng.randint(1, 4)))) for _ in range(60)]
    texts += ["", "，", spoilt(rng, "".join(variants * 3))]
    names, anchors = frozenset(theme.id for theme in themes[:8]), plain_anchors(themes)
    prepared = [prepare(text) for text in texts]
    found = PhraseMatcher(themes).find_all(prepared, names)
    hits = 0
    for text, places in zip(prepared, found):
        wanted = list(plain_hits(themes, anchors, text, names))
        assert sorted(map(_told, places)) == sorted(map(_told, wanted)), text.original
        hits += len(places)
    assert hits > 30
