"""Operators over what was said: say, keyword, regex, similar, entity, language."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Literal

import regex

from pipeline.rules.answer import Hit
from pipeline.rules.doubt import SURE_SCORE, blurred, maybe_said
from pipeline.rules.entities import ENTITIES, Entity, Language, language_of
from pipeline.rules.facts import CallFacts
from pipeline.rules.operator import Findings, cannot_tell, in_order, operator, unheard
from pipeline.rules.phrases import NEAREST_SAMPLE, REMEMBERED_CHARS, Heard
from pipeline.rules.similar import SIMILAR_THRESHOLD
from pipeline.rules.window import Window
from pipeline.text import clauses, normalise, prepare
from pipeline.types import Evidence, Span

REGEX_TIMEOUT_S = 0.5  # wall clock, over all utterances looked at: a sane pattern needs under a millisecond
MAX_PATTERN = 1_000  # characters of a regular expression
MAX_SAMPLES = 200
MIN_BLUR = 2  # one doubtful syllable hides no phrase
NEAR_LOOKS = 12  # utterances looked through for a near miss, the longest of the window


def _with_doubts(
    facts: CallFacts,
    window: Window,
    role: str,
    hits: Iterable[Hit],
    why: str,
    *,
    misheard: Iterable[str] = (),
    syllables: Callable[[], int] = lambda: MIN_BLUR,
) -> Findings:
    """The hits, and why there may be more. In the second look that is also ``misheard``, what the operator
    itself takes for possible, and, where it asks for so many ``syllables``, words that were not recognised."""
    kept = tuple(hits)

    def doubts() -> tuple[tuple[str, ...], float]:
        heard = frozenset(hit.index for hit in kept if hit.index is not None)
        found = unheard(facts, window, role, skip=heard)
        more = next(iter(misheard), "")  # one reason is enough, and the others cost as much
        if facts.careful and not more:
            more = blurred(facts, window, role, syllables=max(MIN_BLUR, syllables()))
        return ((more, *found.doubts), 1.0) if more else (found.doubts, found.doubt)

    return Findings(kept, why=why, unasked=doubts)


@operator("say", hears="text")
@dataclass(frozen=True, slots=True)
class Say:
    """A phrase theme is said (any of them)."""

    SHORT = "theme"

    theme: tuple[str, ...]
    min_score: float = 0.0

    def __post_init__(self) -> None:
        in_order(min_score=(self.min_score, 1.0))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        hits: list[Hit] = []
        guarded = ""
        for theme in self.theme:
            for heard in facts.themes.get(theme, ()):
                place, utterance = heard.place, facts.utterances[heard.index]
                if role not in ("any", utterance.role) or not window.has(heard.index):
                    continue
                if place.guarded is not None:
                    guarded = guarded or f"「{place.said[:20]}」不算:{place.guarded}"
                elif place.score >= self.min_score:
                    hits.append(place_hit(facts, heard))
        hits = _by_place(hits)
        if not facts.careful:
            return _with_doubts(facts, window, role, hits, guarded)
        # the second look: which hits rest on sounds that differ, and where more may have been said
        hits = [h._replace(doubtful=h.doubtful or h.evidence.score < SURE_SCORE) for h in hits]
        found = {hit.index for hit in hits}
        silent = [index for index in facts.chosen(role, window) if index not in found]
        more = maybe_said(facts, silent, self.theme)

        def shortest() -> int:
            return min(map(facts.phrases.shortest, self.theme))

        return _with_doubts(facts, window, role, hits, guarded, misheard=more, syllables=shortest)

    def nearest(self, facts: CallFacts, window: Window, role: str) -> Evidence | None:
        looked = sorted(facts.chosen(role, window), key=lambda i: -len(facts.utterances[i].text))
        indexes = sorted(looked[:NEAR_LOOKS])
        texts = [facts.utterances[index].text for index in indexes]
        found = [facts.phrases.nearest(texts, theme) for theme in self.theme]
        best: Evidence | None = None
        for index, text, row in zip(indexes, texts, zip(*found)):
            for near in row:
                if near and (best is None or near.score > best.score):
                    at, score = text.find(near.said), round(near.score, 3)
                    hit = facts.hit(index, at, at + len(near.said), score=score, matched=near.matched)
                    best = hit.evidence
        return best


def place_hit(facts: CallFacts, heard: Heard) -> Hit:
    """Evidence for a theme heard; one that runs over two utterances spans both."""
    place = heard.place
    if heard.end_index == heard.index:
        return facts.hit(heard.index, place.start, place.end, score=place.score, matched=place.matched)
    first = facts.hit(heard.index, place.start, score=place.score)
    second = facts.hit(heard.end_index, 0, max(1, place.end))
    span = Span(first.evidence.span.start_s, second.evidence.span.end_s)
    quote = f"{first.evidence.quote}…{second.evidence.quote}"
    matched = place.matched if place.score < 1 else ""
    joined = Evidence(span, first.evidence.role, quote, place.score, matched)
    return Hit(joined, heard.end_index, first.doubtful or second.doubtful)


def _by_place(hits: list[Hit]) -> list[Hit]:
    """In order of time, one per stretch: several variants of one theme may match the same words."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.index or 0, h.evidence.span.start_s, -h.evidence.score)):
        last = kept[-1] if kept else None
        if last and last.index == hit.index and hit.evidence.span.start_s < last.evidence.span.end_s:
            if hit.evidence.score > last.evidence.score:
                kept[-1] = hit
            continue
        kept.append(hit)
    return kept


@operator("keyword", hears="text")
@dataclass(frozen=True, slots=True)
class Keyword:
    """Words stand in one utterance, one clause, or the whole window."""

    SHORT = "any"

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    at_least: int = 1
    per: Literal["utterance", "clause", "joined"] = "utterance"

    def __post_init__(self) -> None:
        if not (self.any or self.all or self.none or self.of):
            raise ValueError("no words")
        for word in (*self.any, *self.all, *self.none, *self.of):
            if not _norm(word):
                raise ValueError(f"{word!r}, which says nothing (fillers and punctuation do not count)")
        if self.of and not 1 <= self.at_least <= len(self.of):
            raise ValueError(f"at_least: {self.at_least} of {len(self.of)} words")

    def holds(self, text: str) -> str | None:
        """The first of our words found when the text fulfils the demand, "" when only absences do."""
        present = self._words_in(text)
        if any(_norm(word) in text for word in self.none):
            return None
        if self.any and not any(word in present for word in self.any):
            return None
        if not all(word in present for word in self.all):
            return None
        if self.of and sum(word in present for word in self.of) < self.at_least:
            return None
        return present[0] if present else ""

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        indexes = list(facts.chosen(role, window))
        if self.per == "joined":
            hits = self._joined(facts, indexes)
        else:
            hits = [hit for i in indexes if (hit := self._in_utterance(facts, i))]
        misheard = self._misheard(facts, indexes) if facts.careful else ()

        def shortest() -> int:
            return min(map(len, (*self.any, *self.all, *self.of)), default=MIN_BLUR)

        return _with_doubts(facts, window, role, hits, "", misheard=misheard, syllables=shortest)

    def _in_utterance(self, facts: CallFacts, index: int) -> Hit | None:
        text = facts.utterances[index].text
        for start, end in clauses(text) if self.per == "clause" else ((0, len(text)),):
            word = self.holds(_norm(text[start:end]))
            if word is not None:
                at = text.find(word, start, end) if word else -1
                return facts.hit(index, at, at + len(word)) if at >= 0 else facts.hit(index, start, end)
        return None

    def _joined(self, facts: CallFacts, indexes: list[int]) -> list[Hit]:
        if not indexes or self.holds(_norm("".join(facts.utterances[i].text for i in indexes))) is None:
            return []
        said = {i: found for i in indexes if (found := self._words_in(_norm(facts.utterances[i].text)))}
        if not said:
            return [facts.hit(indexes[0])]
        spans = [facts.utterances[i].span for i in said]
        quote = "…".join(dict.fromkeys(word for words in said.values() for word in words))[:200]
        first = facts.hit(next(iter(said)))
        span = Span(spans[0].start_s, max(span.end_s for span in spans))
        return [first._replace(evidence=replace(first.evidence, span=span, quote=quote))]

    def _words_in(self, text: str) -> list[str]:
        return [word for word in (*self.any, *self.all, *self.of) if _norm(word) in text]

    def _misheard(self, facts: CallFacts, indexes: list[int]) -> Iterator[str]:
        """The second look: words that are not written but sound so."""
        words = [(word, prepare(word)) for word in (*self.any, *self.all, *self.of)]
        for index in indexes:
            text = prepare(facts.utterances[index].text)
            for word, wanted in words:
                if wanted.chars not in text.chars and wanted.sounds in text.sounds:
                    yield f"第{index + 1}句里有与「{word}」同音的字,可能听错了"


def _norm(text: str) -> str:
    return _short_norm(text) if len(text) <= REMEMBERED_CHARS else normalise(text)


@lru_cache(maxsize=20_000)
def _short_norm(text: str) -> str:
    return normalise(text)


@operator("regex", hears="text")
@dataclass(frozen=True)
class Regex:
    """A regular expression matches the text as recognised, and ``exclude`` does not overlap it."""

    SHORT = "pattern"

    pattern: str
    exclude: str | None = None

    def __post_init__(self) -> None:
        for text in (self.pattern, *(() if self.exclude is None else (self.exclude,))):
            if not 1 <= len(text) <= MAX_PATTERN:
                raise ValueError(
                    f"{len(text)} characters of a regular expression; 1 to {MAX_PATTERN} are allowed"
                )
            try:
                regex.compile(text)
            except (regex.error, RecursionError, OverflowError, MemoryError) as error:
                raise ValueError(f"{text[:60]!r} as a regular expression: {error}") from error

    @cached_property
    def _compiled(self) -> tuple[regex.Pattern[str], regex.Pattern[str] | None]:
        return regex.compile(self.pattern), regex.compile(self.exclude) if self.exclude else None

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        hits: list[Hit] = []
        ends_at = time.monotonic() + REGEX_TIMEOUT_S
        try:
            for index in facts.chosen(role, window):
                spans = self.spans(facts.utterances[index].text, until=ends_at)
                hits += [facts.hit(index, start, end) for start, end in spans]
        except TimeoutError:
            return cannot_tell(f"正则表达式超过 {REGEX_TIMEOUT_S:g} 秒:{self.pattern[:40]}")
        return _with_doubts(facts, window, role, hits, "")

    def spans(self, text: str, *, until: float | None = None) -> list[tuple[int, int]]:
        """Matches in ``text``. ``until``: a time of the monotonic clock, else REGEX_TIMEOUT_S from now.
        Raises TimeoutError."""
        pattern, exclude = self._compiled
        ends_at = time.monotonic() + REGEX_TIMEOUT_S if until is None else until
        found = [m.span() for m in pattern.finditer(text, timeout=_left_s(ends_at))]
        if not found or exclude is None:
            return found
        holes = [m.span() for m in exclude.finditer(text, timeout=_left_s(ends_at))]
        return [(s, e) for s, e in found if not any(a < e and s < b for a, b in holes)]


def _left_s(ends_at: float) -> float:
    left_s = ends_at - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


@operator("similar", hears="text")
@dataclass(frozen=True, slots=True)
class Similar:
    """An utterance is like one of the samples (score 0-100)."""

    SHORT = "samples"

    samples: tuple[str, ...]
    threshold: float = float(SIMILAR_THRESHOLD)

    def __post_init__(self) -> None:
        if not 1 <= len(self.samples) <= MAX_SAMPLES:
            raise ValueError(f"{len(self.samples)} samples; 1 to {MAX_SAMPLES} are allowed")
        in_order(threshold=(self.threshold, 100.0))

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        hits = []
        for index in facts.chosen(role, window):
            score = facts.phrases.likeness(facts.utterances[index].text, self.samples)
            if score >= self.threshold:
                hits.append(facts.hit(index, score=score / 100))
        return _with_doubts(facts, window, role, hits, "")

    def nearest(self, facts: CallFacts, window: Window, role: str) -> Evidence | None:
        best: Evidence | None = None
        for index in facts.chosen(role, window):
            utterance = facts.utterances[index]
            score = facts.phrases.likeness(utterance.text, self.samples) / 100
            if score >= NEAREST_SAMPLE / 100 and (best is None or score > best.score):
                best = Evidence(utterance.span, utterance.role, utterance.text[:200], round(score, 3))
        return best


@operator("entity", hears="text")
@dataclass(frozen=True, slots=True)
class Named:
    """A thing of that kind is named: a phone number, an amount, a time …"""

    SHORT = "kind"

    kind: tuple[Entity, ...]

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        hits = [
            facts.hit(index, start, end)
            for index in facts.chosen(role, window)
            for kind in self.kind
            for start, end in ENTITIES[kind](facts.utterances[index].text)
        ]
        return _with_doubts(facts, window, role, _by_place(hits), "")


@operator("language", hears="text")
@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance is in that language, told from its words."""

    SHORT = "is"

    is_: tuple[Language, ...] = field(metadata={"key": "is"})

    def find(self, facts: CallFacts, window: Window, role: str) -> Findings:
        indexes = facts.chosen(role, window)
        hits = [facts.hit(i) for i in indexes if language_of(facts.utterances[i].text) in self.is_]
        return _with_doubts(facts, window, role, hits, "")
