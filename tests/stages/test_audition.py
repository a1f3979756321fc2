"""The whole audition: on tones alone, on a rendered call, on real speech where it is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.audio import AudioError, Sound, decode
from pipeline.config import AuditionConfig
from pipeline.stages.audition import AuditionStage, audition
from pipeline.stages.base import Work
from pipeline.types import Failure, Span
from tests.listen.sounds import RATE, over_hiss, quiet, sine
from tests.measures.build import call

FIXTURES = Path(__file__).parent.parent / "fixtures" / "calls"
SPEECH = Path(__file__).parents[3] / "shared" / "speech"


def stereo(left: Any, right: Any) -> Sound:
    return Sound(np.stack([left, right]).astype(np.float32), RATE)


def test_a_call_of_tones_alone_has_no_voice() -> None:
    ring = sine(450, 1.0)
    left = over_hiss(quiet(0.5), ring, quiet(4), ring, quiet(2))
    found = audition(stereo(left, over_hiss(quiet(len(left) / RATE))))
    assert found.voice == ((), ())
    assert [(t.kind, t.count) for t in found.tones] == [("ringback", 2)]
    assert found.answered_at_s == pytest.approx(6.5, abs=0.05)


def test_silence_of_any_length_is_no_error() -> None:
    for seconds in (0.01, 0.2, 3.0):
        found = audition(stereo(quiet(seconds), quiet(seconds)))
        assert found.voice == ((), ())
        assert found.gate.layout == "all_dead"


def test_a_tone_on_both_channels_is_one_tone() -> None:
    tone = over_hiss(quiet(0.5), *[p for _ in range(4) for p in (sine(450, 0.35), quiet(0.35))], quiet(0.5))
    noise = np.random.default_rng(1).normal(0, 0.001, len(tone))
    found = audition(stereo(tone, tone * 0.4 + noise))
    assert [(t.kind, t.channel, t.count) for t in found.tones] == [("busy", None, 4)]


def test_an_undecodable_file_is_a_failure_of_that_call_alone() -> None:
    def broken() -> Sound:
        raise AudioError("x.wav", "sound", "noise")

    good = stereo(quiet(1), quiet(1))
    works = [Work(call(1.0), broken, {}), Work(call(1.0), lambda: good, {})]
    failed, done = AuditionStage(settings=AuditionConfig())(works)
    assert isinstance(failed, Failure)
    assert (failed.stage, failed.kind) == ("audition", "permanent")
    assert not isinstance(done, Failure)


@pytest.mark.engine
def test_the_fixture_call_with_tones_is_heard_as_it_was_rendered() -> None:
    truth = json.loads((FIXTURES / "truth" / "tones.json").read_text(encoding="utf-8"))
    found = audition(decode(FIXTURES / "tones.wav"), agent_channel=truth["agent_channel"])
    heard = {(t.kind, round(t.span.start_s, 1)) for t in found.tones}
    for tone in truth["tones"]:
        near = {(tone["kind"], round(tone["start_s"] + d, 1)) for d in (-0.1, 0, 0.1)}
        assert tone["kind"] in ("cough", "laugh") or near & heard, tone


@pytest.mark.engine
@pytest.mark.parametrize("gain_db", [0, -20])
def test_voice_of_real_speech_has_its_edges_whatever_the_gain(gain_db: int) -> None:
    if not (SPEECH / "manifest.json").exists():
        pytest.skip("../shared/speech is not here")
    manifest = json.loads((SPEECH / "manifest.json").read_text(encoding="utf-8"))["calls"][0]
    whole = decode(SPEECH / manifest["file"]).samples[:, : 30 * RATE]
    found = audition(Sound(whole * np.float32(10 ** (gain_db / 20)), RATE), agent_channel=0)
    errors = []
    for turn in (t for t in manifest["turns"] if t["end_s"] < 29):
        span = Span(turn["start_s"], turn["end_s"])
        voice = found.voice[0 if turn["role"] == "agent" else 1]
        mine = [v for v in voice if v.start_s < span.end_s and v.end_s > span.start_s]
        errors += [abs(mine[0].start_s - span.start_s), abs(mine[-1].end_s - span.end_s)]
    assert np.median(errors) <= 0.03
    assert max(errors) <= 0.06
    assert found.tones == ()
