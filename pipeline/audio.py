"""Probe, decode, channels, resample: the only place that opens recordings.

libsndfile (``soundfile``) reads WAV in its telephone codecs, FLAC, Ogg, Opus and MP3; FFmpeg's
libraries (``av``) read M4A/AAC, AMR and the WAV codecs libsndfile refuses. Which of the two is asked is
decided by the file's first bytes, never by its name, and FFmpeg is told the format: left to guess,
it would follow a play-list that calls itself a recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.audio_header import Container
from pipeline.audio_probe import AudioError, Probe, open_ffmpeg, probe
from pipeline.strings import text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AudioError", "Probe", "Sound", "decode", "probe"]

# Speech models, VAD and pitch all work at 16 kHz or below; keeping more only costs memory.
WORKING_RATE_HZ = 16_000
MAX_DURATION_S = 4 * 3600.0
MAX_BAD_SHARE = 0.1  # of non-finite samples; above it the file is not a recording with a glitch
BLOCK_S = 1.0  # a file that lost its end is read up to the last whole block

_EXACT: tuple[Container, ...] = ("flac", "mp3", "mp4")  # their headers tell a length worth comparing with


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of one call, float32 in -1..1, shape ``[channels, n]``, at most 16 kHz when decoded.

    ``notes`` are faults of the file in words for the ledger; ``truncated``: its end is missing.
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int
    notes: tuple[str, ...] = ()
    truncated: bool = False
    _resampled: dict[int, Sound] = field(default_factory=dict, repr=False, compare=False)

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    @property
    def duration_s(self) -> float:
        return self.samples.shape[1] / self.sample_rate_hz

    def channel(self, index: int) -> NDArray[np.float32]:
        """Samples of one channel, shape ``[n]``: a view, not a copy."""
        return self.samples[index]

    def at(self, rate_hz: int) -> Sound:
        """The same sound at ``rate_hz``, by an anti-aliased resampler (soxr HQ); kept for the next caller."""
        if rate_hz == self.sample_rate_hz:
            return self
        if rate_hz not in self._resampled:
            import soxr

            rows = [soxr.resample(row, self.sample_rate_hz, rate_hz) for row in self.samples]
            self._resampled[rate_hz] = Sound(np.stack(rows), rate_hz, self.notes, self.truncated)
        return self._resampled[rate_hz]


def decode(
    paths: str | Path | Sequence[str | Path],
    *,
    max_duration_s: float = MAX_DURATION_S,
    max_rate_hz: int = WORKING_RATE_HZ,
) -> Sound:
    """Decode a recording once, or join two one-leg mono files (agent's leg first) into stereo.

    Sound above ``max_rate_hz`` is brought down while it is read, block by block, so a three-hour
    stereo call of any rate takes at most 1.4 GB, and one of 8 kHz 0.7 GB. Raises AudioError, also when
    more than ``max_duration_s`` comes out of the file, whatever its header says.
    """
    files = [paths] if isinstance(paths, str | Path) else list(paths)
    legs = [_decode_file(Path(file), max_duration_s, max_rate_hz) for file in files]
    if len(legs) == 1:
        return legs[0]
    if len(legs) != 2:
        raise AudioError(files[0] if files else "-", "one file or two one-leg files", f"{len(legs)} files")
    return _joined(files, legs)


def _decode_file(path: Path, max_duration_s: float, max_rate_hz: int) -> Sound:
    about = probe(path)
    too_long = AudioError(path, f"at most {max_duration_s:g} s of sound", "more")
    if about.duration_s > max_duration_s * 1.05:  # headers of lossy formats are estimates
        raise too_long
    rate = min(about.sample_rate_hz, max_rate_hz)
    sink = _Sink(about.channels, int(about.duration_s * rate) + rate, limit=int(max_duration_s * rate))
    try:
        for block in _blocks(path, about):
            sink.add(block, about.sample_rate_hz, rate)
            if sink.full:
                raise too_long
        samples = sink.finish()
    except AudioError:
        raise
    except Exception as error:  # both libraries raise their own, one plain RuntimeError among them
        raise AudioError(path, f"sound in {about.codec}", f"bytes it cannot decode ({error})") from error
    if samples.shape[1] == 0:
        raise AudioError(path, "some sound", "zero length")
    notes = about.notes
    if sink.bad_samples:
        share = sink.bad_samples / samples.size
        if share > MAX_BAD_SHARE:
            raise AudioError(path, "finite samples", f"{share:.0%} of them NaN or infinite")
        notes += (text("ledger.silenced", count=sink.bad_samples),)
    got_s = samples.shape[1] / rate
    truncated = about.truncated
    if not truncated and about.format in _EXACT and got_s < about.duration_s * 0.98 - BLOCK_S:
        truncated = True
        notes += (text("ledger.cut", claimed=about.duration_s, got=got_s),)
    return Sound(samples, rate, notes, truncated)


class _Sink:
    """Collects blocks in one growing array, brought down to the working rate on the way."""

    def __init__(self, channels: int, expected: int, *, limit: int) -> None:
        self._samples = np.zeros((channels, min(expected, limit + 1)), dtype=np.float32)
        self._n = 0
        self._limit = limit
        self._resampler: Any = None
        self.bad_samples = 0

    @property
    def full(self) -> bool:
        return self._n > self._limit

    def add(self, block: NDArray[np.float32], from_hz: int, to_hz: int) -> None:
        """Take ``block``, shape ``[n, channels]``."""
        if not len(block):
            return
        bad = ~np.isfinite(block)
        if bad.any():
            self.bad_samples += int(bad.sum())
            block = np.where(bad, np.float32(0), block)
        if from_hz != to_hz:
            if self._resampler is None:
                import soxr

                self._resampler = soxr.ResampleStream(from_hz, to_hz, block.shape[1], dtype="float32")
            block = self._resampler.resample_chunk(block)
        self._keep(block)

    def finish(self) -> NDArray[np.float32]:
        if self._resampler is not None:
            empty = np.zeros((0, self._samples.shape[0]), dtype=np.float32)
            self._keep(self._resampler.resample_chunk(empty, last=True))
        return self._samples[:, : self._n]

    def _keep(self, block: NDArray[np.float32]) -> None:
        end = self._n + len(block)
        if end > self._samples.shape[1]:
            more = np.zeros((self._samples.shape[0], max(end, self._samples.shape[1]) // 4 + len(block)))
            self._samples = np.concatenate([self._samples, more.astype(np.float32)], axis=1)
        if len(block):
            self._samples[:, self._n : end] = block.reshape(len(block), -1).T
        self._n = end


def _blocks(path: Path, about: Probe) -> Iterator[NDArray[np.float32]]:
    """Blocks of shape ``[n, channels]``."""
    return _sndfile_blocks(path, about) if about.by_sndfile else _ffmpeg_blocks(path, about)


def _sndfile_blocks(path: Path, about: Probe) -> Iterator[NDArray[np.float32]]:
    import soundfile

    with soundfile.SoundFile(str(path)) as file:
        size = int(BLOCK_S * about.sample_rate_hz)
        begun = False
        while True:
            try:
                block = file.read(size, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:
                if begun:  # the end is missing; _decode_file tells it by the length
                    return
                raise
            if not len(block):
                return
            begun = True
            yield block


def _ffmpeg_blocks(path: Path, about: Probe) -> Iterator[NDArray[np.float32]]:
    import av

    with open_ffmpeg(path, about.format) as (holder, stream):
        to_float = av.AudioResampler(format="fltp")
        try:
            for frame in holder.decode(stream):
                for piece in to_float.resample(frame):
                    yield piece.to_ndarray().T.astype(np.float32, copy=False)
        except av.error.InvalidDataError:
            # A lossy file that lost its end stops here; what came before is sound.
            return


def _joined(files: Sequence[str | Path], legs: Sequence[Sound]) -> Sound:
    for file, leg in zip(files, legs, strict=True):
        if leg.channels != 1:
            raise AudioError(file, "a one-leg mono file", f"{leg.channels} channels")
    rate = max(leg.sample_rate_hz for leg in legs)
    left, right = (leg.at(rate) for leg in legs)
    n = max(left.samples.shape[1], right.samples.shape[1])
    samples = np.zeros((2, n), dtype=np.float32)
    for row, leg in enumerate((left, right)):
        samples[row, : leg.samples.shape[1]] = leg.samples[0]
    notes = left.notes + right.notes
    apart_s = abs(left.duration_s - right.duration_s)
    if apart_s > 0.1:
        shorter = text("ledger.first_leg" if left.duration_s < right.duration_s else "ledger.second_leg")
        notes += (text("ledger.shorter_leg", leg=shorter, seconds=apart_s),)
    joined = Sound(samples, rate, notes)
    return replace(joined, truncated=left.truncated or right.truncated)
