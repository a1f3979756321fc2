"""The channel gate: every planted fault is found, and none on clean channels."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pipeline.stages.gate import channel_gate, echo_frames, find_echo, frame_levels

RATE = 8000
NOISE = 10 ** (-65 / 20)


def voice(seed: int, *, seconds: float = 40.0, share: float = 0.5, level: float = 0.1) -> np.ndarray:
    """Speech-like: a gliding harmonic buzz in syllables, grouped in talk spurts of one party."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    pitch = 110 + 100 * rng.random() + 15 * np.cumsum(rng.normal(size=n)) / np.sqrt(n)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    buzz = sum(rng.random() * np.sin(k * phase + rng.random()) for k in range(2, 16))
    syllables = np.clip(np.sin(2 * np.pi * np.cumsum(4 + rng.normal(size=n)) / RATE), 0, 1)
    spurts = np.repeat(rng.random(int(seconds / 2) + 1) < share, 2 * RATE)[:n]
    spurts[: RATE * 2] = True
    sound = buzz * syllables * spurts
    sound[-RATE // 2 :] = 0
    return (level * sound / (np.sqrt(np.mean(sound**2)) + 1e-9) + NOISE * rng.normal(size=n)).astype(
        np.float32
    )


def delayed(signal: np.ndarray, delay_s: float, level_db: float) -> np.ndarray:
    shift = round(delay_s * RATE)
    return np.concatenate([np.zeros(shift), signal[: len(signal) - shift]]) * 10 ** (level_db / 20)


@pytest.mark.parametrize("seed", range(5))
def test_clean_stereo_has_no_fault(seed: int) -> None:
    gate = channel_gate(np.stack([voice(seed), voice(seed + 100, level=0.03)]), RATE)
    assert (gate.layout, gate.faults, gate.dead, gate.bleed_db) == (
        "stereo",
        (),
        (False, False),
        (None, None),
    )
    assert all(snr is not None and snr > 25 for snr in gate.snr_db)


@pytest.mark.parametrize("gain", [1.0, 0.4, -1.0])
def test_identical_channels(gain: float) -> None:
    mix = voice(1) + voice(2)
    gate = channel_gate(
        np.stack([mix, gain * mix + NOISE * np.random.default_rng(0).normal(size=len(mix))]), RATE
    )
    assert gate.layout == "identical"
    assert gate.inverted == (gain < 0)


@pytest.mark.parametrize("leg", [0, 1])
@pytest.mark.parametrize("kind", ["zero", "hiss", "hum"])
def test_dead_leg(leg: int, kind: str) -> None:
    sound = voice(3)
    rng = np.random.default_rng(0)
    dead = {
        "zero": np.zeros(len(sound)),
        "hiss": 10 ** (-45 / 20) * rng.normal(size=len(sound)),
        "hum": 0.01 * np.sin(2 * np.pi * 50 * np.arange(len(sound)) / RATE),
    }[kind]
    gate = channel_gate(np.stack([dead, sound] if leg == 0 else [sound, dead]), RATE)
    assert gate.layout == "one_dead"
    assert gate.dead == (leg == 0, leg == 1)
    assert gate.snr_db[leg] is None


def test_all_dead_and_mono() -> None:
    assert channel_gate(np.zeros((2, RATE * 3)), RATE).layout == "all_dead"
    assert channel_gate(np.zeros((2, 0)), RATE).layout == "all_dead"
    assert channel_gate(voice(1)[None], RATE).layout == "mono"


@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.25])
@pytest.mark.parametrize("level_db", [-10.0, -25.0])
def test_echo_bleed_is_measured_and_suppressed(delay_s: float, level_db: float) -> None:
    agent, customer = voice(5, share=0.5), voice(6, share=0.3)
    signals = np.stack([agent, customer + delayed(agent, delay_s, level_db)])
    gate = channel_gate(signals, RATE)
    assert gate.layout == "stereo"
    assert gate.bleed_db[0] is None
    assert gate.bleed_db[1] == pytest.approx(level_db, abs=2)
    assert gate.bleed_delay_s[1] == pytest.approx(delay_s, abs=0.002)
    levels = [frame_levels(signal, RATE) for signal in signals]
    echo = echo_frames(levels[0], levels[1], delay_s=delay_s, level_db=level_db)
    own = frame_levels(customer, RATE) > -35
    agent_only = (frame_levels(delayed(agent, delay_s, 0), RATE) > -30) & (frame_levels(customer, RATE) < -60)
    assert echo[agent_only].mean() > 0.97
    assert echo[own].mean() < (0.1 if level_db == -25 else 0.35)


def test_echo_of_a_quiet_call_is_found_beside_a_laugh_and_a_ring() -> None:
    agent, customer = voice(5, share=0.5) * 0.1, voice(6, share=0.3) * 0.1
    customer = customer + delayed(agent, 0.04, -25)
    t = np.arange(4 * RATE) / RATE
    agent[: 4 * RATE] = 0.2 * np.sin(2 * np.pi * 450 * t)  # the exchange's own, without an echo
    customer[: 4 * RATE] = 0
    customer[-RATE:] += voice(9)[-RATE:]
    gate = channel_gate(np.stack([agent, customer]), RATE)
    assert gate.bleed_db[1] == pytest.approx(-25, abs=2)
    assert gate.bleed_delay_s[1] == pytest.approx(0.04, abs=0.002)


def test_clipping_and_truncation() -> None:
    loud = np.clip(voice(7) * 12, -1, 1)
    loud[-RATE:] = 0.3 * np.random.default_rng(1).normal(size=RATE)  # still sounding at the end
    gate = channel_gate(np.stack([np.clip(loud, -1, 1), voice(8)]), RATE)
    assert gate.clipped_share[0] > 0.01
    assert gate.clipped_share[1] == 0
    assert gate.truncated
    tone = voice(9)
    tone[-RATE:] = 0.3 * np.sin(2 * np.pi * 450 * np.arange(RATE) / RATE)
    assert not channel_gate(tone[None], RATE).truncated


def test_unequal_legs_and_a_leg_that_dies() -> None:
    agent, customer = voice(10), voice(11)
    assert channel_gate(np.stack([agent, customer]), RATE, lengths_s=(40.0, 37.0)).faults
    assert not channel_gate(np.stack([agent, customer]), RATE, lengths_s=(40.0, 39.9)).faults
    customer[15 * RATE :] = 0
    (fault,) = channel_gate(np.stack([agent, customer]), RATE).faults
    assert "声道 1" in fault


def test_other_rates_and_speed() -> None:
    stereo = np.stack([voice(12, seconds=300), voice(13, seconds=300)])
    before = time.perf_counter()
    gate = channel_gate(stereo, RATE)
    # five minutes of stereo take about 0.2 s on one free core; the bound leaves room for a busy machine
    assert time.perf_counter() - before < 3
    assert not gate.faults
    assert channel_gate(np.repeat(stereo[:, : 20 * RATE], 2, axis=1), 2 * RATE).layout == "stereo"


def test_no_echo_between_strangers() -> None:
    for seed in range(10):
        signals = np.stack([voice(seed, seconds=8), voice(50 + seed, seconds=8, share=0.2)])
        assert find_echo(signals, 0, 1) is None
