"""How a phrase variant is written, and the flat patterns it stands for.

=============  =======================================================
``您好请问``      the characters; punctuation and fillers never matter
``[可以]``       optional; ``[啊|呀]`` one of them or none
``(能|可以)``    one of these; may be nested
``{姓氏}``       a slot: see slots.py
``…`` ``…12``   up to 8, up to 12 characters of anything
``<帮>``         the synonym set of that name
``还!有``        还 carries the meaning: no edit may touch it, only a homophone stand for it
=============  =======================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, product
from math import prod

from pipeline.rules.slots import SLOTS
from pipeline.text import prepare

GAP_CHARS = 8
MAX_GAP = 40  # characters a … may take: what lies further apart is no longer one sentence
MAX_CHOICES = 1_000  # wordings one stretch between gaps and slots may stand for, and patterns a variant may
MAX_VARIANT = 400  # characters of a variant as written
MAX_NESTING = 20  # brackets inside brackets

_DIGITS_HERE = re.compile(r"[0-9]*")
_WIDE = str.maketrans("（）［］｛｝｜〈〉《》", "()[]{}|<><>")


class PhraseError(ValueError):
    """A variant that cannot be read; names theme, variant, place, what was expected and found."""


@dataclass(frozen=True, slots=True)
class Literal:
    chars: str
    sounds: str
    fixed: frozenset[int] = frozenset()  # places whose syllable must be there: written ``还!``


@dataclass(frozen=True, slots=True)
class Slot:
    name: str


@dataclass(frozen=True, slots=True)
class Gap:
    most: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One stretch of characters in all its wordings, the longest first."""

    literals: tuple[Literal, ...]


Part = Choice | Slot | Gap
Flat = tuple[Part, ...]
_Tokens = tuple[str | Slot | Gap, ...]


def flatten(variant: str, synonyms: Mapping[str, tuple[str, ...]], *, theme: str) -> tuple[Flat, ...]:
    """The patterns ``variant`` stands for: one, or more where an option holds a slot or gap.

    Wordings multiply only within a stretch between gaps and slots. Raises PhraseError.
    """
    reader = _Reader(variant.translate(_WIDE), synonyms, theme)
    if len(variant) > MAX_VARIANT:
        reader.fail(f"at most {MAX_VARIANT} characters", str(len(variant)))
    stretches: list[list[_Tokens]] = []  # alternatives of each stretch, or of one structured item
    for item in reader.items(stop=""):
        if stretches and _is_plain(item) and _is_plain(stretches[-1]):
            stretches[-1] = reader.product(stretches[-1], item)
        else:
            stretches.append(item)
    forks = prod(len(alternatives) for alternatives in stretches if not _is_plain(alternatives))
    if forks > MAX_CHOICES:
        reader.fail(f"at most {MAX_CHOICES} patterns", f"{forks} by its options")
    flats = {flat: None for flat in _arranged(stretches) if any(isinstance(p, Choice) for p in flat)}
    if not flats:
        raise PhraseError(f"theme {theme!r}, variant {variant!r}: expected characters, found only fillers")
    return tuple(flats)


def _is_plain(alternatives: list[_Tokens]) -> bool:
    """Characters only, no slot and no gap."""
    return all(isinstance(token, str) for tokens in alternatives for token in tokens)


def _arranged(stretches: list[list[_Tokens]]) -> Iterator[Flat]:
    """Plain stretches become one Choice; a structured item forks the pattern by its alternatives."""
    options: list[list[tuple[Part, ...]]] = []
    for alternatives in stretches:
        if _is_plain(alternatives):
            options.append([_choice("".join(map(str, tokens)) for tokens in alternatives)])
        else:
            options.append([_parts(tokens) for tokens in alternatives])
    for chosen in product(*options):
        parts = [part for group in chosen for part in group]
        while parts and isinstance(parts[0], Gap):
            parts.pop(0)
        while parts and isinstance(parts[-1], Gap):
            parts.pop()
        yield tuple(parts)


def _choice(wordings: Iterable[str]) -> tuple[Part, ...]:
    prepared = {one.chars: one for one in map(_literal, wordings)}
    if "" in prepared:  # the whole stretch may be left out: it asks nothing
        return ()
    return (Choice(tuple(sorted(prepared.values(), key=lambda one: -len(one.chars)))),)


def _literal(wording: str) -> Literal:
    marks = [at for at, character in enumerate(wording) if character == "!"]
    fixed = frozenset(len(prepare(wording[:at]).chars) - 1 for at in marks)
    text = prepare(wording)
    return Literal(text.chars, text.sounds, fixed)


def _parts(tokens: _Tokens) -> tuple[Part, ...]:
    parts: list[Part] = []
    for is_text, group in groupby(tokens, key=lambda token: isinstance(token, str)):
        run = list(group)
        parts += _choice(["".join(map(str, run))]) if is_text else [t for t in run if not isinstance(t, str)]
    return tuple(parts)


def _cut(text: str, most: int = 60) -> str:
    return text if len(text) <= most else text[:most] + "…"


class _Reader:
    """Recursive descent over one variant; every method returns the alternatives it read."""

    def __init__(self, text: str, synonyms: Mapping[str, tuple[str, ...]], theme: str) -> None:
        self.text, self.synonyms, self.theme, self.at = text, synonyms, theme, 0
        self.open_synonyms: tuple[str, ...] = ()
        self.open_brackets = 0

    def alternatives(self, *, stop: str) -> list[_Tokens]:
        """Sequences separated by ``|`` up to ``stop`` ("" is the end of the text)."""
        found = self._sequence(stop)
        while self._peek() == "|":
            self.at += 1
            found = found + self._sequence(stop)
        if stop and self._peek() != stop:
            self.fail(f"a closing {stop!r}")
        return found

    def items(self, *, stop: str) -> Iterator[list[_Tokens]]:
        """Each item of a sequence with its alternatives."""
        while (character := self._peek()) and character != stop:
            if character == "|":
                if not stop:
                    self.fail("a | only inside [...] or (...)")
                return
            if character in ")]}>":
                self.fail(f"no {character!r} without its opening bracket")
            yield self._item(character)

    def product(self, heads: list[_Tokens], tails: list[_Tokens]) -> list[_Tokens]:
        if len(heads) * len(tails) > MAX_CHOICES:
            self.fail(f"at most {MAX_CHOICES} combinations")
        return [(*head, *tail) for head, tail in product(heads, tails)]

    def _sequence(self, stop: str) -> list[_Tokens]:
        found: list[_Tokens] = [()]
        for options in self.items(stop=stop):
            found = self.product(found, options)
        return found

    def _item(self, character: str) -> list[_Tokens]:
        self.at += 1
        if character == "[":
            return [(), *self._bracketed("]")]
        if character == "(":
            return self._bracketed(")")
        if character == "{":
            return [(self._slot(),)]
        if character == "<":
            return self._synonym()
        if character == "…":
            return [(self._gap(),)]
        return [(character,)]

    def _bracketed(self, closing: str) -> list[_Tokens]:
        self.open_brackets += 1
        if self.open_brackets > MAX_NESTING:
            self.fail(f"at most {MAX_NESTING} brackets inside each other")
        inner = self.alternatives(stop=closing)
        self.open_brackets -= 1
        self.at += 1
        return inner

    def _gap(self) -> Gap:
        digits = _DIGITS_HERE.match(self.text, self.at)
        assert digits is not None  # it may match nothing
        self.at = digits.end()
        if len(digits.group()) > 3 or int(digits.group() or 0) > MAX_GAP:
            self.fail(f"a gap of at most {MAX_GAP} characters", f"…{digits.group()[:12]}")
        return Gap(int(digits.group() or GAP_CHARS))

    def _slot(self) -> Slot:
        name = self._until("}")
        if name not in SLOTS:
            self.fail(f"a slot, one of {'、'.join(SLOTS)}", name)
        return Slot(name)

    def _synonym(self) -> list[_Tokens]:
        name = self._until(">")
        if name not in self.synonyms:
            self.fail(f"a synonym set, one of {'、'.join(self.synonyms) or '(none)'}", name)
        if name in self.open_synonyms:
            self.fail("no synonym set inside itself", name)
        found: list[_Tokens] = []
        for option in self.synonyms[name]:
            inner = _Reader(option.translate(_WIDE), self.synonyms, self.theme)
            inner.open_synonyms = (*self.open_synonyms, name)
            found += inner.alternatives(stop="")
        return found

    def _until(self, closing: str) -> str:
        end = self.text.find(closing, self.at)
        if end < 0:
            self.fail(f"a closing {closing!r}")
        name, self.at = self.text[self.at : end].strip(), end + 1
        return name

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def fail(self, expected: str, found: str | None = None) -> None:
        seen = found if found is not None else (self._peek() or "the end")
        raise PhraseError(
            f"theme {self.theme!r}, variant {_cut(self.text)!r}, character {self.at + 1}: "
            f"expected {expected}, found {seen!r}"
        )
