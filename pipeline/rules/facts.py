"""What is known of one call, indexed once so that many rules can ask cheaply."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pipeline.rules.answer import Hit
from pipeline.rules.phrases import Heard, PhraseIndex
from pipeline.rules.window import Window
from pipeline.types import (
    CallRecord,
    Conversation,
    Events,
    Evidence,
    Measure,
    Measured,
    Role,
    Span,
    Utterance,
    Verdict,
)

BACKCHANNEL_CHARS = 3  # 嗯, 好的, 对对对: does not take the floor, so the sentence around it goes on
SENTENCE_END = frozenset("。?!\uff1f\uff01")  # after one of these nothing is broken in two
JOIN_S = 2.0  # a pause longer than this ends the sentence even without a backchannel
# Eighty minutes of speech without a breath: what is longer is no utterance, and only its head is read.
MAX_UTTERANCE_CHARS = 20_000
MIN_HEARD_CHARS = 4  # an unclear utterance shorter than this cannot hide a phrase


@dataclass(frozen=True, slots=True)
class Doubts:
    """Below these confidences (0..1) what was heard, or who said it, is not held against anyone."""

    words: float = 0.45
    roles: float = 0.7
    hangup: float = 0.7
    events: float = 0.5


def _bounded(utterance: Utterance) -> Utterance:
    if len(utterance.text) <= MAX_UTTERANCE_CHARS:
        return utterance
    return replace(utterance, text=utterance.text[:MAX_UTTERANCE_CHARS])


class CallFacts:
    """One call's conversation, measures, events and record, with indexes built on first use.

    ``sound`` False: the dialogue came as text, so what needs sound is unknown. ``record`` None: no
    call record was found.
    """

    def __init__(
        self,
        conversation: Conversation,
        measured: Measured | None,
        *,
        phrases: PhraseIndex,
        doubts: Doubts = Doubts(),
        festivals: Any = None,
        sound: bool | None = None,
    ) -> None:
        self.conversation = conversation
        self.utterances: tuple[Utterance, ...] = tuple(map(_bounded, conversation.utterances))
        self.events: Events = measured.events if measured else Events()
        self.phrases = phrases
        self.doubts = doubts
        self.festivals = festivals
        self.sound = conversation.audition is not None if sound is None else sound
        self.record: CallRecord | None = conversation.call.cdr
        self.careful = False  # a second look, see doubt.py
        self.misheard: float | None = None  # told by doubt.misheard_share
        self.unsure: dict[int, str] = {}  # by utterance, the longest run of words of low confidence
        self.garbled: dict[int, str] = {}  # by utterance, told by doubt.garbled
        self.unread: dict[int, tuple[Span, ...]] = {}  # by channel, told by doubt.unread_voice
        self.windows: dict[Hashable, Window] = {}  # by what a range asks, told by ranges.py
        self.verdicts: dict[str, Verdict] = {}
        self._measures: dict[tuple[str, str | None], Measure] = {
            (m.name, m.role): m for m in (measured.measures if measured else ())
        }
        self._hits: dict[tuple[int, int, int | None, float, str], Hit] = {}
        self._indexes: dict[str, tuple[int, ...]] = {}
        self._murky: dict[str, tuple[tuple[int, str], ...]] = {}
        self._words: dict[int, tuple[tuple[int, int, Span], ...]] = {}

    @property
    def timed(self) -> bool:
        return self.conversation.timed

    @cached_property
    def whole(self) -> Window:
        return Window(None, (Span(0.0, self.duration_s),))

    @cached_property
    def duration_s(self) -> float:
        last = max((u.span.end_s for u in self.utterances), default=0.0)
        return max(self.conversation.call.duration_s, last, 0.001)

    @cached_property
    def nobody_speaks(self) -> bool:
        """A recording without a voice: a dead recorder or hold music to the end, nobody's fault or merit."""
        audition = self.conversation.audition
        return audition is not None and not self.utterances and not any(audition.voice)

    @cached_property
    def truncated(self) -> bool:
        """The recording breaks off before the call did."""
        audition = self.conversation.audition
        return audition is not None and audition.gate.truncated

    def indexes(self, role: str) -> tuple[int, ...]:
        """Utterance numbers of a role ("any" for all), in order."""
        if role not in self._indexes:
            chosen = (i for i, u in enumerate(self.utterances) if role in ("any", u.role))
            self._indexes[role] = tuple(chosen)
        return self._indexes[role]

    def chosen(self, role: str, window: Window) -> Iterable[int]:
        indexes = self.indexes(role)
        return indexes if window.indexes is None else [i for i in indexes if i in window.indexes]

    @cached_property
    def second_look(self) -> CallFacts:
        """The same call judged with the benefit of the doubt: see doubt.py."""
        again = copy(self)
        again.careful = True
        return again

    def measure(self, name: str, role: str | None) -> Measure | None:
        """The role's measure of that name, or the whole call's."""
        return self._measures.get((name, role)) or self._measures.get((name, None))

    def unclear(self, index: int) -> bool:
        return self.utterances[index].confidence < self.doubts.words

    def unheard(self, index: int) -> str:
        """Why an utterance may hold more than was read in it; "" when it may not."""
        utterance = self.utterances[index]
        if len(utterance.text) >= MAX_UTTERANCE_CHARS:
            return f"过长,只看了前 {MAX_UTTERANCE_CHARS} 字"
        return f"听不清({utterance.confidence:.2f})" if self.unclear(index) else ""

    def murky(self, role: str) -> tuple[tuple[int, str], ...]:
        """Utterances of the role, or of nobody known, that may hold more than was read: number, reason."""
        if role not in self._murky:
            found = []
            for index, utterance in enumerate(self.utterances):
                own = role in ("any", utterance.role)
                if not (own or utterance.role == "unknown") or len(utterance.text) < MIN_HEARD_CHARS:
                    continue
                reason = self.unheard(index) if own else "说话人不明"
                if reason:
                    found.append((index, reason))
            self._murky[role] = tuple(found)
        return self._murky[role]

    @cached_property
    def role_doubt(self) -> str:
        """Why nobody can be held to their role; "" when the roles are sure enough."""
        sure = self.conversation.role_confidence
        return f"角色把握不足({sure:.2f})" if sure < self.doubts.roles else ""

    @cached_property
    def themes(self) -> dict[str, list[Heard]]:
        """Every phrase theme heard in the call, by theme; one pass over the text."""
        found: dict[str, list[Heard]] = {}
        ends = {role: self._opening_end(role) for role in {u.role for u in self.utterances}}
        for role in ends:
            self.phrases.look_through((self.utterances[i].text for i in self.indexes(role)), role=role)
        for index, utterance in enumerate(self.utterances):
            opening = index < ends[utterance.role]
            for place in self.phrases.places(utterance.text, role=utterance.role, opening=opening):
                found.setdefault(place.theme, []).append(Heard(place, index, index))
        for first, second in self._broken_in_two():
            one, other = self.utterances[first], self.utterances[second]
            for place in self.phrases.across(one, other, opening=second < ends[one.role]):
                known = found.setdefault(place.theme, [])
                if not any(other.index in (first, second) for other in known):  # whole in one of them
                    known.append(Heard(place, first, second))
        return found

    def _opening_end(self, role: str) -> int:
        """From this utterance on nobody asks for the themes of the opening. Two more than they are asked
        in, so that what begins in the last of them is heard to its end (see ``_broken_in_two``)."""
        within, whole = self.phrases.opening_within, len(self.utterances)
        ends = [
            own[within - 1] if 0 < within <= len(own) else whole for own in map(self.indexes, (role, "agent"))
        ]
        return max(ends) + 3

    def _broken_in_two(self) -> Iterable[tuple[int, int]]:
        """Neighbouring utterances of one role with nothing, or only a backchannel, between them."""
        last: dict[Role, int] = {}
        for index, utterance in enumerate(self.utterances):
            before = last.get(utterance.role)
            last[utterance.role] = index
            if before is None or index - before > 2 or self.utterances[before].text[-1:] in SENTENCE_END:
                continue
            between = self.utterances[before + 1 : index]
            pause_s = utterance.span.start_s - self.utterances[before].span.end_s
            short = all(len(u.text) <= BACKCHANNEL_CHARS + 1 for u in between)
            if short and (pause_s <= JOIN_S or not self.timed):
                yield before, index

    def hit(
        self, index: int, start: int = 0, end: int | None = None, *, score: float = 1.0, matched: str = ""
    ) -> Hit:
        """Evidence for characters ``start:end`` of an utterance; doubtful when it was heard badly.
        ``matched``: the phrase it was taken for, kept where it was not said just so."""
        asked = (index, start, end, score, matched)
        if asked not in self._hits:  # many rules ask for the same words
            stop = len(self.utterances[index].text) if end is None else end
            self._hits[asked] = self._hit(index, start, stop, score, matched if score < 1 else "")
        return self._hits[asked]

    def _hit(self, index: int, start: int, stop: int, score: float, matched: str) -> Hit:
        utterance = self.utterances[index]
        doubtful = utterance.confidence < self.doubts.words
        span = self.span_of(index, start, stop)
        quote = utterance.text[start:stop][:200]
        return Hit(Evidence(span, utterance.role, quote, score, matched), index, doubtful)

    def span_of(self, index: int, start: int, end: int) -> Span:
        """Times of characters ``start:end``: from the words where they spell the text, else by share."""
        utterance = self.utterances[index]
        if start <= 0 and end >= len(utterance.text):
            return utterance.span
        spans = [span for first, last, span in self._places_of_words(index) if first < end and start < last]
        if spans:
            return Span(spans[0].start_s, max(spans[0].start_s, spans[-1].end_s))
        length, whole = max(1, len(utterance.text)), utterance.span
        step = whole.duration_s / length
        return Span(whole.start_s + start * step, whole.start_s + min(end, length) * step)

    def _places_of_words(self, index: int) -> tuple[tuple[int, int, Span], ...]:
        """Where each word of an utterance stands in its text, and when it was said; () where the words do
        not spell the text."""
        if index not in self._words:
            utterance, at = self.utterances[index], 0
            places: list[tuple[int, int, Span]] = []
            for word in utterance.words:
                said = word.text.strip()
                found = utterance.text.find(said, at)
                if found < 0:
                    places = []
                    break
                at = found + len(said)
                places.append((found, at, word.span))
            self._words[index] = tuple(places)
        return self._words[index]
