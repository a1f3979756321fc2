"""What a recording is, by its header: format, codec, rate, channels, length. Nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.audio_header import (
    Container,
    HeaderError,
    Wav,
    amr_duration_s,
    container,
    describe,
    read_wav,
)
from pipeline.strings import text

MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 192_000  # outside it a header is damaged, not unusual
_WIDE_BAND_HZ = 16_000  # what AMR-WB is sampled at
_FFMPEG_NAME: dict[Container, str] = {
    "wav": "wav", "mp4": "mp4", "amr": "amr", "adts": "aac", "matroska": "matroska",
    "mp3": "mp3", "ogg": "ogg",
}  # fmt: skip
_SNDFILE: tuple[Container, ...] = ("wav", "aiff", "flac", "ogg", "mp3")
_SNDFILE_WAV = ("pcm", "float", "alaw", "ulaw", "ima_adpcm", "ms_adpcm", "gsm610")


class AudioError(ValueError):
    """A recording that cannot be used: which file, what was expected of it, what was found."""

    def __init__(self, path: str | Path, expected: str, found: str) -> None:
        super().__init__(f"{path}: expected {expected}, found {found}")
        self.path, self.expected, self.found = str(path), expected, found

    def __reduce__(self) -> tuple[type[AudioError], tuple[str, str, str]]:
        return AudioError, (self.path, self.expected, self.found)  # workers send it between processes


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
                found = _probe_wav(wav) if wav.codec in _SNDFILE_WAV else _probeopen_ffmpeg(path, kind)
            elif kind == "amr":
                rate, seconds = amr_duration_s(file)
                found = Probe(kind, "amr_wb" if rate == _WIDE_BAND_HZ else "amr_nb", rate, 1, seconds)
                found = replace(found, by_sndfile=False)
            elif kind in _SNDFILE:
                found = _probe_sndfile(path, kind)
            else:
                found = _probeopen_ffmpeg(path, kind)
    except HeaderError as error:
        raise AudioError(path, "a complete WAV header", str(error)) from error
    except OSError as error:
        raise AudioError(path, "a readable file", error.strerror or str(error)) from error
    return _checked(path, found)


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
        notes.append(text("ledger.truncated"))
    if wav.unfilled:
        notes.append(text("ledger.unfilled"))
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
            return _probeopen_ffmpeg(path, kind)
        raise AudioError(path, f"a complete {kind} file", "a damaged header") from None
    return Probe(kind, str(info.subtype).lower(), info.samplerate, info.channels, info.duration)


def _probeopen_ffmpeg(path: Path, kind: Container) -> Probe:
    with open_ffmpeg(path, kind) as (holder, stream):
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


@contextmanager
def open_ffmpeg(path: Path, kind: Container) -> Iterator[tuple[Any, Any]]:
    import av

    try:
        holder = av.open(str(path), format=_FFMPEG_NAME[kind], options={"enable_drefs": "0"})
    except av.error.FFmpegError as error:
        raise AudioError(path, f"a complete {kind} file", f"a damaged one ({error.strerror})") from error
    with holder:
        if not holder.streams.audio:
            raise AudioError(path, "an audio track", "none")
        yield holder, holder.streams.audio[0]
