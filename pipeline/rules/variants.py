"""How a phrase variant is written, and the flat patterns it stands for.

=============  =======================================================
``您好请问``      the characters; punctuation and fillers never matter
``[可以]``       optional; ``[啊|呀]`` one of them or none
``(能|可以)``    one of these; may be nested
``{姓氏}``       a slot: see SLOTS
``…`` ``…12``   up to 8, up to 12 characters of anything
``<帮>``         the synonym set of that name
``还!有``        还 carries the meaning: no edit may touch it, only a homophone stand for it
=============  =======================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, reduce
from itertools import groupby, product
from math import prod
from operator import and_, or_

from pipeline.sounds import sound_of
from pipeline.text import prepare

GAP_CHARS = 8
MAX_GAP = 40  # characters a … may take: what lies further apart is no longer one sentence
MAX_CHOICES = 1_000  # wordings one stretch between gaps and slots may stand for, and patterns a variant may
MAX_VARIANT = 400  # characters of a variant as written
MAX_NESTING = 20  # brackets inside brackets

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪"
)
_DIGIT = "[零一二三四五六七八九要]"  # 要 sounds as 幺, which prepare() has made 一 where it was heard right
_NUMBER = "[零一二三四五六七八九十百千万点半几]"
# Written in characters, matched on their sounds, so that a homophone still fills the slot.
SLOTS: Mapping[str, str] = {
    "姓氏": f"(?:欧阳|上官|司马|诸葛|[{_SURNAMES}])",
    "工号": f"{_DIGIT}{{2,}}(?:.?{_DIGIT}{{2,}})?",
    "数字": f"{_NUMBER}{{1,20}}",
    "金额": f"{_NUMBER}{{1,12}}(?:元|块|角|毛|分钱|人民币)",
    "时间": (
        f"(?:{_NUMBER}{{1,6}}(?:到{_NUMBER}{{1,4}})?个?半?(?:分钟|小时|钟头|天|点|号|日|月|周|星期|工作日|秒)"
        f"|(?:今|明|后)(?:天|晚)(?:上午|下午|早上|晚上)?|(?:上午|下午|晚上|中午)(?:{_NUMBER}{{1,4}}点)?"
        f"|下?(?:周|星期)[一二三四五六日末])"
    ),
    "部门": ".{1,6}?(?:部门|部|中心|科|组|处|专席|专员|营业厅|厅)",
    "称呼": f"(?:欧阳|[{_SURNAMES}])?(?:先生|女士|小姐|太太|阿姨|叔叔|大爷|大妈|老师|同志)",
}
_DIGITS_HERE = re.compile(r"[0-9]*")
_WIDE = str.maketrans("（）［］｛｝｜〈〉《》", "()[]{}|<><>")


# Beside a gap or slot a stretch may use this share of its own characters: one edit from three on.
# Two characters with one wrong, somewhere in a gap, would be found in almost any sentence.
STRETCH_SHARE = 0.34
MASK_BITS = 251  # about as many as there are fuzzy syllables


class _Bits(dict[str, int]):
    """Syllable → its bit. Two syllables may share one, so what is missing by the bits is missing indeed,
    but not the other way round."""

    def __missing__(self, syllable: str) -> int:
        self[syllable] = 1 << (ord(syllable) % MASK_BITS)
        return self[syllable]


_bits = _Bits()


class SoundMasks:
    """Which syllables any stretch of a text holds, as bits of one number."""

    def __init__(self, sounds: str) -> None:
        self._sounds = sounds

    @cached_property
    def whole(self) -> int:
        return reduce(or_, map(_bits.__getitem__, self._sounds), 0)

    @cached_property
    def _levels(self) -> list[list[int]]:
        """The n-th holds the masks of all stretches of 2**n syllables."""
        level = [_bits[syllable] for syllable in self._sounds]
        levels, step = [level], 1
        while 2 * step <= len(self._sounds):
            level = [one | other for one, other in zip(level, level[step:])]
            levels.append(level)
            step *= 2
        return levels

    def of(self, low: int, high: int) -> int:
        """Of ``[low, high)``, which must lie in the text: two overlapping stretches cover it."""
        if low >= high:
            return 0
        which = (high - low).bit_length() - 1
        level = self._levels[which]
        return level[low] | level[high - (1 << which)]


class PhraseError(ValueError):
    """A variant that cannot be read; names theme, variant, place, what was expected and found."""


@dataclass(frozen=True, slots=True)
class Literal:
    chars: str
    sounds: str
    fixed: frozenset[int] = frozenset()  # places whose syllable must be there: written ``还!``
    mask: int = field(init=False, compare=False, repr=False)  # of ``sounds``

    def __post_init__(self) -> None:
        object.__setattr__(self, "mask", SoundMasks(self.sounds).whole)


@dataclass(frozen=True, slots=True)
class Slot:
    name: str


@dataclass(frozen=True, slots=True)
class Gap:
    most: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One stretch of characters in all its wordings, the longest first. ``common``: syllables (as a
    mask) that every wording holds."""

    literals: tuple[Literal, ...]
    common: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "common", reduce(and_, (one.mask for one in self.literals)))


Part = Choice | Slot | Gap
Flat = tuple[Part, ...]
_Tokens = tuple[str | Slot | Gap, ...]


# Share of a filled slot's characters that must be right; sound alone may supply the rest. A surname may
# be any homophone (皇 for 黄); a department's short names (部, 科) sound like too much else (不, 可).
_RIGHT_SHARE = {"姓氏": 0.0, "部门": 1.0}
_HANZI = re.compile(r"[\u4e00-\u9fff]")


@cache
def _slot_pattern(name: str) -> tuple[re.Pattern[str], frozenset[str]]:
    """The slot's expression over sound codes, and the characters it is written with."""
    on_sounds = _HANZI.sub(lambda m: sound_of(m.group()), SLOTS[name])
    return re.compile(on_sounds), frozenset(_HANZI.findall(SLOTS[name]))


@cache
def _slot_on_characters(name: str) -> re.Pattern[str]:
    return re.compile(SLOTS[name])


@cache
def slot_sounds(name: str) -> frozenset[str]:
    """The sound codes a filling of the slot may be made of."""
    return frozenset(map(sound_of, _slot_pattern(name)[1]))


def fill_slot(name: str, chars: str, sounds: str, start: int, end: int) -> int | None:
    """End of the slot ``name`` when it is filled from ``start`` on, inside ``[start, end)``; else None."""
    share = _RIGHT_SHARE.get(name, 0.5)
    if share == 1.0:
        exact = _slot_on_characters(name).match(chars, start, end)
        return exact.end() if exact else None
    pattern, alphabet = _slot_pattern(name)
    match = pattern.match(sounds, start, end)
    if match is None:
        return None
    right = sum(character in alphabet for character in chars[start : match.end()])
    return match.end() if right >= share * (match.end() - start) else None


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
