import numpy as np
import pytest

from models.train.corpus import (
    MIX,
    VOCABULARY,
    Corpus,
    number_name,
    spoken,
    vocabulary,
    vocabulary_set,
)


def drawn(split: str, kind: str, count: int = 60) -> list[str]:
    rng = np.random.default_rng(3)
    return [Corpus(split).draw(kind, rng) for _ in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(MIX))
def test_every_kind_can_be_written_by_the_model(kind: str) -> None:
    texts = drawn("train", kind)
    assert len(set(texts)) > 20
    assert all(set(spoken(text)) <= vocabulary_set() and len(spoken(text)) <= 40 for text in texts)


def test_the_same_seed_draws_the_same_sentences() -> None:
    assert drawn("train", "near") == drawn("train", "near")


@pytest.mark.parametrize("kind", ["calls", "service", "daily"])
def test_free_sentences_of_the_sets_are_apart(kind: str) -> None:
    assert not set(drawn("train", kind, 400)) & set(drawn("heldout", kind, 200))


def test_agents_numbers_of_the_sets_are_apart() -> None:
    rng = np.random.default_rng(1)
    train, held = (
        {Corpus(split)._slot("agentid", rng) for _ in range(300)} for split in ("train", "heldout")
    )
    assert train and held and not train & held


def test_vocabulary_has_each_character_once() -> None:
    assert len(vocabulary()) == len(vocabulary_set()) == VOCABULARY


@pytest.mark.parametrize(
    ("number", "name"),
    [(0, "零"), (10, "十"), (15, "十五"), (20, "二十"), (105, "一百零五"), (115, "一百一十五"), (200, "二百"), (2200, "两千二百"),  # noqa: E501
     (3050, "三千零五十"), (10500, "一万零五百"), (120000, "十二万")],
)  # fmt: skip
def test_numbers_are_read_as_spoken(number: int, name: str) -> None:
    assert number_name(number) == name
