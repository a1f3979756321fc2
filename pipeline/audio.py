"""Probe, decode, channels, resample: the only place that opens recordings.

libsndfile (``soundfile``) reads WAV in its telephone codecs, FLAC, Ogg, Opus and MP3; FFmpeg's
libraries (``av``) read M4A/AAC, AMR and the WAV codecs libsndfile refuses. Which of the two is asked is
decided by the file's first bytes, never by its name, and FFmpeg is told the format: left to guess,
it would follow a play-list that calls itself a recording.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.audio_header import (
    Container,
    HeaderError,
    Wav,
    amr_duration_s,
    container,
    describe,
    read_wav,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 192_000  # outside it a header is damaged, not unusual
# Speech models, VAD and pitch all work at 16 kHz or below; keeping more only costs memory.
WORKING_RATE_HZ = 16_000
MAX_DURATION_S = 4 * 3600.0
MAX_BAD_SHARE = 0.1  # of non-finite samples; above it the file is not a recording with a glitch
BLOCK_S = 1.0  # a file that lost its end is read up to the last whole block

_FFMPEG_NAME: dict[Container, str] = {
    "wav": "wav", "mp4": "mp4", "amr": "amr", "adts": "aac", "matroska": "matroska",
    "mp3": "mp3", "ogg": "ogg",
}  # fmt: skip
_SNDFILE: tuple[Container, ...] = ("wav", "aiff", "flac", "ogg", "mp3")
_EXACT: tuple[Container, ...] = ("flac", "mp3", "mp4")  # their headers tell a length worth comparing with
_SNDFILE_WAV = ("pcm", "float", "alaw", "ulaw", "ima_adpcm", "ms_adpcm", "gsm610")


class AudioError(ValueError):
    """A recording that cannot be used: which file, what was expected of it, what was found."""

    def __init__(self, path: str | Path, expected: str, found: str) -> None:
        super().__init__(f"{path}: expected {expected}, found {found}")
        self.path, self.expected, self.found = str(path), expected, found

    def __reduce__(self) -> tuple[type[AudioError], tuple[str, str, str]]:
        return AudioError, (self.path, self.expected, self.found)  # workers send it between processes


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


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file's header tells. ``duration_s`` is exact for WAV and FLAC, close for the rest."""

    format: Container
    codec: str
    sample_rate_hz: int
    channels: int
    duration_s: float
    truncated: bool = False
    notes: tuple[str, ...] = ()
    by_sndfile: bool = True  # which of the two libraries decodes it


def probe(path: str | Path) -> Probe:
    """Read a file's header without decoding it. Raises AudioError; zero length is no error here."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            head = file.read(512)
            file.seek(0)
            kind = container(head)
            if kind is None:
                raise AudioError(path, "a recording (WAV, MP3, M4A, Ogg, FLAC, AMR)", describe(head))
            if kind == "wav":
                wav = read_wav(file, path.stat().st_size)
                found = _probe_wav(wav) if wav.codec in _SNDFILE_WAV else _probe_ffmpeg(path, kind)
            elif kind == "amr":
                rate, seconds = amr_duration_s(file)
                found = Probe(kind, "amr_wb" if rate == WORKING_RATE_HZ else "amr_nb", rate, 1, seconds)
                found = replace(found, by_sndfile=False)
            elif kind in _SNDFILE:
                found = _probe_sndfile(path, kind)
            else:
                found = _probe_ffmpeg(path, kind)
    except HeaderError as error:
        raise AudioError(path, "a complete WAV header", str(error)) from error
    except OSError as error:
        raise AudioError(path, "a readable file", error.strerror or str(error)) from error
    return _checked(path, found)


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


def _probe_wav(wav: Wav) -> Probe:
    block_samples = 1
    if wav.codec == "gsm610":
        block_samples = 320  # 65 bytes hold two GSM frames of 160 samples
    elif wav.codec in ("ima_adpcm", "ms_adpcm") and wav.channels:
        header = 4 if wav.codec == "ima_adpcm" else 7
        spare = 1 if wav.codec == "ima_adpcm" else 2
        block_samples = (wav.frame_bytes // wav.channels - header) * 2 + spare
    rate = wav.sample_rate_hz or 1
    seconds = wav.data_bytes / max(1, wav.frame_bytes) * block_samples / rate
    notes = []
    if wav.cut:
        notes.append("truncated: the header promises more sound than the file holds")
    if wav.unfilled:
        notes.append("the header's length was never filled in; length taken from the file")
    codec = f"pcm_{wav.bits}" if wav.codec == "pcm" else wav.codec
    # libsndfile takes a length of 0 at its word, so a header never filled in goes to FFmpeg
    by_sndfile = not wav.unfilled
    return Probe("wav", codec, wav.sample_rate_hz, wav.channels, seconds, wav.cut, tuple(notes), by_sndfile)


def _probe_sndfile(path: Path, kind: Container) -> Probe:
    import soundfile

    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError:
        if kind in _FFMPEG_NAME:
            return _probe_ffmpeg(path, kind)
        raise AudioError(path, f"a complete {kind} file", "a damaged header") from None
    return Probe(kind, str(info.subtype).lower(), info.samplerate, info.channels, info.duration)


def _probe_ffmpeg(path: Path, kind: Container) -> Probe:
    with _ffmpeg(path, kind) as (holder, stream):
        context = stream.codec_context
        ticks = stream.duration * stream.time_base if stream.duration else (holder.duration or 0) / 1_000_000
        rate, channels = context.sample_rate, context.channels
        return Probe(kind, context.name, rate, channels, float(ticks), by_sndfile=False)


def _checked(path: Path, found: Probe) -> Probe:
    if not MIN_RATE_HZ <= found.sample_rate_hz <= MAX_RATE_HZ:
        raise AudioError(
            path, f"a sample rate of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz", f"{found.sample_rate_hz} Hz"
        )
    if found.channels not in (1, 2):
        raise AudioError(path, "one or two channels", f"{found.channels} channels")
    return found


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
        notes += (f"{sink.bad_samples} samples were NaN or infinite; silenced",)
    got_s = samples.shape[1] / rate
    truncated = about.truncated
    if not truncated and about.format in _EXACT and got_s < about.duration_s * 0.98 - BLOCK_S:
        truncated = True
        notes += (f"truncated: {about.duration_s:.0f} s by its header, {got_s:.0f} s can be decoded",)
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

    with _ffmpeg(path, about.format) as (holder, stream):
        to_float = av.AudioResampler(format="fltp")
        try:
            for frame in holder.decode(stream):
                for piece in to_float.resample(frame):
                    yield piece.to_ndarray().T.astype(np.float32, copy=False)
        except av.error.InvalidDataError:
            # A lossy file that lost its end stops here; what came before is sound.
            return


@contextmanager
def _ffmpeg(path: Path, kind: Container) -> Iterator[tuple[Any, Any]]:
    import av

    try:
        holder = av.open(str(path), format=_FFMPEG_NAME[kind], options={"enable_drefs": "0"})
    except av.error.FFmpegError as error:
        raise AudioError(path, f"a complete {kind} file", f"a damaged one ({error.strerror})") from error
    with holder:
        if not holder.streams.audio:
            raise AudioError(path, "an audio track", "none")
        yield holder, holder.streams.audio[0]


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
        shorter = "first" if left.duration_s < right.duration_s else "second"
        notes += (f"the {shorter} leg is {apart_s:.1f} s shorter; silence added at its end",)
    joined = Sound(samples, rate, notes)
    return replace(joined, truncated=left.truncated or right.truncated)
