"""Measure: the conversation put together, what happened in it, and every registered number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pipeline.config import MeasureConfig
from pipeline.measures import compute_all, scene_of
from pipeline.measures.cues import cues_revision
from pipeline.measures.events import find_events
from pipeline.stages.base import Work
from pipeline.types import Audition, Call, Conversation, Diarization, Failure, Measured, Transcript


class MeasureStage:
    """Events and measures of each call; no sound and no model."""

    name: ClassVar[str] = "measure"
    needs: ClassVar[tuple[str, ...]] = ("audition", "diarize", "transcribe")
    gives: ClassVar[type] = Measured
    version: ClassVar[str] = "4"
    reads: ClassVar[tuple[str, ...]] = ("direction", "agent_channel", "started_at", "duration_s", "cdr")

    def __init__(self, *, settings: MeasureConfig) -> None:
        self._settings = settings

    @property
    def settings(self) -> MeasureConfig:
        return self._settings

    def revision(self) -> str:
        """Of the cue words, which decide kinds of silence."""
        return cues_revision()

    def open(self) -> None:
        """Nothing heavy to load."""

    def __call__(self, works: Sequence[Work]) -> list[Measured | Failure]:
        return [measured(conversation_of(work), self._settings) for work in works]


def conversation_of(work: Work) -> Conversation:
    """The conversation a call's artefacts make together."""
    return assemble(
        work.call,
        audition=work.artefacts["audition"],
        diarization=work.artefacts["diarize"],
        transcript=work.artefacts["transcribe"],
    )


def assemble(
    call: Call, *, audition: Audition, diarization: Diarization, transcript: Transcript
) -> Conversation:
    """Roles that the words settled (``transcript.diarization``) go before those of the diarize stage."""
    settled = transcript.diarization or diarization
    return Conversation(
        call=call,
        audition=audition,
        turns=settled.turns,
        utterances=transcript.utterances,
        role_confidence=settled.role_confidence,
        asr_confidence=transcript.asr_confidence,
    )


def measured(conversation: Conversation, settings: MeasureConfig | None = None) -> Measured:
    """Events and measures of one conversation, spoken or written."""
    chosen = settings or MeasureConfig()
    events = find_events(conversation, chosen)
    return Measured(compute_all(scene_of(conversation, events, chosen)), events)
