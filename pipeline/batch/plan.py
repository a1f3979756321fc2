"""What runs, in which order: the stages of a profile, and the chunks of a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.config import Config
from pipeline.stages.base import Stage
from pipeline.types import Call

MAX_CHUNK_AUDIO_S = 3600.0  # sound a worker holds at once: 8 kHz stereo float32, about 230 MB


@dataclass(frozen=True, slots=True)
class StagePlan:
    """Everything a worker needs to build its stages; small, and safe to send to another process."""

    config: Config
    profile: str
    threads: int  # per worker


def build_stages(plan: StagePlan) -> list[Stage]:
    """The stages between ingest and the tables, in order; cheap, nothing heavy is loaded yet."""
    from pipeline.models import resolve
    from pipeline.stages.audition import AuditionStage
    from pipeline.stages.diarize import DiarizeStage
    from pipeline.stages.measure import MeasureStage
    from pipeline.stages.score import ScoreStage
    from pipeline.stages.transcribe import TranscribeStage

    config = plan.config
    models = resolve(plan.profile)
    return [
        AuditionStage(settings=config.audition),
        DiarizeStage(settings=config.diarize, models=models),
        TranscribeStage(settings=config.transcribe, models=models, threads=plan.threads),
        MeasureStage(settings=config.measure),
        ScoreStage(settings=config.score),
    ]


def check_ready(plan: StagePlan) -> None:
    """Find out before a thousand calls do: the recogniser is there, the lexicons can be used.

    Raises ModelError, RuleError. A missing diarizer fails only the mono calls, with its own advice.
    """
    from pipeline.models import resolve
    from pipeline.stages.score import ScoreStage

    resolve(plan.profile).asr.check()
    ScoreStage(settings=plan.config.score).open()


def chunks(calls: Sequence[Call], *, calls_in_work: int) -> Iterator[list[Call]]:
    """Groups of calls of like length, longest first so that no long call is left for the end.

    Made of all the day's calls, done or not, so that a resumed day packs the same windows together.
    """
    chunk: list[Call] = []
    seconds = 0.0
    for call in sorted(calls, key=lambda c: (-c.duration_s, c.id)):
        if chunk and (len(chunk) >= calls_in_work or seconds + call.duration_s > MAX_CHUNK_AUDIO_S):
            yield chunk
            chunk, seconds = [], 0.0
        chunk.append(call)
        seconds += call.duration_s
    if chunk:
        yield chunk
