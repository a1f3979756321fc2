"""What the demo recogniser learns to read: sentences of service calls, and words at random.

``Corpus("train")`` and ``Corpus("heldout")`` share no free template, no free line of a
call, no agent's, order or telephone number and no full name. The stock lines themselves are in both. Kinds:

- ``calls``: lines of the call simulator's grammar, of the same set;
- ``phrase``: the lines the standards ask for or forbid, in every variant;
- ``near``: such a line cut short, joined with another, or with a word exchanged: a recogniser that
  writes the stock line for it invents what was never said;
- ``service``: agents' and customers' free talk; ``daily``: plain Mandarin about other things;
- ``words``: dictionary words by frequency, where no context helps; ``number``: digits and amounts.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

Split = Literal["train", "heldout"]
Kind = Literal["calls", "phrase", "near", "service", "daily", "words", "number"]

HERE = Path(__file__).parent
HELD_SHARE = 0.12  # of the free templates, surnames and numbers
VOCABULARY = 3400  # characters: those of the templates, then the commonest of the dictionary
MIX: dict[Kind, float] = {
    "calls": 0.12, "phrase": 0.08, "near": 0.12, "service": 0.32, "daily": 0.17, "words": 0.12, "number": 0.07,
}  # fmt: skip
_DIGITS = "零一二三四五六七八九"
_DAYS = [
    "今天",
    "明天",
    "后天",
    "昨天",
    "前天",
    "上周",
    "下周",
    "周一",
    "周二",
    "周三",
    "周四",
    "周五",
    "周六",
    "周日",
    "星期一",
    "星期五",
    "星期天",
    "月底",
    "下个月",
    "上个月",
    "明天上午",
    "今天下午",
    "昨天晚上",
    "后天早上",
]
_GROUP = re.compile(r"\(([^()]*)\)")
_SENTENCE = re.compile(r"[^。？！!?]+[。？！!?]?")
_SLOT = re.compile(r"\{(\w+)\}")


def is_held(text: str) -> bool:
    """Chance by the text itself, so that the sets never overlap whatever the order."""
    return zlib.crc32(text.encode()) % 1000 < HELD_SHARE * 1000


def spoken(text: str) -> str:
    """The characters to be recognised: no punctuation, no spaces."""
    return "".join(c for c in text if c.isalnum())


class Corpus:
    """Draws sentences of one set; everything random comes from the generator given to ``draw``."""

    def __init__(self, split: Split) -> None:
        self.split = split
        held = split == "heldout"
        sections = _templates()
        self._phrases = sections["phrase"]
        self._free = {
            kind: [t for name in names for t in sections[name] if is_held(t) == held]
            + [t for name in names if not held for t in _more_templates()[name]]
            for kind, names in (("service", ("agent", "customer")), ("daily", ("daily",)))
        }
        self._calls = _call_lines(split)
        self._words, self._weights = _dictionary()

    def draw(self, kind: Kind, rng: np.random.Generator) -> str:
        """One sentence with punctuation, every character of it in the vocabulary."""
        while True:
            text = self._draw(kind, rng)
            said = spoken(text)
            if 1 <= len(said) <= 40 and set(said) <= vocabulary_set():
                return text

    def mixed(self, rng: np.random.Generator) -> tuple[Kind, str]:
        kind: Kind = list(MIX)[int(rng.choice(len(MIX), p=np.array(list(MIX.values()))))]
        return kind, self.draw(kind, rng)

    def _draw(self, kind: Kind, rng: np.random.Generator) -> str:
        if kind == "calls":
            return _pick(self._calls, rng)
        if kind == "phrase":
            return self._fill(_pick(self._phrases, rng), rng)
        if kind == "near":
            return self._near(rng)
        if kind in ("service", "daily"):
            text = self._fill(_pick(self._free[kind], rng), rng)
            return text if rng.random() < 0.8 else f"{text},{self._fill(_pick(self._free[kind], rng), rng)}"
        if kind == "words":
            count = int(rng.integers(2, 8))
            return "".join(rng.choice(self._words, count, p=self._weights))
        return self._numbers(rng)

    def _near(self, rng: np.random.Generator) -> str:
        """A stock line that is not quite one."""
        text = self._fill(_pick(self._phrases, rng), rng)
        said = spoken(text)
        way = rng.integers(5)
        if way == 0 or len(said) < 5:  # cut short, as by an interruption
            return said[: int(rng.integers(1, max(2, len(said))))]
        if way == 1:  # begun late
            return said[int(rng.integers(1, len(said) - 1)) :]
        if way == 2:  # a word of another kind in its middle
            at = int(rng.integers(1, len(said)))
            return said[:at] + self._word(rng) + said[min(len(said), at + int(rng.integers(0, 3))) :]
        if way == 3:  # its first half with the second of another
            other = spoken(self._fill(_pick(self._phrases, rng), rng))
            return said[: max(2, len(said) // 2)] + other[len(other) // 2 :]
        free = spoken(self._fill(_pick(self._free["service"], rng), rng))
        return said[: int(rng.integers(2, len(said)))] + free[int(rng.integers(0, max(1, len(free) - 3))) :]

    def _word(self, rng: np.random.Generator) -> str:
        return str(rng.choice(self._words, p=self._weights))

    def _numbers(self, rng: np.random.Generator) -> str:
        slot = ("digits", "phone", "money", "date", "time", "agentid", "num", "fullname")[
            int(rng.integers(8))
        ]
        lead = ("", "", "是", "号码是", "我的是", "一共", "好的,", "在", "工号", "就是")[
            int(rng.integers(10))
        ]
        tail = ("", "", "对吗", "号", "左右", "吧", "为您服务")[int(rng.integers(7))]
        return lead + self._slot(slot, rng) + tail

    def _fill(self, template: str, rng: np.random.Generator) -> str:
        while _GROUP.search(template):
            template = _GROUP.sub(lambda m: _pick(m[1].split("|"), rng), template)
        while _SLOT.search(template):
            template = _SLOT.sub(lambda m: self._fill(self._slot(m[1], rng), rng), template)
        return template.strip(",")

    def _slot(self, name: str, rng: np.random.Generator) -> str:
        made = _MAKERS.get(name)
        if made is None:
            return self._own(_slots()[name], rng)
        for _ in range(200):
            text = made(rng)
            if name not in ("agentid", "phone", "digits", "fullname") or is_held(text) == (
                self.split == "heldout"
            ):
                return text
        raise RuntimeError(
            f"slot {name!r}: expected a value of the {self.split} set in 200 draws, found none"
        )

    def _own(self, values: list[str], rng: np.random.Generator) -> str:
        # entries of closed classes (cities, departments) are words of the language: both sets use them
        return _pick(values, rng)


def _pick(values: list[str], rng: np.random.Generator) -> str:
    return values[int(rng.integers(len(values)))]


def _digits(rng: np.random.Generator, count: int) -> str:
    text = "".join(_DIGITS[int(d)] for d in rng.integers(0, 10, count))
    return text.replace("一", "幺") if rng.random() < 0.4 else text


def number_name(n: int) -> str:
    """0 ≤ n < 100,000,000 as it is read: 一百零五, 两千三百."""
    if n < 10:
        return _DIGITS[n]
    for unit, name in ((10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if n >= unit:
            head, rest = divmod(n, unit)
            lead = "" if (unit, head) == (10, 1) and n < 20 else number_name(head)
            if unit > 100 and head == 2:
                lead = "两"
            zero = "零" if rest and rest < unit // 10 else ""
            tail = number_name(rest) if rest else ""
            return lead + name + zero + ("一" + tail if 10 <= rest < 20 else tail)
    raise ValueError(n)


def _money(rng: np.random.Generator) -> str:
    scale = 10 ** int(rng.integers(1, 5))
    amount = int(rng.integers(1, 10)) * scale // (10 if rng.random() < 0.3 else 1) + (
        int(rng.integers(scale)) if rng.random() < 0.6 else 0
    )
    cents = f"点{_DIGITS[int(rng.integers(1, 10))]}" if rng.random() < 0.1 else ""
    return number_name(max(amount, 1)) + cents + _pick(["元", "块", "块钱"], rng)


def _date(rng: np.random.Generator) -> str:
    if rng.random() < 0.5:
        return _pick(_DAYS, rng)
    month, day = int(rng.integers(1, 13)), int(rng.integers(1, 32))
    return f"{number_name(month)}月{number_name(day)}{_pick(['号', '日'], rng)}"


def _time(rng: np.random.Generator) -> str:
    hour = int(rng.integers(1, 13))
    minute = _pick(["", "半", "十分", "十五分", "二十", "四十分", "一刻", "零五分", "五十五"], rng)
    part = _pick(["", "上午", "下午", "早上", "晚上", "中午"], rng)
    return part + ("两" if hour == 2 else number_name(hour)) + "点" + minute


def _deadline(rng: np.random.Generator) -> str:
    count = int(rng.integers(1, 31))
    name = "两" if count == 2 else number_name(count)
    return name + _pick(["个小时", "个工作日", "天", "分钟", "小时"], rng)


def _count(rng: np.random.Generator) -> str:
    count = int(rng.integers(1, 8))
    return ("两" if count == 2 else number_name(count)) + _pick(
        ["张", "个", "位", "件", "间", "台", "份"], rng
    )


_MAKERS = {
    "agentid": lambda rng: _digits(rng, int(rng.choice([3, 4, 4, 4, 5, 6]))),
    "digits": lambda rng: _digits(rng, int(rng.integers(3, 13))),
    "phone": lambda rng: "一" + _pick(list("三五七八九"), rng) + _digits(rng, 9) if rng.random() < 0.6
    else "幺" + _pick(list("三五七八九"), rng) + _digits(rng, 9),
    "num": lambda rng: number_name(int(rng.integers(1, 10 ** int(rng.integers(1, 5))))),
    "money": _money, "date": _date, "time": _time, "deadline": _deadline, "count": _count,
    "minutes": lambda rng: number_name(int(rng.integers(1, 25)) * 5) + "分钟",
    "fullname": lambda rng: _pick(_slots()["xing"], rng) + _pick(_slots()["given"], rng),
}  # fmt: skip


@cache
def _slots() -> dict[str, list[str]]:
    table = tomllib.loads((HERE / "slots.toml").read_text(encoding="utf-8"))
    return {name: text.split("|" if "|" in text else None) for name, text in table.items()}


@cache
def _templates() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for line in (HERE / "templates.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return sections


@cache
def _more_templates() -> dict[str, list[str]]:
    """Free talk on many more matters, for training alone: ``templates/TOPIC-SECTION.txt``."""
    sections: dict[str, list[str]] = {}
    for path in sorted((HERE / "templates").glob("*-*.txt")):
        lines = path.read_text(encoding="utf-8").split("\n")
        sections.setdefault(path.stem.split("-")[1], []).extend(filter(None, lines))
    return sections


def _jieba_words() -> Iterator[tuple[str, int]]:
    import jieba

    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf-8") as file:
        for line in file:
            word, frequency, *_ = line.split(" ")
            if all("\u4e00" <= c <= "\u9fff" for c in word):
                yield word, int(frequency)


@cache
def _call_lines(split: Split) -> list[str]:
    """Lines of the simulator's calls, in their slots' own values; the held-out ones without what both sets say."""
    from pipeline.callsim.grammar import generate_scripts

    def lines(which: Split, calls: int) -> list[str]:
        said = (getattr(e, "text", None) for s in generate_scripts(calls, 1, set=which) for e in s.events)
        return [part for text in said if text for part in _SENTENCE.findall(text) if spoken(part)]

    if split == "train":
        return lines("train", 500)
    own = lines(split, 120)
    known = set(_call_lines("train"))
    return sorted(set(own) - known)


@cache
def vocabulary() -> tuple[str, ...]:
    """The characters the model can write: all of the templates and slots, then by frequency."""
    ours = "".join(
        line for part in (_templates(), _more_templates()) for lines in part.values() for line in lines
    )
    ours += (
        "".join("".join(values) for values in _slots().values()) + _DIGITS + "十百千万两点幺半刻分号日月元块"
    )
    characters = dict.fromkeys(sorted({c for c in ours if "\u4e00" <= c <= "\u9fff"}))
    counts: dict[str, int] = {}
    for word, frequency in _jieba_words():
        for c in word:
            counts[c] = counts.get(c, 0) + frequency
    for c in sorted(counts, key=lambda c: (-counts[c], c)):
        if len(characters) >= VOCABULARY:
            break
        characters.setdefault(c)
    return tuple(characters)


@cache
def vocabulary_set() -> frozenset[str]:
    return frozenset(vocabulary())


@cache
def _dictionary() -> tuple[np.ndarray, np.ndarray]:
    """Words the model can write and their chances: frequency ** 0.5, so that rare ones come too."""
    words = [
        (word, frequency)
        for word, frequency in _jieba_words()
        if len(word) <= 4 and frequency >= 30 and set(word) <= vocabulary_set()
    ]
    weights = np.array([frequency for _, frequency in words], float) ** 0.5
    return np.array([word for word, _ in words]), weights / weights.sum()
