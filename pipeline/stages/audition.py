"""Audition: everything the sound tells before recognition — gate, tones, music, voice, levels, pitch.

Tones and music are labelled first, and echo of the other side is taken out, so that neither voice
activity nor the recogniser is asked about them.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from pipeline.audio import AudioError, Sound
from pipeline.config import AuditionConfig
from pipeline.listen import (
    clicks,
    frames,
    loudness,
    music,
    nuclei,
    opening,
    pitch,
    spectrum,
    tones,
    voice,
    voicing,
)
from pipeline.listen.frames import LEVEL_STEP_S, FloatArray
from pipeline.stages.base import Work
from pipeline.stages.gate import channel_gate, echo_frames
from pipeline.strings import text
from pipeline.timeline import Spans, clip, merge
from pipeline.types import Audition, ChannelGate, Failure, Frames, Span, Tone

RATE_HZ = 8000  # a telephone line carries nothing above 4 kHz
TONE_MARGIN_S = 0.03
SAME_TONE_SHARE = 0.6
MIN_ECHO_S = 0.1


class AuditionStage:
    """Listens to each call once."""

    name: ClassVar[str] = "audition"
    needs: ClassVar[tuple[str, ...]] = ("sound",)
    gives: ClassVar[type] = Audition
    version: ClassVar[str] = "3"
    reads: ClassVar[tuple[str, ...]] = ("agent_channel",)

    def __init__(self, *, settings: AuditionConfig) -> None:
        self._settings = settings

    @property
    def settings(self) -> AuditionConfig:
        return self._settings

    def revision(self) -> str:
        return "silero_vad_v6"

    def open(self) -> None:
        voice.load()
        pitch.load()

    def __call__(self, works: Sequence[Work]) -> list[Audition | Failure]:
        return [self._one(work) for work in works]

    def _one(self, work: Work) -> Audition | Failure:
        try:
            return audition(work.sound(), settings=self._settings, agent_channel=work.call.agent_channel)
        except AudioError as error:
            return Failure(work.call.id, self.name, "permanent", text("ledger.unreadable", what=error))


def audition(
    sound: Sound, *, settings: AuditionConfig | None = None, agent_channel: int | None = None
) -> Audition:
    """Listen to ``sound``. ``agent_channel`` (0 or 1) only tells on which leg menus would speak."""
    chosen = settings or AuditionConfig()
    gate = channel_gate(sound.samples, sound.sample_rate_hz)
    # what the decoder met (a lost end, samples that were no numbers) is a fault of the line too
    gate = replace(gate, truncated=gate.truncated or sound.truncated, faults=(*gate.faults, *sound.notes))
    ears = [_Ear(sound, i, gate, chosen) for i in range(sound.channels)]
    if gate.layout == "identical":
        ears = [ears[0]] * sound.channels
    heard = _shared([h.tone for ear in ears for h in ear.tones], len(ears))
    echo = _echo(ears, gate)
    spoken = [
        voice.without(ear.voice, taken, min_voice_s=chosen.min_voice_s) for ear, taken in zip(ears, echo)
    ]
    answered = opening.answered_at_s(heard, spoken)
    menus: tuple[Tone, ...] = ()
    if answered is not None:
        leg = _menu_leg(heard, agent_channel, len(ears))
        menus = opening.menu_prompts(spoken[leg], leg if len(ears) > 1 else None, answered_s=answered)
        spoken[leg] = voice.without(spoken[leg], (m.span for m in menus), min_voice_s=chosen.min_voice_s)
    return _assembled(sound, gate, ears, spoken, echo, (*heard, *menus), answered, chosen)


class _Ear:
    """One channel, listened to step by step; each step is computed once."""

    def __init__(self, sound: Sound, index: int, gate: ChannelGate, settings: AuditionConfig) -> None:
        self.signal: FloatArray = sound.at(RATE_HZ).channel(index)
        self.duration_s = sound.duration_s
        self.levels = frames.levels_dbfs(self.signal, RATE_HZ)
        self.silence = frames.digital_silence(
            sound.channel(index), sound.sample_rate_hz, min_s=settings.min_digital_silence_s
        )
        # a codec at rest is no noise: at −72 dBFS (A-law) it would pass for the line's floor
        self.levels[frames.mask_of(self.silence, LEVEL_STEP_S, len(self.levels))] = frames.SILENCE_DBFS
        self.tones: tuple[tones.Heard, ...] = ()
        self.voice: Spans = ()
        if gate.dead[index] or (gate.layout == "identical" and index > 0):
            return
        channel = index if sound.channels > 1 and gate.layout != "identical" else None
        peaks = spectrum.peaks_of(self.signal)
        self.tones = tones.find_tones(self.signal, peaks, plan=settings.tone_plan, channel=channel)
        sounding = merge(_wider(s) for h in self.tones for s in h.sounding)
        toned = frames.mask_of(sounding, spectrum.STEP_S, len(peaks))
        songs = music.find_music(peaks, taken=toned)
        unheard = frames.mask_of((*sounding, *songs), LEVEL_STEP_S, len(self.levels))
        probability = voice.speech_probability(
            sound.at(voice.VAD_RATE_HZ).channel(index),
            np.where(unheard, frames.SILENCE_DBFS, self.levels),
            level_step_s=LEVEL_STEP_S,
        )
        likely = music.find_music(peaks, taken=toned, steadiness=music.LIKELY_STEADY)
        songs = music.confirmed(likely, probability, window_s=voice.WINDOW_S, sure=songs)
        self.tones += tuple(tones.Heard(Tone("music", s, channel), (s,)) for s in songs)
        taken = merge((*sounding, *map(_wider, songs), *self.silence))
        self.voice = self._voice(probability, taken, settings)

    def _voice(self, probability: FloatArray, taken: Spans, settings: AuditionConfig) -> Spans:
        least = {"min_voice_s": settings.min_voice_s, "min_pause_s": settings.min_pause_s}
        candidates = voice.voiced_spans(
            probability, threshold=settings.vad_threshold, release=settings.vad_release, **least
        )
        refined = voice.refine_edges(candidates, probability, self.signal, RATE_HZ, taken=taken, **least)
        more = voicing.overlooked(
            refined, self.signal, RATE_HZ, taken=taken, min_voice_s=settings.min_voice_s
        )
        found = merge((*refined, *more), join_s=settings.min_pause_s)
        return voice.without(found, taken, min_voice_s=settings.min_voice_s)


def _wider(span: Span) -> Span:
    return Span(max(0.0, span.start_s - TONE_MARGIN_S), span.end_s + TONE_MARGIN_S)


def _echo(ears: Sequence[_Ear], gate: ChannelGate) -> list[Spans]:
    """Per channel, where its sound is only the other side's, come back over the line."""
    answer: list[Spans] = [()] * len(ears)
    if gate.layout != "stereo" or len(ears) != 2:
        return answer
    for target, (level_db, delay_s) in enumerate(zip(gate.bleed_db, gate.bleed_delay_s)):
        if level_db is None or delay_s is None:
            continue
        source, heard = ears[1 - target], ears[target]
        mask = echo_frames(source.levels, heard.levels, delay_s=delay_s, level_db=level_db)
        answer[target] = frames.spans_of(mask, LEVEL_STEP_S, min_s=MIN_ECHO_S)
    return answer


def _shared(found: Sequence[Tone], channels: int) -> tuple[Tone, ...]:
    """A tone heard on both channels at once is one tone, on channel None."""
    kept: list[Tone] = []
    for tone in sorted(set(found), key=lambda t: (t.span, t.channel or 0)):
        twin = next((k for k in kept if _twins(k, tone)), None) if channels > 1 else None
        if twin is None:
            kept.append(tone)
            continue
        longer = max(twin, tone, key=lambda t: t.span.duration_s)
        kept[kept.index(twin)] = Tone(
            longer.kind, longer.span, None, longer.count, longer.detail, max(twin.confidence, tone.confidence)
        )
    return tuple(kept)


def _twins(one: Tone, other: Tone) -> bool:
    if one.kind != other.kind or one.channel == other.channel:
        return False
    both = clip([one.span], other.span)
    shorter = min(one.span.duration_s, other.span.duration_s)
    return bool(both) and both[0].duration_s >= SAME_TONE_SHARE * shorter


def _menu_leg(heard: Sequence[Tone], agent_channel: int | None, channels: int) -> int:
    if channels == 1:
        return 0
    if agent_channel in (0, 1):
        return int(agent_channel)
    return next((t.channel for t in heard if t.kind in ("ringback", "music") and t.channel is not None), 0)


def _assembled(
    sound: Sound,
    gate: ChannelGate,
    ears: Sequence[_Ear],
    spoken: Sequence[Spans],
    echo: Sequence[Spans],
    heard: Sequence[Tone],
    answered: float | None,
    settings: AuditionConfig,
) -> Audition:
    def per_channel(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(array("f", np.asarray(v, dtype=np.float32).tobytes()) for v in values)

    pitches = [
        pitch.pitch_hz(ear.signal, RATE_HZ, spans, min_hz=settings.pitch_min_hz, max_hz=settings.pitch_max_hz)
        for ear, spans in zip(ears, spoken)
    ]
    lufs = [loudness.k_weighted_lufs(ear.signal, RATE_HZ) for ear in ears]
    return Audition(
        duration_s=sound.duration_s,
        gate=gate,
        voice=tuple(spoken),
        tones=tuple(sorted(heard, key=lambda t: (t.span, t.kind))),
        digital_silence=tuple(ear.silence for ear in ears),
        level_dbfs=Frames(LEVEL_STEP_S, per_channel([ear.levels for ear in ears])),
        pitch_hz=Frames(pitch.STEP_S, per_channel(pitches)),
        nuclei_s=tuple(nuclei.syllable_nuclei(e.signal, RATE_HZ, s) for e, s in zip(ears, spoken)),
        clicks_s=tuple(clicks.find_clicks(ear.signal, RATE_HZ) for ear in ears),
        noise_floor_dbfs=tuple(frames.noise_floor_dbfs(ear.levels) for ear in ears),
        loudness_lufs=Frames(loudness.STEP_S, per_channel(lufs)),
        answered_at_s=answered,
        echo=tuple(echo),
    )
