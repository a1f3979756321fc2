"""Phrase themes over utterances: one pass per distinct text, remembered, and looked up by theme.

A service says the same sentences all day; a day's utterances hold far fewer distinct texts, so what
was found in a text is kept (bounded) and shared by all calls of a worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pipeline.rules.match import PhraseMatcher, PhraseTheme, compile_phrases, join
from pipeline.rules.nearmiss import NearMiss, NearTheme
from pipeline.rules.similar import SampleSet
from pipeline.text import prepare
from pipeline.types import Utterance

JOINED_CHARS = 24  # of each half of a broken sentence: longer than any phrase's half
REMEMBERED_CHARS = 200  # a longer text is hardly said twice
NEAREST_FROM = 0.4  # a near miss less like the phrase than this would only puzzle the reader
REMEMBERED = 60_000  # texts; about 60 MB of found places at most


@dataclass(frozen=True, slots=True)
class Place:
    """A theme heard in a text: characters ``start:end`` of it."""

    theme: str
    start: int
    end: int
    said: str
    score: float
    matched: str
    guarded: str | None = None


class Heard(NamedTuple):
    """A place in the utterance ``index``; one broken in two ends in the utterance ``end_index``."""

    place: Place
    index: int  # type: ignore[assignment]  # tuple has an index() nobody needs here
    end_index: int


@dataclass(frozen=True, slots=True)
class Samples:
    """Similar sentences of a theme and the score (0-100) from which an utterance is like one."""

    sentences: tuple[str, ...]
    threshold: float = 80.0


class PhraseIndex:
    """All themes of a rulebook, compiled. ``wanted`` maps a role to the themes any rule asks of it."""

    def __init__(
        self,
        themes: Sequence[PhraseTheme],
        samples: Mapping[str, Samples] | None = None,
        *,
        wanted: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._themes = tuple(themes)
        self.matcher = compile_phrases(themes)
        self._of_role: dict[str, PhraseMatcher] = {}
        self._samples = {name: (SampleSet(s.sentences), s.threshold) for name, s in (samples or {}).items()}
        self._wanted = dict(wanted) if wanted is not None else None
        self._found: dict[tuple[str, str], tuple[Place, ...]] = {}
        self._near: dict[tuple[str, str], NearMiss | None] = {}
        self._near_themes: dict[str, NearTheme] = {}

    def places(self, text: str, *, role: str) -> tuple[Place, ...]:
        """Every theme wanted of ``role`` that ``text`` holds, guarded ones too."""
        key = (role, text)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            found = tuple(self._search(text, role))
            if len(text) <= REMEMBERED_CHARS:
                self._found[key] = found
        return found

    def _search(self, text: str, role: str) -> list[Place]:
        wanted = None if self._wanted is None else self._wanted.get(role, frozenset())
        if wanted is not None and not wanted:
            return []
        prepared = prepare(text)
        hits = self._matcher_for(role, wanted).find(prepared)
        found = [Place(h.theme_id, h.start, h.end, h.said, h.score, h.variant, h.guarded) for h in hits]
        for theme, (samples, threshold) in self._samples.items():
            if wanted is not None and theme not in wanted:
                continue
            score, sample = samples.best(prepared)
            if score >= threshold:
                found.append(Place(theme, 0, len(text), text, score / 100, sample))
        return found

    def _matcher_for(self, role: str, wanted: frozenset[str] | None) -> PhraseMatcher:
        """A matcher of the role's themes alone: a customer's words need not be tried against the agent's."""
        if wanted is None:
            return self.matcher
        if role not in self._of_role:
            self._of_role[role] = compile_phrases([t for t in self._themes if t.id in wanted])
        return self._of_role[role]

    def across(self, first: Utterance, second: Utterance) -> list[Place]:
        """Themes that begin in ``first`` and end in ``second``; offsets: start in first, end in second."""
        cut = max(0, len(first.text) - JOINED_CHARS)
        tail, head = first.text[cut:], second.text[:JOINED_CHARS]
        return [
            replace(place, start=place.start + cut, end=place.end - len(tail))
            for place in self.places(join(tail, head), role=first.role)
            if place.start < len(tail) < place.end
        ]

    def nearest(self, text: str, theme: str) -> tuple[float, str] | None:
        """Likeness 0..1 and wording of what comes nearest to ``theme`` in ``text``; None when nothing does."""
        prepared = prepare(text)
        near = self.near_miss(text, theme)
        best = None
        if near is not None and near.likeness >= NEAREST_FROM:
            first, last = prepared.original_span(near.start, near.end)
            best = (near.likeness, text[first:last])
        if theme in self._samples:
            score = self._samples[theme][0].best(prepared)[0] / 100
            if best is None or score > best[0]:
                best = (score, text)
        return best

    def near_miss(self, text: str, theme: str) -> NearMiss | None:
        """The weightiest placing of the theme's patterns in ``text``, found or not."""
        key = (theme, text)
        if key not in self._near:
            if len(self._near) >= REMEMBERED:
                self._near.clear()
            self._near[key] = self._near_theme(theme).find(prepare(text))
        return self._near[key]

    def shortest(self, theme: str) -> int:
        """Syllables of the shortest way to say the theme; 0 for one of samples only."""
        return self._near_theme(theme).shortest

    def _near_theme(self, theme: str) -> NearTheme:
        """Compiled when first asked for: only what was missed is looked for a second time."""
        if theme not in self._near_themes:
            self._near_themes[theme] = NearTheme(next(t for t in self._themes if t.id == theme))
        return self._near_themes[theme]
