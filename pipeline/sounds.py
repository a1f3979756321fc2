"""How Mandarin characters sound, folded the way an 8 kHz recogniser confuses them.

A syllable is pinyin without tone. Its *class* folds the pairs that a telephone line and southern
speakers blur: z/zh, c/ch, s/sh, n/l, r/l, f/h, an/ang, en/eng, in/ing (and with them ian/iang,
uan/uang). Each class is one private-use character, so that strings of sounds can be searched and
compared with the same fast tools as text.
"""

from __future__ import annotations

import logging
import math
import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

_INITIAL = re.compile(r"^(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(.*)$")
_FOLDED_INITIAL = {"zh": "z", "ch": "c", "sh": "s", "n": "l", "r": "l", "h": "f"}
_HAN_ONLY = re.compile("[\u4e00-\u9fd5]+")  # what jieba takes for one
FIRST_CODE = 0xE000  # private use: such characters never survive normalisation, so no clash
FIRST_HALF = FIRST_CODE + 0x800
# Readings in talk that differ from the dictionary's first one.
_SPOKEN = {"嗯": "en", "呃": "e", "喂": "wei", "呗": "bei", "咱": "zan", "谁": "shei", "〇": "ling"}


def plain(marked: str) -> str:
    """A syllable without its tone mark: ``plain("lǜ") == "lv"``."""
    letters = unicodedata.normalize("NFD", marked.lower())
    kept = (c for c in letters if not unicodedata.combining(c) or c == "\u0308")
    return unicodedata.normalize("NFC", "".join(kept)).replace("ü", "v").replace("ê", "e")


@cache
def fold(syllable: str) -> str:
    """The fuzzy class of a toneless syllable: ``fold("shang") == fold("san") == "san"``."""
    match = _INITIAL.match(syllable)
    if match is None:
        return syllable
    initial, final = match.group(1) or "", match.group(2)
    folded = _FOLDED_INITIAL.get(initial, initial)
    if initial in ("h", "f") and final.startswith("u") and len(final) > 1:
        final = final[1:]  # hui–fei, huang–fang: the glide is what f lacks
        final = "ei" if final == "i" else "en" if final == "n" else final
    if final.endswith(("ang", "eng", "ing")):
        final = final[:-1]
    return folded + final


@cache
def readings(character: str) -> tuple[str, ...]:
    """Toneless readings of one character, the commonest first; () when it has none."""
    from pypinyin.constants import PINYIN_DICT

    if character in _SPOKEN:
        return (_SPOKEN[character],)
    marked = PINYIN_DICT.get(ord(character), "") if len(character) == 1 else ""
    return tuple(dict.fromkeys(plain(one) for one in marked.split(",") if one))


@cache
def code(folded: str) -> str:
    """The private-use character that stands for a fuzzy class; the same in every run."""
    return _codes()[folded]


@cache
def _codes() -> dict[str, str]:
    from pypinyin.constants import PINYIN_DICT

    known = {plain(one) for marked in PINYIN_DICT.values() for one in marked.split(",")}
    folded = sorted({fold(one) for one in known | set(_SPOKEN.values())})
    return {name: chr(FIRST_CODE + place) for place, name in enumerate(folded)}


@cache
def near(one: str, other: str) -> bool:
    """Do two codes share an initial or a final, as mishearings mostly do (定 ding – 经 jing)?"""
    first, second = _parts().get(one), _parts().get(other)
    return first is not None and second is not None and any(a == b != "" for a, b in zip(first, second))


@cache
def _parts() -> dict[str, tuple[str, str]]:
    """Code → (initial, final) of its class."""
    found = {}
    for name, character in _codes().items():
        match = _INITIAL.match(name)
        found[character] = (match.group(1) or "", match.group(2)) if match else ("", name)
    return found


@lru_cache(maxsize=20_000)
def halves(codes: str) -> str:
    """Each code as two characters, its initial and its final, so that an edit distance over them counts a
    near sound as one edit and a far one as two. A syllable without an initial gets one of its own."""
    return codes.translate(_half)


class _Halves(dict[int, str]):
    """Code → its halves, filled as codes are met."""

    def __missing__(self, point: int) -> str:
        parts = _parts().get(chr(point))
        if parts is None:
            self[point] = 2 * chr(point)
        else:
            initial, final = parts
            self[point] = _half_codes()[initial or final.upper()] + _half_codes()[final]
        return self[point]


_half = _Halves()


@cache
def _half_codes() -> dict[str, str]:
    names = {name for initial, final in _parts().values() for name in (initial or final.upper(), final)}
    return {name: chr(FIRST_HALF + place) for place, name in enumerate(sorted(names))}


@cache
def sound_of(character: str) -> str:
    """Code of a character read alone; a Latin letter or an unread character stands for itself."""
    found = readings(character)
    return code(fold(found[0])) if found else character


def sounds_of(characters: str) -> str:
    """One code per character, polyphones read by their word (行 in 银行 as hang).

    The dictionary's exceptional words are looked for first; only where one occurs does jieba say
    whether it stands there as a word, so most utterances cost no segmentation.
    """
    codes = "".join(map(sound_of, characters))
    exceptions, automaton = _exceptions()
    if len(characters) < 2 or not any(True for _ in automaton.iter(characters)):
        return codes
    changed = list(codes)
    place = 0
    for word in cut(characters):
        if word in exceptions:
            changed[place : place + len(word)] = exceptions[word]
        place += len(word)
    return "".join(changed)


def pinyin(characters: str) -> tuple[str, ...]:
    """Toneless, unfolded syllables; polyphones by the word jieba finds; others stand for themselves."""
    from pypinyin.constants import PHRASES_DICT

    found: list[str] = []
    for word in cut(characters):
        phrase = PHRASES_DICT.get(word)
        if phrase is not None and len(phrase) == len(word) > 1:
            found.extend(plain(options[0]) for options in phrase)
        else:
            found.extend((readings(character) or (character,))[0] for character in word)
    return tuple(found)


@cache
def _exceptions() -> tuple[dict[str, str], Any]:
    """Words whose reading differs, after folding, from their characters read alone."""
    import ahocorasick
    from pypinyin.constants import PHRASES_DICT

    words: dict[str, str] = {}
    for word, marked in PHRASES_DICT.items():
        if not 2 <= len(word) <= 4 or len(marked) != len(word):
            continue
        said = "".join(code(fold(plain(options[0]))) for options in marked)
        if said != "".join(map(sound_of, word)):
            words[word] = said
    automaton = ahocorasick.Automaton()
    for word in words:
        automaton.add_word(word, word)
    automaton.make_automaton()
    return words, automaton


@lru_cache(maxsize=4_000)
def cut(characters: str) -> tuple[str, ...]:
    """jieba's words, none guessed that no dictionary holds."""
    cutter = segmenter()
    if _HAN_ONLY.fullmatch(characters):
        return _cut(characters, cutter.FREQ, math.log(cutter.total))
    return tuple(cutter.cut(characters, HMM=False))


def _cut(characters: str, known: dict[str, int], whole: float) -> tuple[str, ...]:
    """The likeliest way to cut 汉字 into known words, as jieba finds it, in one go and half the time.
    ``known``: how often each word is met, 0 for what only begins one; ``whole``: the log of all."""
    length = len(characters)
    likeliest, ends = [0.0] * (length + 1), [0] * length
    for start in range(length - 1, -1, -1):
        best, end, at = -math.inf, start + 1, start + 1
        while (times := known.get(characters[start:at])) is not None:
            if times and (likely := math.log(times) - whole + likeliest[at]) >= best:
                best, end = likely, at
            if at == length:
                break
            at += 1
        likeliest[start] = best if best > -math.inf else likeliest[start + 1] - whole
        ends[start] = end
    found, start = [], 0
    while start < length:
        found.append(characters[start : ends[start]])
        start = ends[start]
    return tuple(found)


def may_part(one: str, other: str) -> bool:
    """May ``cut`` leave two characters side by side as words of their own? Not where together they are a word
    likelier than the two."""
    cutter = segmenter()
    together = cutter.FREQ.get(one + other)
    if not together or not _HAN_ONLY.fullmatch(one + other):
        return True
    apart = (cutter.FREQ.get(one) or 1) * (cutter.FREQ.get(other) or 1)
    return bool(together * cutter.total <= apart)


@cache
def segmenter() -> Any:
    """jieba with the shipped terms (``lexicons/terms/*.txt``); ``pipeline.text.add_terms`` adds a company's."""
    import warnings

    with warnings.catch_warnings():  # jieba 0.42.1 imports pkg_resources, which warns on every start
        warnings.simplefilter("ignore")
        import jieba

    from pipeline.resources import resource

    jieba.setLogLevel(logging.WARNING)
    cutter = jieba.Tokenizer()
    cutter.initialize()
    for path in sorted(resource("lexicons", "terms").glob("*.txt")):
        with path.open("rb") as file:
            cutter.load_userdict(file)
    return cutter
