"""Each model run on one shipped sentence: the proof, after the checksums, that it loads and answers."""

from __future__ import annotations

import dataclasses

from pipeline.audio import decode
from pipeline.config import DiarizeConfig, TranscribeConfig
from pipeline.models import Model, resolve
from pipeline.resources import resource

SENTENCE = ("models", "demo", "sentence.wav")  # made by models/train/asr.py: one synthetic sentence
SAID = "您好工号六零三五为您服务请问有什么可以帮到您"


def run_on_a_sentence(model: Model) -> str:
    """What the model made of the shipped sentence, in words. Raises what loading or running raises."""
    sound = decode([resource(*SENTENCE)]).at(16_000)
    if model.kind == "asr":
        from pipeline.stages.recogniser import Recogniser

        models = dataclasses.replace(resolve("demo"), asr=model)
        heard = Recogniser(models=models, settings=TranscribeConfig(), threads=1).read([sound.channel(0)])
        text = "".join(segment.text for segment in heard[0])
        if not text:
            raise ValueError(f"expected {SAID!r} or near it, found nothing")
        return f"heard: {text}"
    from pipeline.stages.diarizer import Diarizer

    diarizer = Diarizer(model.folder(), settings=DiarizeConfig())
    diarizer.open()
    turns = diarizer(sound.channel(0)).turns
    if not turns:
        raise ValueError("expected one speaker in the shipped sentence, found none")
    return f"{len({label for _, label in turns})} speaker in {turns[-1][0].end_s:.1f} s"
