"""What a party said and the voice it took: the ground that rates stand on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.measures.activity import PARTIES, voice_under
from pipeline.measures.legs import legs_of
from pipeline.measures.registry import Reading, Scene, untold
from pipeline.text import count_syllables
from pipeline.timeline import Spans, hull, total_s
from pipeline.types import Role, Span

MIN_VOICED_S = 1.0  # below it a rate is chance


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one party said in one utterance, and the voice it took."""

    characters: int
    voice: Spans
    words: Span

    @property
    def voiced_s(self) -> float:
        return total_s(self.voice)

    @property
    def turn_s(self) -> float:
        whole = hull(self.voice)
        return whole.duration_s if whole else 0.0

    @property
    def cpm(self) -> float:
        return 60 * self.characters / self.voiced_s


def spoken_by(scene: Scene, role: Role) -> list[Spoken]:
    """Utterances of ``role`` with the voice that belongs to them.

    ::

        utterance   |您好 请问有什么可以帮您|
        voice        ▇▇▇  ▇▇▇▇▇▇ ▇▇▇▇▇
        voiced       ---  ------ -----      14 characters / 2.8 s → 300 a minute
        turn         -----------------      14 characters / 3.4 s → 247 a minute
    """
    found: list[Spoken] = []
    taken: set[Span] = set()
    for utterance in scene.conversation.utterances:
        if utterance.role != role:
            continue
        # a span that holds two utterances is shared out by neither: it goes to the first, and both count
        voice = tuple(s for s in voice_under(scene.heard, utterance) if s not in taken)
        taken.update(voice)
        characters = count_syllables(utterance.text)
        if not voice and found and characters:
            last = found[-1]
            found[-1] = Spoken(last.characters + characters, last.voice, last.words)
        elif voice and characters:
            found.append(Spoken(characters, voice, utterance.span))
    return found


def _rate(spoken: Sequence[Spoken], seconds: float) -> Reading:
    if not spoken:
        return untold("nothing_recognised")
    if seconds < MIN_VOICED_S:
        return untold("little_speech", seconds=seconds)
    return Reading(60 * sum(s.characters for s in spoken) / seconds)


def voiced_rate(scene: Scene, role: Role) -> Reading:
    spoken = spoken_by(scene, role)
    return _rate(spoken, sum(s.voiced_s for s in spoken))


def turn_rate(scene: Scene, role: Role) -> Reading:
    spoken = spoken_by(scene, role)
    return _rate(spoken, sum(s.turn_s for s in spoken))


def nuclei_rate(scene: Scene, role: Role) -> Reading:
    """Nuclei over the same voice that the words cover, or over all of it when there are no words."""
    audition = scene.conversation.audition
    if audition is None or not audition.nuclei_s:
        return untold("no_sound")
    legs = legs_of(scene.conversation)
    channel = 0 if legs is None else legs[PARTIES.index(role)]
    voice = [v for s in spoken_by(scene, role) for v in s.voice] or list(scene.heard.of(role))
    seconds = total_s(voice)
    if seconds < MIN_VOICED_S:
        return untold("little_speech", seconds=seconds)
    return Reading(60 * _count_in(audition.nuclei_s[channel], voice) / seconds)


def _count_in(times: Sequence[float], spans: Iterable[Span]) -> int:
    return sum(1 for s in spans for at in times if s.start_s <= at < s.end_s)
