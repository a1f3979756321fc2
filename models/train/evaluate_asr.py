"""The demo recogniser on held-out simulated speech, through faster-whisper, as the product runs it.

Sentences, numbers and names never trained on, new voices, the telephone line of the call simulator.
Every figure of the model card comes from ``evaluate``; nothing is left out of the sets once drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from models.train.corpus import Corpus, Kind, spoken
from models.train.speech import RATE_HZ, blank_sound
from pipeline.callsim import line
from pipeline.callsim.voices import random_voice, speak_many, speak_words
from pipeline.config import TranscribeConfig
from pipeline.models import Models
from pipeline.stages.guards import refused
from pipeline.stages.recogniser import Recognised, Recogniser

KINDS: tuple[Kind, ...] = ("calls", "service", "daily", "phrase", "near", "number", "words")
VOICE_OF = 10  # sentences a voice speaks
EDGE_S = 0.2


@dataclass(frozen=True, slots=True)
class Sentence:
    """One held-out sentence, as said and as read."""

    kind: Kind
    variant: str  # of espeak-ng
    said: str
    read: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What the model card states. Shares 0..1; ``boundary_s`` seconds."""

    sentences: int
    cer: dict[str, float]  # by kind; "natural" = calls, service and daily together
    syllable_error: float  # of random words, tones aside
    phrase_recall: float  # of the rulebook's themes in what was said, found in what was read
    invented: float  # share of utterances with a theme that was not said
    boundary_s: float
    empty: float  # share of windows of silence, tones and music that give nothing


def evaluate(models: Models, *, count: int = 120, seed: int = 20261122) -> tuple[Figures, list[Sentence]]:
    """``count`` sentences of each kind. Takes a few minutes on 2 cores."""
    rng = np.random.default_rng(seed)
    recogniser = Recogniser(models=models, settings=TranscribeConfig(), threads=2)
    sentences = [s for kind in KINDS for s in _read(kind, count, recogniser, rng)]
    recall, invented = phrase_figures(sentences)
    figures = Figures(
        sentences=len(sentences),
        cer={
            **{kind: cer(sentences, (kind,)) for kind in KINDS},
            "natural": cer(sentences, ("calls", "service", "daily")),
        },
        syllable_error=syllable_error([s for s in sentences if s.kind == "words"]),
        phrase_recall=recall,
        invented=invented,
        boundary_s=boundary_error(recogniser, rng, count=max(4, count // 6)),
        empty=empty_share(recogniser, rng, count=count),
    )
    return figures, sentences


def _read(kind: Kind, count: int, recogniser: Recogniser, rng: np.random.Generator) -> list[Sentence]:
    corpus = Corpus("heldout")
    texts = [corpus.draw(kind, rng) for _ in range(count)]
    voices = [
        random_voice(rng, set="heldout") for _ in range(-(-count // VOICE_OF)) for _ in range(VOICE_OF)
    ][:count]
    voices = [voices[i - i % VOICE_OF] for i in range(count)]
    heard = recogniser.read([on_the_line(s, rng) for s in speak_many(texts, voices)])
    return [
        Sentence(kind, voice.variant, spoken(text), spoken("".join(r.text for r in segments)))
        for text, voice, segments in zip(texts, voices, heard)
    ]


def on_the_line(speech16k: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Speech with short silent edges through a random telephone line, back at 16 kHz."""
    edge = int(EDGE_S * RATE_HZ)
    return soxr.resample(line.telephone(np.pad(speech16k, edge), rng), line.LINE_HZ, RATE_HZ).astype(
        np.float32
    )


def cer(sentences: Sequence[Sentence], kinds: Sequence[str]) -> float:
    """Edits per character said (Levenshtein)."""
    from rapidfuzz.distance import Levenshtein

    chosen = [s for s in sentences if s.kind in kinds]
    return sum(Levenshtein.distance(s.said, s.read) for s in chosen) / max(
        1, sum(len(s.said) for s in chosen)
    )


def syllable_error(sentences: Sequence[Sentence]) -> float:
    """Edits per syllable, by pinyin without tones: homophones cannot be told in random words."""
    from pypinyin import lazy_pinyin
    from rapidfuzz.distance import Levenshtein

    pairs = [(lazy_pinyin(s.said), lazy_pinyin(s.read)) for s in sentences]
    return sum(Levenshtein.distance(a, b) for a, b in pairs) / max(1, sum(len(a) for a, _ in pairs))


def phrase_figures(sentences: Sequence[Sentence]) -> tuple[float, float]:
    """Recall of the rulebook's themes by the product's matcher, and the share of utterances with an invented one."""
    from pipeline.rules.book import lexicon_folder, load_rulebook
    from pipeline.text import prepare

    matcher = load_rulebook(lexicon_folder()).index.matcher

    def themes(text: str) -> set[str]:
        return {hit.theme_id for hit in matcher.find(prepare(text))}

    pairs = [(themes(s.said), themes(s.read)) for s in sentences]
    wanted = [(said, read) for s, (said, read) in zip(sentences, pairs) if s.kind == "phrase"]
    found = sum(len(said & read) for said, read in wanted)
    invented = sum(bool(read - said) for said, read in pairs)
    return found / max(1, sum(len(said) for said, _ in wanted)), invented / max(1, len(pairs))


def boundary_error(recogniser: Recogniser, rng: np.random.Generator, *, count: int) -> float:
    """Mean distance of word boundaries from truth; words are rendered apart and joined, so that truth is exact.

    Only words read right count: a wrong one has no boundary to compare.
    """
    from rapidfuzz.distance import Levenshtein

    errors: list[float] = []
    corpus = Corpus("heldout")
    for _ in range(count):
        words = [corpus.draw("words", rng)[:4] for _ in range(6)]
        speech, spans = speak_words(
            words, random_voice(rng, set="heldout"), gap_s=float(rng.uniform(0, 0.15))
        )
        found = [w for segment in recogniser.read([on_the_line(speech, rng)])[0] for w in segment.words]
        at = _characters(found)
        same = {
            block.a + i: block.b + i
            for block in Levenshtein.editops(
                "".join(words), "".join(c for c, _, _ in at)
            ).as_matching_blocks()
            for i in range(block.size)
        }
        first = 0
        for word, (start, end) in zip(words, spans):
            if first in same and first + len(word) - 1 in same:
                errors.append(abs(at[same[first]][1] - start - EDGE_S))
                errors.append(abs(at[same[first + len(word) - 1]][2] - end - EDGE_S))
            first += len(word)
    return float(np.mean(errors)) if errors else float("nan")


def _characters(words: Sequence[object]) -> list[tuple[str, float, float]]:
    return [(c, w.span.start_s, w.span.end_s) for w in words for c in spoken(w.text)]  # type: ignore[attr-defined]


def empty_share(
    recogniser: Recogniser, rng: np.random.Generator, *, count: int, seconds: float = 8.0
) -> float:
    """Windows without speech that give no text that Whisper's own thresholds would let stand."""
    sounds = [soxr.resample(blank_sound(rng, seconds=seconds), line.LINE_HZ, RATE_HZ) for _ in range(count)]
    heard: list[list[Recognised]] = recogniser.read([s.astype(np.float32) for s in sounds])
    left = ["".join(r.text for r in segments if not refused(r, voice_s=0.0)) for segments in heard]
    return sum(not text for text in left) / max(1, count)


def report(figures: Figures) -> str:
    """The table of the model card."""
    rows = [
        (
            "character error rate, natural sentences (calls, service, daily)",
            f"{figures.cer['natural']:.1%}",
            "≤ 8 %",
        ),
        *((f"character error rate, {kind}", f"{figures.cer[kind]:.1%}", "") for kind in KINDS),
        ("random words, syllable error", f"{figures.syllable_error:.1%}", "≤ 15 %"),
        ("standard and taboo phrases found by the matcher", f"{figures.phrase_recall:.1%}", "≥ 97 %"),
        ("utterances with a phrase written but not spoken", f"{figures.invented:.1%}", "≤ 1 %"),
        ("mean word-boundary error", f"{figures.boundary_s * 1000:.0f} ms", "≤ 150 ms"),
        ("silence, tones, music: windows that give nothing", f"{figures.empty:.1%}", "≥ 95 %"),
    ]
    lines = ["| held out | measured | target |", "|---|---|---|"]
    return "\n".join(lines + [f"| {a} | {b} | {c} |" for a, b, c in rows])


def write_errors(sentences: Sequence[Sentence], path: Path) -> None:
    """Every sentence that was read wrong, for looking at."""
    wrong = [f"{s.kind}\t{s.variant}\t{s.said}\t{s.read}\n" for s in sentences if s.said != s.read]
    path.write_text("".join(wrong), encoding="utf-8")
