"""What was said: speech windows of many calls through faster-whisper, and roles settled by the words.

Windows of all calls in work are recognised together, whichever call they come from; each word then
goes back to its call's time. Mono calls' words go to the diarized speakers one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.audio import AudioError
from pipeline.config import TranscribeConfig
from pipeline.roles.decide import settle_roles
from pipeline.roles.words import split_by_speaker
from pipeline.stages.base import Work
from pipeline.stages.diarize import diarized_channel
from pipeline.stages.guards import refused
from pipeline.stages.recogniser import RATE_HZ, Recognised, Recogniser
from pipeline.stages.utterances import by_channel, simplified, without_boilerplate, without_echo
from pipeline.stages.windows import Window, pack
from pipeline.strings import text
from pipeline.timeline import total_s
from pipeline.types import Audition, Diarization, Dropped, Failure, Role, Span, Transcript, Utterance, Word

WINDOWS_AT_ONCE = 32  # handed to faster-whisper together: 30 MB of features


@dataclass
class _Heard:
    """What one call's windows gave so far, by channel."""

    words: defaultdict[int, list[Word]] = field(default_factory=lambda: defaultdict(list))
    dropped: list[Dropped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Job:
    """One window of one call's channel."""

    call: int  # index in the works
    channel: int
    window: Window


class TranscribeStage:
    """Transcripts of many calls at once; silent channels cost nothing."""

    name: ClassVar[str] = "transcribe"
    needs: ClassVar[tuple[str, ...]] = ("sound", "audition", "diarize")
    gives: ClassVar[type] = Transcript
    version: ClassVar[str] = "3"
    reads: ClassVar[tuple[str, ...]] = ("direction", "agent_channel", "channels", "cdr.agent_channel")

    def __init__(self, *, settings: TranscribeConfig, models: Any, threads: int = 1) -> None:
        self._settings = settings
        self._models = models
        self._recogniser = Recogniser(models=models, settings=settings, threads=threads)

    @property
    def settings(self) -> TranscribeConfig:
        return self._settings

    def revision(self) -> str:
        models = self._models
        return f"{models.asr.name}@{models.asr.revision} {models.compute_type} {models.window_s:g}s"

    def open(self) -> None:
        self._recogniser.open()

    def __call__(self, works: Sequence[Work]) -> list[Transcript | Failure]:
        failures: dict[int, Failure] = {}
        heard = [_Heard() for _ in works]
        batch: list[tuple[_Job, NDArray[np.float32]]] = []
        for index, work in enumerate(works):
            try:
                for job in _jobs(index, work, self._models.window_s):
                    batch.append((job, _cut_out(work, job)))
                    if len(batch) == WINDOWS_AT_ONCE:
                        self._recognise(batch, heard)
                        batch = []
            except AudioError as error:
                failures[index] = Failure(
                    work.call.id, self.name, "permanent", text("ledger.unreadable", what=error)
                )
        self._recognise(batch, heard)
        return [failures.get(i) or self._transcript(work, heard[i]) for i, work in enumerate(works)]

    def _recognise(self, batch: Sequence[tuple[_Job, NDArray[np.float32]]], heard: Sequence[_Heard]) -> None:
        if not batch:
            return
        for (job, _), segments in zip(batch, self._recogniser.read([sound for _, sound in batch])):
            for segment in segments:
                _keep(segment, job, heard[job.call])

    def _transcript(self, work: Work, heard: _Heard) -> Transcript:
        audition: Audition = work.artefacts["audition"]
        diarization: Diarization = work.artefacts["diarize"]
        said, labels = _utterances(heard, audition, diarization)
        said, echoes = without_echo(said, audition.level_dbfs)
        settled, final = settle_roles(said, diarization, call=work.call, audition=audition)
        final = replace(final, notes=(*_line_notes(audition), *final.notes))
        sure = [word.probability for u in settled for word in u.words]
        return Transcript(
            utterances=settled,
            dropped=tuple(sorted([*heard.dropped, *labels, *echoes], key=lambda d: (d.span, d.channel or 0))),
            asr_model=f"{self._models.asr.name}@{self._models.asr.revision}",
            asr_confidence=sum(sure) / len(sure) if sure else None,
            language=self._settings.language,
            diarization=final,
        )


def _line_notes(audition: Audition) -> tuple[str, ...]:
    """For the ledger: what is wrong with the line, and that nobody speaks on it."""
    silent = () if any(audition.voice) else (text("gate.no_voice"),)
    return (*audition.gate.faults, *silent)


def _jobs(index: int, work: Work, longest_s: float) -> list[_Job]:
    """Windows over the voice of each channel that carries its own party."""
    audition: Audition = work.artefacts["audition"]
    mixed = diarized_channel(audition)
    channels = range(len(audition.voice)) if mixed is None else [mixed]
    return [
        _Job(index, channel, window)
        for channel in channels
        for window in pack(
            audition.voice[channel], duration_s=audition.duration_s, longest_s=longest_s,
            levels=audition.level_dbfs, channel=channel,
        )
    ]  # fmt: skip


def _cut_out(work: Work, job: _Job) -> NDArray[np.float32]:
    """The window's sound at 16 kHz, its pieces at their places."""
    samples = work.sound().at(RATE_HZ).channel(job.channel)
    out = np.zeros(round(job.window.duration_s * RATE_HZ), np.float32)
    for piece in job.window.pieces:
        part = samples[round(piece.source.start_s * RATE_HZ) : round(piece.source.end_s * RATE_HZ)]
        at = round(piece.at_s * RATE_HZ)
        out[at : at + len(part)] = part[: len(out) - at]
    return out


def _keep(segment: Recognised, job: _Job, heard: _Heard) -> None:
    """A segment's words in call time, or its refusal with the reason."""
    words = simplified([job.window.to_call(word) for word in segment.words if word.text.strip()])
    voice = [v for piece in job.window.pieces for v in piece.voice]
    if reason := refused(segment, voice_s=total_s(voice)):
        span = (
            Span(words[0].span.start_s, words[-1].span.end_s)
            if words
            else Span(voice[0].start_s, voice[-1].end_s)
        )
        heard.dropped.append(Dropped(span, job.channel, segment.text, reason))
    else:
        heard.words[job.channel] += words


def _utterances(
    heard: _Heard, audition: Audition, diarization: Diarization
) -> tuple[list[Utterance], list[Dropped]]:
    mixed = diarized_channel(audition)
    if mixed is not None:
        return without_boilerplate(split_by_speaker(heard.words[mixed], diarization, channel=mixed))
    roles: dict[int | None, Role] = {turn.channel: turn.role for turn in diarization.turns}
    channels = range(len(audition.voice))
    return without_boilerplate(
        by_channel(
            [heard.words[c] for c in channels],
            roles=[roles.get(c, "unknown") for c in channels],
            voice=audition.voice,
        )
    )
