"""A planned call made audible: voices, tones, noise and codec, obeying the plan to the sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from pipeline.callsim import line as wire
from pipeline.callsim.line import LINE_HZ, Samples
from pipeline.callsim.placed import Plan, Said, Sound
from pipeline.callsim.plan import person_of, plan_call, side_of
from pipeline.callsim.script import Script, Speaker, VoiceSpec
from pipeline.callsim.sounds import beep, cadence, cough, dtmf, laugh, music
from pipeline.callsim.truth import truth_of
from pipeline.callsim.voices import RATE_HZ, Voice, random_voice, speak_many
from pipeline.types import Span

IVR_VOICE = Voice(variant="linda", pitch=45, formant=1.0)
SUBTYPES = {"ulaw": "ULAW", "alaw": "ALAW", "gsm": "GSM610", "none": "PCM_16"}
_MARGIN_S = 0.05  # kept around a line for the telephone filter's tails
_LEGS: tuple[Speaker, Speaker] = ("agent", "customer")


@dataclass(frozen=True, slots=True)
class Rendered:
    """``audio`` is float32 [channels, n] at 8 kHz, as it comes back from the codec.

    Layout ``legs``: row 0 is the agent's file, row 1 the customer's, cut to their common length.
    """

    script: Script
    audio: NDArray[np.float32]
    truth: dict[str, Any]

    def files(self) -> tuple[str, ...]:
        """Names of the recording's files: one, or the two legs."""
        if self.script.layout == "legs":
            return (f"{self.script.id}-in.wav", f"{self.script.id}-out.wav")
        return (f"{self.script.id}.wav",)

    def write(self, folder: Path) -> tuple[Path, ...]:
        """The recording as WAV in its codec; the paths written. Raises OSError.

        WAV holds GSM 6.10 in one channel only: two channels that went through GSM are written as PCM.
        """
        folder.mkdir(parents=True, exist_ok=True)
        paths = tuple(folder / name for name in self.files())
        rows = self.audio if self.script.layout == "legs" else [self.audio.T]
        for path, samples in zip(paths, rows):
            codec = self.script.line.codec
            subtype = SUBTYPES[
                "none" if codec == "gsm" and samples.ndim == 2 and samples.shape[1] > 1 else codec
            ]
            try:
                soundfile.write(path, samples, LINE_HZ, format="WAV", subtype=subtype)
            except soundfile.LibsndfileError as error:
                raise OSError(f"{path}: expected to write {subtype} WAV, found {error}") from error
        return paths


def render(script: Script) -> Rendered:
    """The call's audio and truth. Raises VoiceError where espeak-ng is missing."""
    plan = plan_call(script)
    rng = np.random.default_rng([script.seed, 1])
    spoken = _speech(plan)
    legs = {leg: _leg(plan, leg, spoken, rng) for leg in _LEGS}
    return Rendered(script, _laid_out(script, legs["agent"], legs["customer"]), truth_of(plan))


def voice_of(script: Script, role: Speaker) -> Voice:
    """The voice a person's spec draws; the interactive menu has one of its own."""
    if role == "ivr":
        return IVR_VOICE
    return voice_from(person_of(script, role).voice)


def voice_from(spec: VoiceSpec) -> Voice:
    drawn = random_voice(np.random.default_rng(spec.seed), set=spec.set, gender=spec.gender)
    return replace(drawn, **spec.fixed)


def _speech(plan: Plan) -> dict[Speaker, Samples]:
    """Each leg's clean speech at 8 kHz in the telephone band, at its level, in its place."""
    script = plan.script
    length = round(plan.duration_s * LINE_HZ)
    tracks: dict[Speaker, Samples] = {leg: np.zeros(length, np.float32) for leg in _LEGS}
    texts = [p.text for line in plan.said for p in line.phrases]
    voices = [v for line in plan.said for v in _phrase_voices(script, line)]
    sounds = iter(speak_many(texts, voices, exact_rate=True) if texts else [])
    for line in plan.said:
        parts = [next(sounds) for _ in line.phrases]
        level = person_of(script, line.role).level_dbfs + line.event.level_db
        start_s = max(0.0, line.span.start_s - _MARGIN_S)
        _add(tracks[side_of(line.role)], _on_the_line(line, parts, level, start_s), start_s)
    return tracks


def _phrase_voices(script: Script, line: Said) -> list[Voice]:
    """The speaker's voice, at the rate that makes each phrase as long as planned."""
    voice = replace(voice_of(script, line.role), language=line.event.language)
    counts = [sum(c.isalnum() for c in p.text) for p in line.phrases]
    return [voice.at_rate(60 * n / p.span.duration_s) for n, p in zip(counts, line.phrases)]


def _on_the_line(line: Said, parts: Sequence[Samples], level: float, start_s: float) -> Samples:
    """One line's phrases joined, band-limited, and brought to an RMS of ``level`` dBFS while speaking."""
    wide = np.zeros(round((line.span.end_s + _MARGIN_S - start_s) * RATE_HZ), np.float32)
    for phrase, part in zip(line.phrases, parts):
        _add(wide, part, phrase.span.start_s - start_s, rate_hz=RATE_HZ)
    narrow = wire.telephone_band(wire.to_8k(wide, RATE_HZ), LINE_HZ)
    pieces = [_piece(narrow, Span(p.span.start_s - start_s, p.span.end_s - start_s)) for p in line.phrases]
    return wire.gain(narrow, level - wire.level_dbfs(np.concatenate(pieces)))


def _leg(plan: Plan, leg: Speaker, spoken: dict[Speaker, Samples], rng: np.random.Generator) -> Samples:
    """One leg of the call: its speech, the other's echo, tones, noise, dead stretches."""
    settings = plan.script.line
    track = spoken[leg].copy()
    other = spoken["customer" if leg == "agent" else "agent"]
    if settings.bleed_db is not None:
        track += wire.bleed(other, db=settings.bleed_db, delay_ms=settings.bleed_delay_ms)
    for sound in plan.sounds:
        if sound.leg in (None, leg):
            _add(track, _sound(sound, rng), sound.span.start_s)
    if settings.clip_db is not None and leg == "agent":
        track = wire.clip(track, settings.clip_db)
    if settings.noise == "line":
        track += wire.noise(len(track), -20.0 - settings.snr_db, rng, colour=0.6)
    elif settings.noise == "comfort":
        track += wire.comfort_noise(len(track), rng)
    for mark in plan.marks:
        if mark.silent_leg == leg:
            _piece(track, mark.span)[:] = 0.0
    return wire.packet_loss(track, settings.loss, rng) if settings.loss else track


def _sound(sound: Sound, rng: np.random.Generator) -> Samples:
    event, seconds = sound.event, sound.span.duration_s
    makers: dict[str, Callable[[], Samples]] = {
        "dtmf": lambda: dtmf(event.digits),
        "beep": lambda: beep(seconds),
        "music": lambda: music(seconds, event.style, rng),
        "cough": lambda: _coughed(cough(rng), seconds, rng),
        "laugh": lambda: _lasting(laugh(rng), seconds),
    }
    made = makers[sound.kind]() if sound.kind in makers else cadence(sound.kind, event.count)  # type: ignore[arg-type]
    return made[: round(seconds * LINE_HZ)]


def _lasting(sound: Samples, seconds: float) -> Samples:
    """A laugh of exactly the planned length: played faster or slower, which also varies its pitch."""
    length = round(seconds * LINE_HZ)
    fitted = soxr.resample(sound, len(sound), length).astype(np.float32)[:length]
    return wire.gain(
        np.pad(fitted, (0, length - len(fitted))), wire.level_dbfs(sound) - wire.level_dbfs(fitted)
    )


def _coughed(sound: Samples, seconds: float, rng: np.random.Generator) -> Samples:
    """A cough of exactly the planned length: its bursts drawn out, its breath no lower for it."""
    length = round(seconds * LINE_HZ)
    envelope = np.sqrt(np.convolve(sound.astype(np.float64) ** 2, np.ones(40) / 40, "same"))
    drawn_out = np.interp(np.linspace(0, len(sound) - 1, length), np.arange(len(sound)), envelope)
    made = (wire.noise(length, 0.0, rng, colour=1.0) * drawn_out).astype(np.float32)
    return wire.gain(made, wire.level_dbfs(sound) - wire.level_dbfs(made))


def _laid_out(script: Script, agent: Samples, customer: Samples) -> NDArray[np.float32]:
    if script.layout == "mono":
        rows = [np.clip((agent + customer) * wire.MIX_GAIN, -1.0, 1.0)]
    elif script.layout == "legs":
        rows = [agent, _drifted(customer, script)]
        shortest = min(len(r) for r in rows)
        rows = [r[:shortest] for r in rows]
    else:
        rows = [agent, customer] if script.agent_channel == 0 else [customer, agent]
    return np.stack([wire.codec(np.clip(r, -1.0, 1.0), script.line.codec) for r in rows])


def _drifted(samples: Samples, script: Script) -> Samples:
    """The customer's file: begun later, and by a clock that runs ``drift_ppm`` fast."""
    late = samples[round(script.line.offset_s * LINE_HZ) :]
    if not script.line.drift_ppm:
        return late
    return soxr.resample(late, LINE_HZ, LINE_HZ * (1 + script.line.drift_ppm / 1e6)).astype(np.float32)


def _add(track: Samples, sound: Samples, at_s: float, *, rate_hz: int = LINE_HZ) -> None:
    at = round(at_s * rate_hz)
    room = track[at : at + len(sound)]
    room += sound[: len(room)]


def _piece(track: Samples, span: Span) -> Samples:
    """A view of the stretch, which may be written to."""
    end = len(track) if span.end_s == float("inf") else round(span.end_s * LINE_HZ)
    return track[round(span.start_s * LINE_HZ) : end]
