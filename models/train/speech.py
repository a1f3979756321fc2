"""Sentences rendered into what the recogniser hears: shards of telephone speech as log-mel frames.

Features come from faster-whisper's own extractor on 16 kHz sound that went through an 8 kHz line,
and are kept as bytes (``pack``; steps of 1/56 are far below the line's noise). The sounds
each sentence is made of (onset and toned rhyme of every syllable) come from espeak-ng's phoneme
output, so that polyphones and tone sandhi are as spoken.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from models.train.corpus import Corpus, Kind, spoken
from models.train.invented_voices import invented
from pipeline.callsim import line, sounds
from pipeline.callsim.voices import Voice, VoiceSet, espeak_program, random_voice, speak_many

SCALE, OFFSET = 56.0, 2.0
RATE_HZ = 16_000
GROUP = 16  # sentences a voice speaks in one espeak-ng process
# every espeak-ng variant but the tune and held-out ones (and whispers, which have no tones): with the
# simulator's twenty training variants alone, sounds of unseen voices were four times as often wrong
TRAIN_VARIANTS = """
Alex Andrea Andy Annie AnxiousAndy Demonic Denis Gene Gene2 Henrique Jacky Mario Michael Mike
Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky UniRobot adam anika anikaRobot
announcer antonio aunty benjamin boris caleb croak david ed edward edward2 f1 f2 f4 grandma
grandpa gustave iven iven2 iven3 iven4 john kaukovalta klatt klatt2 klatt3 klatt4 klatt5 klatt6
linda m1 m3 m4 m6 m7 marcelo max norbert pablo paul pedro quincy rob robert robosoft robosoft2
robosoft3 robosoft4 robosoft5 robosoft6 robosoft7 robosoft8 sandro steph steph2 steph3 travis
victor zac
""".split()  # noqa: SIM905
_SYLLABLE = re.compile(r"^([^aeiouyAEIOUVW@']*)'?([^_|]*)")
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")


def pack(mel: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[80,T] log-mel → [T,80] bytes."""
    return np.clip(np.round((mel.T + OFFSET) * SCALE), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Shard:
    """Rendered sentences: ``frames`` [ΣT,80] bytes, ``ends`` [n] cumulative; texts and sounds beside.

    ``edges`` [n,2]: frames of line noise alone before and after the speech.
    """

    frames: NDArray[np.uint8]
    ends: NDArray[np.int64]
    edges: NDArray[np.int64]
    texts: list[str]
    sounds: list[str]  # sounds of a sentence joined by spaces
    kinds: list[str]

    def save(self, path: Path) -> None:
        temporary = path.with_suffix(".part.npz")
        np.savez(temporary, frames=self.frames, ends=self.ends, edges=self.edges, texts=np.array(self.texts),
                 sounds=np.array(self.sounds), kinds=np.array(self.kinds))  # fmt: skip
        temporary.rename(path)

    @classmethod
    def load(cls, path: Path) -> Shard:
        with np.load(path) as held:
            return cls(held["frames"], held["ends"], held["edges"], held["texts"].tolist(),
                       held["sounds"].tolist(), held["kinds"].tolist())  # fmt: skip


def render_shard(
    corpus: Corpus,
    count: int,
    rng: np.random.Generator,
    *,
    voices: VoiceSet,
    mix: dict[Kind, float],
    longest: int = 40,
) -> Shard:
    """``count`` sentences of at most ``longest`` characters, each group of 16 by one speaker."""
    kinds = list(mix)
    chances = np.array(list(mix.values())) / sum(mix.values())
    held: list[tuple[NDArray[np.uint8], tuple[int, int], str, str, str]] = []
    with invented(rng, count=min(80, count // GROUP) if voices == "train" else 0) as new:
        while len(held) < count:
            chosen: list[tuple[Kind, str]] = []
            while len(chosen) < GROUP * 8:
                kind = kinds[int(rng.choice(len(kinds), p=chances))]
                text = corpus.draw(kind, rng)
                if len(spoken(text)) <= longest:
                    chosen.append((kind, text))
            speakers = [v for _ in range(8) for v in _group_of_voices(rng, voices, new)]
            texts = [text for _, text in chosen]
            said_as = sounds_of(texts)
            for (kind, text), said, speech in zip(chosen, said_as, speak_many(texts, speakers, workers=1)):
                if said is not None:
                    frames, edges = listen(speech, rng)
                    held.append((frames, edges, spoken(text), said, kind))
    held = held[:count]
    return Shard(
        np.concatenate([h[0] for h in held]), np.cumsum([len(h[0]) for h in held]), np.array([h[1] for h in held]),
        [h[2] for h in held], [h[3] for h in held], [h[4] for h in held],
    )  # fmt: skip


def _group_of_voices(rng: np.random.Generator, voices: VoiceSet, new: list[str]) -> list[Voice]:
    """One espeak-ng setting, 16 colours of it (they cost nothing)."""
    first = random_voice(rng, set=voices, cpm=float(rng.uniform(150, 390)))
    if voices == "train":  # half invented, a quarter the odd ones of espeak-ng
        of_all = rng.choice(new) if new and rng.random() < 0.67 else rng.choice(TRAIN_VARIANTS)
        first = replace(first, variant=str(of_all) if rng.random() < 0.75 else first.variant)
    others = [random_voice(rng, set=voices) for _ in range(GROUP - 1)]
    return [first] + [
        Voice(variant=first.variant, pitch=first.pitch, cpm=first.cpm * v.formant / first.formant,
              formant=v.formant, tilt_db=v.tilt_db, peak_hz=v.peak_hz, peak_db=v.peak_db)
        for v in others
    ]  # fmt: skip


def listen(
    speech: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """16 kHz speech through a random telephone line → packed frames and the silent edges in frames."""
    lead, tail = (int(s * RATE_HZ) for s in rng.uniform(0.06, 0.4, 2))
    sound = line.telephone_band(line.to_8k(np.pad(speech, (lead, tail)), RATE_HZ), line.LINE_HZ)
    loud = sound[np.abs(sound) > 0.01 * np.abs(sound).max(initial=0.0)]
    sound = line.gain(sound, float(rng.uniform(-36, -12)) - line.level_dbfs(loud))
    if rng.random() < 0.8:
        sound = sound + _noise(
            len(sound), float(10 ** (-rng.uniform(12, 42) / 20)) * float(loud_rms(sound)), rng
        )
    if rng.random() < 0.12:
        sound = line.packet_loss(sound, float(rng.uniform(0.002, 0.02)), rng)
    chosen = line.CODECS[int(rng.choice(4, p=[0.45, 0.35, 0.08, 0.12]))]
    heard = line.codec(np.clip(sound, -1.0, 1.0).astype(np.float32), chosen)
    return pack(extract(soxr.resample(heard, line.LINE_HZ, RATE_HZ))), (lead // 160, tail // 160)


def loud_rms(sound: NDArray[np.float32]) -> float:
    """RMS of what lies within 40 dB of the peak."""
    loud = sound[np.abs(sound) > 0.01 * np.abs(sound).max(initial=0.0)]
    return float(np.sqrt(np.mean(np.square(loud)))) if len(loud) else 0.0


def _noise(length: int, rms: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A piece of a minute of noise kept for each colour: drawing it anew costs more than the speech."""
    colour = float(rng.choice([0.0, 0.5, 1.0, 1.5]))
    if colour not in _noises:
        _noises[colour] = line.noise(2**19, 0.0, np.random.default_rng(int(colour * 10)), colour=colour)
    at = int(rng.integers(0, 2**19 - length))
    return rms * _noises[colour][at : at + length]


_noises: dict[float, NDArray[np.float32]] = {}


def extract(sound16k: NDArray[np.float32]) -> NDArray[np.float32]:
    """faster-whisper's log-mel [80,T] of 16 kHz sound."""
    global _extractor
    if _extractor is None:
        from faster_whisper.feature_extractor import FeatureExtractor

        _extractor = FeatureExtractor()
    return _extractor(sound16k.astype(np.float32), padding=0)  # type: ignore[no-any-return]


_extractor = None


def sounds_of(texts: list[str]) -> list[str | None]:
    """What espeak-ng says for each text: ``onset rhyme+tone`` a character; None where they differ in number."""
    command = [espeak_program(), "-v", "cmn-latn-pinyin", "-q", "-x", "--stdin"]
    done = subprocess.run(command, input="。\n".join(texts).encode(), capture_output=True, check=True)
    units = [
        u for u in _LANGUAGE_SWITCH.sub("", done.stdout.decode()).replace("|", " ").split() if u.strip("_,")
    ]
    wanted = [len(spoken(text)) for text in texts]
    if len(units) != sum(wanted):
        return [sounds_of([text])[0] for text in texts] if len(texts) > 1 else [None]
    out: list[str | None] = []
    at = 0
    for length in wanted:
        out.append(" ".join(_split_syllable(u) for u in units[at : at + length]))
        at += length
    return out


def _split_syllable(unit: str) -> str:
    found = _SYLLABLE.match(unit.strip("_,"))
    assert found is not None
    rhyme = re.sub(r"[';\[-]", "", found[2])
    rhyme = re.sub(r"[1-4]{2}", "0", rhyme.replace("214", "21").replace("21", "T").replace("35", "R")
                   ).replace("T", "21").replace("R", "35")  # fmt: skip
    return f"{found[1].strip(';') or '.'} {rhyme or '.'}"


def blank_clips(count: int, rng: np.random.Generator, *, seconds: float = 30.0) -> list[NDArray[np.float32]]:
    """Log-mel [T,80] of lines without speech: silence, noise, signalling tones, DTMF, music, coughs."""
    return [
        extract(soxr.resample(blank_sound(rng, seconds=seconds), line.LINE_HZ, RATE_HZ)).T
        for _ in range(count)
    ]


def blank_sound(rng: np.random.Generator, *, seconds: float) -> NDArray[np.float32]:
    """8 kHz sound of one line without speech."""
    length = int(seconds * line.LINE_HZ)
    kind = int(rng.integers(7))
    level = float(rng.uniform(-40, -10))
    if kind == 0:
        sound = np.zeros(length, np.float32)
    elif kind == 1:
        sound = line.noise(length, float(rng.uniform(-75, -30)), rng, colour=float(rng.uniform(0, 2)))
    elif kind in (2, 3):
        sound = sounds.music(seconds, str(rng.choice(sounds.MUSIC_STYLES)), rng, level=level)
    elif kind == 4:
        name = str(rng.choice(list(sounds.CADENCE_S)))
        beat = sum(sounds.CADENCE_S[name])  # type: ignore[index]
        sound = sounds.cadence(name, int(seconds / beat) + 1, level=level)  # type: ignore[arg-type]
    elif kind == 5:
        sound = sounds.sine(float(rng.uniform(300, 2500)), seconds, level=level)
    else:
        sound = np.zeros(length, np.float32)
        for _ in range(int(rng.integers(1, 8))):
            piece = _blip(rng, level)[: length // 2]
            at = int(rng.integers(0, length - len(piece)))
            sound[at : at + len(piece)] += piece
    sound = np.pad(sound[:length], (0, max(0, length - len(sound))))
    if kind > 1 and rng.random() < 0.6:
        sound = sound + line.noise(length, float(rng.uniform(-70, -45)), rng, colour=1.0)
    return line.codec(np.clip(sound, -1, 1).astype(np.float32), line.CODECS[int(rng.integers(4))])


def _blip(rng: np.random.Generator, level: float) -> NDArray[np.float32]:
    return [
        lambda: sounds.beep(float(rng.uniform(0.1, 1.0)), level=level),
        lambda: sounds.dtmf("".join(rng.choice(list("0123456789*#"), int(rng.integers(1, 9)))), level=level),
        lambda: sounds.cough(rng, level=level),
        lambda: line.noise(int(rng.integers(80, 2000)), level, rng),
    ][int(rng.integers(4))]()
