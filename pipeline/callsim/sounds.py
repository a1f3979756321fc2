"""Sounds of the line that are not speech: signalling tones, hold music, laughs and coughs.

All at the line's 8 kHz, float32. Tone plan: GF 002-9002.4 (China), one frequency of 450 Hz:
ringback 1 s on, 4 s off; busy 0.35/0.35; congestion 0.7/0.7. DTMF: ITU-T Q.23.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from pipeline.callsim.line import LINE_HZ, Samples, gain, level_dbfs, noise

Cadence = Literal["ringback", "busy", "congestion"]
CADENCE_S: dict[str, tuple[float, float]] = {
    "ringback": (1.0, 4.0),
    "busy": (0.35, 0.35),
    "congestion": (0.7, 0.7),
}
TONE_HZ = 450.0
MUSIC_STYLES = ("piano", "strings", "pop", "waltz", "bells")
DTMF_KEYS = "123456789*0#"
_DTMF_ROWS, _DTMF_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
_RAMP_S = 0.004


def sine(hz: float, seconds: float, *, level: float = -15.0) -> Samples:
    """A tone of RMS ``level`` dBFS with 4 ms ramps, so that it does not click."""
    t = np.arange(round(seconds * LINE_HZ)) / LINE_HZ
    sound = np.sin(2 * np.pi * hz * t) * 10 ** (level / 20) * np.sqrt(2)
    return _ramped(sound.astype(np.float32))


def cadence(kind: Cadence, count: int, *, level: float = -15.0) -> Samples:
    """``count`` beats of a signalling tone; the pause after the last beat is left out."""
    on_s, off_s = CADENCE_S[kind]
    beat = np.concatenate([sine(TONE_HZ, on_s, level=level), np.zeros(round(off_s * LINE_HZ), np.float32)])
    return np.tile(beat, count)[: len(beat) * count - round(off_s * LINE_HZ)]


def cadence_s(kind: Cadence, count: int) -> float:
    on_s, off_s = CADENCE_S[kind]
    return count * (on_s + off_s) - off_s


def dtmf(digits: str, *, on_s: float = 0.1, off_s: float = 0.1, level: float = -12.0) -> Samples:
    """Keys as tone pairs; raises ValueError on anything but 0–9, * and #."""
    parts: list[Samples] = []
    for digit in digits:
        if digit not in DTMF_KEYS:
            raise ValueError(f"dtmf: expected digits of {DTMF_KEYS}, found {digit!r}")
        row, column = divmod(DTMF_KEYS.index(digit), 3)
        pair = sine(_DTMF_ROWS[row], on_s, level=level - 3) + sine(
            _DTMF_COLUMNS[column], on_s, level=level - 3
        )
        parts += [pair, np.zeros(round(off_s * LINE_HZ), np.float32)]
    return np.concatenate(parts[:-1]) if parts else np.zeros(0, np.float32)


def dtmf_s(digits: str) -> float:
    return max(0.0, len(digits) * 0.2 - 0.1)


def beep(seconds: float = 0.2, *, level: float = -18.0) -> Samples:
    """The recorder's or the hold's single beep, 1400 Hz."""
    return sine(1400.0, seconds, level=level)


def music(seconds: float, style: str, rng: np.random.Generator, *, level: float = -22.0) -> Samples:
    """Hold music, composed and synthesised on the spot.

    Styles: piano (plucked notes), strings (slow chords), pop (bass, chords and beat), waltz, bells.
    """
    if style not in MUSIC_STYLES:
        raise ValueError(f"music style: expected one of {', '.join(MUSIC_STYLES)}, found {style!r}")
    length = round(seconds * LINE_HZ)
    out = np.zeros(length + LINE_HZ * 4, np.float32)
    beat_s = {"piano": 0.36, "strings": 1.6, "pop": 0.28, "waltz": 0.42, "bells": 0.5}[style]
    scale = np.array([0, 2, 4, 7, 9, 12, 14, 16])
    root = float(rng.uniform(50, 57))
    degree = 3
    for beat in range(int(seconds / beat_s) + 1):
        at = round(beat * beat_s * LINE_HZ)
        degree = int(np.clip(degree + rng.integers(-2, 3), 0, len(scale) - 1))
        chord = root + np.array([[0, 4, 7], [-3, 0, 4], [-7, -3, 0], [-5, -1, 2]][beat // 8 % 4])
        for note, strength, length_s in _notes(style, beat, root + 12 + scale[degree], chord):
            played = strength * _note(style, float(note), length_s)
            out[at : at + len(played)] += played[: len(out) - at]
        if style == "pop" and beat % 4 == 2:
            hit = noise(800, -20.0, rng) * np.exp(-np.arange(800) / 160).astype(np.float32)
            out[at : at + 800] += hit
    out = _ramped(out[:length])
    return gain(out, level - level_dbfs(out))


def _notes(style: str, beat: int, melody: float, chord: np.ndarray) -> list[tuple[float, float, float]]:
    """(MIDI note, strength, seconds) that begin on this beat."""
    if style == "strings":
        return [(n, 0.5, 2.2) for n in chord] + [(melody, 0.7, 1.8)]
    if style == "bells":
        return [(melody + 12, 1.0, 1.8)]
    if style == "pop":
        bass = [(chord[0] - 12, 0.9, 0.4)] if beat % 2 == 0 else []
        return bass + ([(n, 0.4, 0.3) for n in chord] if beat % 4 == 1 else []) + [(melody, 0.6, 0.3)]
    if style == "waltz":
        low = [(chord[0] - 12, 0.9, 0.8)] if beat % 3 == 0 else [(n, 0.4, 0.4) for n in chord]
        return [*low, (melody, 0.7, 0.6)]
    return [(melody, 0.8, 0.9), (chord[beat % 3] - 12, 0.5, 0.9)]


def _note(style: str, midi: float, seconds: float) -> Samples:
    t = np.arange(round(seconds * LINE_HZ)) / LINE_HZ
    hz = 440 * 2 ** ((midi - 69) / 12)
    partials = {"strings": (1, 0.7, 0.5, 0.35, 0.2), "bells": (1, 0.0, 0.6, 0.0, 0.3)}.get(
        style, (1, 0.5, 0.25, 0.12)
    )
    wave = sum(
        a * np.sin(2 * np.pi * hz * (k + 1) * (1 + 0.0004 * k * k) * t)
        for k, a in enumerate(partials)
        if hz * (k + 1) < 3600
    )
    envelope = np.sin(np.pi * t / seconds) if style == "strings" else np.exp(-3.5 * t / seconds)
    return np.asarray(wave * envelope * np.minimum(t / 0.006, 1.0), np.float32)


def cough(rng: np.random.Generator, *, level: float = -24.0) -> Samples:
    """Two or three bursts of breath, each with a hard start."""
    bursts: list[Samples] = []
    for _ in range(int(rng.integers(2, 4))):
        size = int(rng.uniform(0.12, 0.22) * LINE_HZ)
        burst = noise(size, 0.0, rng, colour=1.0)
        bursts += [burst * np.exp(-np.arange(size) / (0.05 * LINE_HZ)).astype(np.float32)]
        bursts += [np.zeros(int(rng.uniform(0.05, 0.15) * LINE_HZ), np.float32)]
    sound = np.concatenate(bursts[:-1])
    return gain(sound, level - level_dbfs(sound))


def laugh(rng: np.random.Generator, *, pitch_hz: float = 210.0, level: float = -24.0) -> Samples:
    """哈哈哈: voiced bursts at about five a second, falling in pitch."""
    parts: list[Samples] = []
    for i in range(int(rng.integers(3, 7))):
        t = np.arange(int(0.11 * LINE_HZ)) / LINE_HZ
        hz = pitch_hz * (1.15 - 0.05 * i)
        voiced = sum(np.sin(2 * np.pi * hz * k * t) / k**0.7 for k in range(1, 12))
        formed = voiced * np.sin(np.pi * t / t[-1]) + 0.4 * rng.standard_normal(len(t))
        parts += [np.asarray(formed, np.float32), np.zeros(int(0.08 * LINE_HZ), np.float32)]
    sound = np.concatenate(parts[:-1])
    return gain(sound, level - level_dbfs(sound))


def _ramped(sound: Samples) -> Samples:
    size = min(round(_RAMP_S * LINE_HZ), len(sound) // 2)
    if size:
        ramp = np.linspace(0, 1, size, endpoint=False, dtype=np.float32)
        sound[:size] *= ramp
        sound[-size:] *= ramp[::-1]
    return sound
