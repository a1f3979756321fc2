"""Wordings are laid by the compiled loops as rapidfuzz tells edits and likeness."""

import random

import numpy as np
import pytest
from rapidfuzz import fuzz

from pipeline.rules.fit import ADDED, FAR, NEAR
from pipeline.rules.kernels.fitting import aligned, likest
from pipeline.rules.script import TURNS, Script
from pipeline.rules.variants import Literal
from pipeline.text import PreparedText, prepare
from tests.rules.plain_match import aligned as plainly_aligned

KINDS = 6
SPOKEN = "你尼您宁好号浩四是事不要十一"


def spoken(rng: random.Random, least: int, most: int) -> PreparedText:
    return prepare("".join(rng.choice(SPOKEN) for _ in range(rng.randint(least, most))))


def room() -> tuple[np.ndarray, ...]:
    """Arrays for the kernels to work in."""
    return (
        np.empty((99, 99), np.int64), np.empty((99, 3), np.int64), np.zeros(999, np.int64),
        np.empty(99, np.int64), np.empty((99, 2), np.int64), np.empty((99, 2), np.int64),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_a_wording_is_aligned_as_rapidfuzz_tells_the_edits(seed: int) -> None:
    rng = random.Random(seed)
    fits = 0
    for _ in range(100):
        own, text, edits = spoken(rng, 1, 8), spoken(rng, 1, 14), rng.randint(0, 4)
        fixed = frozenset(at for at in range(len(own.chars)) if rng.random() < 0.1)
        script = Script([own.sounds], [own.chars])
        sounds, _, traits = script.read(own.sounds, own.chars)
        traits[list(fixed), TURNS] = 1
        heard, _, heard_traits = script.read(text.sounds, text.chars)
        found = aligned(sounds, traits, edits, heard, heard_traits, (NEAR, ADDED, FAR), room())
        wanted = plainly_aligned(Literal(own.chars, own.sounds, fixed), edits, text, 0, len(text.sounds))
        fits += wanted is not None
        assert (found if found[2] < np.inf else None) == (wanted and wanted[:3])
    assert fits > 10


@pytest.mark.parametrize("seed", range(10))
def test_a_wording_is_likest_where_rapidfuzz_finds_it(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        own = [rng.randrange(KINDS) for _ in range(rng.randint(2, 9))]
        window = [rng.randrange(KINDS) for _ in range(rng.randint(len(own) + 2, 45))]
        cutoff = rng.uniform(50, 90)
        found = likest(np.array(own, np.int16), np.array(window, np.int16), cutoff, room())
        wanted = fuzz.partial_ratio_alignment(own, window, score_cutoff=cutoff)
        assert found == (wanted.dest_start if wanted else -1)
