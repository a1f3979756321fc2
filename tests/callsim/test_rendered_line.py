"""Each thing that can happen on the line, measured in what is rendered against the truth file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from pipeline.callsim.grammar import generate_scripts
from pipeline.callsim.render import Rendered, render
from pipeline.callsim.script import Line, parse_script
from tests.callsim.measured import RATE_HZ, bursts, level_db, loudest_hz, piece

ROOM_S = 0.08  # looked at beside a sound's place
PLAIN = {"noise": "digital", "codec": "none"}


def rendered(*events: dict[str, Any], **script: Any) -> Rendered:
    people = {
        "agent": {"cpm": 240, "voice": {"variant": "f1"}},
        "customer": {"cpm": 200, "level_dbfs": -24, "voice": {"variant": "m3"}},
        "agent2": {"cpm": 220, "voice": {"variant": "m1"}},
    }
    return render(parse_script({"id": "one", "line": PLAIN, **people, "events": list(events), **script}))


def channel_of(call: Rendered, item: dict[str, Any]) -> NDArray[np.float32]:
    return call.audio[item["channel"]]


def heard(call: Rendered, item: dict[str, Any], *, threshold: float = 0.006) -> tuple[float, float]:
    """(start_s, end_s) of what sounds about the place of ``item``."""
    early = max(0.0, item["start_s"] - ROOM_S)
    found = bursts(piece(channel_of(call, item), early, item["end_s"] + ROOM_S), threshold)
    return early + found[0][0], early + found[-1][1]


def test_rates_measured_in_the_sound_are_the_truths(espeak: None) -> None:
    call = rendered(
        {"agent": "您好，请问有什么可以帮到您？", "gap_s": 0.5},
        {"customer": "我想查一下昨天订的酒店，订好了没有。", "gap_s": 0.6},
        {"agent": "已经订好了，明天下午可以入住。", "gap_s": 0.6, "cpm": 300},
    )
    for role, rate in call.truth["rates"].items():
        lines = [u for u in call.truth["utterances"] if u["role"] == role]
        spans = [heard(call, {**p, "channel": u["channel"]}) for u in lines for p in u["phrases"]]
        measured = 60 * rate["characters"] / sum(b - a for a, b in spans)
        assert measured == pytest.approx(rate["cpm"], rel=0.03), role


def test_cantonese_and_english_lines_last_as_long_as_planned(espeak: None) -> None:
    call = rendered(
        {"customer": "唔該，我想問下點樣改地址。", "language": "yue", "gap_s": 0.4},
        {"customer": "hello do you speak english", "language": "en", "gap_s": 0.5},
    )
    for line in call.truth["utterances"]:
        start, end = heard(call, line)
        assert (start, end) == pytest.approx((line["start_s"], line["end_s"]), abs=0.06), line["language"]


def test_ringing_menu_and_answer_stand_before_the_greeting(espeak: None) -> None:
    call = rendered(
        {"ivr": "欢迎致电，请按一", "gap_s": 0.3},
        {"do": "dtmf", "digits": "1*", "gap_s": 0.4},
        {"do": "ringback", "count": 2, "gap_s": 0.5},
        {"agent": "您好请讲", "gap_s": 0.8},
        {"customer": "你好", "gap_s": 0.4},
    )
    menu, greeting, _ = call.truth["utterances"]
    keys, ringing = call.truth["tones"]
    assert menu["channel"] == greeting["channel"] == ringing["channel"] != keys["channel"]
    assert ringing["end_s"] < call.truth["answered_at_s"] < greeting["start_s"]
    assert heard(call, menu) == pytest.approx((menu["start_s"], menu["end_s"]), abs=0.06)
    assert heard(call, ringing) == pytest.approx((ringing["start_s"], ringing["end_s"]), abs=0.02)
    for i, pair in enumerate(((697, 1209), (941, 1209))):
        key = piece(channel_of(call, keys), keys["start_s"] + 0.2 * i, keys["start_s"] + 0.2 * i + 0.1)
        spectrum = np.abs(np.fft.rfft(key * np.hanning(len(key)), RATE_HZ))
        peaks = sorted([int(spectrum[:1100].argmax()), 1100 + int(spectrum[1100:].argmax())])
        assert peaks == pytest.approx(list(pair), abs=4)


def test_who_is_called_picks_up_before_the_agent_speaks(espeak: None) -> None:
    call = rendered(
        {"do": "ringback", "count": 1, "on": "customer", "gap_s": 0.2},
        {"customer": "喂", "gap_s": 0.9},
        {"agent": "您好，打扰您了", "gap_s": 0.4},
        direction="outbound",
    )
    first, _ = call.truth["utterances"]
    (ringing,) = call.truth["tones"]
    assert ringing["channel"] == first["channel"] == 1
    assert ringing["end_s"] < call.truth["answered_at_s"] < first["start_s"]
    assert bursts(call.audio[0], 0.006)[0][0] > first["end_s"]


def test_congestion_busy_and_music_keep_frequency_cadence_and_length(espeak: None) -> None:
    call = rendered(
        {"agent": "请稍等", "gap_s": 0.3},
        {"do": "hold", "seconds": 5, "sound": "music", "style": "waltz", "announced": True},
        {"agent": "对不起他在忙", "gap_s": 0.0},
        {"do": "congestion", "count": 3, "gap_s": 0.5},
        release={"by": "agent", "after_s": 0.6, "busy": 4},
    )
    tones = {t["kind"]: t for t in call.truth["tones"]}
    for kind, on_s in (("congestion", 0.7), ("busy", 0.35)):
        sound = piece(channel_of(call, tones[kind]), tones[kind]["start_s"], tones[kind]["end_s"])
        beats = bursts(sound, 0.05)
        assert len(beats) == tones[kind]["count"]
        assert [b - a for a, b in beats] == pytest.approx([on_s] * len(beats), abs=0.02)
        assert loudest_hz(sound[: int(on_s * RATE_HZ)]) == pytest.approx(450.0, abs=2.0)
    assert heard(call, tones["music"], threshold=0.002) == pytest.approx(
        (tones["music"]["start_s"], tones["music"]["end_s"]), abs=0.06
    )


@pytest.mark.parametrize("what", ["cough", "laugh"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_coughs_and_laughs_fill_their_place_on_their_leg(espeak: None, what: str, seed: int) -> None:
    call = rendered({"agent": "您好", "gap_s": 0.3}, {"do": what, "by": "customer", "gap_s": 0.5}, seed=seed)
    (sound,) = call.truth["tones"]
    assert sound["channel"] == 1
    start, end = heard(call, sound, threshold=0.001)
    assert start == pytest.approx(sound["start_s"], abs=0.03)
    assert end == pytest.approx(sound["end_s"], abs=0.06)
    assert level_db(piece(call.audio[1], sound["start_s"], sound["end_s"])) == pytest.approx(-24.0, abs=0.2)


def test_a_one_way_leg_carries_nothing_for_its_time_and_is_back_after(espeak: None) -> None:
    call = rendered(
        {"agent": "您好请讲", "gap_s": 0.3},
        {"do": "one_way", "by": "agent", "seconds": 4},
        {"customer": "喂听得到吗", "gap_s": 0.5},
        {"agent": "听得到您请讲", "gap_s": 3.0},
        line={"noise": "line", "snr_db": 30, "codec": "none"},
    )
    (silent,) = call.truth["silent_legs"]
    leg = channel_of(call, silent)
    assert silent["end_s"] - silent["start_s"] == pytest.approx(4.0)
    assert not piece(leg, silent["start_s"], silent["end_s"]).any()
    assert (piece(leg, silent["end_s"], silent["end_s"] + 0.1) != 0).mean() > 0.9
    assert level_db(piece(call.audio[1], silent["start_s"], silent["end_s"])) > -40


def test_a_transfer_goes_on_with_another_voice_on_the_agents_leg(espeak: None) -> None:
    call = rendered(
        {"agent": "请稍等我帮您转接", "gap_s": 0.3},
        {"do": "ringback", "count": 1, "gap_s": 0.4, "announced": True},
        {"agent2": "您好请问有什么可以帮到您", "gap_s": 0.6},
    )
    first, second = call.truth["utterances"]
    assert first["channel"] == second["channel"] == 0
    assert heard(call, second) == pytest.approx((second["start_s"], second["end_s"]), abs=0.06)
    (wait,) = [g for g in call.truth["gaps"] if g["kind"] == "hold_music"]
    assert wait["end_s"] - wait["start_s"] == pytest.approx(0.4 + 1.0 + 0.6)


def test_talk_after_the_goodbye_lies_between_it_and_the_release(espeak: None) -> None:
    call = rendered(
        {"agent": "感谢您的来电再见", "gap_s": 0.3},
        {"agent": "终于打完了", "gap_s": 0.8},
        release={"by": "customer", "after_s": 1.5},
    )
    farewell, more = call.truth["utterances"]
    start, end = heard(call, more)
    assert farewell["end_s"] + 0.7 < start < end < call.truth["release"]["at_s"] - 1.4


@pytest.mark.parametrize("snr_db", [10.0, 30.0])
def test_noise_lies_as_far_below_as_told(espeak: None, snr_db: float) -> None:
    line = {"noise": "line", "snr_db": snr_db, "codec": "none"}
    call = rendered({"agent": "您好", "gap_s": 2.0}, line=line)
    quiet = piece(call.audio[0], 0.2, 1.8)
    assert level_db(quiet) == pytest.approx(-20.0 - snr_db, abs=1.5)


def test_comfort_noise_and_digital_silence(espeak: None) -> None:
    comfort, digital = (
        rendered({"agent": "您好", "gap_s": 2.0}, line={"noise": kind, "codec": "none"})
        for kind in ("comfort", "digital")
    )
    assert level_db(piece(comfort.audio[1], 0.2, 1.8)) == pytest.approx(-62.0, abs=1.5)
    assert not piece(digital.audio[1], 0.2, 1.8).any()


def test_clipping_is_of_the_agents_leg(espeak: None) -> None:
    call = rendered({"agent": "您好", "gap_s": 0.3}, {"customer": "你好"}, line=PLAIN | {"clip_db": 9.0})
    agent, customer = np.abs(call.audio)
    assert agent.max() == pytest.approx(1.0, abs=1e-4)
    spoken = piece(agent, *(call.truth["utterances"][0][k] for k in ("start_s", "end_s")))
    assert (spoken > 0.999).mean() > 0.05
    assert customer.max() < 0.9


def test_lost_packets_are_as_many_as_told(espeak: None) -> None:
    line = {"noise": "line", "snr_db": 20, "codec": "none", "loss": 0.1}
    call = rendered({"agent": "您好", "gap_s": 30.0}, line=line)
    packets = call.audio[0][: 160 * 1500].reshape(-1, 160)
    assert (~packets.any(axis=1)).mean() == pytest.approx(0.1, abs=0.03)


def test_a_recording_cut_off_ends_in_the_middle_of_the_words(espeak: None) -> None:
    call = rendered({"agent": "您好，很高兴为您服务，请讲", "gap_s": 0.3}, cut_s=2.0)
    assert call.audio.shape[1] == 2.0 * RATE_HZ
    assert level_db(call.audio[0][-800:]) > -40


def test_the_later_leg_begins_as_much_later_as_told(espeak: None) -> None:
    events = ({"agent": "您好请讲", "gap_s": 1.0}, {"customer": "我要查订单", "gap_s": 0.5})
    call = rendered(*events, layout="legs", line=PLAIN | {"offset_s": 0.8})
    line = call.truth["utterances"][1]
    assert bursts(call.audio[1], 0.006)[0][0] == pytest.approx(line["start_s"] - 0.8, abs=0.03)


def test_levels_in_a_mix_are_the_truths(espeak: None) -> None:
    call = rendered(
        {"agent": "您好请讲", "gap_s": 0.5}, {"customer": "我要查订单", "gap_s": 0.5}, layout="mono"
    )
    for line in call.truth["utterances"]:
        spoken = piece(call.audio[0], line["start_s"], line["end_s"])
        assert level_db(spoken) == pytest.approx(call.truth["levels_dbfs"][line["role"]], abs=0.1)


@pytest.mark.parametrize(
    ("layout", "subtype"), [("stereo", "PCM_16"), ("mono", "GSM610"), ("legs", "GSM610")]
)
def test_gsm_is_written_whatever_the_layout(espeak: None, tmp_path: Any, layout: str, subtype: str) -> None:
    """WAV holds GSM 6.10 in one channel only."""
    call = rendered(
        {"agent": "您好", "gap_s": 0.2}, {"customer": "你好"}, layout=layout, line={"codec": "gsm"}
    )
    for path in call.write(tmp_path):
        info = soundfile.info(path)
        assert info.subtype == subtype
        assert info.duration == pytest.approx(call.truth["duration_s"], abs=0.05)


@pytest.mark.parametrize("kind", ["inquiry", "transfer", "abuse", "no_voice", "outbound"])
def test_every_line_and_tone_of_a_composed_call_stands_where_its_truth_says(espeak: None, kind: str) -> None:
    (script,) = generate_scripts(1, 4, "train", kinds=(kind,))
    call = render(replace(script, layout="stereo", line=Line(noise="digital", codec="none")))
    off = []
    crowded = [(o["start_s"], o["end_s"]) for o in call.truth["overlaps"]]
    for item in [*call.truth["utterances"], *(t for t in call.truth["tones"] if t["kind"] != "music")]:
        if any(a < item["end_s"] and item["start_s"] < b for a, b in crowded):
            continue
        start, end = heard(call, item, threshold=0.004)
        off += [abs(start - item["start_s"]), abs(end - item["end_s"])]
    assert len(off) >= 6
    assert np.median(off) < 0.015
    assert max(off) < 0.12
    for gap in call.truth["gaps"]:
        if gap["kind"] not in ("before_answer", "hold_music", "after_farewell"):
            inside = slice(round((gap["start_s"] + 0.06) * RATE_HZ), round((gap["end_s"] - 0.06) * RATE_HZ))
            assert level_db(call.audio[:, inside]) < -60, gap
