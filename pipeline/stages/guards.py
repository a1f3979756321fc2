"""Guards against text that nobody said. Each gives its reason, or "" when the text may stay.

Whisper models write something into noise: subtitle credits they were trained on, sound labels in
brackets, one clause over and over. What a guard refuses is recorded as ``Dropped``.
"""

from __future__ import annotations

import re

from pipeline.stages.recogniser import Recognised

NO_SPEECH = 0.6  # Whisper's own thresholds (Radford et al. 2022, section 4.5): both must agree
MIN_MEAN_LOGPROB = -1.0
MAX_COMPRESSION = 2.4  # likewise
MIN_LOOP_CHARACTERS = 12  # a customer may well say 对对对对对; nobody says a clause six times over
MIN_LOOP_REPEATS = 4
MAX_BESIDE_CREDITS = 12  # characters; an utterance with more than that beside a credit line is talk about one
MAX_CHARACTERS_PER_S = 14.0  # the fastest Mandarin is half of it (about 400 characters a minute)

_BRACKETS = re.compile(r"[(（\[【<《♪*][^(（\[【<《♪*)）\]】>》]*[)）\]】>》♪*]")
_LOOP = re.compile(rf"(.{{1,20}}?)\1{{{MIN_LOOP_REPEATS - 1},}}", re.DOTALL)
_BOILERPLATE = tuple(
    re.compile(pattern)
    for pattern in (
        r"字幕(由|志愿者|组|制作|提供|by)",
        r"(请不吝|不吝)点赞",
        r"点赞.{0,4}(订阅|订閱).{0,4}(转发|转發|打赏)",
        r"明镜(与|和|需要)?(点点)?(栏目|您的支持|欢迎订阅)",
        r"(中文字幕|字幕校对|字幕翻译|时间轴)",
        r"(谢谢|感谢)(大家的?)?(观看|收看|收听)",
        r"优优独播剧场",
        r"(amara\.org|YoYo Television)",
        r"本(视频|节目|字幕)(由|是)",
        r"(欢迎|记得)(订阅|关注)(我的|我们的)?(频道|公众号)",
        r"作词.{0,6}作曲",
        r"以下是普通话的句子",
    )
)


def refused(segment: Recognised, *, voice_s: float) -> str:
    """Why a whole segment is not believed; ``voice_s``: seconds of voice in its window."""
    if segment.no_speech > NO_SPEECH and segment.mean_logprob < MIN_MEAN_LOGPROB:
        return (
            f"no speech: probability {segment.no_speech:.2f}, mean log-probability {segment.mean_logprob:.2f}"
        )
    if loop := repeated(segment.text):
        return f"loop: {loop!r} over and over"
    if segment.compression > MAX_COMPRESSION:
        return f"loop: compression ratio {segment.compression:.1f}"
    count = sum(c.isalnum() for c in segment.text)
    if voice_s > 0 and count > 8 and count / voice_s > MAX_CHARACTERS_PER_S:
        return f"too fast: {count} characters in {voice_s:.1f} s of voice"
    return ""


def boilerplate(text: str) -> str:
    """Why a clause or utterance is no speech of the call: sound labels, subtitle credits."""
    if not any(c.isalnum() for c in _BRACKETS.sub("", text)):
        return "bracketed sound label" if any(c.isalnum() for c in text) else "no words"
    for pattern in _BOILERPLATE:
        if pattern.search(text) and sum(c.isalnum() for c in pattern.sub("", text)) <= MAX_BESIDE_CREDITS:
            return "subtitle boilerplate"
    return ""


def repeated(text: str) -> str:
    """The n-gram that a text repeats without end, or ""."""
    for match in _LOOP.finditer(re.sub(r"[\s,，。.!！?？、]", "", text)):
        if len(match[0]) >= MIN_LOOP_CHARACTERS:
            return match[1]
    return ""
