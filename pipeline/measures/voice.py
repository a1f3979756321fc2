"""How a party sounds: loudness, jumps, clipping, noise, and how clearly the words come over."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Iterable, Sequence

from pipeline.measures.activity import PARTIES
from pipeline.measures.alone import MIN_VALUES, channel_of, values_of
from pipeline.measures.registry import Reading, Scene, measure, per_party, untold
from pipeline.types import Role, Span

QUIET_DBFS = -70.0  # frames below are pauses inside a word, not voice
LUFS_GATE_LU = 10.0  # BS.1770-4: blocks this far below the mean are left out


def _mean_level(values: Sequence[float]) -> float | None:
    """Mean power of the frames that carry voice, in dB."""
    power = [10 ** (v / 10) for v in values if v > QUIET_DBFS]
    return 10 * math.log10(sum(power) / len(power)) if len(power) >= MIN_VALUES else None


def level(scene: Scene, role: Role) -> Reading:
    audition = scene.conversation.audition
    if audition is None:
        return untold("no_sound")
    found = _mean_level(values_of(scene, role, audition.level_dbfs))
    return untold("little_alone") if found is None else Reading(found)


@measure(
    "level_dbfs",
    unit="dBFS",
    description="说话音量(相对满刻度)。",
    formula="mean power of the 20 ms frames in which this party alone speaks, in dB below full scale",
    example="RMS of 0.1 → −20",
    source="S1 音量适中",
)
def level_dbfs(scene: Scene) -> Iterable[Reading]:
    """How loud, where nobody else is heard.

    ::

        agent     ▇▇▇▇▇▇▇
        customer       ▇▇▇▇
        read      ↑↑↑↑↑                            RMS 0.1 → −20
    """
    return per_party(scene, lambda role: level(scene, role))


@measure(
    "loudness_lufs",
    unit="LUFS",
    description="响度(按人耳加权)。",
    formula="K-weighted power of 400 ms blocks in which this party alone speaks, relative gate −10 LU",
    example="speech at −20 dBFS → about −20",
    source="ITU-R BS.1770-4, EBU R 128; on telephone band speech",
)
def loudness_lufs(scene: Scene) -> Iterable[Reading]:
    """How loud to an ear.

    ::

        agent     ▂▇▇▅▁▆▇▃
        blocks    |400 ms|…  softer than mean − 10 LU left out
    """
    return per_party(scene, lambda role: _loudness(scene, role))


def _loudness(scene: Scene, role: Role) -> Reading:
    audition = scene.conversation.audition
    if audition is None or audition.loudness_lufs is None:
        return untold("no_sound")
    values = [v for v in values_of(scene, role, audition.loudness_lufs) if v > QUIET_DBFS]
    if len(values) < MIN_VALUES:
        return untold("little_alone")
    mean = 10 * math.log10(statistics.fmean(10 ** (v / 10) for v in values))
    gated = [10 ** (v / 10) for v in values if v > mean - LUFS_GATE_LU]
    return Reading(10 * math.log10(statistics.fmean(gated)))


@measure(
    "level_difference_db",
    unit="dB",
    description="坐席音量减客户音量;正数表示坐席更响。",
    formula="agent's level_dbfs − customer's level_dbfs",
    example="−18 against −24 → 6",
    source="S1 音量视客户音量而定",
)
def level_difference_db(scene: Scene) -> Iterable[Reading]:
    """The agent against the caller.

    ::

        agent     ▇▇▇▇     ▇▇▇      −18 dBFS
        customer      ▅▅▅▅          −24 dBFS       → 6
    """
    agent, customer = level(scene, "agent").value, level(scene, "customer").value
    if not isinstance(agent, float) or not isinstance(customer, float):
        return [untold("one_level")]
    return [Reading(agent - customer)]


@measure(
    "level_jump_db",
    unit="dB",
    description="音量突变:相邻两轮发言之间最大的音量差。",
    formula="largest |difference| of mean level between one party's neighbouring turns of ≥ 1 s",
    example="turns at −22, −21, −12 dBFS → 9",
    source="S1",
)
def level_jump_db(scene: Scene) -> Iterable[Reading]:
    """The largest change from one turn of the party to its next.

    ::

        agent     ▅▅▅     ▅▅▅▅     ▇▇▇
        turns     −22     −21      −12 dBFS        → 9
    """
    return per_party(scene, lambda role: _jump(scene, role))


def _jump(scene: Scene, role: Role) -> Reading:
    audition = scene.conversation.audition
    if audition is None:
        return untold("no_sound")
    levels: list[tuple[float, Span]] = []
    for turn in scene.turns:
        if turn.role == role and turn.voiced_s >= 1.0:
            found = _mean_level(values_of(scene, role, audition.level_dbfs, turn.voice))
            if found is not None:
                levels.append((found, turn.span))
    if len(levels) < 2:
        return untold("few_turns")
    pairs = list(itertools.pairwise(levels))
    before, after = max(pairs, key=lambda pair: abs(pair[1][0] - pair[0][0]))
    return Reading(abs(after[0] - before[0]), evidence=(before[1], after[1]))


def _of_gate(scene: Scene, read: Callable[[int], float | None], why: str) -> list[Reading]:
    if scene.conversation.audition is None:
        return [untold("no_sound", role) for role in PARTIES]

    def one(role: Role) -> Reading:
        found = read(channel_of(scene, role))
        return untold(why) if found is None else Reading(found)

    return per_party(scene, one)


@measure(
    "clipped_share",
    unit="share",
    description="削波比例:达到满刻度的采样所占比例。",
    formula="samples in flat runs of three or more at the top of the scale / samples of the channel",
    example="8 of 8000 samples → 0.001",
)
def clipped_share(scene: Scene) -> Iterable[Reading]:
    """Samples cut off at the top of the scale.

    ::

        full scale ----▔▔▔------▔▔▔▔--
        signal     ~▁▃▇    ▇▃▁▃▇    ▇▃~            8 of 8000 → 0.001
    """
    audition = scene.conversation.audition
    return _of_gate(scene, lambda i: audition.gate.clipped_share[i] if audition else None, "not_measured")


@measure(
    "snr_db",
    unit="dB",
    description="信噪比:说话声比线路噪声高多少。",
    formula="95th − 10th percentile of the channel's frame levels",
    example="speech −20, noise −52 dBFS → 32",
)
def snr_db(scene: Scene) -> Iterable[Reading]:
    """Speech over the line's noise.

    ::

        level     ▁▁▇▇▆▇▁▁▁▇▆▁
                  95th percentile −20, 10th −52    → 32
    """
    audition = scene.conversation.audition
    return _of_gate(scene, lambda i: audition.gate.snr_db[i] if audition else None, "digital_silence")


@measure(
    "clarity",
    unit="0..1",
    description="吐字清晰度:线路质量合格时,坐席用词的平均识别把握。",
    formula="mean word probability of the agent; None below clarity_min_snr_db, where the line blurs the words",
    example="words at 0.9, 0.8 and 0.85 → 0.85",
    source="S1 吐字清楚",
)
def clarity(scene: Scene) -> Iterable[Reading]:
    """How surely the recogniser knew the agent's words, on a line fit to tell.

    ::

        words     请问    有什么    可以帮您
                  0.9     0.8       0.85           → 0.85
    """
    audition = scene.conversation.audition
    if audition is None:
        return [untold("no_sound", "agent")]
    snr = audition.gate.snr_db[min(channel_of(scene, "agent"), len(audition.gate.snr_db) - 1)]
    if snr is not None and snr < scene.settings.clarity_min_snr_db:
        return [untold("noisy", "agent", snr=snr)]
    words = [w.probability for u in scene.conversation.utterances if u.role == "agent" for w in u.words]
    if len(words) < MIN_VALUES:
        return [untold("few_words", "agent")]
    return [Reading(statistics.fmean(words), "agent")]
