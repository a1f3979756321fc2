from __future__ import annotations

from pipeline.config import MeasureConfig
from pipeline.stages.base import Work
from pipeline.stages.measure import MeasureStage
from pipeline.types import Diarization, Measured, Transcript, Turn
from tests.measures.build import talk


def test_roles_the_words_settled_go_before_the_channels() -> None:
    heard = talk([(1, 4)], [(5, 7)])
    assert heard.audition is not None
    guessed = Diarization(heard.turns, "channel", 0.5)
    swapped = tuple(
        Turn(t.span, "customer" if t.role == "agent" else "agent", t.channel, "channel", 1.0)
        for t in heard.turns
    )
    transcript = Transcript((), (), "none", None, diarization=Diarization(swapped, "words", 0.9))
    work = Work(
        heard.call, lambda: 1 / 0, {"audition": heard.audition, "diarize": guessed, "transcribe": transcript}
    )  # type: ignore[arg-type, return-value]
    (found,) = MeasureStage(settings=MeasureConfig())([work])
    assert isinstance(found, Measured)
    values = {(m.name, m.role): m.value for m in found.measures}
    assert values["talk_s", "agent"] == 2
    assert values["first_speaker", None] == "customer"
