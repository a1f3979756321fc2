"""What is rendered is what the truth says: durations, edges, levels, frequencies, dead legs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.callsim.render import Rendered, render
from pipeline.callsim.script import parse_script
from tests.callsim.conftest import FIXTURES
from tests.callsim.measured import bursts, level_db, loudest_hz, piece


def test_length_and_shape(tones_call: Rendered) -> None:
    assert tones_call.audio.shape == (2, round(tones_call.truth["duration_s"] * 8_000))


def test_every_phrase_stands_where_the_truth_says(tones_call: Rendered) -> None:
    for line in tones_call.truth["utterances"]:
        channel = tones_call.audio[line["channel"]]
        for phrase in line["phrases"]:
            around = piece(channel, phrase["start_s"] - 0.08, phrase["end_s"] + 0.1)
            heard = bursts(around, 0.006)
            assert heard[0][0] - 0.08 == pytest.approx(0.0, abs=0.05), phrase
            assert heard[-1][1] - 0.08 == pytest.approx(phrase["end_s"] - phrase["start_s"], abs=0.05), phrase


def test_speech_has_its_level(tones_call: Rendered) -> None:
    truth = tones_call.truth
    for role, level in truth["levels_dbfs"].items():
        spoken = [
            piece(tones_call.audio[line["channel"]], p["start_s"], p["end_s"])
            for line in truth["utterances"]
            if line["role"] == role
            for p in line["phrases"]
        ]
        assert level_db(np.concatenate(spoken)) == pytest.approx(level, abs=0.3)


def test_tones_have_frequency_cadence_and_place(tones_call: Rendered) -> None:
    tones = {t["kind"]: t for t in tones_call.truth["tones"]}
    for kind in ("ringback", "busy"):
        tone = tones[kind]
        sound = piece(tones_call.audio[tone["channel"]], tone["start_s"], tone["end_s"])
        assert len(bursts(sound, 0.05)) == tone["count"]
        assert loudest_hz(sound[:2_400]) == pytest.approx(450.0, abs=2.0)
    beep = tones["beep"]
    assert loudest_hz(piece(tones_call.audio[0], beep["start_s"], beep["end_s"])) == pytest.approx(
        1400, abs=3
    )
    keys = tones["dtmf"]
    assert keys["detail"] == "18#"
    assert len(bursts(piece(tones_call.audio[keys["channel"]], keys["start_s"], keys["end_s"]), 0.05)) == 3


def test_gaps_are_quiet_but_for_their_music(tones_call: Rendered) -> None:
    (hold,) = [g for g in tones_call.truth["gaps"] if g["kind"] == "hold_music"]
    start, end = hold["start_s"] + 0.3, hold["end_s"] - 0.3
    agent, customer = (piece(tones_call.audio[c], start, end) for c in (0, 1))
    assert level_db(agent) == pytest.approx(-22.0, abs=2.0)
    assert level_db(customer) == pytest.approx(-60.0, abs=1.0)  # the line's noise, 40 dB below −20


def test_rendering_repeats_and_agrees_with_the_shipped_fixture(tones_call: Rendered, tmp_path: Path) -> None:
    (path,) = tones_call.write(tmp_path)
    assert soundfile.info(path).subtype == "ULAW"
    again = render(tones_call.script)
    assert np.array_equal(again.audio, tones_call.audio)
    # Other versions of espeak-ng sound a little different, but fill the same plan.
    assert path.stat().st_size == (FIXTURES / path.name).stat().st_size


def short(**changes: object) -> Rendered:
    script = {
        "id": "short",
        "agent": {"cpm": 240, "voice": {"variant": "f1"}},
        "customer": {"cpm": 240, "voice": {"variant": "m3"}},
        "events": [{"agent": "您好请讲", "gap_s": 0.5}, {"customer": "我要查订单", "gap_s": 0.5}],
        "release": {"after_s": 0.6},
    }
    return render(parse_script(script | changes))


def test_echo_is_as_loud_and_late_as_told(espeak: None) -> None:
    call = short(line={"bleed_db": -20, "bleed_delay_ms": 100, "noise": "digital", "codec": "none"})
    agent, customer = call.audio
    spoken, echo = piece(agent, 0.5, 1.5), piece(customer, 0.6, 1.6)
    assert level_db(echo) == pytest.approx(level_db(spoken) - 20.0, abs=0.1)


def test_mono_holds_both_parties(espeak: None) -> None:
    call = short(layout="mono")
    assert call.audio.shape[0] == 1
    for line in call.truth["utterances"]:
        assert level_db(piece(call.audio[0], line["start_s"], line["end_s"])) > -30


def test_legs_drift_apart_as_told(espeak: None) -> None:
    straight = short(layout="legs", line={"noise": "digital", "codec": "none"})
    drifted = short(layout="legs", line={"noise": "digital", "codec": "none", "drift_ppm": 50_000})
    start, end = (bursts(straight.audio[1], 0.01)[i][j] for i, j in ((0, 0), (-1, 1)))
    late_start, late_end = (bursts(drifted.audio[1], 0.01)[i][j] for i, j in ((0, 0), (-1, 1)))
    assert (late_end - late_start) / (end - start) == pytest.approx(1.05, abs=0.01)
    assert straight.files() == ("short-in.wav", "short-out.wav")


def test_right_channel_can_be_the_agent(espeak: None) -> None:
    call = short(agent_channel=1)
    assert level_db(piece(call.audio[1], 0.5, 1.5)) > level_db(piece(call.audio[0], 0.5, 1.5)) + 20


@pytest.mark.parametrize(("codec", "subtype"), [("alaw", "ALAW"), ("gsm", "GSM610"), ("none", "PCM_16")])
def test_codecs_reach_the_file(tones_call: Rendered, tmp_path: Path, codec: str, subtype: str) -> None:
    script = replace(tones_call.script, line=replace(tones_call.script.line, codec=codec))
    mono = replace(tones_call, script=script, audio=tones_call.audio[:1, :16_000])
    (path,) = mono.write(tmp_path)
    assert soundfile.info(path).subtype == subtype
