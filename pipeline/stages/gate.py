"""Is each channel fit to be judged? Pure numpy over the samples, for the audition stage.

Recorders lie: they write one mixed signal twice, leave a leg dead, let one side's voice leak into
the other's channel. Everything after (interruptions, gaps, roles) believes the channels, so the gate
looks first. It reads at 8 kHz, the telephone's own rate, and takes about 0.2 s for five stereo minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.strings import text
from pipeline.types import ChannelGate

GATE_RATE_HZ = 8000
FRAME_S = 0.02
SILENCE_DBFS = -100.0
DEAD_DBFS = -55.0  # loudest 1 % of frames, or second, below this: line noise, no voice; G.711 idles near -65
DEAD_RANGE_DB = 4.0  # a leg whose level never moves carries hum or hiss, not speech
IDENTICAL_CORRELATION = 0.9  # one mix through two encoders keeps ≥ 0.9; two parties stay below 0.2
IDENTICAL_DELAY_S = 0.005  # a later copy is an echo, not the same signal
IDENTICAL_LEVEL_DB = 12.0  # a quieter copy is an echo, not the same signal
ECHO_CORRELATION = 0.3  # independent speech over 30 blocks of 2 s stays below 0.1
ECHO_LEAST, ECHO_ONE_BLOCK = 3, 0.6  # fewer blocks must be more alike: one syllable resembles another
ECHO_MAX_DB = -3.0
ECHO_MAX_DELAY_S = 0.6  # ITU-T G.131: echo later than 400 ms one way makes talk impossible
ECHO_BLOCK_S = 2.0
ECHO_BLOCKS = 30
TONE_BINS, TONE_SHARE = 24, 0.7  # ±6 Hz around a line of a two-second block; no speech comes near
ECHO_MARGIN_DB = 9.0  # level above the expected echo at which a frame is the channel's own voice
CLIP_LEVEL = 0.97  # µ-law tops out at 0.980 and A-law at 0.984 of full scale
LENGTH_TOLERANCE_S = 0.5
LEG_DIES_S = 10.0  # a leg silent this long to the end, the other side still on


@dataclass(frozen=True, slots=True)
class Echo:
    """One side's sound heard in the other's channel: how much later, how much quieter, how alike."""

    source: int
    delay_s: float
    level_db: float  # relative to the source; negative is quieter
    correlation: float  # -1..1; negative: the copy is upside down


def channel_gate(
    samples: np.ndarray[Any, Any], rate_hz: int, *, lengths_s: Sequence[float] | None = None
) -> ChannelGate:
    """What is wrong with the channels of one recording.

    ``samples``: float ``[channels, n]`` in -1..1 (full scale); ``rate_hz`` any; ``lengths_s``: the
    length of each one-leg file before padding, when the recording came as two files.
    """
    signals = np.atleast_2d(np.asarray(samples, dtype=np.float32))
    clipped = tuple(_clipped_share(signal) for signal in signals)
    signals = _at_gate_rate(signals, rate_hz)
    levels = np.stack([frame_levels(signal, GATE_RATE_HZ) for signal in signals])
    dead = tuple(_is_dead(level) for level in levels)
    echoes: tuple[Echo | None, ...] = (None,) * len(signals)
    identical: Echo | None = None
    if len(signals) == 2 and not any(dead):
        echoes = (find_echo(signals, 1, 0, levels=levels), find_echo(signals, 0, 1, levels=levels))
        identical = _identical(signals)
    layout = _layout(len(signals), dead, identical)
    bleeds = (None,) * len(signals) if identical else echoes
    truncated = any(_ends_in_talk(s, v) for s, v, gone in zip(signals, levels, dead) if not gone)
    inverted = identical is not None and identical.correlation < 0
    snr = tuple(None if gone else _snr_db(level) for level, gone in zip(levels, dead))
    return ChannelGate(
        layout=layout,
        dead=dead,
        clipped_share=clipped,
        bleed_db=tuple(echo.level_db if echo else None for echo in bleeds),
        snr_db=snr,
        inverted=inverted,
        truncated=truncated,
        faults=(
            *_layout_faults(layout, dead, inverted=inverted),
            *_bleed_faults(bleeds),
            *_clip_faults(clipped),
            *_length_faults(lengths_s, levels, dead, layout),
            *((text("gate.truncated"),) if truncated else ()),
        ),
        bleed_delay_s=tuple(echo.delay_s if echo else None for echo in bleeds),
    )


def frame_levels(signal: np.ndarray[Any, Any], rate_hz: int) -> np.ndarray[Any, Any]:
    """RMS in dBFS per 20 ms frame, shape ``[frames]``; -100 for digital silence."""
    size = round(FRAME_S * rate_hz)
    frames = signal[: len(signal) // size * size].reshape(-1, size)
    power = np.einsum("ij,ij->i", frames, frames) / size
    return 10 * np.log10(np.maximum(power, 1e-10))


def find_echo(
    signals: np.ndarray[Any, Any],
    source: int,
    target: int,
    *,
    levels: np.ndarray[Any, Any] | None = None,
    rate_hz: int = GATE_RATE_HZ,
) -> Echo | None:
    """The echo of channel ``source`` in channel ``target``, or None.

    Cross-correlation is summed over the two-second blocks in which the source speaks loudest above
    the target, each block with the same say: a ring or a word of the target's own is one voice among
    many. How alike the two are is told by the best third of the blocks, where the target is silent and
    an echo, if any, is all that it carries.
    """
    if levels is None:
        levels = np.stack([frame_levels(signal, rate_hz) for signal in signals])
    size = round(ECHO_BLOCK_S * rate_hz)
    starts = _echo_blocks(levels[source], levels[target], signals.shape[1], size)
    rows = [_correlation(signals[source], signals[target], at, size, rate_hz) for at in starts]
    blocks = [row for row in rows if row is not None]
    if not blocks:
        return None
    lags = np.stack([row for row, _ in blocks])
    best = int(np.argmax(np.abs(lags.sum(axis=0))))
    sign = float(np.sign(lags[:, best].sum()))
    order = np.argsort(-sign * lags[:, best])[: max(min(ECHO_LEAST, len(blocks)), len(blocks) // 3)]
    # the block loses its last `best` samples to the delay
    correlation = sign * float(np.mean(sign * lags[order, best])) / (1 - best / size)
    if abs(correlation) < (ECHO_CORRELATION if len(order) >= ECHO_LEAST else ECHO_ONE_BLOCK):
        return None
    ratio = float(np.mean([blocks[i][1] for i in order]))  # target's power over the source's, in dB
    level_db = 20 * np.log10(abs(correlation)) + ratio
    if level_db > ECHO_MAX_DB:
        return None  # what comes back louder is the source, and the other the echo
    return Echo(source, best / rate_hz, float(level_db), float(np.clip(correlation, -1, 1)))


def _correlation(
    source: np.ndarray[Any, Any], target: np.ndarray[Any, Any], start: int, size: int, rate_hz: int
) -> tuple[np.ndarray[Any, Any], float] | None:
    """Normalised cross-correlation of one block by lag, and target over source in dB; None of tones or nothing."""
    a, b = source[start : start + size], target[start : start + size]
    energy = float(a @ a), float(b @ b)
    spectrum = np.fft.rfft(a, 2 * size)
    if min(energy) <= 0 or _is_tone(spectrum):
        return None  # rings and busy tones come from the exchange, which has no echo of them
    lags = np.fft.irfft(np.conj(spectrum) * np.fft.rfft(b, 2 * size), 2 * size)
    reach = round(ECHO_MAX_DELAY_S * rate_hz)
    return lags[:reach] / np.sqrt(energy[0] * energy[1]), 10 * float(np.log10(energy[1] / energy[0]))


def echo_frames(
    source_dbfs: np.ndarray[Any, Any], target_dbfs: np.ndarray[Any, Any], *, delay_s: float, level_db: float
) -> np.ndarray[Any, Any]:
    """Which 20 ms frames of the target hold nothing but the source's echo; bool ``[frames]``.

    A frame louder than the delayed source plus ``level_db`` by 9 dB has a voice of its own, which is
    how real double talk survives the suppression.
    """
    shift = round(delay_s / FRAME_S)
    source = np.full(len(target_dbfs), SILENCE_DBFS)
    moved = source_dbfs[: max(0, len(target_dbfs) - shift)]
    source[shift : shift + len(moved)] = moved
    # the echo path smears a syllable over its neighbours: compare with the loudest frame around
    around = np.maximum.reduce([_moved(source, by) for by in (-2, -1, 0, 1, 2, 3)])
    sounding = around > max(DEAD_DBFS, float(np.percentile(source_dbfs, 95)) - 30.0)
    return sounding & (target_dbfs < around + level_db + ECHO_MARGIN_DB)


# ---------------------------------------------------------------- one question each


def _at_gate_rate(signals: np.ndarray[Any, Any], rate_hz: int) -> np.ndarray[Any, Any]:
    if rate_hz == GATE_RATE_HZ:
        return signals
    import soxr

    return np.ascontiguousarray(soxr.resample(signals.T, rate_hz, GATE_RATE_HZ, quality="LQ").T)


def _clipped_share(signal: np.ndarray[Any, Any]) -> float:
    """Share of samples in flat runs of three or more at the top of the scale."""
    if not signal.size:
        return 0.0
    loud = np.abs(signal) >= CLIP_LEVEL
    runs = loud[:-2] & loud[1:-1] & loud[2:] & (signal[:-2] * signal[2:] > 0)
    hit = np.zeros(signal.size, dtype=bool)
    for offset in range(3):
        hit[offset : offset + runs.size] |= runs
    return float(hit.mean())


def _is_dead(level: np.ndarray[Any, Any]) -> bool:
    if not level.size:
        return True
    # In an hour on hold 1 % of the time is 36 s: a party that speaks a few sentences is not dead.
    loudest = min(max(1, len(level) // 100), round(1.0 / FRAME_S))
    top = float(np.partition(level, -loudest)[-loudest])
    return top < DEAD_DBFS or (top < -30.0 and top - float(np.percentile(level, 5)) < DEAD_RANGE_DB)


def _identical(signals: np.ndarray[Any, Any]) -> Echo | None:
    """Both channels the same sound, whatever the gain or sign; None when they are two parties."""
    reach = round(IDENTICAL_DELAY_S * GATE_RATE_HZ)
    a, b = signals
    norms = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    level_db = 20 * np.log10(norms[1] / norms[0])
    if abs(level_db) > IDENTICAL_LEVEL_DB:
        return None
    best = max(
        ((lag, float(_product(a, b, lag)) / (norms[0] * norms[1])) for lag in range(-reach, reach + 1)),
        key=lambda pair: abs(pair[1]),
    )
    if abs(best[1]) < IDENTICAL_CORRELATION:
        return None
    return Echo(0, best[0] / GATE_RATE_HZ, level_db, best[1])


def _product(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any], lag: int) -> float:
    if lag < 0:
        return _product(b, a, -lag)
    return float(np.dot(a[: len(a) - lag], b[lag:]))


def _layout(channels: int, dead: tuple[bool, ...], identical: Echo | None) -> Any:
    if all(dead):
        return "all_dead"
    if channels == 1:
        return "mono"
    if any(dead):
        return "one_dead"
    return "identical" if identical else "stereo"


def _echo_blocks(
    source: np.ndarray[Any, Any], target: np.ndarray[Any, Any], samples: int, size: int
) -> list[int]:
    """First samples of the blocks in which the source stands highest above the target."""
    frames = round(ECHO_BLOCK_S / FRAME_S)
    count = min(len(source) // frames, samples // size)
    if count == 0:
        return []
    blocks = [slice(i * frames, (i + 1) * frames) for i in range(count)]
    speaking = [float(np.percentile(source[b], 75)) for b in blocks]
    lead = [loud - float(np.percentile(target[b], 75)) for loud, b in zip(speaking, blocks)]
    # of the usual block, not of the loudest: that may be a laugh or a tone 20 dB above the talk
    heard = [level for level in speaking if level > DEAD_DBFS]
    floor = max(DEAD_DBFS, float(np.percentile(heard, 75)) - 20.0) if heard else DEAD_DBFS
    order = sorted((i for i in range(count) if speaking[i] > floor), key=lambda i: -lead[i])
    return [i * size for i in order[: min(ECHO_BLOCKS, max(1, len(order) * 2 // 3))]]


def _is_tone(spectrum: np.ndarray[Any, Any]) -> bool:
    """Most of the block's power in one or two narrow lines."""
    power = spectrum.real**2 + spectrum.imag**2
    total = float(power.sum())
    for _ in range(2):
        peak = int(np.argmax(power))
        power[max(0, peak - TONE_BINS) : peak + TONE_BINS + 1] = 0.0
    return float(power.sum()) < (1 - TONE_SHARE) * total


def _snr_db(level: np.ndarray[Any, Any]) -> float | None:
    """Speech level (95th percentile) over noise floor (10th); None where pauses are digital silence."""
    floor, top = np.percentile(level, (10, 95))
    return None if floor <= SILENCE_DBFS + 5 else float(top - floor)


def _ends_in_talk(signal: np.ndarray[Any, Any], level: np.ndarray[Any, Any]) -> bool:
    """The file stops in the middle of speech: loud to the last 40 ms, and not with a steady tone."""
    if len(level) < 50 or float(level[-2:].min()) < float(np.percentile(level, 95)) - 15:
        return False
    spectrum = np.abs(np.fft.rfft(signal[-2048:] * np.hanning(len(signal[-2048:])))) ** 2
    peak = int(np.argmax(spectrum))
    return float(spectrum[max(0, peak - 3) : peak + 4].sum() / (spectrum.sum() + 1e-12)) < 0.8


def _moved(values: np.ndarray[Any, Any], by: int) -> np.ndarray[Any, Any]:
    moved = np.roll(values, by)
    if by > 0:
        moved[:by] = SILENCE_DBFS
    elif by < 0:
        moved[by:] = SILENCE_DBFS
    return moved


# ---------------------------------------------------------------- in words


def _layout_faults(layout: str, dead: tuple[bool, ...], *, inverted: bool) -> tuple[str, ...]:
    if layout == "all_dead":
        return (text("gate.all_dead"),)
    if layout == "one_dead":
        return (text("gate.one_dead", channel=dead.index(True)),)
    if layout == "identical":
        return (text("gate.identical"), *((text("gate.inverted"),) if inverted else ()))
    return ()


def _bleed_faults(echoes: Sequence[Echo | None]) -> tuple[str, ...]:
    return tuple(
        text("gate.bleed", channel=i, level=echo.level_db, delay=echo.delay_s * 1000)
        for i, echo in enumerate(echoes)
        if echo
    )


def _clip_faults(clipped: Sequence[float]) -> tuple[str, ...]:
    # 0.1 %: 8 samples in each second, the point at which clipping becomes audible as roughness
    return tuple(text("gate.clipped", channel=i, share=s) for i, s in enumerate(clipped) if s >= 0.001)


def _length_faults(
    lengths_s: Sequence[float] | None, levels: np.ndarray[Any, Any], dead: tuple[bool, ...], layout: str
) -> tuple[str, ...]:
    """Two legs of unequal length, or a leg that goes silent for good while the other talks on."""
    if lengths_s is not None and max(lengths_s) - min(lengths_s) > LENGTH_TOLERANCE_S:
        return (text("gate.unequal", lengths=" / ".join(f"{s:.1f}" for s in lengths_s)),)
    if layout != "stereo":
        return ()
    ends = [_carries_until_s(level) for level in levels]
    short = int(np.argmin(ends))
    if max(ends) - ends[short] < LEG_DIES_S:
        return ()
    return (text("gate.leg_dies", channel=short, at=ends[short]),)


def _carries_until_s(level: np.ndarray[Any, Any]) -> float:
    """When a leg last carried at least its own room noise: a listener's leg keeps it, a dead one does not."""
    spoken = np.flatnonzero(level > DEAD_DBFS)
    floor = float(np.percentile(level[: spoken[-1] + 1], 5))
    if floor <= SILENCE_DBFS + 5:  # pauses are digital silence: a long wait looks no different
        return len(level) * FRAME_S
    return float(np.flatnonzero(level > floor - 3)[-1] + 1) * FRAME_S
