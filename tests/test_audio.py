"""Every format a recorder writes, and every way a file can be broken."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.audio import AudioError, Sound, decode, probe

RATE = 8000


@pytest.fixture
def tone() -> np.ndarray:
    """One second: 400 Hz left at 0.4, 1000 Hz right at 0.2."""
    t = np.arange(RATE) / RATE
    return np.stack([0.4 * np.sin(2 * np.pi * 400 * t), 0.2 * np.sin(2 * np.pi * 1000 * t)], axis=1)


def level(channel: np.ndarray) -> float:
    middle = channel[len(channel) // 4 : 3 * len(channel) // 4]
    return float(np.sqrt(np.mean(middle.astype(float) ** 2)) * np.sqrt(2))


def loudest_hz(sound: Sound, channel: int) -> float:
    spectrum = np.abs(np.fft.rfft(sound.channel(channel)))
    return float(np.argmax(spectrum) * sound.sample_rate_hz / sound.samples.shape[1])


@pytest.mark.parametrize(
    ("subtype", "codec"),
    [
        ("PCM_U8", "pcm_8"), ("PCM_16", "pcm_16"), ("PCM_24", "pcm_24"), ("PCM_32", "pcm_32"), ("FLOAT", "float"),
        ("DOUBLE", "float"), ("ULAW", "ulaw"), ("ALAW", "alaw"), ("MS_ADPCM", "ms_adpcm"), ("IMA_ADPCM", "ima_adpcm"),
    ],
)  # fmt: skip
def test_wav_codecs_keep_channels_apart(tmp_path: Path, tone: np.ndarray, subtype: str, codec: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone, RATE, subtype=subtype)
    about, sound = probe(path), decode(path)
    assert (about.codec, about.channels, about.sample_rate_hz) == (codec, 2, RATE)
    assert about.duration_s == pytest.approx(sound.duration_s, abs=0.01)
    assert sound.samples.dtype == np.float32
    assert sound.samples.shape[0] == 2
    assert loudest_hz(sound, 0) == pytest.approx(400, abs=5)
    assert loudest_hz(sound, 1) == pytest.approx(1000, abs=5)
    assert level(sound.channel(0)) == pytest.approx(0.4, rel=0.1)
    assert not sound.truncated


def test_gsm_610_in_wav(tmp_path: Path, tone: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", tone[:, 0], RATE, subtype="GSM610")
    assert probe(tmp_path / "a.wav").codec == "gsm610"
    sound = decode(tmp_path / "a.wav")
    assert sound.duration_s == pytest.approx(1.0, abs=0.05)
    assert loudest_hz(sound, 0) == pytest.approx(400, abs=5)


def encode(
    path: Path, tone: np.ndarray, *, codec: str, rate: int = RATE, container: str | None = None
) -> None:
    """Write ``tone`` by FFmpeg's own encoder, through PyAV."""
    import av

    with av.open(str(path), "w", format=container) as holder:
        stream = holder.add_stream(codec, rate=rate, layout="stereo")
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=rate)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(tone.T.astype(np.float32)), format="fltp", layout="stereo"
        )
        frame.sample_rate = RATE
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            for packet in stream.encode(piece):
                holder.mux(packet)
        for packet in stream.encode(None):
            holder.mux(packet)


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [("a.m4a", "aac", RATE), ("a.aac", "aac", RATE), ("a.mp3", "libmp3lame", RATE), ("a.flac", "flac", RATE),
     ("a.opus", "libopus", 16000), ("a.webm", "libopus", 16000)],
)  # fmt: skip
def test_compressed_formats(tmp_path: Path, tone: np.ndarray, name: str, codec: str, rate: int) -> None:
    path = tmp_path / name
    encode(path, tone, codec=codec, rate=rate)
    about, sound = probe(path), decode(path)
    assert about.channels == 2
    assert sound.sample_rate_hz == min(about.sample_rate_hz, 16000)
    assert sound.duration_s == pytest.approx(1.0, abs=0.2)
    assert loudest_hz(sound, 0) == pytest.approx(400, abs=10)
    assert loudest_hz(sound, 1) == pytest.approx(1000, abs=10)


@pytest.mark.parametrize(
    ("magic", "frame", "rate", "codec"),
    [
        (b"#!AMR\n", b"\x3c" + bytes(31), 8000, "amr_nb"),
        (b"#!AMR-WB\n", b"\x44" + bytes(60), 16000, "amr_wb"),
    ],
)
def test_amr_length_comes_from_its_frames(
    tmp_path: Path, magic: bytes, frame: bytes, rate: int, codec: str
) -> None:
    path = tmp_path / "a.amr"
    path.write_bytes(magic + frame * 100)
    about, sound = probe(path), decode(path)
    assert (about.codec, about.sample_rate_hz, about.channels) == (codec, rate, 1)
    assert about.duration_s == pytest.approx(2.0)
    assert sound.duration_s == pytest.approx(2.0, abs=0.05)


def test_wav_codec_that_only_ffmpeg_knows(tmp_path: Path, tone: np.ndarray) -> None:
    import av

    path = tmp_path / "g726.wav"
    with av.open(str(path), "w") as holder:
        stream = holder.add_stream("g726", rate=RATE, layout="mono")
        mono = np.ascontiguousarray((tone[:, :1].T * 32767).astype(np.int16))
        frame = av.AudioFrame.from_ndarray(mono, format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            holder.mux(packet)
    assert loudest_hz(decode(path), 0) == pytest.approx(400, abs=5)


def test_high_rates_come_down_while_read_without_aliases(tmp_path: Path) -> None:
    t = np.arange(48000) / 48000
    loud_above_nyquist = 0.2 * np.sin(2 * np.pi * 400 * t) + 0.5 * np.sin(2 * np.pi * 11_000 * t)
    soundfile.write(tmp_path / "a.wav", loud_above_nyquist, 48000, subtype="FLOAT")
    sound = decode(tmp_path / "a.wav")
    assert (sound.sample_rate_hz, sound.samples.shape) == (16000, (1, 16000))
    spectrum = np.abs(np.fft.rfft(sound.channel(0))) / 8000
    assert spectrum[400] == pytest.approx(0.2, rel=0.05)
    assert spectrum[5000] < 0.001  # 16000 - 11000: where the alias would stand


def test_at_resamples_once(tmp_path: Path, tone: np.ndarray) -> None:
    sound = Sound(np.ascontiguousarray(tone.T.astype(np.float32)), RATE)
    up = sound.at(16000)
    assert up is sound.at(16000)
    assert sound.at(RATE) is sound
    assert up.samples.shape == (2, 16000)
    assert level(up.channel(1)) == pytest.approx(0.2, rel=0.02)


def test_one_leg_files_become_stereo_in_the_order_given(tmp_path: Path, tone: np.ndarray) -> None:
    soundfile.write(tmp_path / "out.wav", tone[:, 0], RATE)
    soundfile.write(tmp_path / "in.wav", tone[: RATE // 2, 1], RATE)
    sound = decode([tmp_path / "out.wav", tmp_path / "in.wav"])
    assert sound.samples.shape == (2, RATE)
    assert loudest_hz(sound, 0) == pytest.approx(400, abs=5)
    assert not sound.channel(1)[RATE // 2 :].any()
    assert sound.notes == ("第二个单边文件的录音短 0.5 秒,末尾补了静音",)


def test_a_stereo_file_is_no_leg(tmp_path: Path, tone: np.ndarray) -> None:
    soundfile.write(tmp_path / "a.wav", tone, RATE)
    soundfile.write(tmp_path / "b.wav", tone[:, 0], RATE)
    with pytest.raises(AudioError, match=r"a\.wav: expected a one-leg mono file, found 2 channels"):
        decode([tmp_path / "a.wav", tmp_path / "b.wav"])


# ---------------------------------------------------------------- broken files


def wav_bytes(tone: np.ndarray, tmp_path: Path) -> bytearray:
    soundfile.write(tmp_path / "whole.wav", tone, RATE, subtype="PCM_16")
    return bytearray((tmp_path / "whole.wav").read_bytes())


def test_truncated_body_keeps_what_is_there(tmp_path: Path, tone: np.ndarray) -> None:
    data = wav_bytes(tone, tmp_path)
    (tmp_path / "a.wav").write_bytes(data[: 44 + 16000])
    sound = decode(tmp_path / "a.wav")
    assert sound.truncated
    assert sound.duration_s == pytest.approx(0.5, abs=0.01)
    assert sound.notes == ("录音不完整:文件头所说的比文件里的多",)
    assert probe(tmp_path / "a.wav").duration_s == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("claim", [0xFFFFFFFF, 0x7FFFFFFF, 0])
def test_header_that_claims_four_gigabytes_or_nothing(tmp_path: Path, tone: np.ndarray, claim: int) -> None:
    data = wav_bytes(tone, tmp_path)
    struct.pack_into("<I", data, data.index(b"data") + 4, claim)
    (tmp_path / "a.wav").write_bytes(data)
    about, sound = probe(tmp_path / "a.wav"), decode(tmp_path / "a.wav")
    assert about.duration_s == pytest.approx(1.0)
    assert sound.samples.shape == (2, RATE)
    assert "文件头没有写明长度" in sound.notes[0]
    assert not sound.truncated


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (bytes(4096), "only zero bytes"),
        ("您好,这里是文字。".encode() * 9, "plain text"),
        (b"<html><body>404</body></html>", "a web page"),
        (b"PK\x03\x04" + bytes(60), "a zip archive or Office document"),
        (bytes(range(128, 256)) * 4, "bytes of no known audio format"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00", "a header cut off before the format"),
        (b"RIFF\x24\x00\x00\x00WAVE", "a header cut off before the format"),
    ],
)
def test_files_that_are_no_recording_say_what_they_are(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        decode(path)
    assert caught.value.path == str(path)
    assert caught.value.found == found
    assert str(caught.value) == f"{path}: expected {caught.value.expected}, found {found}"


def test_the_error_survives_the_way_between_processes(tmp_path: Path) -> None:
    error = AudioError("a.wav", "sound", "none")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == "a.wav: expected sound, found none"
    assert (again.expected, again.found) == ("sound", "none")


def test_header_without_sound_probes_as_zero_and_does_not_decode(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 2)), RATE)
    assert probe(tmp_path / "a.wav").duration_s == 0
    with pytest.raises(AudioError, match="expected some sound, found zero length"):
        decode(tmp_path / "a.wav")


def test_three_channels(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((800, 3)), RATE)
    with pytest.raises(AudioError, match="expected one or two channels, found 3 channels"):
        probe(tmp_path / "a.wav")


@pytest.mark.parametrize("rate", [1000, 400_000])
def test_absurd_rate(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(800), rate)
    with pytest.raises(AudioError, match=f"expected a sample rate of 4000 to 192000 Hz, found {rate} Hz"):
        probe(tmp_path / "a.wav")


def test_a_few_nan_samples_are_silenced_and_told(tmp_path: Path, tone: np.ndarray) -> None:
    tone[100:110, 0] = np.nan
    tone[200, 1] = np.inf
    soundfile.write(tmp_path / "a.wav", tone, RATE, subtype="FLOAT")
    sound = decode(tmp_path / "a.wav")
    assert np.isfinite(sound.samples).all()
    assert not sound.channel(0)[100:110].any()
    assert sound.notes == ("11 个采样不是有限的数,已作静音",)


def test_mostly_nan_is_no_recording(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match="expected finite samples, found 100% of them NaN"):
        decode(tmp_path / "a.wav")


def test_unreadable_file(
    open_folder: Path, as_nobody: Callable[[], AbstractContextManager[None]], tone: np.ndarray
) -> None:
    path = open_folder / "whole.wav"
    wav_bytes(tone, open_folder)
    path.chmod(0)
    with as_nobody(), pytest.raises(AudioError, match="expected a readable file, found Permission denied"):
        probe(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="expected a readable file, found No such file"):
        decode(tmp_path / "gone.wav")


@pytest.mark.parametrize("name", ["a.flac", "a.wav"])
def test_no_file_gives_more_than_the_limit(tmp_path: Path, name: str) -> None:
    """A minute of silence is a few hundred bytes of FLAC: length is limited, not file size."""
    soundfile.write(tmp_path / name, np.zeros(RATE * 60), RATE)
    with pytest.raises(AudioError, match="expected at most 30 s of sound, found more"):
        decode(tmp_path / name, max_duration_s=30)


def test_a_header_that_lies_about_length_is_stopped_while_reading(tmp_path: Path, tone: np.ndarray) -> None:
    """AAC without a length: only reading tells."""
    path = tmp_path / "a.aac"
    encode(path, np.tile(tone, (5, 1)), codec="aac")
    with pytest.raises(AudioError, match="at most 3 s"):
        decode(path, max_duration_s=3)


@pytest.mark.parametrize("name", ["a.m4a", "a.mp3", "a.opus", "a.flac"])
def test_compressed_file_that_lost_its_end(tmp_path: Path, tone: np.ndarray, name: str) -> None:
    codec = {"m4a": "aac", "mp3": "libmp3lame", "opus": "libopus", "flac": "flac"}[name.split(".")[1]]
    path = tmp_path / name
    encode(path, np.tile(tone, (6, 1)), codec=codec, rate=16000 if codec == "libopus" else RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    try:
        sound = decode(path)
    except AudioError as error:  # M4A keeps its index at the end: without it nothing can be read
        assert name == "a.m4a"
        assert error.path == str(path)
    else:
        assert 0.5 < sound.duration_s < 4
        assert sound.truncated or name == "a.opus"  # Ogg pages tell no total length


def test_a_playlist_named_as_recording_is_not_followed(tmp_path: Path, tone: np.ndarray) -> None:
    wav_bytes(tone, tmp_path)
    path = tmp_path / "a.mp3"
    path.write_text("ffconcat version 1.0\nfile whole.wav\n")
    with pytest.raises(AudioError, match="plain text"):
        decode(path)


@pytest.mark.slow
def test_three_hours_in_bounded_memory(tmp_path: Path) -> None:
    """Stereo, 8 kHz, 3 h: 0.7 GB of float32, and no second copy of it while decoding."""
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros((0, 2)), RATE, subtype="ULAW")
    head = bytearray(path.read_bytes())
    struct.pack_into("<I", head, head.index(b"data") + 4, size := RATE * 2 * 3 * 3600)
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    import tracemalloc

    tracemalloc.start()
    sound = decode(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sound.duration_s == pytest.approx(3 * 3600, abs=1)
    assert peak < sound.samples.nbytes * 1.05
