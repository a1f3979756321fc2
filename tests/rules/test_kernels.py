"""The compiled loops give what plain Python and rapidfuzz give."""

import random

import numpy as np
import pytest
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from pipeline.rules.kernels.codes import mark, masks, shared_heads
from pipeline.rules.kernels.edits import edits_between, least_cost, least_edits, placed
from pipeline.rules.kernels.promise import likeliest

KINDS = 6
NATS = (4.0, 4.5, 99.0)


def strings(rng: random.Random, count: int, longest: int) -> list[list[int]]:
    return sorted(
        [rng.randrange(KINDS) for _ in range(2 * rng.randint(1, longest // 2))] for _ in range(count)
    )


def packed(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([code for row in rows for code in row], np.uint8), np.cumsum([0, *map(len, rows)])


def cheapest(own: list[int], text: list[int], *, edit: float, added: float) -> float:
    row = [0.0] * (len(text) + 1)
    for code in own:
        new = [row[0] + edit]
        for at, other in enumerate(text):
            new.append(min(row[at] + edit * (code != other), row[at + 1] + edit, new[-1] + added))
        row = new
    return min(row)


@pytest.mark.parametrize("seed", range(20))
def test_edits_anywhere_in_texts_of_any_length(seed: int) -> None:
    rng = random.Random(seed)
    rows, text = strings(rng, 30, 14), [rng.randrange(KINDS) for _ in range(rng.randint(1, 200))]
    codes, starts = packed(rows)
    asked = np.array([rng.random() < 0.5 for _ in rows])
    found = least_edits(np.array(text), 64 - 2 - 14, KINDS, codes, starts, shared_heads(codes, starts), asked)
    wanted = [cheapest(own, text, edit=1, added=1) for own, one in zip(rows, asked) if one]
    assert found[asked].tolist() == wanted


@pytest.mark.parametrize("seed", range(20))
def test_cost_with_cheaper_additions(seed: int) -> None:
    rng = random.Random(seed)
    own, text = strings(rng, 1, 14)[0], [rng.randrange(KINDS) for _ in range(rng.randint(1, 30))]
    room = np.empty(len(text) + 1, np.int64)
    found = least_cost(np.array(text), np.array(own), 0, len(own), 4.5, 2.5, np.inf, room)
    assert found == pytest.approx(cheapest(own, text, edit=4.5, added=2.5))
    stopped = least_cost(np.array(text), np.array(own), 0, len(own), 4.5, 2.5, found / 2, room)
    assert found / 2 < stopped <= found or found == 0


@pytest.mark.parametrize("seed", range(20))
def test_a_wording_lies_where_it_weighs_most_and_the_first_such_place_counts(seed: int) -> None:
    rng = random.Random(seed)
    own, text = strings(rng, 1, 12)[0], [rng.randrange(KINDS) for _ in range(2 * rng.randint(1, 12))]
    where, size = np.zeros(KINDS, np.uint64), len(own) // 2
    mark(where, np.array(own))
    best = (0, 0, 4.0 * size - 9.0 * size, 2 * size)
    for start in range(len(text) // 2):
        for end in range(max(start + 1, start + size - 1), min(len(text) // 2, start + size + 1) + 1):
            edits = Levenshtein.distance(own, text[2 * start : 2 * end])
            weight = 4.0 * size - 4.5 * edits + 4.0 * max(0, end - start - size)
            if weight > best[2]:
                best = (start, end, weight, edits)
    assert placed(where, size, np.array(text), 0, len(text) // 2, NATS) == best
    assert edits_between(where, np.array(text), 0, len(text), len(own)) == cheapest(
        own, text, edit=1, added=1
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_quick_look_ranks_as_rapidfuzz_does(seed: int) -> None:
    rng = random.Random(seed)
    rows, text = strings(rng, 40, 14), [rng.randrange(KINDS) for _ in range(2 * rng.randint(1, 12))]
    codes, starts = packed(rows)
    ranked = []
    for number, own in enumerate(rows):
        short = len(own) <= len(text)
        ratio = (fuzz.partial_ratio if short else fuzz.ratio)(own, text)
        differs = len(own) * (1 - ratio / 100) if short else len(own) - ratio * (len(own) + len(text)) / 200
        if ratio >= 50:
            ranked.append((round(2.0 * len(own) - 4.5 * differs, 3), number))
    alphabet = (0, KINDS, KINDS + 1)
    found = likeliest(np.array(text), alphabet, codes, starts, masks(codes, starts), 4, NATS, 50.0)
    told = [number for number in found.tolist() if number >= 0]
    promise = {number: one for one, number in ranked}
    assert [promise[number] for number in told] == [one for one, _ in sorted(ranked, reverse=True)[:4]]
