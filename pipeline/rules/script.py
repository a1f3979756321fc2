"""Prepared texts and wordings as the compiled search reads them: numbers instead of characters."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np

from pipeline.rules.fit import NEGATORS
from pipeline.rules.kernels import points
from pipeline.rules.slots import SLOTS, slot_chars
from pipeline.sounds import FIRST_CODE, halves

SYLLABLES = 512  # codes of classes of syllables, more than there are
CODE_POINTS = 0x110000
INITIAL, FINAL, TURNS = 0, 1, 2  # traits: how it sounds; does an edit of it turn the meaning?
SMALL = np.int16  # what is small stays in the processor's caches


class Alphabet:
    """Characters as small numbers: its own from 1 on, all others 0."""

    def __init__(self, characters: Iterable[str]) -> None:
        own = dict.fromkeys(characters)
        self.characters, self.size = "".join(own), len(own) + 1
        self._numbers = np.zeros(CODE_POINTS, SMALL)  # pages never touched take no memory
        self._numbers[points(self.characters)] = np.arange(1, self.size)

    def numbers(self, text: str) -> Any:
        return self._numbers[points(text)]


class Script:
    """Knows the sounds and characters of wordings, and of slots; all others are 0."""

    def __init__(self, sounds: Iterable[str], chars: Iterable[str]) -> None:
        syllables = map(chr, range(FIRST_CODE, FIRST_CODE + SYLLABLES))
        self.sounds = Alphabet(chain(syllables, *sounds))
        self.chars = Alphabet(chain(sorted(NEGATORS), *chars, *map(slot_chars, SLOTS)))
        # two sounds are near when they share a half: see pipeline.sounds.near
        _, split = np.unique(points(halves(self.sounds.characters)), return_inverse=True)
        self._halves = np.vstack([[0, 0], 1 + split.reshape(-1, 2)]).astype(SMALL)

    def read(self, sounds: str, chars: str) -> tuple[Any, Any, Any]:
        """Numbers of the sounds and of the characters, and their traits, one row each."""
        heard, written = self.sounds.numbers(sounds), self.chars.numbers(chars)
        turns = (written > 0) & (written <= len(NEGATORS))
        return heard, written, np.column_stack([self._halves[heard], turns]).astype(SMALL)
