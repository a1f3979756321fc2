"""What is on the line: tones, voice, levels, and whether each channel is fit to be judged."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Literal

from pipeline.types.base import Span


@dataclass(frozen=True, slots=True)
class Tone:
    """A labelled stretch that is not talk. ``count`` is cycles heard (rings, busy beats)."""

    kind: Literal["ringback", "busy", "congestion", "dtmf", "beep", "music", "ivr", "tone"]
    span: Span
    channel: int | None  # None: on every channel
    count: int | None = None
    detail: str = ""  # e.g. the DTMF digits
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class ChannelGate:
    """Is each channel fit to be judged? ``faults`` are plain words a supervisor can read.

    ``layout``: ``stereo`` two separate parties; ``mono`` one channel; ``identical`` two channels
    with the same sound (treated as mono); ``one_dead`` one leg never carries sound.
    """

    layout: Literal["stereo", "mono", "identical", "one_dead", "all_dead"]
    dead: tuple[bool, ...]
    clipped_share: tuple[float, ...]  # share of samples at full scale, per channel
    bleed_db: tuple[float | None, ...]  # level of the other side's echo in this channel; None: none
    snr_db: tuple[float | None, ...]
    inverted: bool = False
    truncated: bool = False
    faults: tuple[str, ...] = ()
    bleed_delay_s: tuple[float | None, ...] = ()  # how much later the echo comes, per channel


@dataclass(frozen=True, slots=True)
class Frames:
    """Per-channel numbers on a fixed grid: ``values[channel][i]`` covers ``[i, i+1) * step_s``."""

    step_s: float
    values: tuple[array, ...]  # type: ignore[type-arg]


@dataclass(frozen=True, slots=True)
class Audition:
    """Everything learnt from the sound before recognition. One entry per channel throughout."""

    duration_s: float
    gate: ChannelGate
    voice: tuple[tuple[Span, ...], ...]  # speech, echo and tones already taken out
    tones: tuple[Tone, ...]
    digital_silence: tuple[tuple[Span, ...], ...]  # exact zeros (or codec zero) ≥ 0.2 s
    level_dbfs: Frames  # RMS per 20 ms frame; -100 for digital silence
    pitch_hz: Frames | None  # NaN where unvoiced
    nuclei_s: tuple[tuple[float, ...], ...] = ()  # syllable nuclei heard, without recognition
    clicks_s: tuple[tuple[float, ...], ...] = ()  # line clicks, a hint for release
    noise_floor_dbfs: tuple[float, ...] = ()
    loudness_lufs: Frames | None = None  # K-weighted, 400 ms blocks every 100 ms
    answered_at_s: float | None = None  # end of the ringing or of the menus; None: from the start
    echo: tuple[tuple[Span, ...], ...] = ()  # voice taken out of a channel as the other side's echo
