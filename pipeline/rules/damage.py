"""Recognition errors for trying rules: Mandarin text damaged at a given character error rate.

Errors are drawn per character: six in ten substitutions are homophones (same syllable, tone aside), three
near sounds (same fuzzy class, or initial or final kept), one anything; substitutions, deletions and
insertions come 70 : 20 : 10, the mix telephone Mandarin recognisers show. Characters substituted in are
common ones, as a recogniser's language model would have it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from functools import cache

from pipeline.sounds import fold, near, readings, sound_of
from pipeline.text import to_simplified

SUBSTITUTED, DELETED = 0.70, 0.20  # the rest is inserted
HOMOPHONE, NEAR_SOUND = 0.60, 0.30  # of the substitutions; the rest is any character
COMMON = 3_500  # the characters of everyday writing (通用规范汉字表, level one)
INSERTED = "的了一是我你在有个这吧嘛就也"


def damage(text: str, *, cer: float, rng: random.Random) -> str:
    """``text`` with about ``cer`` errors per 汉字; punctuation and Latin letters stay."""
    kept: list[str] = []
    for character in text:
        is_hanzi = "\u4e00" <= character <= "\u9fff"
        if not is_hanzi or rng.random() >= cer:
            kept.append(character)
            continue
        kind = rng.random()
        if kind < SUBSTITUTED:
            kept.append(misheard(character, rng))
        elif kind >= SUBSTITUTED + DELETED:
            kept += [character, rng.choice(INSERTED)]
    return "".join(kept)


def misheard(character: str, rng: random.Random) -> str:
    """Another character for ``character``: a homophone, a near sound, or any common one."""
    kind = rng.random()
    same, alike = _neighbours(character)
    if kind < HOMOPHONE and same:
        return rng.choice(same)
    if kind < HOMOPHONE + NEAR_SOUND and alike:
        return rng.choice(alike)
    return rng.choice(_common())


@cache
def _neighbours(character: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(homophones, near sounds) among the common characters, itself left out."""
    read = readings(character)
    if not read:
        return (), ()
    same = tuple(c for c in _by_syllable().get(read[0], ()) if c != character)
    alike = tuple(
        c
        for syllable, characters in _by_syllable().items()
        if syllable != read[0]
        and (fold(syllable) == fold(read[0]) or near(sound_of(character), sound_of(characters[0])))
        for c in characters
    )
    return same, alike


@cache
def _by_syllable() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for character in _common():
        found[readings(character)[0]].append(character)
    return {syllable: tuple(characters) for syllable, characters in found.items()}


@cache
def _common() -> tuple[str, ...]:
    """The commonest simplified characters, counted over jieba's word frequencies."""
    from pipeline.sounds import segmenter

    counts: dict[str, int] = defaultdict(int)
    for word, frequency in segmenter().FREQ.items():
        for character in word:
            counts[character] += frequency
    ranked = sorted(counts, key=lambda c: (-counts[c], c))
    known = (c for c in ranked if "\u4e00" <= c <= "\u9fff" and readings(c) and to_simplified(c) == c)
    return tuple(c for c, _ in zip(known, range(COMMON)))
