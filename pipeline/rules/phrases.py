"""Phrase themes over utterances: one pass per distinct text, remembered, and looked up by theme.

A service says the same sentences all day; a day's utterances hold far fewer distinct texts, so what
was found in a text is kept (bounded) and shared by all calls of a worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline.rules.match import PhraseTheme, Place, compile_phrases, join
from pipeline.rules.nearmiss import SHOWN, NearMiss, NearTheme
from pipeline.rules.similar import Encoder, SampleSet
from pipeline.text import prepare
from pipeline.types import Utterance

JOINED_CHARS = 24  # of each half of a broken sentence: longer than any phrase's half
REMEMBERED_CHARS = 200  # a longer text is hardly said twice
# A near miss is worth a reader's look from so many syllables on, when so many of the phrase's are there: two
# syllables are like too much, and the longer the stretch the looser it may be.
NEAREST_SYLLABLES, NEAREST_FROM = 3, 0.75
NEAREST_LONG, NEAREST_LONG_FROM = 6, 0.6
NEAREST_SAMPLE = 60.0  # likeness 0-100 from which a sentence is near a sample
REMEMBERED = 60_000  # texts; about 60 MB of found places at most


class Heard(NamedTuple):
    """A place in the utterance ``index``; one broken in two ends in the utterance ``end_index``."""

    place: Place
    index: int  # type: ignore[assignment]  # tuple has an index() nobody needs here
    end_index: int


class Nearest(NamedTuple):
    """What comes nearest to a theme in a text: likeness 0..1, the words, and the variant or sample."""

    score: float
    said: str
    matched: str


@dataclass(frozen=True, slots=True)
class Samples:
    """Similar sentences of a theme and the score (0-100) from which an utterance is like one."""

    sentences: tuple[str, ...]
    threshold: float = 80.0


class _Found(NamedTuple):
    """What a text holds: with the themes of the opening and without."""

    whole: tuple[Place, ...]
    body: tuple[Place, ...]

    @classmethod
    def of(cls, places: Iterable[Place], opening: frozenset[str]) -> _Found:
        whole = tuple(sorted(places, key=lambda place: (place.start, place.theme)))
        return cls(whole, tuple(place for place in whole if place.theme not in opening))


class PhraseIndex:
    """All themes of a rulebook, compiled. ``wanted`` maps a role to the themes any rule asks of it;
    ``opening`` the themes asked of nothing but a call's first utterances to how many of them."""

    def __init__(
        self,
        themes: Sequence[PhraseTheme],
        samples: Mapping[str, Samples] | None = None,
        *,
        wanted: Mapping[str, frozenset[str]] | None = None,
        opening: Mapping[str, int] | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        self._themes = tuple(themes)
        self.matcher = compile_phrases(themes)
        self._opening = frozenset(opening or ())
        self.opening_within = max((opening or {}).values(), default=0)
        self._encoder = encoder
        self._sets: dict[tuple[str, ...], SampleSet] = {}
        self._likest: dict[tuple[str, tuple[str, ...]], float] = {}
        self._samples = samples or {}
        self._wanted = dict(wanted) if wanted is not None else None
        self._found: dict[tuple[str, str], _Found] = {}
        self._near_themes: dict[str, NearTheme] = {}

    def places(self, text: str, *, role: str, opening: bool = True) -> tuple[Place, ...]:
        """Every theme wanted of ``role`` that ``text`` holds, guarded ones too. ``opening`` False: the text
        stands where nobody asks for the themes of a call's opening."""
        found = self._found.get((role, text)) or self._search([text], role)[0]
        return found.whole if opening else found.body

    def look_through(self, texts: Iterable[str], *, role: str) -> None:
        """Remember what many texts hold: all at once cost a third of one after the other."""
        different = (text for text in dict.fromkeys(texts) if len(text) <= REMEMBERED_CHARS)
        self._search([text for text in different if (role, text) not in self._found], role)

    def _search(self, texts: Sequence[str], role: str) -> list[_Found]:
        """What texts hold; remembered, unless they are too long to be said twice."""
        found = [_Found.of(places, self._opening) for places in self._hits(texts, self._themes_of(role))]
        if len(self._found) + len(texts) > REMEMBERED:
            self._found.clear()
        self._found |= {(role, t): one for t, one in zip(texts, found) if len(t) <= REMEMBERED_CHARS}
        return found

    def _themes_of(self, role: str) -> frozenset[str]:
        if self._wanted is None:
            return frozenset(theme.id for theme in self._themes)
        return self._wanted.get(role, frozenset())

    def _hits(self, texts: Sequence[str], themes: frozenset[str]) -> list[list[Place]]:
        """The places of the themes in each text, in order."""
        if not themes or not texts:
            return [[] for _ in texts]
        prepared = [prepare(text) for text in texts]
        found = self.matcher.find_all(prepared, themes)
        for theme, samples in self._samples.items():
            if theme not in themes:
                continue
            for text, places in zip(prepared, found):
                score, sample = self.sample_set(samples.sentences).best(text)
                if score >= samples.threshold:
                    said = text.original
                    places.append(Place(theme, 0, len(said), said, score / 100, sample))
        return found

    def sample_set(self, sentences: tuple[str, ...]) -> SampleSet:
        """The sentences ready to be compared with, by the model where there is one."""
        if sentences not in self._sets:
            self._sets[sentences] = SampleSet(sentences, encoder=self._encoder)
        return self._sets[sentences]

    def likeness(self, text: str, sentences: tuple[str, ...]) -> float:
        """Score 0-100 of the likest sentence; remembered, as a day says the same things over and over."""
        key = (text, sentences)
        if key not in self._likest:
            if len(self._likest) >= REMEMBERED:
                self._likest.clear()
            self._likest[key] = self.sample_set(sentences).best(prepare(text))[0]
        return self._likest[key]

    def across(self, first: Utterance, second: Utterance, *, opening: bool = True) -> list[Place]:
        """Themes that begin in ``first`` and end in ``second``; offsets: start in first, end in second."""
        cut = max(0, len(first.text) - JOINED_CHARS)
        tail, head = first.text[cut:], second.text[:JOINED_CHARS]
        return [
            place._replace(start=place.start + cut, end=place.end - len(tail))
            for place in self.places(join(tail, head), role=first.role, opening=opening)
            if place.start < len(tail) < place.end
        ]

    def nearest(self, texts: Sequence[str], theme: str) -> list[Nearest | None]:
        """What comes nearest to ``theme`` in each text; None when nothing is worth a reader's look: too short, or
        more unlike the phrase than like it (see nearmiss.py)."""
        near = [
            self._nearest_phrase(text, theme) if weight >= SHOWN else None
            for text, weight in zip(texts, self.near_weights(texts, theme))
        ]
        if samples := self._samples.get(theme):
            return [self._nearest_sample(text, samples, one) for text, one in zip(texts, near)]
        return near

    def _nearest_phrase(self, text: str, theme: str) -> Nearest | None:
        near = self.near_miss(text, theme)
        if near is None or not _worth_showing(near):
            return None
        first, last = prepare(text).original_span(near.start, near.end)
        return Nearest(near.likeness, text[first:last], near.variant)

    def _nearest_sample(self, text: str, samples: Samples, near: Nearest | None) -> Nearest | None:
        """The whole text where it is liker to a sample than what is near is to its phrase."""
        score, sample = self.sample_set(samples.sentences).best(prepare(text))
        if score >= NEAREST_SAMPLE and (near is None or score / 100 > near.score):
            return Nearest(score / 100, text, sample)
        return near

    def near_weights(self, texts: Sequence[str], theme: str) -> list[float]:
        """Nats that ``near_miss`` can come to in each text, at most; what is below SHOWN is told only to be so."""
        return self._near_theme(theme).most(texts)

    def near_miss(self, text: str, theme: str) -> NearMiss | None:
        """The weightiest placing of the theme's patterns in ``text``, found or not, that weighs SHOWN; dear where
        ``near_weights`` was not asked whether there can be one."""
        return self._near_theme(theme).near_miss(text)

    def shortest(self, theme: str) -> int:
        """Syllables of the shortest way to say the theme; 0 for one of samples only."""
        return self._near_theme(theme).shortest

    def _near_theme(self, theme: str) -> NearTheme:
        """Compiled when first asked for: only what was missed is looked for a second time."""
        if theme not in self._near_themes:
            self._near_themes[theme] = NearTheme(next(t for t in self._themes if t.id == theme))
        return self._near_themes[theme]


def _worth_showing(near: NearMiss) -> bool:
    size = near.end - near.start
    wanted = NEAREST_LONG_FROM if size >= NEAREST_LONG else NEAREST_FROM
    return near.weight > SHOWN and size >= NEAREST_SYLLABLES and near.likeness >= wanted
