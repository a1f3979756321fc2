"""The error model makes about as many errors as it is told, mostly of the same or a near sound."""

from __future__ import annotations

import random

import pytest
from rapidfuzz.distance import Levenshtein

from pipeline.rules.damage import damage, misheard
from pipeline.sounds import sound_of

TEXT = "您好请问有什么可以帮到您麻烦您稍等片刻谢谢您的电话再见" * 40


@pytest.mark.parametrize("cer", [0.0, 0.05, 0.1, 0.2, 0.3])
def test_rate(cer: float) -> None:
    errors = Levenshtein.distance(TEXT, damage(TEXT, cer=cer, rng=random.Random(4)))
    assert errors / len(TEXT) == pytest.approx(cer, abs=0.03)


def test_same_seed_same_damage_and_punctuation_stays() -> None:
    one = damage("您好,ABC。", cer=1.0, rng=random.Random(2))
    assert one == damage("您好,ABC。", cer=1.0, rng=random.Random(2))
    assert "," in one and "ABC。" in one


def test_most_mishearings_keep_the_sound() -> None:
    rng = random.Random(3)
    heard = [misheard("电", rng) for _ in range(300)]
    same = sum(sound_of(character) == sound_of("电") for character in heard) / len(heard)
    assert "电" not in heard and 0.5 < same < 0.9
