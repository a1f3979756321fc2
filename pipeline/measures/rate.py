"""Speaking rate: characters a minute, over voiced time and over turn time, checked by syllable nuclei."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from pipeline.measures.activity import PARTIES
from pipeline.measures.cues import saying
from pipeline.measures.registry import Reading, Scene, measure, per_party, untold
from pipeline.measures.spoken import MIN_VOICED_S, Spoken, nuclei_rate, spoken_by, turn_rate, voiced_rate
from pipeline.text import count_syllables
from pipeline.types import Role

CPM = "chars/min"
NUCLEI_PER_SYLLABLE = 1.05  # the median measured: docs/accuracy.md, "What happens on the line"
_SOURCE = (
    "S1 (about 120 a minute); pauses from 0.17 s (0.13 to 0.25 are in use: Hieke, Kowal & O'Connell, Language and "
    "Speech 26, 1983)"
)


@measure(
    "rate_cpm",
    unit=CPM,
    description="语速(计分用):每分钟字数。识别把握不足而声音里的音节数又对不上时,不下结论。",
    formula="rate_voiced_cpm or rate_turn_cpm (setting measure.rate_over); None when recognition confidence < "
    "weak_asr_confidence and |rate_voiced_cpm / rate_nuclei_per_min − 1| > rate_disagreement",
    example="44 characters in 11 s of voice → 240",
    source=_SOURCE,
)
def rate_cpm(scene: Scene) -> Iterable[Reading]:
    """The rate that is scored, or none where words and sound contradict each other.

    ::

        agent      |您好 请问有什么可以帮您|     44 characters
        voice       ▇▇▇  ▇▇▇▇▇▇ ▇▇▇▇▇          11 s → 240
        nuclei      ×××  ×××××× ×××××          agree with the words
    """
    return per_party(scene, lambda role: _scored(scene, role))


def _scored(scene: Scene, role: Role) -> Reading:
    settings, conversation = scene.settings, scene.conversation
    by_voice = voiced_rate(scene, role)
    chosen = by_voice if settings.rate_over == "voice" else turn_rate(scene, role)
    confidence = conversation.asr_confidence
    if chosen.value is None or confidence is None or confidence >= settings.weak_asr_confidence:
        return chosen
    nuclei = nuclei_rate(scene, role)
    if not isinstance(nuclei.value, float) or not nuclei.value or not isinstance(by_voice.value, float):
        return untold("weak", confidence=confidence)
    apart = abs(by_voice.value / (nuclei.value / NUCLEI_PER_SYLLABLE) - 1)
    if apart > settings.rate_disagreement:
        return untold("weak_and_apart", confidence=confidence, words=by_voice.value, syllables=nuclei.value)
    return chosen


@measure(
    "rate_voiced_cpm",
    unit=CPM,
    description="语速(去停顿):字数除以真正出声的时间。数字按读音计字,英文按音节,标点和语气词不计。",
    formula="60 · characters / seconds of voice (pauses ≥ 0.17 s left out)",
    example="44 characters in 11 s of voice → 240",
    source=_SOURCE,
)
def rate_voiced_cpm(scene: Scene) -> Iterable[Reading]:
    """Pauses left out.

    ::

        voice      ▇▇▇▇▇ ▇▇▇▇▇▇▇   ▇▇▇▇▇      44 characters
        seconds    --3-- ---5---   --3--      11 s → 240
    """
    return per_party(scene, lambda role: voiced_rate(scene, role))


@measure(
    "rate_turn_cpm",
    unit=CPM,
    description="语速(含停顿):字数除以从开口到收口的时间。",
    formula="60 · characters / seconds from first to last voice of each utterance",
    example="44 characters in 13.2 s of utterances → 200",
    source=_SOURCE,
)
def rate_turn_cpm(scene: Scene) -> Iterable[Reading]:
    """Pauses inside an utterance left in.

    ::

        voice      ▇▇▇▇▇ ▇▇▇▇▇▇▇   ▇▇▇▇▇      44 characters
        seconds    --------- 13.2 s ----      → 200
    """
    return per_party(scene, lambda role: turn_rate(scene, role))


@measure(
    "rate_nuclei_per_min",
    unit="nuclei/min",
    description="只凭声音数出的音节数(每分钟),用来核对识别出的语速。",
    formula="60 · syllable nuclei / seconds of voice",
    example="46 nuclei in 11 s of voice → 251",
    source="de Jong & Wempe, Behavior Research Methods 41 (2009)",
)
def rate_nuclei_per_min(scene: Scene) -> Iterable[Reading]:
    """No words at all, only peaks of loudness.

    ::

        energy     ▂▇▃▁▅▆▂▁▃▇▅▁▆▇▂
        nuclei      ×   ×    ×   ×            46 in 11 s → 251
    """
    return per_party(scene, lambda role: nuclei_rate(scene, role))


def _long_turns(scene: Scene, role: Role) -> list[Spoken]:
    least = scene.settings.rate_min_chars
    return [s for s in spoken_by(scene, role) if s.characters >= least and s.voiced_s >= MIN_VOICED_S]


def _extreme(scene: Scene, role: Role, *, fastest: bool) -> Reading:
    turns = _long_turns(scene, role)
    if not turns:
        return untold("short_utterances", chars=scene.settings.rate_min_chars)
    chosen = (max if fastest else min)(turns, key=lambda s: s.cpm)
    return Reading(chosen.cpm, evidence=(chosen.words,))


@measure(
    "rate_fastest_cpm",
    unit=CPM,
    description="最快一段话的语速。",
    formula="max of 60 · characters / voiced seconds over utterances of ≥ rate_min_chars characters",
    example="12 characters in 2 s → 360",
)
def rate_fastest_cpm(scene: Scene) -> Iterable[Reading]:
    """The utterance in which the party hurried most.

    ::

        utterances |12 in 4.5 s|   |12 in 2 s|   |12 in 3 s|
                                    ↑ → 360
    """
    return per_party(scene, lambda role: _extreme(scene, role, fastest=True))


@measure(
    "rate_slowest_cpm",
    unit=CPM,
    description="最慢一段话的语速。",
    formula="min of 60 · characters / voiced seconds over utterances of ≥ rate_min_chars characters",
    example="12 characters in 4.5 s → 160",
)
def rate_slowest_cpm(scene: Scene) -> Iterable[Reading]:
    """The utterance in which the party took most time.

    ::

        utterances |12 in 4.5 s|   |12 in 2 s|   |12 in 3 s|
                    ↑ → 160
    """
    return per_party(scene, lambda role: _extreme(scene, role, fastest=False))


@measure(
    "rate_variation",
    unit="ratio",
    description="语速是否平稳:各段话语速的离散程度,越小越平稳。",
    formula="standard deviation / mean of the utterance rates",
    example="turns at 220, 240, 260 → 0.068",
)
def rate_variation(scene: Scene) -> Iterable[Reading]:
    """How evenly the party speaks over the call.

    ::

        utterances |220|   |240|   |260|      deviation 16.3 / mean 240 → 0.068
    """

    def read(role: Role) -> Reading:
        rates = [s.cpm for s in _long_turns(scene, role)]
        if len(rates) < 3:
            return untold("few_utterances", count=len(rates))
        return Reading(statistics.pstdev(rates) / statistics.mean(rates))

    return per_party(scene, read)


def is_elderly(scene: Scene) -> Reading:
    """From the record's customer flags, else from how the agent addresses the caller."""
    record = scene.conversation.call.cdr
    if record is not None and any(
        f.lower() in ("elderly", "老人", "老年", "长者") for f in record.customer_flags
    ):
        return Reading(1.0)
    spans = tuple(u.span for u in saying(scene.conversation.utterances, "elderly", "agent", "agent2"))
    return Reading(1.0 if spans else 0.0, evidence=spans)


@measure(
    "elderly_caller",
    unit="0/1",
    description="来电者是否为老年人(话单标记,或坐席称呼大爷、您老等)。",
    formula="1 when the record's customer_flags hold elderly, or the agent says one of cues.yaml: elderly",
    example="大爷,您别着急 → 1",
    source="S0",
)
def elderly_caller(scene: Scene) -> Iterable[Reading]:
    """Told by the record, else by how the agent addresses the caller.

    ::

        agent      |大爷,您别着急|             → 1
    """
    return [is_elderly(scene)]


@measure(
    "rate_band",
    unit="text",
    description="语速档位:slow 偏慢、ok 适中、fast 偏快(老年来电者更慢)。文字和声音落在门限两边时不下结论。",
    formula="rate_cpm against rate_band_cpm, or rate_band_elderly_cpm when elderly_caller = 1; None when "
    "rate_cpm · (rate_nuclei_per_min / 1.05) / rate_voiced_cpm lies in another band",
    example="240 within (120, 300) → ok",
    source=_SOURCE,
)
def rate_band(scene: Scene) -> Iterable[Reading]:
    """Where the rate lies; the bounds are lower for elderly callers.

    A recogniser loses characters of fast talk, so the sound has a say near a bound.

    ::

        slow  120  ok  300  fast
              |---- 240 ----|                 → ok
              |--------- 299|  325 by nuclei  → none
    """
    settings = scene.settings
    rate = next(r for r in per_party(scene, lambda role: _scored(scene, role)) if r.role == "agent")
    if not isinstance(rate.value, float):
        return [Reading(None, "agent", reason=rate.reason)]
    bounds = settings.rate_band_elderly_cpm if is_elderly(scene).value else settings.rate_band_cpm
    by_sound = _by_sound(scene, rate.value)
    if by_sound is not None and _band(by_sound, bounds) != _band(rate.value, bounds):
        return [untold("either_side", "agent", words=rate.value, sound=by_sound)]
    return [Reading(_band(rate.value, bounds), "agent")]


def _band(cpm: float, bounds: tuple[float, ...]) -> str:
    low, high = bounds
    return "slow" if cpm < low else "fast" if cpm > high else "ok"


def _by_sound(scene: Scene, rate: float) -> float | None:
    """The agent's ``rate`` had the words as many syllables as the sound has nuclei; None without sound."""
    by_voice, nuclei = voiced_rate(scene, "agent").value, nuclei_rate(scene, "agent").value
    if not isinstance(by_voice, float) or not isinstance(nuclei, float) or not (nuclei and by_voice):
        return None
    return rate * nuclei / NUCLEI_PER_SYLLABLE / by_voice


@measure(
    "char_count",
    unit="chars",
    description="说出的字数(数字按读音,英文按音节,标点和语气词不计)。",
    formula="sum of count_syllables(text) over the party's utterances",
    example="您好,工号8021。 → 8",
)
def char_count(scene: Scene) -> Iterable[Reading]:
    """What is said aloud, not what is written.

    ::

        agent      您 好 , 工 号 8 0 2 1 。
        counted    1  2    3  4  5 6 7 8      → 8
    """
    said = scene.conversation.utterances
    return [
        Reading(float(sum(count_syllables(u.text) for u in said if u.role == role)), role) for role in PARTIES
    ]
