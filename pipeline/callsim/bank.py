"""The sentences calls are made of, by set: YAML in ``pipeline/callsim/data``.

``all`` holds what the standards themselves word, which every set needs; ``train``, ``tune`` and
``heldout`` hold free wordings, and no free sentence and no slot value stands in two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pipeline.callsim.voices import VoiceSet

BANKS = ("phrases", "faults", "outbound")
_DATA = Path(__file__).parent / "data"
_DIGITS = "零一二三四五六七八九"
# Of every five slot values three go to train, one to tune, one to held-out.
_FIFTHS: dict[VoiceSet, tuple[int, ...]] = {"train": (0, 1, 2), "tune": (3,), "heldout": (4,)}


@cache
def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((_DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def phrases(name: str = "phrases") -> dict[str, dict[str, list[str]]]:
    """One of ``BANKS``: key → set → sentences.

    ``phrases`` holds what is asked for, ``faults`` what must not be said, ``outbound`` both where a call
    that the desk makes needs words of its own.
    """
    return _load(name)


def topics() -> dict[str, dict[VoiceSet, list[dict[str, str]]]]:
    """What calls are about: business → set → topics of named sentences."""
    return _load("content")


def slot_values(name: str, which: VoiceSet) -> list[str]:
    values = _load("slots")[name]
    return [v for i, v in enumerate(values) if i % 5 in _FIFTHS[which]]


def free_sentences(which: VoiceSet) -> Iterator[str]:
    """Every free sentence of one set, slots unfilled; a recogniser may train on those of ``train``."""
    for bank in BANKS:
        for by_set in phrases(bank).values():
            yield from by_set.get(which, [])
    for by_topic in topics().values():
        for topic in by_topic[which]:
            yield from topic.values()


class Bank:
    """Sentences for one call: the topic and the slots are drawn once and stay the same throughout."""

    def __init__(
        self, rng: np.random.Generator, which: VoiceSet, *, title: str, agent_id: str, outbound: bool = False
    ) -> None:
        self._rng = rng
        self._set = which
        self._own = phrases("outbound") if outbound else {}
        surname = self._one("surname")
        self.slots = {
            "surname": surname,
            "name": surname + title,
            "id": spoken_digits(agent_id),
            "phone": "一" + "".join(_DIGITS[int(d)] for d in rng.integers(1, 10, 10)),
            "order": "".join(_DIGITS[int(d)] for d in rng.integers(0, 10, 5)),
            **{k: self._one(k) for k in ("city", "hotel", "day", "clock", "money")},
        }

    def line(self, key: str) -> str:
        """One sentence of the bank ``phrases``, or of ``outbound`` where such a call has words of its own."""
        return self.fill(self._choose((phrases() | self._own)[key], key))

    def fault(self, rule: str) -> str:
        """One sentence that breaks ``rule``."""
        return self.fill(self._choose((phrases("faults") | self._own)[rule], rule))

    def topic(self, business: str) -> dict[str, str]:
        chosen = topics()[business][self._set]
        picked = chosen[int(self._rng.integers(len(chosen)))]
        # A topic's own sentences fill slots too (the booking to read back), so these come first.
        self.slots |= {k: self.fill(v) for k, v in picked.items() if k in ("back", "restate")}
        return {k: self.fill(v) for k, v in picked.items()}

    def fill(self, text: str) -> str:
        return text.format(**self.slots)

    def _choose(self, by_set: dict[str, list[str]], key: str) -> str:
        sentences = [*by_set.get("all", []), *by_set.get(self._set, [])]
        if not sentences:
            raise KeyError(f"{_DATA}: {key}: no sentence for the set {self._set}")
        return sentences[int(self._rng.integers(len(sentences)))]

    def _one(self, slot: str) -> str:
        values = slot_values(slot, self._set)
        return values[int(self._rng.integers(len(values)))]


def spoken_digits(digits: str) -> str:
    """``6035`` as it is said: 六零三五."""
    return "".join(_DIGITS[int(d)] for d in digits)
