"""One frozen tree of settings, read from callqa.toml; an unknown key is an error that names it.

Every section is a frozen dataclass whose fields are the defaults; the comment or docstring beside a
threshold gives its source. Sections are handed to the stage that uses them and to nobody else, so
that a changed setting invalidates only what depends on it.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class ConfigError(ValueError):
    """A setting that is not known or not of its type; the message names file, key, expected, found."""


@dataclass(frozen=True, slots=True)
class IngestConfig:
    """Which files are calls, and how their names and records are read."""

    timezone: str = "Asia/Shanghai"  # of times in file names and records that name no zone; days are its days
    # preset names (freepbx, fusionpbx, generic) or regexes with named groups, tried in order
    filename_patterns: tuple[str, ...] = ("freepbx", "fusionpbx", "generic")
    cdr_reader: str = "auto"  # auto | generic | freeswitch | asterisk | tccc | alibaba
    # generic reader: our field -> their column, such as { call_id = "流水号", agent_id = "客服工号" }
    cdr_columns: dict[str, str] = field(default_factory=dict)
    # which channel is the agent, by the call's direction: 0 left, 1 right; a record's own agent_channel goes first
    agent_channel: dict[str, int] = field(default_factory=lambda: {"inbound": 0, "outbound": 0, "unknown": 0})
    settle_s: float = 2.0  # a file changed more recently than this is looked at twice, this far apart
    min_duration_s: float = 1.0  # shorter recordings, and longer ones, are excluded with that reason
    max_duration_s: float = 4 * 3600.0
    queue_log: str = ""  # Asterisk: its path; empty: the file queue_log beside the CDR, if any
    cel: str = ""  # Asterisk: its path; empty: cel.csv beside the CDR, if any
    # Asterisk's one-leg pairs X-in.wav, X-out.wav: "in" is what the first party (the caller) said
    leg_suffixes: tuple[str, ...] = ("-in", "-out")
    agent_leg: dict[str, str] = field(
        default_factory=lambda: {"inbound": "-out", "outbound": "-in", "unknown": "-out"}
    )


@dataclass(frozen=True, slots=True)
class AuditionConfig:
    """How the sound is read before recognition."""

    tone_plan: str = "CN"  # CN | ITU | US | HK | TW, see pipeline/listen/plans.py
    # Below Silero's own 0.5/0.35: heavily coded and synthetic voices get 0.2–0.5 from it, while line noise,
    # coughs and hold music, which are what a telephone has beside voices, stay under 0.1 (docs/accuracy.md).
    vad_threshold: float = 0.2
    vad_release: float = 0.08
    min_voice_s: float = 0.12  # shorter than any Mandarin syllable said alone (Deng: ≥ 150 ms)
    # Shorter ones are stop consonants, whose closures last up to 0.16 s in slow Mandarin (tune calls of
    # models/train/line_calls.py); 0.13 to 0.25 s are in use (Hieke, Kowal & O'Connell, Language and Speech 26, 1983).
    min_pause_s: float = 0.17
    min_digital_silence_s: float = 0.2
    pitch_min_hz: float = 70.0
    pitch_max_hz: float = 420.0


@dataclass(frozen=True, slots=True)
class DiarizeConfig:
    """Who speaks, and which one is the agent."""

    min_role_probability: float = 0.8  # below it the roles of a call are unknown
    swap_probability: float = 0.97  # words this sure of the opposite swap the channel map; less is reported
    # mono only. Bounds, not a fixed two: see docs/accuracy.md, "Mono: who speaks"
    min_speakers: int = 1
    max_speakers: int = 3
    second_pass: bool = True  # share the stretches of voice out anew over the whole call
    segmentation_step: float = 0.2  # of the model's window; table in docs/accuracy.md
    segmentation_batch_size: int = 16
    embedding_batch_size: int = 16
    window_s: float = 1200.0  # longer calls are diarized in pieces of this length, in bounded memory
    voice_profiles: str = ""  # folder of agents' voice profiles; empty: off


@dataclass(frozen=True, slots=True)
class TranscribeConfig:
    """Recognition by faster-whisper."""

    language: str = "zh"
    batch_size: int = 8
    beam_size: int = (
        2  # half a point of CER less than 1 with the demo model, in the same time; 5 gives no more
    )


@dataclass(frozen=True, slots=True)
class MeasureConfig:
    """Thresholds of the measures."""

    min_gap_s: float = 3.0
    dead_air_scored_s: float = 5.0  # reported from min_gap_s, scored from here
    listed_gap_s: float = 1.0  # shorter silences are the rhythm of talk, and no events
    thinking_s: float = 3.0  # a shorter silence is somebody thinking
    long_wait_s: float = 30.0  # S0: a wait of 30 s or more needs an apology on return
    reassure_every_s: float = 15.0  # S1: 对不起,请再稍等一下 at least this often
    hold_announce_s: float = 12.0  # how long before the silence the please-wait may lie
    return_window_s: float = 6.0  # how long after the silence the thanks may lie
    hold_record_tolerance_s: float = 3.0
    # The three parameters of Alibaba Cloud SCA's 抢话 check (help.aliyun.com/zh/sca/user-guide/chime-in-check-new-sca):
    # overlap, characters, how long the first party had spoken. Characters (4) and floor (1000 ms) are its
    # values; its 2–3 s of overlap is counted between recognised sentences, ours between voices, hence less.
    interruption_min_s: float = 0.5
    interruption_min_chars: int = 4
    interruption_floor_s: float = 1.0
    interruption_ending_s: float = 0.6  # the first party stops by itself within it: turns met, nobody cut in
    rate_over: str = "voice"  # "voice": pauses out; "turn": pauses inside a turn in. Both are kept
    # S1's figure is 120 characters a minute, which real agents never speak: desks run at 180–260 over
    # turn time and broadcast news at 250–300, so the default band is wide and the figure is a setting.
    rate_band_cpm: tuple[float, ...] = (120.0, 300.0)
    rate_band_elderly_cpm: tuple[float, ...] = (100.0, 220.0)
    rate_min_chars: int = 8  # a turn shorter than this has no rate of its own
    rate_disagreement: float = 0.35  # words against nuclei; beyond it a weak recognition is not trusted
    weak_asr_confidence: float = 0.6
    clarity_min_snr_db: float = 10.0  # below it the line, not the speaker, blurs the words
    ring_cycle_s: float = 5.0  # CN ringback: 1 s on, 4 s off
    hangup_wait_s: float = 5.0  # S0: how long to wait for a silent customer after the closing line
    hangup_min_probability: float = 0.75  # below it the side is unknown
    no_voice_s: float = 5.0  # a party silent this long after the greeting is not there


@dataclass(frozen=True, slots=True)
class ScoreConfig:
    """Which lexicons and scorecards judge the calls."""

    lexicons: str = ""  # folder; empty: the shipped ones
    scorecard: str = "auto"  # a template's name, or "auto": chosen per call by its record
    min_words: float = 0.45  # word confidence below which what was heard is held against nobody
    min_roles: float = 0.7  # role confidence below which nobody is held to a role
    min_hangup: float = 0.7  # probability of the releasing side
    min_events: float = 0.5  # confidence of a gap, overlap or tone
    sentence_model: str = (
        ""  # folder of a sentence-transformers model that judges similar sentences; empty: by formula
    )


@dataclass(frozen=True, slots=True)
class BatchConfig:
    workers: int = 0  # 0: one per two cores
    calls_in_work: int = 8  # calls a worker holds in memory at once
    retries: int = 2  # of transient failures


@dataclass(frozen=True, slots=True)
class ReviewConfig:
    """The review desk."""

    appeal_days: int = 7  # an agent may appeal this long after a call is published
    recordings: tuple[str, ...] = ()  # folders sound may be served from; empty: those of each day's run.json
    session_hours: float = 12.0  # longest a log-in lasts
    idle_minutes: float = 120.0  # … and longest without a click
    login_attempts: int = 5  # failed log-ins of one name in the window before it must wait
    login_window_s: float = 900.0
    secure_cookies: bool = False  # true behind https: cookies then never travel in the clear
    sso_header: str = ""  # e.g. "X-Remote-User": the name a reverse proxy vouches for; empty: off
    sso_trusted: tuple[str, ...] = ("127.0.0.1", "::1")  # addresses the header is believed from
    webhook: str = ""  # URL each step of an appeal is posted to as JSON; empty: none
    page_size: int = 50  # calls a queue page


@dataclass(frozen=True, slots=True)
class Config:
    profile: str = ""  # cpu | gpu | a model folder | a fetched hub id | demo; empty: not chosen
    results: str = "results"  # folder that gets a folder a day
    ingest: IngestConfig = field(default_factory=IngestConfig)
    audition: AuditionConfig = field(default_factory=AuditionConfig)
    diarize: DiarizeConfig = field(default_factory=DiarizeConfig)
    transcribe: TranscribeConfig = field(default_factory=TranscribeConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    score: ScoreConfig = field(default_factory=ScoreConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    review: ReviewConfig = field(default_factory=ReviewConfig)


def load_config(path: Path | None) -> Config:
    """The settings in ``path`` over the defaults; ``None`` gives the defaults. Raises ConfigError."""
    if path is None:
        return Config()
    try:
        # utf-8-sig: Windows editors put a BOM before the first key
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: expected a readable TOML file, found: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML in UTF-8, found: {error}") from error
    return _build(Config, table, where=str(path), key="")


def _build(cls: type[Any], table: dict[str, Any], *, where: str, key: str) -> Any:
    hints = typing.get_type_hints(cls)
    known = {f.name for f in dataclasses.fields(cls)}
    for name in table:
        if name not in known:
            raise ConfigError(
                f"{where}: unknown key {_dotted(key, name)!r}; expected one of: {', '.join(sorted(known))}"
            )
    values = {
        name: _convert(hints[name], value, where=where, key=_dotted(key, name))
        for name, value in table.items()
    }
    return cls(**values)


def _convert(kind: Any, value: Any, *, where: str, key: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: {key!r} expected a table, found {value!r}")
        return _build(kind, value, where=where, key=key)
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        kind = next(arm for arm in typing.get_args(kind) if arm is not type(None))
        return _convert(kind, value, where=where, key=key)
    if origin is tuple and isinstance(value, list):
        inner = typing.get_args(kind)[0]
        return tuple(_convert(inner, item, where=where, key=f"{key}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        inner = typing.get_args(kind)[1]
        return {k: _convert(inner, v, where=where, key=_dotted(key, k)) for k, v in value.items()}
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is typing.Literal and value in typing.get_args(kind):
        return value
    if isinstance(kind, type) and isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
        return value
    expected = getattr(kind, "__name__", str(kind))
    raise ConfigError(f"{where}: {key!r} expected {expected}, found {value!r}")


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
