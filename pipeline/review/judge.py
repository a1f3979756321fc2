"""Scoring at the desk: decided items put in their place, and a call scored again after a correction.

Both go through the same rulebook and the same arithmetic as ``callqa run``. Where the rulebook of
the day is no longer at hand (or no longer gives the machine's own total), decided items change the
total by their points alone, and the grade is left open.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.report.rows import CallResult
from pipeline.types import Outcome, Scorecard, Span, Turn, Utterance, Verdict

if TYPE_CHECKING:
    from pipeline.config import Config, ScoreConfig
    from pipeline.rules.book import Rulebook
    from pipeline.rules.template import Template
    from pipeline.stages.score import ScoreStage


_LOADING = threading.Lock()  # loading takes a second or two: one thread does it, the others wait


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A reviewed score. ``grade`` is empty where its bands are not known."""

    total: float | None
    grade: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """One line as a person heard it."""

    index: int
    role: str
    text: str


class CannotRescore(RuntimeError):
    """The rulebook of the day cannot be used; the message says why."""


class Judge:
    """Rulebooks of a results folder's days, each loaded once."""

    def __init__(self, results: Path) -> None:
        self._results = results
        self._stages: dict[str, ScoreStage | None] = {}

    def reckon(
        self, date: str, card: Scorecard, outcomes: Mapping[str, Outcome], *, final: float | None
    ) -> Reckoned:
        """The card with ``outcomes`` by rule; ``final`` overrides the total."""
        found = self._by_rules(date, card, outcomes) or _by_points(card, outcomes)
        if final is None:
            return found
        template = self._template(date, card)
        return Reckoned(final, template.grade(final) if template else "", found.fatal)

    def rescore(self, record: CallResult, corrections: Sequence[Correction]) -> CallResult:
        """The call with its corrected lines, measured (where its sound was kept) and scored again.

        Raises CannotRescore.
        """
        from pipeline.stages.measure import assemble
        from pipeline.stages.measure import measured as measure

        corrected = with_corrections(record, corrections)
        config, stage = self.config(record.date), self._stage(record.date)
        audition = self._audition(record) or record.audition
        if stage is None or audition is None:
            raise CannotRescore(
                f"{record.call.id}: expected the lexicons, their model and the audition of its day"
            )
        conversation = assemble(
            record.call, audition=audition, diarization=corrected.diarization, transcript=corrected.transcript
        )
        measured = record.measured
        if audition.level_dbfs.values:  # the artefact; a call's file has no levels to measure
            measured = measure(conversation, config.measure)
        try:
            card = stage.score(conversation, measured)
        except ValueError as error:
            raise CannotRescore(str(error)) from error
        return replace(corrected, measured=measured, scorecard=card)

    def config(self, date: str) -> Config:
        """The settings the day ran with; the defaults where no run.json tells."""
        from pipeline.batch.manifest import ManifestError, read_manifest
        from pipeline.config import Config

        try:
            return read_manifest(self._results / date).config
        except ManifestError:
            return Config()

    def book(self, date: str) -> Rulebook | None:
        """The day's rulebook; None when its lexicons, or the sentence model it names, cannot be read."""
        stage = self._stage(date)
        return stage.book if stage else None

    def _stage(self, date: str) -> ScoreStage | None:
        with _LOADING:
            if date not in self._stages:
                self._stages[date] = _load(self.config(date).score)
            return self._stages[date]

    def _template(self, date: str, card: Scorecard) -> Template | None:
        book = self.book(date)
        named = (t for t in (book.templates if book else ()) if t.name == card.standard.name)
        return next((t for t in named if t.version == card.standard.version), None)

    def _by_rules(self, date: str, card: Scorecard, outcomes: Mapping[str, Outcome]) -> Reckoned | None:
        from pipeline.rules.scoring import add_up

        book, template = self.book(date), self._template(date, card)
        machine = {item.rule_id: item for item in card.items}
        if book is None or template is None or {i.rule for i in template.items} != set(machine):
            return None
        if add_up(template, book, machine, call_id=card.call_id).total != card.total:
            return None  # these are not the rules this card came from
        decided = {rule: _decided(item, outcomes.get(rule)) for rule, item in machine.items()}
        done = add_up(template, book, decided, call_id=card.call_id)
        return Reckoned(done.total, done.grade, done.fatal)

    def _audition(self, record: CallResult) -> Any:
        from pipeline.batch.store import ArtefactStore
        from pipeline.types import Audition

        store = ArtefactStore(self._results / record.date)
        return store.latest("audition", record.call.id, Audition)


def _load(settings: ScoreConfig) -> ScoreStage | None:
    from pipeline.rules.book import lexicon_folder, revision_of

    try:
        return _opened(settings, revision_of(lexicon_folder(settings.lexicons)))
    except (ValueError, OSError):  # RuleError among them
        return None


@lru_cache(maxsize=4)
def _opened(settings: ScoreConfig, revision: str) -> ScoreStage:
    """Opened once a revision: days scored with the same lexicons share it."""
    from pipeline.stages.score import ScoreStage

    stage = ScoreStage(settings=settings)
    stage.open()
    return stage


def with_corrections(record: CallResult, corrections: Sequence[Correction]) -> CallResult:
    """The record with corrected lines; a line a person heard is certain."""
    settled = record.transcript.diarization or record.diarization
    utterances = list(record.transcript.utterances)
    turns = list(settled.turns)
    for fix in corrections:
        if not 0 <= fix.index < len(utterances):
            continue
        old = utterances[fix.index]
        turns = [_turned(turn, old, fix.role) for turn in turns]
        utterances[fix.index] = replace(
            old,
            role=fix.role,  # type: ignore[arg-type]
            text=fix.text,
            words=old.words if fix.text == old.text else (),
            confidence=1.0,
        )
    diarization = replace(settled, turns=tuple(turns))
    transcript = replace(record.transcript, utterances=tuple(utterances), diarization=diarization)
    return replace(record, diarization=diarization, transcript=transcript)


def _turned(turn: Turn, said: Utterance, role: str) -> Turn:
    inside = Span(max(turn.span.start_s, said.span.start_s), min(turn.span.end_s, said.span.end_s))
    same = turn.role == said.role and turn.channel == said.channel
    if same and inside.duration_s > turn.span.duration_s / 2:
        return replace(turn, role=role, confidence=1.0)  # type: ignore[arg-type]
    return turn


def _decided(item: Verdict, outcome: Outcome | None) -> Verdict:
    if outcome is None or outcome == item.outcome:
        return item
    return replace(item, outcome=outcome, points=0.0, fatal=False, confidence=1.0)


def _by_points(card: Scorecard, outcomes: Mapping[str, Outcome]) -> Reckoned:
    held = {item.rule_id: outcomes.get(item.rule_id, item.outcome) for item in card.items}
    fatal = any(item.fatal and held[item.rule_id] == "fail" for item in card.items)
    lost = sum(item.points for item in card.items if item.outcome == "fail" and held[item.rule_id] == "fail")
    back = sum(item.points for item in card.items if item.outcome == "fail" and held[item.rule_id] != "fail")
    if card.total is None or fatal:
        total = 0.0 if fatal else None
    elif card.fatal:
        total = max(0.0, 100.0 + lost)  # the fatal item hid what the rest came to
    else:
        total = card.total - back
    same = total == card.total
    return Reckoned(total, card.grade if same else "", fatal)
