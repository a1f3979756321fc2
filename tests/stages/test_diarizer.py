"""The shipped diarizer on rendered voices it never heard: who speaks, offline, in the awkward cases."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.audio import Sound
from pipeline.callsim.voices import VoiceError, espeak_program, random_voice, speak_many
from pipeline.config import DiarizeConfig
from pipeline.resources import resource
from pipeline.stages.audition import audition
from pipeline.stages.diarizer import MODEL_HZ, Diarizer
from pipeline.stages.speakers import Speakers
from pipeline.timeline import overlap, total_s
from pipeline.types import Span

pytestmark = [pytest.mark.engine, pytest.mark.slow]
FOLDER = resource("models", "demo", "diarization")
SENTENCES = (
    "您好很高兴为您服务请问有什么可以帮您",
    "我想查一下上个星期订的那张机票",
    "麻烦您提供一下订单号码我为您查询",
    "今天下午三点以前能不能办好这件事",
)
GENDERS = ("female", "male", "female", "male")


@pytest.fixture(scope="module")
def voices() -> list[list[Any]]:
    """Four held-out voices (two women, two men), each with the four sentences, mono 16 kHz."""
    try:
        espeak_program()
    except VoiceError as error:
        pytest.skip(str(error).splitlines()[0])
    people = [
        random_voice(np.random.default_rng(70 + i), set="heldout", gender=g) for i, g in enumerate(GENDERS)
    ]  # type: ignore[arg-type]
    sounds = speak_many([s for _ in people for s in SENTENCES], [v for v in people for _ in SENTENCES])
    return [sounds[4 * i : 4 * i + 4] for i in range(4)]


@pytest.fixture(scope="module")
def dialled() -> Iterator[list[Any]]:
    """Every address anything in this process tries to reach while the module's tests run."""
    tried: list[Any] = []
    original = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        tried.append(address)
        original(self, address)

    socket.socket.connect = watched  # type: ignore[method-assign, assignment]
    yield tried
    socket.socket.connect = original  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def diarizer(dialled: list[Any]) -> Diarizer:
    opened = Diarizer(FOLDER, settings=DiarizeConfig())
    opened.open()
    return opened


def call(
    voices: list[list[Any]], order: Sequence[int], *, gap_s: float = 0.4
) -> tuple[np.ndarray, list[tuple[Span, int]]]:
    """Sentences of the voices in ``order`` one after the other, on a quiet line; and the truth."""
    at, placed, truth = 0.3, [], []
    for turn, who in enumerate(order):
        sound = voices[who][turn % 4]
        placed.append((at, sound))
        truth.append((Span(at, at + len(sound) / MODEL_HZ), who))
        at = max(0.0, at + len(sound) / MODEL_HZ + gap_s)
    samples = np.random.default_rng(0).normal(0, 1e-3, int((at + 1) * MODEL_HZ)).astype(np.float32)
    for start, sound in placed:
        first = round(start * MODEL_HZ)
        samples[first : first + len(sound)] += 0.5 * sound
    return samples, truth


def der(found: Speakers, truth: Sequence[tuple[Span, int]]) -> float:
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    reference, hypothesis = Annotation(uri="c"), Annotation(uri="c")
    for i, (span, who) in enumerate(truth):
        reference[Segment(span.start_s, span.end_s), i] = f"voice{who}"
    for i, (span, label) in enumerate(found.turns):
        hypothesis[Segment(span.start_s, span.end_s), i] = label
    return float(DiarizationErrorRate(collar=0.0)(reference, hypothesis))


def who(diarizer: Diarizer, samples: np.ndarray) -> Speakers:
    """As the stage asks: with the voice that the audition hears."""
    samples = samples.astype(np.float32)
    return diarizer(samples, voice=audition(Sound(samples[None], MODEL_HZ)).voice[0])


def labels(found: Speakers) -> set[str]:
    return {label for _, label in found.turns}


def test_two_voices(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    samples, truth = call(voices, [0, 1, 0, 1, 0, 1])
    found = who(diarizer, samples)
    assert len(labels(found)) == 2
    assert der(found, truth) < 0.2
    assert all(
        not overlap([a], [b]) for i, (a, _) in enumerate(found.exclusive) for b, _ in found.exclusive[i + 1 :]
    )


def test_one_voice_is_not_talked_into_two(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    samples, _ = call(voices, [2, 2, 2, 2])
    assert len(labels(who(diarizer, samples))) == 1


def test_three_voices_are_bounded(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    samples, truth = call(voices, [0, 1, 0, 1, 2, 1, 2, 1])
    found = who(diarizer, samples)
    assert 2 <= len(labels(found)) <= 3
    assert der(found, truth) < 0.35


def test_two_voices_of_one_sex(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    samples, truth = call(voices, [1, 3, 1, 3, 1, 3])
    assert der(who(diarizer, samples), truth) < 0.2


def test_four_fifths_of_overlap(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    one, two = np.concatenate(voices[0]), np.concatenate(voices[1])
    length = min(len(one), len(two))
    samples = 0.4 * np.concatenate([one[:length], np.zeros(length // 10)])
    samples[length // 10 :] += 0.4 * two[:length]
    found = who(diarizer, samples)
    spoken = total_s(span for span, _ in found.turns)
    assert 0.7 * length / MODEL_HZ < spoken <= len(samples) / MODEL_HZ + 0.1


def test_calls_of_three_seconds_and_of_nothing(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    found = who(diarizer, 0.5 * voices[0][0][: 3 * MODEL_HZ])
    assert len(labels(found)) == 1
    assert total_s(span for span, _ in found.turns) > 1.0
    assert who(diarizer, np.zeros(3 * MODEL_HZ)).turns == ()


def test_two_agents_in_a_row(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    samples, truth = call(voices, [0, 1, 0, 1, 0, 1, 3, 1, 3, 1, 3, 1])
    assert der(who(diarizer, samples), truth) < 0.35


def test_the_second_pass_can_be_left_out(diarizer: Diarizer, voices: list[list[Any]]) -> None:
    samples, _ = call(voices, [0, 1, 0, 1])
    plain = Diarizer(FOLDER, settings=DiarizeConfig(second_pass=False))
    assert who(plain, samples).turns == diarizer(samples).turns  # nothing to share out without voice


def test_nothing_leaves_the_machine(diarizer: Diarizer, voices: list[list[Any]], dialled: list[Any]) -> None:
    from pyannote.audio.telemetry.metrics import is_metrics_enabled, provider

    diarizer(0.5 * voices[1][1])
    provider.force_flush(2000)  # anything queued by telemetry would go out now
    assert not is_metrics_enabled()
    assert [a for a in dialled if isinstance(a, tuple) and a[0] not in ("127.0.0.1", "::1")] == []


_FRESH = """
import socket, sys
tried = []
original = socket.socket.connect
socket.socket.connect = lambda self, address: (tried.append(address), original(self, address))[1]
import numpy as np
from pathlib import Path
from pipeline.config import DiarizeConfig
from pipeline.stages.diarizer import Diarizer
assert "pyannote.audio" not in sys.modules
diarizer = Diarizer(Path(sys.argv[1]), settings=DiarizeConfig())
diarizer(np.random.default_rng(0).normal(0, 0.1, 6 * 16000).astype(np.float32))
from pyannote.audio.telemetry.metrics import is_metrics_enabled, provider
provider.force_flush(2000)
print(is_metrics_enabled(), [a for a in tried if isinstance(a, tuple)])
"""


def test_a_fresh_process_has_telemetry_off_before_the_library_is_imported() -> None:
    settings = {
        k: v for k, v in os.environ.items() if k not in ("PYANNOTE_METRICS_ENABLED", "HF_HUB_OFFLINE")
    }
    done = subprocess.run(
        [sys.executable, "-c", _FRESH, str(FOLDER)], env=settings, capture_output=True, text=True, check=True
    )
    assert done.stdout.split(maxsplit=1) == ["False", "[]\n"]
