"""The stage on calls of the demo day, through the real engines."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import Sound, decode
from pipeline.config import Config
from pipeline.models import resolve
from pipeline.resources import resource
from pipeline.stages.audition import AuditionStage
from pipeline.stages.base import Work
from pipeline.stages.diarize import DiarizeStage
from pipeline.stages.transcribe import TranscribeStage
from pipeline.types import Call, Transcript

pytestmark = pytest.mark.engine
DAY = resource("models", "demo", "day")


def work(name: str, sound: Sound | None = None) -> Work:
    """One call heard and diarized, not yet transcribed."""
    path = DAY / f"{name}.wav"
    held = sound or decode([path])
    call = Call(
        name, (str(path),), name, held.sample_rate_hz, held.channels, held.duration_s, None, "inbound", "a", None, None, 0, None  # noqa: E501
    )  # fmt: skip
    config = Config()
    done: dict[str, object] = {}
    made = Work(call, lambda: held, done)
    for stage in (
        AuditionStage(settings=config.audition),
        DiarizeStage(settings=config.diarize, models=resolve("demo")),
    ):
        done[stage.name] = stage([made])[0]
    return made


@pytest.fixture(scope="module")
def stage() -> TranscribeStage:
    return TranscribeStage(settings=Config().transcribe, models=resolve("demo"), threads=1)


@pytest.fixture(scope="module")
def works() -> list[Work]:
    return [work("d01-hotel-inquiry"), work("d04-curt")]


@pytest.fixture(scope="module")
def transcripts(stage: TranscribeStage, works: list[Work]) -> Sequence[Transcript]:
    return stage(works)  # type: ignore[return-value]


def test_both_parties_are_heard_on_their_channels(transcripts: Sequence[Transcript]) -> None:
    assert {u.channel for u in transcripts[0].utterances} == {0, 1}
    for transcript in transcripts:
        assert transcript.asr_confidence is not None and 0 < transcript.asr_confidence <= 1


def test_words_lie_in_voice_and_in_order(works: list[Work], transcripts: Sequence[Transcript]) -> None:
    for made, transcript in zip(works, transcripts):
        for utterance in transcript.utterances:
            voice = made.artefacts["audition"].voice[utterance.channel]
            for word in utterance.words:
                assert any(v.start_s - 0.16 <= word.span.start_s <= v.end_s + 0.16 for v in voice), word
            starts = [word.span.start_s for word in utterance.words]
            assert starts == sorted(starts)


def test_a_calls_transcript_does_not_depend_on_its_company(
    stage: TranscribeStage, works: list[Work], transcripts: Sequence[Transcript]
) -> None:
    (alone,) = stage([works[1]])
    assert alone == transcripts[1]


def test_utterances_stand_where_the_truth_has_them(transcripts: Sequence[Transcript]) -> None:
    truth = json.loads((DAY / "truth" / "d01-hotel-inquiry.json").read_text(encoding="utf-8"))
    for utterance in transcripts[0].utterances:
        own = [u for u in truth["utterances"] if u["channel"] == utterance.channel]
        assert any(
            u["start_s"] - 0.3 <= utterance.span.end_s and utterance.span.start_s <= u["end_s"] + 0.3
            for u in own
        ), utterance


def test_a_silent_call_has_no_words_and_no_confidence(stage: TranscribeStage) -> None:
    rng = np.random.default_rng(0)
    quiet = Sound((rng.normal(0, 1e-4, (2, 80_000))).astype(np.float32), 8000)
    (transcript,) = stage([work("d12-no-voice", quiet)])
    assert isinstance(transcript, Transcript)
    assert transcript.utterances == () and transcript.asr_confidence is None


def test_the_model_is_named_with_its_revision(
    stage: TranscribeStage, transcripts: Sequence[Transcript]
) -> None:
    assert transcripts[0].asr_model == f"demo-asr@{resolve('demo').asr.revision}"
    assert resolve("demo").asr.revision in stage.revision()
    assert Path(resolve("demo").asr.path).is_dir()
