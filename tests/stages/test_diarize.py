"""Turns: from channels without a model; windows of long calls; labels linked across windows."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config import DiarizeConfig
from pipeline.stages.base import Work
from pipeline.stages.diarize import DiarizeStage, diarized_channel, turns_in_voice, without_tones
from pipeline.stages.diarizer import MODEL_HZ, Diarizer, windows
from pipeline.stages.speakers import Speakers, linked
from pipeline.types import Audition, Call, CallRecord, ChannelGate, Failure, Frames, Span, Tone


def call(**changes: object) -> Call:
    known = {
        "id": "c1", "paths": ("c1.wav",), "sha256": "", "sample_rate_hz": 8000, "channels": 2,
        "duration_s": 10.0, "started_at": None, "direction": "inbound", "agent_id": None, "agent_name": None,
        "team": None, "agent_channel": 0, "cdr": None,
    }  # fmt: skip
    return Call(**{**known, **changes})  # type: ignore[arg-type]


def audition(layout: str = "stereo", *, voice: tuple = ((Span(0, 2),), (Span(2, 3), Span(4, 5)))) -> Audition:
    channels = len(voice)
    dead = tuple(layout == "all_dead" or (layout == "one_dead" and i == 0) for i in range(channels))
    gate = ChannelGate(layout, dead, (0.0,) * channels, (None,) * channels, (None,) * channels)  # type: ignore[arg-type]
    return Audition(10.0, gate, voice, (), ((),) * channels, Frames(0.02, (array("f"),) * channels), None)


def no_sound() -> None:
    raise AssertionError("a stereo call must not be decoded for diarization")


def run(one: Call, heard: Audition) -> object:
    nowhere = SimpleNamespace(
        diarization=SimpleNamespace(folder=lambda: Path("/nowhere"), revision="r"), device="cpu"
    )
    stage = DiarizeStage(settings=DiarizeConfig(), models=nowhere)
    stage.open()
    return stage([Work(one, no_sound, {"audition": heard})])[0]  # type: ignore[arg-type]


def test_stereo_turns_come_from_channels_and_cost_nothing() -> None:
    found = run(call(), audition())
    assert [(t.role, t.span.start_s, t.channel) for t in found.turns] == [
        ("agent", 0, 0), ("customer", 2, 1), ("customer", 4, 1)
    ]  # fmt: skip
    assert (found.role_source, found.role_confidence) == ("channel", 0.95)


def test_the_call_record_is_surer_than_the_map() -> None:
    record = CallRecord("c1", agent_channel=1)
    found = run(call(agent_channel=1, cdr=record), audition())
    assert found.turns[0].role == "customer"
    assert found.role_confidence == 0.99


def test_no_map_leaves_roles_unknown() -> None:
    found = run(call(agent_channel=None), audition())
    assert {t.role for t in found.turns} == {"unknown"}
    assert (found.role_source, found.role_confidence) == ("none", 0.0)


def test_which_channel_is_diarized() -> None:
    assert diarized_channel(audition()) is None
    assert diarized_channel(audition("identical")) == 0
    assert diarized_channel(audition("one_dead")) == 1
    assert diarized_channel(audition("all_dead")) is None
    assert diarized_channel(audition("mono", voice=((Span(0, 1),),))) == 0


def test_a_missing_model_fails_one_call_and_says_what_to_do() -> None:
    stage_answer = None
    silent = SimpleNamespace(at=lambda hz: SimpleNamespace(channel=lambda i: np.zeros(16_000, np.float32)))
    nowhere = SimpleNamespace(
        diarization=SimpleNamespace(folder=lambda: Path("/nowhere"), revision="r"), device="cpu"
    )
    stage = DiarizeStage(settings=DiarizeConfig(), models=nowhere)
    work = Work(call(channels=1), lambda: silent, {"audition": audition("mono", voice=((Span(0, 1),),))})  # type: ignore[arg-type, return-value]
    (stage_answer,) = stage([work])
    assert isinstance(stage_answer, Failure)
    assert "/nowhere" in stage_answer.message
    assert "callqa models fetch" in stage_answer.message


def test_tones_are_silenced_before_the_diarizer() -> None:
    heard = audition("mono", voice=((Span(0, 1),),))
    heard = Audition(
        10.0, heard.gate, heard.voice, (Tone("music", Span(1, 2), 0), Tone("ivr", Span(3, 4), 0)),
        heard.digital_silence, heard.level_dbfs, None,
    )  # fmt: skip
    quiet = without_tones(np.ones(16_000 * 5, np.float32), heard, 0)
    assert quiet.reshape(5, -1).mean(axis=1).tolist() == [1, 0, 1, 1, 1]


def test_long_calls_are_cut_in_pauses() -> None:
    voice = [Span(i, i + 0.9) for i in range(50)] + [Span(58, 120)]
    assert windows(120, voice, window_s=60) == (Span(0, 53.95), Span(53.95, 113.95), Span(113.95, 120))
    assert windows(59, voice, window_s=60) == (Span(0, 59),)


def test_a_long_call_is_never_heard_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []

    def window(self: Diarizer, samples: np.ndarray, voice: object) -> Speakers:
        heard.append(len(samples))
        return Speakers((), (), {}, certainty=1 - 0.1 * len(heard))

    monkeypatch.setattr(Diarizer, "_window", window)
    monkeypatch.setattr(Diarizer, "open", lambda self: None)
    diarizer = Diarizer(Path("/nowhere"), settings=replace(DiarizeConfig(), window_s=60.0))
    found = diarizer(np.zeros(600 * MODEL_HZ, np.float32), voice=[Span(i, i + 0.9) for i in range(600)])
    assert max(heard) <= 60 * MODEL_HZ
    assert sum(heard) == 600 * MODEL_HZ
    assert found.certainty == pytest.approx(1 - 0.1 * len(heard))  # as sure as of its least sure piece


def test_voices_keep_their_label_across_windows() -> None:
    one, two = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    first = Speakers(((Span(0, 1), "A"), (Span(1, 2), "B")), ((Span(0, 1), "A"),), {"A": one, "B": two})
    second = Speakers(((Span(0, 1), "A"), (Span(1, 2), "B")), (), {"A": two, "B": one})
    joined = linked([(0.0, first), (10.0, second)], max_speakers=3)
    assert joined.turns == (
        (Span(0, 1), "S0"), (Span(1, 2), "S1"), (Span(10, 11), "S1"), (Span(11, 12), "S0")
    )  # fmt: skip
    assert joined.exclusive == ((Span(0, 1), "S0"),)
    third = Speakers(((Span(0, 1), "A"),), (), {"A": one})
    assert len(linked([(0.0, third), (9.0, first)], max_speakers=1).voiceprints) == 1


def test_turns_are_held_to_the_voice_that_was_heard() -> None:
    labelled = ((Span(0.0, 2.0), "S0"), (Span(3.0, 4.0), "S1"), (Span(8.0, 9.0), "S1"))
    voice = [Span(0.5, 4.0), Span(5.0, 5.6)]
    found = [(t.span.start_s, t.span.end_s, t.speaker) for t in turns_in_voice(labelled, voice, 0)]
    # before the voice: cut; 2–3 s lies between two speakers: halved; 5.0 s: nearest is S1; at 8 s: no voice
    assert found == [(0.4, 2.5, "S0"), (2.5, 4.0, "S1"), (5.0, 5.6, "S1")]
    assert turns_in_voice((), voice, 0) == ()
