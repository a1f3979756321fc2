"""The second pass on numbers made as PLDA says they are: voices apart, takes around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from pipeline.stages.reassign import shared_out, stretches
from pipeline.types import Span

BETWEEN = np.linspace(12.0, 1.0, 24)  # latent variance of voices, as in the demo model


def call(
    order: Sequence[int], *, seconds: float = 2.0, pause_s: float = 0.5, seed: int = 1
) -> tuple[np.ndarray, list[Span]]:
    """One latent vector and span for each stretch; ``order`` tells whose it is."""
    rng = np.random.default_rng(seed)
    voices = rng.normal(size=(4, len(BETWEEN))) * np.sqrt(BETWEEN)
    vectors = np.stack([voices[k] + rng.normal(size=len(BETWEEN)) for k in order])
    spans = [Span(i * (seconds + pause_s), i * (seconds + pause_s) + seconds) for i in range(len(order))]
    return vectors, spans


def share(
    vectors: np.ndarray, spans: Sequence[Span], first: Sequence[str | None], **bounds: int
) -> list[int]:
    limits = {"min_speakers": 1, "max_speakers": 3, **bounds}
    return [int(n) for n in shared_out(vectors, BETWEEN, list(zip(spans, first)), **limits).numbers]


def same_people(labels: Sequence[int], order: Sequence[int]) -> bool:
    return len(set(zip(labels, order))) == len(set(labels)) == len(set(order))


def test_what_the_first_pass_confused_is_put_right() -> None:
    order = [0, 1] * 12
    vectors, spans = call(order)
    first = ["A" if k == 0 else "B" for k in order]
    for wrong in (2, 3, 11, 16, 17, 22):  # a quarter of the stretches exchanged
        first[wrong] = "B" if first[wrong] == "A" else "A"
    assert same_people(share(vectors, spans, first), order)


@pytest.mark.parametrize("order", [[0] * 14, [0, 1] * 7, [0, 1, 0, 1, 0, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 0]])
def test_as_many_speakers_as_there_are(order: list[int]) -> None:
    vectors, spans = call(order, seed=2)
    assert same_people(share(vectors, spans, ["A"] * len(order)), order)


def test_bounds_hold() -> None:
    vectors, spans = call([0, 1, 2, 3] * 4)
    assert len(set(share(vectors, spans, ["A"] * 16, max_speakers=2))) == 2
    vectors, spans = call([0] * 8)
    assert len(set(share(vectors, spans, ["A"] * 8, min_speakers=2))) == 2


def test_a_breath_keeps_a_doubtful_stretch_with_its_speaker() -> None:
    order = [0, 1] * 6
    vectors, spans = call(order)
    doubtful = (vectors[0] + vectors[1]) / 2 + 0.05 * (vectors[1] - vectors[0])
    vectors = np.insert(vectors, 1, doubtful, axis=0)
    after_pause = [spans[0], Span(2.45, 2.48), *[Span(s.start_s + 1, s.end_s + 1) for s in spans[1:]]]
    after_breath = [spans[0], Span(2.15, 2.18), *after_pause[2:]]
    labels = share(vectors, after_breath, [None] * 13)
    assert labels[1] == labels[0]
    assert same_people(labels[:1] + labels[2:], order)
    assert same_people(share(vectors, after_pause, [None] * 13)[2:], order[1:])


def test_stretches_are_cut_where_the_speaker_changes_without_a_pause() -> None:
    voice = [Span(0, 4), Span(5, 6)]
    exclusive = ((Span(0, 2.1), "A"), (Span(2.2, 4), "B"), (Span(4.9, 6.1), "B"))
    found = stretches(voice, exclusive)
    assert [label for _, label in found] == ["A", "B", "B"]
    assert found[0][0].end_s == found[1][0].start_s == pytest.approx(2.15)


def test_a_sliver_of_another_label_at_a_pause_is_not_cut_off() -> None:
    exclusive = ((Span(0, 0.2), "B"), (Span(0.2, 4), "A"))
    assert stretches([Span(0, 4)], exclusive) == ((Span(0, 4), "A"),)
    assert stretches([Span(0, 4)], ()) == ((Span(0, 4), None),)


def test_voices_as_alike_as_sisters_are_told_apart() -> None:
    rng = np.random.default_rng(5)
    order = [0, 1] * 20
    apart = 0.3 * np.sqrt(BETWEEN)
    vectors = np.stack([k * apart + rng.normal(size=len(BETWEEN)) for k in order])
    spans = [Span(2.5 * i, 2.5 * i + 2) for i in range(len(order))]
    assert len(set(share(vectors, spans, [None] * len(order)))) == 2


def test_certainty_is_high_for_strangers_and_low_for_voices_hardly_apart() -> None:
    vectors, spans = call([0, 1] * 10)
    found = [(span, None) for span in spans]
    strangers = shared_out(vectors, BETWEEN, found, min_speakers=1, max_speakers=3)
    assert strangers.certainty > 0.99
    forced = shared_out(call([0] * 20)[0], BETWEEN, found, min_speakers=2, max_speakers=2)
    assert forced.certainty < 0.5
    alone = shared_out(call([0] * 20)[0], BETWEEN, found, min_speakers=1, max_speakers=3)
    assert alone.certainty == 1.0
