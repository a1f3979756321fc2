"""Chunks of simulated mono calls with exact truth, made as fast as the diarizer can learn from them.

A bank of voices is rendered once; a chunk then lays their sentences on a timeline as a telephone
call would (turns, pauses, replies said into the other's speech, overlaps), adds the line, and is told
apart from a real one only by its content. Audio is mixed at 8 kHz and given at 16 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.callsim.voices import Voice, VoiceSet, random_voice, speak_many
from pipeline.types import Span

Samples = NDArray[np.float32]

LINE_HZ = 8000
MODEL_HZ = 16_000
CHUNK_S = 5.0
MAX_SPEAKERS = 3  # per chunk, as the powerset of the segmentation model
_REPLIES = (
    "嗯",
    "好的",
    "对",
    "是的",
    "哦",
    "行",
    "谢谢",
    "可以",
    "您好",
    "再见",
    "没有",
    "不是",
    "好",
    "嗯嗯",
)
_WORDS = (
    "我们", "您的", "这个", "什么", "怎么", "时候", "今天", "明天", "上午", "下午", "公司", "机票", "酒店",
    "电话", "号码", "办理", "业务", "查询", "订单", "退款", "可以", "需要", "帮您", "请问", "麻烦", "稍等",
    "一下", "已经", "没有", "问题", "时间", "两点", "三百", "五十", "北京", "上海", "短信", "邮件", "确认",
    "信息", "身份证", "姓名", "先生", "女士", "抱歉", "理解", "心情", "投诉", "处理", "结果", "回复", "工作日",
    "账户", "密码", "手机", "套餐", "费用", "月底", "因为", "所以", "但是", "如果", "还是", "现在", "刚才",
    "之前", "以后", "一直", "不能", "应该", "知道", "觉得", "告诉", "发给", "收到", "联系", "安排", "出发",
    "到达",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice and its sentences (int16 at 8 kHz); ``replies`` are the short ones."""

    voice: Voice
    sentences: tuple[NDArray[np.int16], ...]
    replies: tuple[NDArray[np.int16], ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """``samples`` float32 at 16 kHz; ``spans[k]`` is when the k-th of ``speakers`` speaks."""

    samples: Samples
    speakers: tuple[int, ...]  # places in the bank
    spans: tuple[tuple[Span, ...], ...]


def render_bank(seed: int, *, set: VoiceSet, voices: int, sentences: int) -> list[Speaker]:
    """``voices`` speakers of a set, each with ``sentences`` sentences and a third as many replies."""
    rng = np.random.default_rng(seed)
    people = [random_voice(rng, set=set) for _ in range(voices)]
    replies = max(2, sentences // 3)
    texts = [
        *(_sentence(rng) for _ in range(voices * sentences)),
        *(str(rng.choice(_REPLIES)) for _ in range(voices * replies)),
    ]
    owners = [*np.repeat(np.arange(voices), sentences), *np.repeat(np.arange(voices), replies)]
    sounds = speak_many(texts, [people[i] for i in owners], workers=1)
    said: list[list[NDArray[np.int16]]] = [[] for _ in range(2 * voices)]
    for place, (owner, sound) in enumerate(zip(owners, sounds)):
        kind = 0 if place < voices * sentences else voices
        said[kind + owner].append((_to_line(sound) * 32767).astype(np.int16))
    return [Speaker(people[i], tuple(said[i]), tuple(said[voices + i])) for i in range(voices)]


def _sentence(rng: np.random.Generator) -> str:
    return "".join(rng.choice(_WORDS, size=rng.integers(1, 9)))


def _to_line(sound: Samples) -> Samples:
    """16 kHz → 8 kHz by cutting the spectrum at the telephone's 300–3400 Hz."""
    spectrum = np.fft.rfft(sound)
    hz = np.linspace(0, MODEL_HZ / 2, len(spectrum))
    spectrum *= (hz > 250) & (hz < 3500)
    half = len(sound) // 2
    return (np.fft.irfft(spectrum[: half // 2 + 1], half) / 2).astype(np.float32)


def simulate(
    rng: np.random.Generator, bank: list[Speaker], seconds: float, *, speakers: int | None = None
) -> Chunk:
    """A stretch of a call of 0–3 speakers (drawn when not given)."""
    count = int(rng.choice(4, p=(0.05, 0.2, 0.6, 0.15))) if speakers is None else speakers
    people = tuple(int(i) for i in rng.choice(len(bank), size=count, replace=False))
    n = round(seconds * LINE_HZ)
    mix = np.zeros(n, np.float32)
    spans: list[list[Span]] = [[] for _ in people]
    if people:
        gains = 10 ** (rng.uniform(-14, 0, size=count) / 20)
        for who, at, sound in _timeline(rng, [bank[i] for i in people], seconds):
            first, last = max(0, at), min(n, at + len(sound))
            if last > first:
                mix[first:last] += gains[who] * sound[first - at : last - at] / 32768
                spans[who].append(Span(first / LINE_HZ, last / LINE_HZ))
    _add_line(rng, mix, spans)
    return Chunk(_at_model_rate(mix), people, tuple(tuple(sorted(s)) for s in spans))


def _timeline(
    rng: np.random.Generator, people: list[Speaker], seconds: float
) -> list[tuple[int, int, NDArray[np.int16]]]:
    """(speaker, first sample, sound) of each utterance, the first possibly begun before the chunk."""
    placed: list[tuple[int, int, NDArray[np.int16]]] = []
    who, at = int(rng.integers(len(people))), rng.uniform(-3.0, 1.0)
    while at < seconds:
        pool = people[who].replies if rng.random() < 0.2 else people[who].sentences
        sound = pool[rng.integers(len(pool))]
        placed.append((who, round(at * LINE_HZ), sound))
        length = len(sound) / LINE_HZ
        if len(people) > 1 and length > 1.5 and rng.random() < 0.12:  # a reply into the other's speech
            other = _another(rng, who, len(people))
            reply = people[other].replies[rng.integers(len(people[other].replies))]
            placed.append((other, round((at + rng.uniform(0.3, length - 0.5)) * LINE_HZ), reply))
        at += length
        draw = rng.random()
        if draw < 0.12:
            at -= rng.uniform(0.1, min(1.2, length))
        elif draw < 0.2:
            at += rng.uniform(1.0, 5.0)
        else:
            at += 0.08 + rng.exponential(0.35)
        if len(people) > 1 and rng.random() < 0.7:
            who = _another(rng, who, len(people))
    return placed


def _another(rng: np.random.Generator, who: int, count: int) -> int:
    return (who + 1 + int(rng.integers(count - 1))) % count


def _add_line(rng: np.random.Generator, mix: Samples, spans: list[list[Span]]) -> None:
    """Tones and music where nobody speaks, noise, µ-law, level; in place."""
    taken = np.zeros(len(mix), dtype=bool)
    for span in (s for each in spans for s in each):
        taken[int(span.start_s * LINE_HZ) : int(span.end_s * LINE_HZ)] = True
    if rng.random() < 0.3:
        sound = rng.choice([_music, _tone])(rng, len(mix))
        start, end = sorted(rng.integers(0, len(mix), size=2))
        sound[:start] = sound[end:] = 0
        mix += np.where(taken, 0, sound)
    if rng.random() < 0.85:
        noise = rng.normal(size=len(mix)).astype(np.float32)
        if rng.random() < 0.5:
            noise[1:] += 0.9 * noise[:-1]
        mix += noise * float(10 ** (rng.uniform(-75, -32) / 20))
    mix *= float(10 ** (rng.uniform(-12, 6) / 20))
    np.clip(mix, -1, 1, out=mix)
    if rng.random() < 0.7:  # µ-law, ITU-T G.711
        coded = np.sign(mix) * np.log1p(255 * np.abs(mix)) / np.log(256)
        coded = np.round(coded * 127) / 127
        mix[:] = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255


def _music(rng: np.random.Generator, n: int) -> Samples:
    """Chords that change a few times a second, as on-hold music does."""
    beat = int(LINE_HZ * rng.uniform(0.15, 0.6))
    t = np.arange(n) / LINE_HZ
    step = np.arange(n) // beat
    out = np.zeros(n)
    for _ in range(int(rng.integers(1, 4))):
        notes = 220 * 2 ** (rng.integers(0, 30, size=step[-1] + 1) / 12)
        phase = 2 * np.pi * np.cumsum(notes[step]) / LINE_HZ
        out += sum(np.sin(k * phase) / k**1.5 for k in (1, 2, 3))
    out *= np.exp(-(t % (beat / LINE_HZ)) * rng.uniform(0.5, 8))
    return (out * rng.uniform(0.02, 0.2) / (np.abs(out).max() + 1e-9)).astype(np.float32)


def _tone(rng: np.random.Generator, n: int) -> Samples:
    """Ringback, busy, congestion (450 Hz in China, GF 002), DTMF or a beep."""
    t = np.arange(n) / LINE_HZ
    on, off = [(1.0, 4.0), (0.35, 0.35), (0.7, 0.7), (0.1, 0.1), (0.4, 9.0)][rng.integers(5)]
    hz = (450,) if on > 0.3 else (rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477]))
    sound = sum(np.sin(2 * np.pi * f * t) for f in hz) * ((t + rng.uniform(0, 5)) % (on + off) < on)
    return (sound * rng.uniform(0.03, 0.3)).astype(np.float32)


def _at_model_rate(mix: Samples) -> Samples:
    spectrum = np.zeros(len(mix) + 1, np.complex64)
    spectrum[: len(mix) // 2 + 1] = np.fft.rfft(mix)
    return (2 * np.fft.irfft(spectrum, 2 * len(mix))).astype(np.float32)


def frame_labels(chunk: Chunk, centres_s: NDArray[Any]) -> NDArray[np.float32]:
    """1 where the k-th speaker speaks, shape ``[frames, 3]``."""
    labels = np.zeros((len(centres_s), MAX_SPEAKERS), np.float32)
    for k, spans in enumerate(chunk.spans):
        for span in spans:
            labels[(centres_s >= span.start_s) & (centres_s < span.end_s), k] = 1
    return labels
