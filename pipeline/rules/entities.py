"""Things named in speech (phone numbers, amounts, times …) and the language of an utterance.

Spoken digits come as 汉字 or figures, with 幺 for 1 and 两 for 2; patterns accept both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from pipeline.sounds import sound_of
from pipeline.text import prepare

Entity = Literal["phone", "id_number", "amount", "time", "date", "address", "name", "number"]
Language = Literal["zh", "en", "yue"]

_D = r"[0-9零〇一二三四五六七八九幺两]"
_N = r"[0-9零〇一二三四五六七八九十百千万亿两半几.点]"
# The hundred commonest surnames cover about 85 % of people (公安部 2020 name report).
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫雷龙黎史陶贺毛段郝顾龚邵覃武钱戴严莫孔向"
)
_HOUR = "(?:[0-9]{1,2}|[零一二三四五六七八九十两]{1,3})"
_PART = "(?:凌晨|早上|上午|中午|下午|傍晚|晚上)"
_MINUTE = "(?:钟|整|半|一刻|[0-9零一二三四五六七八九十]{1,3}分?)"
_LENGTH = "(?:小时|分钟|工作日|天(?:之?内)?|钟头|秒|周|星期|个月)"
_DAY = "今天|明天|后天|昨天|(?:下|上|本|这)?(?:周|星期|礼拜)[一二三四五六日天]"
_PLACE = "(?:省|自治区|市|区|县|镇|乡|村|街道|大街|路|巷|弄|小区|大厦|号楼|单元)"
_PATTERNS: dict[Entity, tuple[str, ...]] = {
    "phone": (
        rf"(?<!{_D})[1一幺][\s-]?{_D}(?:[\s,,-]?{_D}){{9}}(?!{_D})",
        rf"(?<!{_D})[0零]{_D}{{2,3}}[\s-]?{_D}{{7,8}}(?!{_D})",
        rf"(?<!{_D})[4四][0零][0零][\s-]?{_D}(?:[\s-]?{_D}){{6}}(?!{_D})",
    ),
    "id_number": (rf"(?<!{_D}){_D}(?:[\s-]?{_D}){{16}}[\s-]?(?:{_D}|[xX])(?!{_D})",),
    "amount": (rf"{_N}+(?:多|来)?(?:元|块钱?|角|毛钱|分钱|美元|港币)",),
    "time": (
        rf"{_PART}?{_HOUR}(?:点{_MINUTE}?|:[0-9]{{2}})",
        rf"{_N}+个?(?:半)?{_LENGTH}",
        rf"{_PART}(?:之?前)?",
    ),
    "date": (rf"{_N}{{1,4}}年", rf"{_N}{{1,3}}月{_N}{{1,3}}[日号]?", rf"{_N}{{1,3}}[日号](?![码线])", _DAY),
    "address": (rf"[一-龥]{{1,8}}{_PLACE}",),
    "name": (
        rf"(?:我(?:姓|叫|是)|免贵姓|姓名是?)[{_SURNAMES}][一-龥]{{0,2}}",
        rf"[{_SURNAMES}](?:先生|女士|小姐|太太)",
    ),
    "number": (rf"{_D}{{3,}}",),
}


def _finder(patterns: tuple[str, ...]) -> Callable[[str], list[tuple[int, int]]]:
    compiled = re.compile("|".join(patterns))
    return lambda text: [match.span() for match in compiled.finditer(text[:MAX_CHARS])]


DIGITS = "零一二三四五六七八九"
PHONE_DIGITS, RIGHT_DIGITS, SOUNDING_DIGITS = 11, 7, 9


def misheard_phones(text: str) -> list[tuple[int, int]]:
    """Mobile numbers a few of whose digits were misheard: eleven syllables from 一 on, nine of which sound
    like digits and seven of which are written as digits."""
    if sum(character in _WRITTEN for character in text[:MAX_CHARS]) < RIGHT_DIGITS:
        return []
    prepared = prepare(text[:MAX_CHARS])
    chars, sounds, digits = prepared.chars, prepared.sounds, frozenset(map(sound_of, DIGITS))
    found: list[tuple[int, int]] = []
    at = 0
    while at + PHONE_DIGITS - 1 <= len(chars):
        end = min(len(chars), at + PHONE_DIGITS)
        right = sum(character in DIGITS for character in chars[at:end])
        sounding = sum(sound in digits for sound in sounds[at:end])
        inside = chars[at - 1 : at] in _DIGITS or chars[end : end + 1] in _DIGITS  # of a longer number
        if (
            sounds[at] == sound_of("一")
            and right >= RIGHT_DIGITS
            and sounding >= SOUNDING_DIGITS
            and not inside
        ):
            found.append(prepared.original_span(at, end))
            at = end
        else:
            at += 1
    return found


_DIGITS = frozenset(DIGITS)
_WRITTEN = frozenset(DIGITS + "0123456789〇幺两")
MAX_CHARS = 20_000  # an utterance is far shorter; a runaway text costs no more than this
ENTITIES: dict[Entity, Callable[[str], list[tuple[int, int]]]] = {k: _finder(p) for k, p in _PATTERNS.items()}
_written_phones = ENTITIES["phone"]
ENTITIES["phone"] = lambda text: _written_phones(text) or misheard_phones(text)

# Characters written for Cantonese only; two of them make an utterance Cantonese.
_YUE = frozenset("嘅唔係喺冇咗嚟佢哋啲嘢咁乜嗰噉畀睇揾攞諗谂瞓孭咩吓喎")
# Cantonese words in characters that Mandarin has too; one of them is enough.
_YUE_WORDS = re.compile(
    "点样|点解|几多钱|唔该|唔识|唔系|而家|边度|边个|乜嘢|系咪|得唔得|得闲|睇下|知唔知|点办|好唔好|有冇|点算|听日|琴日|今日几时|畀我|帮我睇"
)
_LATIN = re.compile(r"[A-Za-z]{2,}")
_HAN = re.compile(r"[一-龥]")


def language_of(text: str) -> Language:
    """``en`` when Latin words outnumber 汉字, ``yue`` by its own characters and words, else ``zh``."""
    if len(_LATIN.findall(text)) > max(1, len(_HAN.findall(text)) / 2):
        return "en"
    yue = sum(char in _YUE for char in text) >= 2 or _YUE_WORDS.search(text)
    return "yue" if yue else "zh"
