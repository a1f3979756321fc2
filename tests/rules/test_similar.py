"""Similar sentences: other words, other characters, the same meaning; unlike ones stay below 80."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config import ScoreConfig
from pipeline.rules.measured import read_example
from pipeline.rules.similar import SIMILAR_THRESHOLD, SampleSet, similarity
from pipeline.stages.score import ScoreStage, facts_of
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


def test_the_model_named_in_the_settings_judges_themes_and_conditions(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With a stand-in for sentence-transformers: the path from setting to verdict."""

    class Letters:
        def __init__(self, folder: str, *, local_files_only: bool) -> None:
            assert local_files_only

        def encode(self, sentences, *, normalize_embeddings):  # type: ignore[no-untyped-def]
            return np.array([[1.0, 0.0] if "退" in s else [0.0, 1.0] for s in sentences])

    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=Letters))
    lexicon = (
        "phrases:\n  refund: {samples: [办理退款]}\nrules:\n"
        "  a: {title: 甲, kind: say, group: 组, expect: {say: refund}}\n"
        "  b: {title: 乙, kind: say, group: 组, expect: {similar: [办理退款]}}\n"
    )
    (tmp_path / "a.yaml").write_text(lexicon, encoding="utf-8")
    facts = {}
    for model in ("", str(tmp_path)):
        stage = ScoreStage(settings=ScoreConfig(lexicons=str(tmp_path), sentence_model=model))
        conversation, measured = read_example("坐席: 能退吗这个")
        facts[model] = facts_of(stage.book, conversation, measured, stage.settings)
        outcomes = {v.outcome for v in stage.book.judge(facts[model], ["a", "b"]).values()}
        assert outcomes == ({"pass"} if model else {"fail"})


def test_the_desk_judges_a_corrected_call_with_the_days_own_model(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from pipeline.review.judge import _load

    class Model:
        def __init__(self, folder: str, *, local_files_only: bool) -> None: ...

        def encode(self, sentences, *, normalize_embeddings):  # type: ignore[no-untyped-def]
            return np.array([[1.0, 0.0] for _ in sentences])

    monkeypatch.setitem(sys.modules, "sentence_transformers", SimpleNamespace(SentenceTransformer=Model))
    found = _load(ScoreConfig(sentence_model=str(tmp_path)))
    assert found is not None and found.book.encoder is not None
    assert _load(ScoreConfig(sentence_model="/no/such/model")) is None  # told, not judged by another measure


def test_a_model_that_is_not_there_is_told() -> None:
    stage = ScoreStage(settings=ScoreConfig(sentence_model="/no/such/model"))
    with pytest.raises(ValueError, match=r"score\.sentence_model: expected a model's folder"):
        stage.open()


def test_an_encoder_takes_the_place_of_the_formula() -> None:
    class Letters:
        def encode(self, sentences):  # type: ignore[no-untyped-def]
            return np.array([[1.0, 0.0] if "退" in s else [0.0, 1.0] for s in sentences])

    assert SampleSet(["办理退款"], encoder=Letters()).best(prepare("我想退"))[0] == 100.0
