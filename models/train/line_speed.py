"""CPU seconds of audition and measure for five stereo minutes: ``python -m models.train.line_speed CALL.wav``."""

from __future__ import annotations

import sys
import time

import numpy as np

from pipeline.audio import Sound, decode
from pipeline.config import AuditionConfig
from pipeline.stages.audition import AuditionStage, audition
from pipeline.stages.measure import measured
from pipeline.types import Call, Conversation, Turn

SECONDS = 300


def main(path: str) -> None:
    """The call, repeated to five minutes; best of three runs, loading left out."""
    once = decode(path)
    size = SECONDS * once.sample_rate_hz
    samples = np.tile(once.samples, (1, -(-size // once.samples.shape[1])))[:, :size]
    AuditionStage(settings=AuditionConfig()).open()
    heard_s, measured_s = [], []
    for _ in range(3):
        start = time.process_time()
        heard = audition(Sound(samples, once.sample_rate_hz))
        heard_s.append(time.process_time() - start)
        turns = tuple(
            Turn(span, "agent" if channel == 0 else "customer", channel, "channel", 1.0)
            for channel, voice in enumerate(heard.voice)
            for span in voice
        )
        call = Call(
            "x", (path,), "", 8000, len(heard.voice), SECONDS, None, "unknown", None, None, None, 0, None
        )
        start = time.process_time()
        measured(Conversation(call, heard, turns, ()))
        measured_s.append(time.process_time() - start)
    print(f"audition {min(heard_s):.2f} s, measure {min(measured_s):.2f} s of CPU for {SECONDS} s of sound")


if __name__ == "__main__":
    main(sys.argv[1])
