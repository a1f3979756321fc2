"""Mandarin as it is spoken on the telephone: normalised, with every character traced to its place.

What never matters for meaning is taken out (punctuation, spaces, fillers), what is written in two
ways becomes one (繁→简 by OpenCC's tables, full width, digits → 汉字, 幺 → 一, 两 → 二, 〇 → 零), and
offsets lead back to the text as it was recognised.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pipeline.sounds import cut, pinyin, segmenter, sounds_of

__all__ = [
    "PreparedText",
    "clauses",
    "count_syllables",
    "normalise",
    "pinyin",
    "prepare",
    "spoken_number",
    "to_simplified",
    "words",
]

FILLERS = frozenset("啊呢嗯呃哦噢喔唔哎诶唉呀嘛啦哈哟嗨")
FILLER_WORDS = ("那个", "这个")
_DIGITS = str.maketrans("0123456789〇幺两", "零一二三四五六七八九零一二")
_CLAUSE_END = frozenset(",.。!?;:、…\n\uff0c\uff01\uff1f\uff1b\uff1a")  # half and full width
_NUMBER = re.compile(r"\d+(?:[.．]\d+)?")
_LATIN = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’][A-Za-z]+)?")
_PLAIN = re.compile(r"[\u4e00-\u9fff,,.。!?、\s]*")  # 汉字 and punctuation, nothing that is read otherwise
_SILENT = re.compile(f"[,,.。!?、\\s{''.join(sorted(FILLERS))}]")
_VOWELS = re.compile(r"[aeiouyà-öø-ÿ]+")
# A number before one of these is a quantity (一百二十元), otherwise digits are read one by one.
_UNITS = "元块角分秒点天月日号周人次件张个位名岁度米斤层楼小钟折倍%％万亿千百多几"
_CACHE_BELOW = 400  # characters; longer texts are not worth keeping


@dataclass(frozen=True, slots=True)
class PreparedText:
    """A text ready for matching. ``chars``, ``sounds`` and ``offsets`` run in parallel.

    ``offsets[i]`` is the index in ``original`` of the i-th kept character; ``breaks`` are the places
    in ``chars`` before which a clause ended.
    """

    original: str
    chars: str
    sounds: str
    offsets: tuple[int, ...]
    breaks: frozenset[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Half-open offsets in ``original`` of ``chars[start:end]``; an empty stretch stays empty."""
        if start >= end:
            at = self.offsets[start] if start < len(self.offsets) else len(self.original)
            return at, at
        return self.offsets[start], self.offsets[end - 1] + 1


class _Kept(dict[str, str]):
    """Character → what is kept of it ("" for nothing), filled as characters are met."""

    def __missing__(self, character: str) -> str:
        narrow = unicodedata.normalize("NFKC", character)
        one = narrow if len(narrow) == 1 else character
        is_word = unicodedata.category(one)[0] in "LN" and one not in FILLERS
        self[character] = one.translate(_DIGITS).lower()[:1] if is_word else ""
        return self[character]


_kept = _Kept()


def prepare(text: str) -> PreparedText:
    """Normalised characters, their sounds and places. Cached; about 10 µs for an utterance."""
    return _prepare_cached(text) if len(text) <= _CACHE_BELOW else _prepare(text)


def _prepare(text: str) -> PreparedText:
    simple = to_simplified(text)
    dropped = {at + k for word in FILLER_WORDS for at in _places(simple, word) for k in range(len(word))}
    chars: list[str] = []
    offsets: list[int] = []
    breaks: set[int] = set()
    for at, character in enumerate(simple):
        kept = _kept[character]
        if kept and at not in dropped:
            chars.append(kept)
            offsets.append(at)
        elif character in _CLAUSE_END:
            breaks.add(len(chars))
    joined = "".join(chars)
    return PreparedText(text, joined, sounds_of(joined), tuple(offsets), frozenset(breaks))


_prepare_cached = lru_cache(maxsize=20_000)(_prepare)


def _places(text: str, word: str) -> list[int]:
    found, at = [], text.find(word)
    while at >= 0:
        found.append(at)
        at = text.find(word, at + len(word))
    return found


def normalise(text: str) -> str:
    """Simplified, half width, digits as 汉字, without punctuation and fillers: what matching sees."""
    return prepare(text).chars


def to_simplified(text: str) -> str:
    """繁 → 简, the same length. Phrases by OpenCC (乾隆 stays), characters where that changes the length."""
    table = _simplified_characters()
    if not table.keys() & set(text):
        return text
    converted = _converter().convert(text)
    if len(converted) == len(text):
        return str(converted)
    return text.translate({ord(key): value for key, value in table.items()})


@cache
def _converter():  # type: ignore[no-untyped-def]  # OpenCC ships no types
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _simplified_characters() -> dict[str, str]:
    """OpenCC's own character table, read once, so that plain simplified text skips the converter."""
    from importlib.resources import files

    lines = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {
        traditional: options.split(" ")[0] for traditional, options in pairs if traditional not in options
    }


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """jieba's words of the normalised text, with the shipped and the company's terms."""
    return cut(normalise(text))


_TERM = re.compile(r"([^\s\ufffd]{1,20})(?:\s+(\d{1,9}))?(?:\s+([a-z]+))?")
_added: set[bytes] = set()


def add_terms(path: Path) -> None:
    """Teach jieba a company's words: one a line, with a frequency and part of speech if you like.

    They stay for the life of the process. Raises ValueError, naming the line, for a file that cannot be
    read so.
    """
    data = path.read_bytes()
    if data in _added:
        return
    for number, line in enumerate(data.split(b"\n"), start=1):
        told = line.decode("utf-8-sig", errors="replace").strip()
        term = _TERM.fullmatch(told)
        if told and term is None:
            raise ValueError(f"line {number}: expected a word, its frequency, its kind; found {told[:60]!r}")
        if term:
            segmenter().add_word(term[1], int(term[2]) if term[2] else None)
    _added.add(data)
    cut.cache_clear()
    _prepare_cached.cache_clear()  # words decide how a character with two readings sounds
    words.cache_clear()


def clauses(text: str) -> tuple[tuple[int, int], ...]:
    """Half-open offsets of the clauses of ``text``, cut at Chinese and Western punctuation."""
    found, start = [], 0
    for at, character in enumerate(text + "\n"):
        if character in _CLAUSE_END:
            if text[start:at].strip():
                found.append((start, at))
            start = at + 1
    return tuple(found)


def spoken_number(digits: str, *, quantity: bool) -> str:
    """How a number is said: ``("120", quantity=True)`` → 一百二十; otherwise digit by digit."""
    whole, _, fraction = digits.replace("．", ".").partition(".")
    tail = "点" + fraction.translate(_DIGITS) if fraction else ""
    if not quantity or len(whole) > 4 or (whole.startswith("0") and len(whole) > 1):
        return whole.translate(_DIGITS) + tail
    said, zero = "", False
    for place, digit in zip(range(len(whole) - 1, -1, -1), whole):
        if digit == "0":
            zero = bool(said)
            continue
        said += ("零" if zero else "") + digit.translate(_DIGITS) + ("", "十", "百", "千")[place]
        zero = False
    said = said or "零"
    return (said[1:] if said.startswith("一十") else said) + tail


def count_syllables(text: str) -> int:
    """Syllables spoken: 汉字 one each, numbers as they are read, Latin by its vowels.

    Punctuation, spaces and hesitation fillers never count. A number of up to four digits before a
    measure word is read as a quantity (120元: 5), any other digit by digit (工号8021: 4). Words in
    capitals of up to four letters are spelled out (APP: 3).
    """
    rest = unicodedata.normalize("NFKC", text)
    if _PLAIN.fullmatch(rest):  # most of what is recognised
        return len(rest) - len(_SILENT.findall(rest))
    rest = _NUMBER.sub(_say_number, rest)
    latin = sum(_latin_syllables(word) for word in _LATIN.findall(rest))
    hanzi = _LATIN.sub(" ", rest)
    return latin + sum(1 for c in hanzi if unicodedata.category(c) in ("Lo", "Nl") and c not in FILLERS)


def _say_number(match: re.Match[str]) -> str:
    follows = match.string[match.end() : match.end() + 1]
    return spoken_number(match.group(), quantity=bool(follows) and follows in _UNITS)


def _latin_syllables(word: str) -> int:
    if word.isupper() and len(word) <= 4:
        return len(word)
    lower = word.lower()
    groups = len(_VOWELS.findall(lower))
    silent_e = lower.endswith("e") and not lower.endswith("le") and groups > 1
    return max(1, groups - silent_e)
