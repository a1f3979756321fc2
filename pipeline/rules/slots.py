"""What fills a slot: small programs over characters, which the compiled search runs (``kernels/slots.py``).

They are what regular expressions would be, and look for the same ends in the same order. Written in characters, they
read sounds, so that a homophone still fills the slot; a department's name must be right to the character.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from pipeline.sounds import sound_of

ONE_OF, EITHER, DONE = 0, 1, 2  # steps of a program
LONGEST_SLOT = 12  # characters a slot may take before a literal
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪"
)
# Share of a filled slot's characters that must be right; sound alone may supply the rest. A surname may
# be any homophone (皇 for 黄); a department's short names (部, 科) sound like too much else (不, 可).
RIGHT_SHARE, _RIGHT_SHARES = 0.5, {"姓氏": 0.0, "部门": 1.0}


class Step(NamedTuple):
    """ONE_OF: one of the ``characters`` (any where there are none). EITHER: go ``to`` steps on, or, where that leads
    nowhere, ``other`` steps (0: there is no other way)."""

    what: int
    to: int = 0
    other: int = 0
    characters: str = ""


Steps = tuple[Step, ...]


def _one(characters: str) -> Steps:
    return (Step(ONE_OF, characters=characters),)


def _either(first: Steps, *others: Steps) -> Steps:
    if not others:
        return first
    rest = _either(*others)
    return (Step(EITHER, 1, len(first) + 2), *first, Step(EITHER, len(rest) + 1), *rest)


def _words(options: str) -> Steps:
    """One of the words between bars."""
    return _either(*(tuple(step for one in word for step in _one(one)) for word in options.split("|")))


def _maybe(steps: Steps) -> Steps:
    return (Step(EITHER, 1, len(steps) + 1), *steps)


def _times(steps: Steps, least: int, most: int) -> Steps:
    """As often as it can be."""
    rest: Steps = ()
    for _ in range(most - least):
        rest = _maybe(steps + rest)
    return steps * least + rest


def _seldom(steps: Steps, least: int, most: int) -> Steps:
    """As seldom as it can be."""
    rest: Steps = ()
    for _ in range(most - least):
        rest = (Step(EITHER, len(steps + rest) + 1, 1), *steps, *rest)
    return steps * least + rest


def _several(steps: Steps, least: int) -> Steps:
    """So often or oftener."""
    return (*steps * least, Step(EITHER, 1, len(steps) + 2), *steps, Step(EITHER, -len(steps) - 1))


_ANY = _one("")
# 要 sounds as 幺, which prepare() has made 一 where it was heard right
_DIGIT = _one("零一二三四五六七八九要")
_NUMBER = _one("零一二三四五六七八九十百千万点半几")
_COMPOUND = tuple(map(_words, ("欧阳", "上官", "司马", "诸葛")))
_LONG_TIME = _words("分钟|小时|钟头|天|点|号|日|月|周|星期|工作日|秒")
_RANGE = (
    _times(_NUMBER, 1, 6)
    + _maybe(_one("到") + _times(_NUMBER, 1, 4))
    + _maybe(_one("个"))
    + _maybe(_one("半"))
)

SLOTS: Mapping[str, Steps] = {
    "姓氏": _either(*_COMPOUND, _one(_SURNAMES)),
    "工号": _several(_DIGIT, 2) + _maybe(_maybe(_ANY) + _several(_DIGIT, 2)),
    "数字": _times(_NUMBER, 1, 20),
    "金额": _times(_NUMBER, 1, 12) + _words("元|块|角|毛|分钱|人民币"),
    "时间": _either(
        _RANGE + _LONG_TIME,
        _one("今明后") + _one("天晚") + _maybe(_words("上午|下午|早上|晚上")),
        _words("上午|下午|晚上|中午") + _maybe(_times(_NUMBER, 1, 4) + _one("点")),
        _maybe(_one("下")) + _words("周|星期") + _one("一二三四五六日末"),
    ),
    "部门": _seldom(_ANY, 1, 6) + _words("部门|部|中心|科|组|处|专席|专员|营业厅|厅"),
    "称呼": _maybe(_either(_words("欧阳"), _one(_SURNAMES)))
    + _words("先生|女士|小姐|太太|阿姨|叔叔|大爷|大妈|老师|同志"),
}  # fmt: skip


def right_share(slot: str) -> float:
    """Share 0..1 of a filling's characters that must be the slot's; 1: its program reads characters."""
    return _RIGHT_SHARES.get(slot, RIGHT_SHARE)


@cache
def slot_chars(slot: str) -> frozenset[str]:
    """The characters a slot is written with."""
    return frozenset(one for step in SLOTS[slot] for one in step.characters)


@cache
def slot_sounds(slot: str) -> frozenset[str]:
    """The sound codes a filling of the slot may be made of."""
    return frozenset(map(sound_of, slot_chars(slot)))
