"""Similar sentences: other words, other characters, the same meaning; unlike ones stay below 80."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.rules.similar import SIMILAR_THRESHOLD, SampleSet, similarity
from pipeline.text import prepare


@pytest.mark.parametrize(
    ("one", "other"),
    [("你们这个服务也太差了吧", "你们服务太差了吧"), ("我等了三天都没人理我", "我等了三天了都没有人理我"),
     ("我要投诉你们的客服", "我要头诉你们的客夫")],
)  # fmt: skip
def test_alike(one: str, other: str) -> None:
    assert similarity(one, other) >= SIMILAR_THRESHOLD
    assert similarity(one, one) == pytest.approx(100)
    assert similarity(one, other) == pytest.approx(similarity(other, one))


@pytest.mark.parametrize(
    ("one", "other"),
    [("你们这个服务也太差了吧", "请问有什么可以帮您"), ("我要投诉", "我要订票"), ("", "您好")],
)
def test_unlike(one: str, other: str) -> None:
    assert similarity(one, other) < SIMILAR_THRESHOLD


def test_the_best_sample_is_named_and_clauses_are_heard() -> None:
    samples = SampleSet(["我要投诉你们的客服", "我等了三天都没人理我"])
    score, sample = samples.best(prepare("喂你好,我等了三天了都没人理我,你说怎么办吧"))
    assert score >= SIMILAR_THRESHOLD and sample == "我等了三天都没人理我"
    assert samples.best(prepare("嗯"))[0] == 0.0


@pytest.mark.parametrize("samples", [[], ["啊"], ["您好"] * 201])
def test_bad_samples_are_refused(samples: list[str]) -> None:
    with pytest.raises(ValueError, match="similar: expected"):
        SampleSet(samples)


def test_an_encoder_takes_the_place_of_the_formula() -> None:
    class Letters:
        def encode(self, sentences):  # type: ignore[no-untyped-def]
            return np.array([[1.0, 0.0] if "退" in s else [0.0, 1.0] for s in sentences])

    assert SampleSet(["办理退款"], encoder=Letters()).best(prepare("我想退"))[0] == 100.0
