"""Chunks of simulated mono calls with exact truth, made as fast as the diarizer can learn from them.

A bank of voices is rendered once; a chunk then lays their sentences on a timeline as a telephone
call would (turns, pauses, replies said into the other's speech, overlaps), adds the line, and is told
apart from a real one only by its content. Audio is mixed at 8 kHz and given at 16 kHz.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.train.corpus import Corpus
from models.train.speech import TRAIN_VARIANTS
from pipeline.callsim import line, sounds
from pipeline.callsim.voices import Voice, VoiceSet, random_voice, speak_many
from pipeline.types import Span

Samples = NDArray[np.float32]

LINE_HZ = 8000
MODEL_HZ = 16_000
CHUNK_S = 5.0  # the segmentation model's window
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
_PIECE = re.compile(r"[^\w]+")
_LONGEST = 16  # characters of one breath group
# Between phrases of a line, turns of a call and lines of the same party: as the simulator plans calls, with tails.
_COMMA_S, _SENTENCE_S = (0.12, 0.28), (0.28, 0.5)
_TURN_S = (0.3, 0.8)


@dataclass(frozen=True, slots=True)
class Speaker:
    """One voice and its phrases (int16 at 8 kHz, telephone band); ``replies`` are the short ones.

    ``colour``: a filter that makes another voice of the same phrases, or None.
    """

    voice: Voice
    phrases: tuple[NDArray[np.int16], ...]
    replies: tuple[NDArray[np.int16], ...]
    colour: Samples | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """``samples`` float32 at 16 kHz; ``spans[k]`` is when the k-th of ``speakers`` speaks."""

    samples: Samples
    speakers: tuple[int, ...]  # places in the bank
    spans: tuple[tuple[Span, ...], ...]


def render_bank(
    seed: int,
    *,
    set: VoiceSet,
    voices: int,
    sentences: int,
    variants: Sequence[str] = TRAIN_VARIANTS,
) -> list[Speaker]:
    """``voices`` speakers of a set, each with ``sentences`` phrases and a third as many replies.

    Training voices come of ``variants`` in turn, not only of the simulator's twenty: unseen variants are
    what the models will meet.
    """
    rng = np.random.default_rng(seed)
    people = [random_voice(rng, set=set) for _ in range(voices)]
    if set == "train":
        people = [replace(voice, variant=variants[i % len(variants)]) for i, voice in enumerate(people)]
    corpus = Corpus("train")
    replies = max(2, sentences // 3)
    texts = [
        *(_phrase(corpus, rng) for _ in range(voices * sentences)),
        *(str(rng.choice(_REPLIES)) for _ in range(voices * replies)),
    ]
    owners = [*np.repeat(np.arange(voices), sentences), *np.repeat(np.arange(voices), replies)]
    spoken = speak_many(texts, [people[i] for i in owners], workers=1)
    said: list[list[NDArray[np.int16]]] = [[] for _ in range(2 * voices)]
    for place, (owner, sound) in enumerate(zip(owners, spoken)):
        kind = 0 if place < voices * sentences else voices
        said[kind + owner].append((_to_line(sound) * 32767).astype(np.int16))
    return [Speaker(people[i], tuple(said[i]), tuple(said[voices + i])) for i in range(voices)]


def recoloured(bank: Sequence[Speaker], rng: np.random.Generator, *, times: int) -> list[Speaker]:
    """The bank and ``times`` - 1 more voices of each speaker, alike in all but tilt and one spectral peak.

    Those are the voices that are hardest to keep apart, and they cost no rendering.
    """
    more = [replace(speaker, colour=_colour(rng)) for speaker in bank for _ in range(times - 1)]
    return [*bank, *more]


def _colour(rng: np.random.Generator, taps: int = 48) -> Samples:
    """Linear phase, at 8 kHz: a slope above 500 Hz and a bell, as wide as the simulator's voices draw them."""
    hz = np.linspace(0, LINE_HZ / 2, taps // 2 + 1)
    slope = rng.uniform(-3.0, 3.0) * np.log2(np.maximum(hz, 500) / 500)
    at_hz = float(np.exp(rng.uniform(np.log(500), np.log(3200))))
    bell = rng.uniform(-6.0, 6.0) * np.exp(-0.5 * (np.log2(np.maximum(hz, 50) / at_hz) / 0.4) ** 2)
    response = np.fft.irfft(10 ** ((slope + bell) / 20))
    return (np.append(np.roll(response, taps // 2), 0.0) * np.hanning(taps + 1)).astype(np.float32)


def _phrase(corpus: Corpus, rng: np.random.Generator) -> str:
    """A breath group of a training line: up to the first mark, never too long."""
    _, text = corpus.mixed(rng)
    pieces = [piece for piece in _PIECE.split(text) if piece]
    return str(rng.choice(pieces))[:_LONGEST] if pieces else "好的"


def _to_line(sound: Samples) -> Samples:
    return line.telephone_band(line.to_8k(sound, MODEL_HZ), LINE_HZ) * np.float32(0.5)


def simulate(
    rng: np.random.Generator,
    bank: list[Speaker],
    seconds: float,
    *,
    speakers: int | None = None,
    talked_over: float = 0.08,
) -> Chunk:
    """A stretch of a call of 0–3 speakers (drawn when not given).

    ``talked_over``: share of lines into whose end the next one is spoken.
    """
    count = int(rng.choice(4, p=(0.03, 0.17, 0.65, 0.15))) if speakers is None else speakers
    people = _people(rng, bank, count)
    n = round(seconds * LINE_HZ)
    mix = np.zeros(n, np.float32)
    spans: list[list[Span]] = [[] for _ in people]
    if people:
        gains = 10 ** (rng.uniform(-12, 0, size=count) / 20)
        if rng.random() < 0.1:
            gains[rng.integers(count)] *= 0.15  # somebody barely to be heard
        for who, at, plain in _timeline(rng, [bank[i] for i in people], seconds, talked_over):
            colour = bank[people[who]].colour
            sound = plain if colour is None else np.convolve(plain.astype(np.float32), colour, mode="same")
            first, last = max(0, at), min(n, at + len(sound))
            if last > first:
                mix[first:last] += gains[who] * sound[first - at : last - at] / 32768
                spans[who].append(Span(first / LINE_HZ, last / LINE_HZ))
    mix = _add_line(rng, mix, spans)
    return Chunk(_at_model_rate(mix), people, tuple(tuple(sorted(s)) for s in spans))


def _people(rng: np.random.Generator, bank: list[Speaker], count: int) -> tuple[int, ...]:
    """Different voices; every fourth time two of one espeak-ng variant, which are the hardest to tell apart."""
    people = [int(i) for i in rng.choice(len(bank), size=count, replace=False)]
    if count > 1 and rng.random() < 0.25:
        variant = bank[people[0]].voice.variant
        alike = [i for i, s in enumerate(bank) if s.voice.variant == variant and i not in people]
        if alike:
            people[1] = int(rng.choice(alike))
    return tuple(people)


def _timeline(
    rng: np.random.Generator, people: list[Speaker], seconds: float, talked_over: float
) -> list[tuple[int, int, NDArray[np.int16]]]:
    """(speaker, first sample, sound) of each line, the first possibly begun before the chunk."""
    placed: list[tuple[int, int, NDArray[np.int16]]] = []
    who, at = int(rng.integers(len(people))), rng.uniform(-4.0, 1.0)
    while at < seconds:
        sound = _line_of(rng, people[who])
        placed.append((who, round(at * LINE_HZ), sound))
        length = len(sound) / LINE_HZ
        if len(people) > 1 and length > 1.5 and rng.random() < 0.1:  # a reply into the other's speech
            other = _another(rng, who, len(people))
            reply = people[other].replies[rng.integers(len(people[other].replies))]
            placed.append((other, round((at + rng.uniform(0.3, length - 0.5)) * LINE_HZ), reply))
        at += length
        draw = rng.random()
        if draw < talked_over:
            at -= rng.uniform(0.05, min(1.8, 0.1 + 0.8 * length))
        elif draw < talked_over + 0.06:
            at += rng.uniform(1.0, 5.0)
        elif draw < talked_over + 0.16:
            at += rng.uniform(0.03, 0.3)
        else:
            at += rng.uniform(*_TURN_S)
        if len(people) > 1 and rng.random() < 0.85:
            who = _another(rng, who, len(people))
    return placed


def _line_of(rng: np.random.Generator, speaker: Speaker) -> NDArray[np.int16]:
    """One to five phrases with the pauses of breath between them, or a short reply."""
    if rng.random() < 0.2:
        return speaker.replies[rng.integers(len(speaker.replies))]
    parts: list[NDArray[np.int16]] = []
    for _ in range(int(rng.choice([1, 2, 3, 5], p=(0.4, 0.33, 0.2, 0.07)))):
        pause = rng.uniform(*(_COMMA_S if rng.random() < 0.6 else _SENTENCE_S))
        parts += [
            speaker.phrases[rng.integers(len(speaker.phrases))],
            np.zeros(round(pause * LINE_HZ), np.int16),
        ]
    return np.concatenate(parts[:-1])


def _another(rng: np.random.Generator, who: int, count: int) -> int:
    return (who + 1 + int(rng.integers(count - 1))) % count


def _add_line(rng: np.random.Generator, mix: Samples, spans: list[list[Span]]) -> Samples:
    """Tones, music, laughs and coughs where nobody speaks, noise, level, codec."""
    taken = np.zeros(len(mix), dtype=bool)
    for span in (s for each in spans for s in each):
        taken[int(span.start_s * LINE_HZ) : int(span.end_s * LINE_HZ)] = True
    if rng.random() < 0.25:
        sound = rng.choice([_music, _tone])(rng, len(mix))
        start, end = sorted(rng.integers(0, len(mix), size=2))
        sound[:start] = sound[end:] = 0
        mix = mix + np.where(taken, 0, sound)
    if rng.random() < 0.1:
        sound = sounds.cough(rng) if rng.random() < 0.5 else sounds.laugh(rng)
        at = int(rng.integers(0, len(mix)))
        mix[at : at + len(sound)] += np.where(taken, 0, 1)[at : at + len(sound)] * sound[: len(mix) - at]
    if rng.random() < 0.85:
        noise = rng.normal(size=len(mix)).astype(np.float32)
        if rng.random() < 0.5:
            noise[1:] += 0.9 * noise[:-1]
        mix = mix + noise * float(10 ** (rng.uniform(-75, -35) / 20))
    mix = mix * float(10 ** (rng.uniform(-12, 6) / 20))
    chosen = line.CODECS[int(rng.choice(4, p=(0.45, 0.4, 0.03, 0.12)))]
    return line.codec(np.clip(mix, -1, 1).astype(np.float32), chosen)


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
