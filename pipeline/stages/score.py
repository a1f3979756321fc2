"""Judge each call by the lexicons and scorecards: words, measures, events and record in, scorecard out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

from pipeline.config import ScoreConfig
from pipeline.rules.book import Rulebook, lexicon_folder, load_rulebook, revision_of
from pipeline.rules.facts import CallFacts, Doubts
from pipeline.rules.flagging import flag_call
from pipeline.rules.scoring import choose_template, score_call
from pipeline.rules.similar import local_encoder
from pipeline.stages.base import Work
from pipeline.stages.measure import conversation_of
from pipeline.types import Conversation, Failure, Measured, Scorecard


class ScoreStage:
    """A Scorecard per call. Raises ValueError at ``open()`` when the lexicons, or the sentence model named,
    cannot be used."""

    name: ClassVar[str] = "score"
    needs: ClassVar[tuple[str, ...]] = ("audition", "diarize", "transcribe", "measure")
    gives: ClassVar[type] = Scorecard
    version: ClassVar[str] = "4"
    reads: ClassVar[tuple[str, ...]] = (
        "started_at", "direction", "agent_id", "team", "cdr", "duration_s",
    )  # fmt: skip

    def __init__(self, *, settings: ScoreConfig) -> None:
        self._settings = settings
        self._book: Rulebook | None = None

    @property
    def settings(self) -> ScoreConfig:
        return self._settings

    def revision(self) -> str:
        return self._revision

    @cached_property
    def _revision(self) -> str:
        return revision_of(lexicon_folder(self._settings.lexicons))

    def open(self) -> None:
        if self._book is None:
            model = self._settings.sentence_model
            self._book = load_rulebook(
                lexicon_folder(self._settings.lexicons), encoder=local_encoder(model) if model else None
            )
            assert self._book.index  # compiles the phrases, so that the first call is no slower

    @property
    def book(self) -> Rulebook:
        self.open()
        assert self._book is not None
        return self._book

    def __call__(self, works: Sequence[Work]) -> list[Scorecard | Failure]:
        return [self._one(work) for work in works]

    def _one(self, work: Work) -> Scorecard | Failure:
        try:
            return self.score(conversation_of(work), work.artefacts["measure"])
        except ValueError as error:  # no scorecard fits the call
            return Failure(work.call.id, self.name, "permanent", str(error))

    def score(self, conversation: Conversation, measured: Measured | None) -> Scorecard:
        """The scorecard of one conversation. Raises ValueError when no template fits."""
        facts = facts_of(self.book, conversation, measured, self._settings)
        template = choose_template(self.book, facts, self._settings.scorecard)
        return flag_call(template, score_call(self.book, facts, template, fingerprint=self.book.revision))


def facts_of(
    book: Rulebook, conversation: Conversation, measured: Measured | None, settings: ScoreConfig
) -> CallFacts:
    doubts = Doubts(settings.min_words, settings.min_roles, settings.min_hangup, settings.min_events)
    return CallFacts(conversation, measured, phrases=book.index, doubts=doubts, festivals=book.festivals)
