"""The compiled loops give what plain Python and rapidfuzz give."""

import random

import numpy as np
import pytest
from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq, Levenshtein

from pipeline.rules.kernels.codes import LANE, lanes, mark
from pipeline.rules.kernels.edits import edits_between, least_cost, least_edits, placed, unshared
from pipeline.rules.kernels.promise import likeliest
from pipeline.rules.laying import Nats, Patterns

KINDS = 6
NATS = Nats()


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


@pytest.mark.parametrize("longest", [14, 2 * LANE])
@pytest.mark.parametrize("seed", range(20))
def test_edits_anywhere_of_many_strings_at_once(seed: int, longest: int) -> None:
    rng = random.Random(seed)
    rows, text = strings(rng, 30, longest), [rng.randrange(KINDS) for _ in range(rng.randint(1, 200))]
    codes, starts = packed(rows)
    found = least_edits(np.array(text), starts, lanes(codes, starts, KINDS))
    assert found.tolist() == [cheapest(own[:LANE], text, edit=1, added=1) for own in rows]


@pytest.mark.parametrize("seed", range(20))
def test_what_many_strings_share_with_a_text(seed: int) -> None:
    rng = random.Random(seed)
    rows, text = strings(rng, 30, 2 * LANE), [rng.randrange(KINDS) for _ in range(rng.randint(1, 40))]
    codes, starts = packed(rows)
    left = unshared(np.array(text), starts, lanes(codes, starts, KINDS))
    wanted = [min(LANE, len(own)) - LCSseq.similarity(own[:LANE], text) for own in rows]
    assert [bits.bit_count() for bits in left.tolist()] == wanted


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


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", range(20))
def test_a_quick_look_ranks_as_rapidfuzz_does(seed: int, share: float) -> None:
    rng = random.Random(seed)
    rows, text = strings(rng, 40, 14), [rng.randrange(KINDS) for _ in range(2 * rng.randint(1, 12))]
    promises = []
    for own in rows:
        short = len(own) <= len(text)
        ratio = (fuzz.partial_ratio if short else fuzz.ratio)(own, text)
        differs = len(own) * (1 - ratio / 100) if short else len(own) - ratio * (len(own) + len(text)) / 200
        promises.append(round(2.0 * len(own) - 4.5 * differs, 3) if ratio >= 50 else -np.inf)
    asked = np.array([rng.random() < share for _ in rows])
    codes, starts = packed(rows)
    none = np.empty(0, np.int64)
    patterns = Patterns(codes, starts, lanes(codes, starts, KINDS), *[none] * 8)
    found = likeliest(np.array(text), patterns, asked, 4, 50.0)
    ranked = sorted(((one, number) for number, one in enumerate(promises) if one > -np.inf), reverse=True)[:4]
    assert [promises[number] for number in found] == [one for one, number in ranked if asked[number]]
