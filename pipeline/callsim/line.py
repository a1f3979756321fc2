"""The telephone line: pure functions from float32 samples to float32 samples.

Everything works on one channel, full scale ±1.0. Functions that need chance take a numpy Generator,
so the same seed gives the same line. µ-law and A-law follow ITU-T G.711.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

Samples = NDArray[np.float32]
Codec = Literal["ulaw", "alaw", "gsm", "none"]
CODECS: tuple[Codec, ...] = ("ulaw", "alaw", "gsm", "none")

LINE_HZ = 8_000
BAND_HZ = (300.0, 3400.0)  # the telephone band of ITU-T G.712
MIX_GAIN = 0.7  # of either leg where both are added to one channel, so that two at once do not overload it
_MU_BIAS, _MU_CLIP = 132, 32635  # G.711 µ-law on 16-bit samples


def telephone_band(samples: Samples, rate_hz: int) -> Samples:
    """Only 300–3400 Hz, without delay."""
    pad = min(len(samples) - 1, 3 * 27)
    return sosfiltfilt(_band_filter(rate_hz), samples, padlen=max(0, pad)).astype(np.float32)


@cache
def _band_filter(rate_hz: int) -> NDArray[np.float64]:
    high = min(BAND_HZ[1], 0.495 * rate_hz)
    return butter(4, (BAND_HZ[0], high), btype="bandpass", fs=rate_hz, output="sos")  # type: ignore[no-any-return]


def to_8k(samples: Samples, rate_hz: int) -> Samples:
    """Resampled to 8 kHz (anti-aliased), exactly ``round(n * 8000 / rate_hz)`` samples long."""
    if rate_hz == LINE_HZ:
        return samples
    length = round(len(samples) * LINE_HZ / rate_hz)
    out = soxr.resample(samples, rate_hz, LINE_HZ)[:length]
    return np.pad(out, (0, length - len(out))).astype(np.float32)


def codec(samples: Samples, kind: Codec) -> Samples:
    """There and back through a telephone codec at 8 kHz; GSM 6.10 goes through libsndfile."""
    if kind == "ulaw":
        return ulaw_decode(ulaw_encode(samples))
    if kind == "alaw":
        return alaw_decode(alaw_encode(samples))
    return _gsm(samples) if kind == "gsm" else samples


def ulaw_encode(samples: Samples) -> NDArray[np.uint8]:
    """G.711 µ-law bytes."""
    pcm = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int32)
    sign = np.where(pcm < 0, 0x80, 0)
    magnitude = np.minimum(np.abs(pcm), _MU_CLIP) + _MU_BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)


def ulaw_decode(codes: NDArray[np.uint8]) -> Samples:
    inverted = ~codes.astype(np.int32) & 0xFF
    exponent, mantissa = (inverted >> 4) & 7, inverted & 0x0F
    magnitude = (((mantissa << 3) + _MU_BIAS) << exponent) - _MU_BIAS
    return (np.where(inverted & 0x80, -magnitude, magnitude) / 32768).astype(np.float32)


def alaw_encode(samples: Samples) -> NDArray[np.uint8]:
    """G.711 A-law bytes."""
    pcm = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int32)
    magnitude = np.where(pcm >= 0, pcm, -pcm - 1) >> 4
    segment = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 3, 0)
    mantissa = (magnitude >> np.maximum(segment - 1, 0)) & 0x0F
    return ((np.where(pcm >= 0, 0x80, 0) | (segment << 4) | mantissa) ^ 0x55).astype(np.uint8)


def alaw_decode(codes: NDArray[np.uint8]) -> Samples:
    bits = codes.astype(np.int32) ^ 0x55
    exponent, mantissa = (bits >> 4) & 7, bits & 0x0F
    low = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, low, (low + 0x100) << np.maximum(exponent - 1, 0))
    return (np.where(bits & 0x80, magnitude, -magnitude) / 32768).astype(np.float32)


def _gsm(samples: Samples) -> Samples:
    held = io.BytesIO()
    soundfile.write(held, samples, LINE_HZ, format="WAV", subtype="GSM610")
    held.seek(0)
    decoded, _ = soundfile.read(held, dtype="float32")
    return np.pad(decoded[: len(samples)], (0, max(0, len(samples) - len(decoded)))).astype(np.float32)


def level_dbfs(samples: Samples) -> float:
    """RMS level against full scale; −100 for digital silence."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return max(-100.0, 10 * float(np.log10(power))) if power > 0 else -100.0


def gain(samples: Samples, db: float) -> Samples:
    return (samples * 10 ** (db / 20)).astype(np.float32)


def noise(length: int, level: float, rng: np.random.Generator, *, colour: float = 0.0) -> Samples:
    """Line noise of RMS ``level`` dBFS; ``colour`` 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(max(length, 2)))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1.0) ** (colour / 2)
    sound = np.fft.irfft(spectrum, max(length, 2))[:length].astype(np.float32)
    return gain(sound, level - level_dbfs(sound))


def add_noise(samples: Samples, snr_db: float, rng: np.random.Generator, *, colour: float = 0.0) -> Samples:
    """Noise ``snr_db`` below the level of the speech (samples above −40 dB of the peak)."""
    loud = samples[np.abs(samples) > 0.01 * np.abs(samples).max(initial=0.0)]
    return samples + noise(len(samples), level_dbfs(loud) - snr_db, rng, colour=colour)


def packet_loss(
    samples: Samples,
    share: float,
    rng: np.random.Generator,
    *,
    packet_ms: float = 20.0,
    rate_hz: int = LINE_HZ,
) -> Samples:
    """Packets dropped at random, each replaced by silence, as a player without concealment does."""
    size = round(packet_ms * rate_hz / 1000)
    lost = np.repeat(rng.random(-(-len(samples) // size)) < share, size)[: len(samples)]
    return np.where(lost, np.float32(0), samples)


def clip(samples: Samples, drive_db: float) -> Samples:
    """Amplified by ``drive_db`` above full scale at its peak, then cut off flat."""
    peak = float(np.abs(samples).max(initial=0.0)) or 1.0
    return np.clip(samples / peak * 10 ** (drive_db / 20), -1.0, 1.0).astype(np.float32)


def bleed(other: Samples, *, db: float = -25.0, delay_ms: float = 40.0, rate_hz: int = LINE_HZ) -> Samples:
    """The other side's sound as an echo in this channel: attenuated and late, to be added."""
    delay = round(delay_ms * rate_hz / 1000)
    return gain(np.concatenate([np.zeros(delay, np.float32), other])[: len(other)], db)


def comfort_noise(length: int, rng: np.random.Generator, *, level: float = -62.0) -> Samples:
    """What a softphone plays while its user is silent."""
    return noise(length, level, rng, colour=0.5)


def silence(length: int) -> Samples:
    """Digital silence: exact zeros."""
    return np.zeros(length, np.float32)


def telephone(
    samples16k: Samples,
    rng: np.random.Generator,
    *,
    snr_db: float | tuple[float, float] | None = (12.0, 40.0),
    level: float | tuple[float, float] = (-32.0, -14.0),
    kind: Codec | None = None,
    loss: float | None = None,
) -> Samples:
    """A random telephone line for training: 16 kHz speech in, 8 kHz line sound out, same duration.

    A pair of numbers is a range to draw from. ``snr_db`` None adds no noise; ``kind`` None draws the
    codec (µ-law and A-law often, GSM and none seldom); ``loss`` None drops packets in one call of eight.
    ``level`` is the speech level in dBFS.
    """
    sound = telephone_band(to_8k(samples16k, 16_000), LINE_HZ)
    loud = sound[np.abs(sound) > 0.01 * np.abs(sound).max(initial=0.0)]
    if len(loud):
        sound = gain(sound, _draw(level, rng) - level_dbfs(loud))
    if snr_db is not None:
        sound = add_noise(sound, _draw(snr_db, rng), rng, colour=float(rng.uniform(0, 1.5)))
    share = loss if loss is not None else (float(rng.uniform(0.002, 0.02)) if rng.random() < 0.125 else 0.0)
    if share:
        sound = packet_loss(sound, share, rng)
    chosen = kind or CODECS[int(rng.choice(4, p=[0.45, 0.35, 0.08, 0.12]))]
    return codec(np.clip(sound, -1.0, 1.0), chosen)


def _draw(value: float | tuple[float, float], rng: np.random.Generator) -> float:
    return float(rng.uniform(*value)) if isinstance(value, tuple) else float(value)
