"""Sentences that say the same in other words: up to 200 samples a rule, scored 0–100.

``score = 100 (0.25 C + 0.20 W + 0.55 S)``: C is the Dice overlap of character bigrams, W that of jieba's
words, S the edit similarity of fuzzy sounds, so that a sentence heard with wrong characters still
counts. A sentence-embedding model replaces the formula where ``score.sentence_model`` names one (the
``embeddings`` extra); the score is then its cosine times 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rapidfuzz import fuzz, process

from pipeline.text import PreparedText, clauses, prepare, words

SIMILAR_THRESHOLD = 80.0
MAX_SAMPLES = 200
_CHARS, _WORDS, _SOUNDS = 0.25, 0.20, 0.55


class Encoder(Protocol):
    """Turns sentences into unit vectors, one row each."""

    def encode(self, sentences: Sequence[str]) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Features:
    sounds: str
    bigrams: Counter[str]
    words: Counter[str]


def similarity(one: str, other: str) -> float:
    """Likeness of two sentences, 0–100; 0 when either says nothing."""
    first, second = prepare(one), prepare(other)
    if not first.chars or not second.chars:
        return 0.0
    return _combined(_features(first), _features(second))


class SampleSet:
    """A rule's sample sentences. ``best`` compares a text, and each of its clauses, with all of them."""

    def __init__(self, samples: Sequence[str], *, encoder: Encoder | None = None) -> None:
        """Raises ValueError without samples, with more than 200, or with one that says nothing."""
        if not 1 <= len(samples) <= MAX_SAMPLES:
            raise ValueError(f"similar: expected 1 to {MAX_SAMPLES} samples, found {len(samples)}")
        empty = next((s for s in samples if not prepare(s).chars), None)
        if empty is not None:
            raise ValueError(f"similar: expected a sentence, found {empty!r}")
        self.samples = tuple(samples)
        self._features = tuple(_features(prepare(sample)) for sample in samples)
        self._sounds = [features.sounds for features in self._features]
        self._encoder = encoder
        self._vectors = encoder.encode(self.samples) if encoder is not None else None

    def best(self, text: PreparedText, *, threshold: float = SIMILAR_THRESHOLD) -> tuple[float, str]:
        """(score, sample) of the likest sample. Below ``threshold`` the score is only a lower bound."""
        parts = [text.original[start:end] for start, end in clauses(text.original)]
        texts = [text, *map(prepare, parts)] if len(parts) > 1 else [text]
        said = [t for t in texts if t.chars]
        if not said:
            return 0.0, self.samples[0]
        return max((self._best_of(one, threshold) for one in said), key=lambda found: found[0])

    def _best_of(self, text: PreparedText, threshold: float) -> tuple[float, str]:
        if self._encoder is not None:
            likeness = self._vectors @ self._encoder.encode([text.original])[0]
            place = int(likeness.argmax())
            return max(0.0, 100.0 * float(likeness[place])), self.samples[place]
        # characters and words give at most 45, so sounds must reach the rest: most samples end here
        needed = 100 * max(0.0, (threshold / 100 - _CHARS - _WORDS) / _SOUNDS)
        near = process.extract(text.sounds, self._sounds, scorer=fuzz.ratio, score_cutoff=needed, limit=None)
        if not near:
            return 0.0, self.samples[0]
        own = _features(text)
        return max((_combined(own, self._features[place]), self.samples[place]) for _, _, place in near)


def local_encoder(folder: str) -> Encoder:
    """A sentence-transformers model in a local folder; never fetched. Raises ValueError without the model or
    the extra that runs it."""
    if not Path(folder).is_dir():
        raise ValueError(f"score.sentence_model: expected a model's folder, found no folder {folder!r}")
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        expected = "the extra callqa[embeddings] to be installed"
        raise ValueError(f"score.sentence_model: expected {expected}, found {error}") from error
    model = SentenceTransformer(folder, local_files_only=True)

    class _Local:
        def encode(self, sentences: Sequence[str]) -> Any:
            return model.encode(list(sentences), normalize_embeddings=True)

    return _Local()


def _features(text: PreparedText) -> _Features:
    padded = f"^{text.chars}$"
    bigrams = Counter(padded[i : i + 2] for i in range(len(padded) - 1))
    return _Features(text.sounds, bigrams, Counter(words(text.original)))


def _combined(one: _Features, other: _Features) -> float:
    sounds = fuzz.ratio(one.sounds, other.sounds) / 100
    return 100 * (
        _CHARS * _dice(one.bigrams, other.bigrams) + _WORDS * _dice(one.words, other.words) + _SOUNDS * sounds
    )


def _dice(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(min(count, other[key]) for key, count in one.items())
    return 2 * shared / (one.total() + other.total())
