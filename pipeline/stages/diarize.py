"""Who speaks when. Stereo: each channel is a party and costs nothing; mono: pyannote.audio.

A role known from the channel is given here. In mono the turns carry a speaker label and the role
"unknown"; which label is the agent is settled by the words, after recognition (``pipeline.roles``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from pipeline.audio import AudioError
from pipeline.config import DiarizeConfig
from pipeline.roles import profiles
from pipeline.stages.base import Work
from pipeline.stages.diarizer import MODEL_HZ, Diarizer
from pipeline.stages.speakers import Labelled
from pipeline.strings import text
from pipeline.timeline import merge, overlap, subtract
from pipeline.types import Audition, Call, Diarization, Failure, Role, Span, Turn

RECORD_CONFIDENCE = 0.99  # the call record names the agent's channel
MAP_CONFIDENCE = 0.95  # the site's map of call direction to channel, which recorders get wrong at times
VOICE_MARGIN_S = 0.1  # labelled sound this close to voice still counts as that voice
TOUCH_S = 0.02
JOIN_S = 0.5  # a pause this short is breath inside a line; the speaker has the turn still


class DiarizeStage:
    """Turns for every call. The diarizer is loaded at the first mono call, never for stereo."""

    name: ClassVar[str] = "diarize"
    needs: ClassVar[tuple[str, ...]] = ("sound", "audition")
    gives: ClassVar[type] = Diarization
    version: ClassVar[str] = "3"
    reads: ClassVar[tuple[str, ...]] = ("direction", "agent_channel", "channels", "cdr.agent_channel")

    def __init__(self, *, settings: DiarizeConfig, models: Any) -> None:
        self._settings = settings
        self._models = models
        self._diarizer: Diarizer | None = None

    @property
    def settings(self) -> DiarizeConfig:
        return self._settings

    def revision(self) -> str:
        """Of the model, and of the voice profiles where they are in use."""
        known = profiles.digest(Path(self._settings.voice_profiles)) if self._settings.voice_profiles else ""
        return f"{self._models.diarization.revision}{known}"

    def open(self) -> None:
        """Nothing: a day of stereo calls never pays for the diarizer."""

    def __call__(self, works: Sequence[Work]) -> list[Diarization | Failure]:
        return [self._one(work) for work in works]

    def _one(self, work: Work) -> Diarization | Failure:
        audition: Audition = work.artefacts["audition"]
        channel = diarized_channel(audition)
        if channel is None:
            return self._with_limits(from_channels(work.call, audition))
        try:
            samples = work.sound().at(MODEL_HZ).channel(channel)
        except AudioError as error:
            return Failure(work.call.id, self.name, "permanent", text("ledger.unreadable", what=error))
        try:
            diarizer = self._opened()
        except (OSError, ValueError) as error:
            return Failure(work.call.id, self.name, "permanent", str(error))
        voice = audition.voice[channel]
        if not voice:
            return self._with_limits(Diarization((), "none", 0.0))
        found = diarizer(without_tones(samples, audition, channel), voice=voice)
        mono = Diarization(
            turns=turns_in_voice(found.turns, voice, channel),
            role_source="diarized",
            role_confidence=0.0,
            exclusive=turns_in_voice(found.exclusive, voice, channel),
            voice_log_odds=self._known_voice(work.call, found.voiceprints),
            speaker_certainty=found.certainty,
        )
        return self._with_limits(mono)

    def _with_limits(self, found: Diarization) -> Diarization:
        return replace(
            found,
            min_role_probability=self._settings.min_role_probability,
            swap_probability=self._settings.swap_probability,
        )

    def _known_voice(self, call: Call, prints: Mapping[str, Any]) -> dict[str, float]:
        """What the agent's voice profile says of each speaker; nothing unless profiles are on."""
        if not self._settings.voice_profiles or call.agent_id is None:
            return {}
        folder, model = Path(self._settings.voice_profiles), str(self._models.diarization.revision)
        return profiles.log_odds(profiles.read(folder, call.agent_id, model=model), prints)

    def _opened(self) -> Diarizer:
        if self._diarizer is None:
            chosen = self._models.diarization
            diarizer = Diarizer(chosen.folder(), settings=self._settings, device=self._models.device)
            diarizer.open()
            self._diarizer = diarizer
        return self._diarizer


def diarized_channel(audition: Audition) -> int | None:
    """The channel that holds both parties, or None where each party has its own (or nobody speaks).

    With one leg dead the other may be a mono mix that the recorder wrote to one side.
    """
    gate = audition.gate
    if gate.layout in ("mono", "identical"):
        return 0
    if gate.layout == "one_dead":
        return gate.dead.index(False)
    return None


def from_channels(call: Call, audition: Audition) -> Diarization:
    """One turn for each stretch of voice; roles by the channel map."""
    if call.agent_channel is None:
        roles: list[Role] = ["unknown" for _ in audition.voice]
        confidence, evidence = 0.0, tuple[str, ...]()
    else:
        roles = ["agent" if i == call.agent_channel else "customer" for i in range(len(audition.voice))]
        told = call.cdr is not None and call.cdr.agent_channel == call.agent_channel
        confidence = RECORD_CONFIDENCE if told else MAP_CONFIDENCE
        evidence = (
            f"channel {call.agent_channel} is the agent by {'call record' if told else 'channel map'}",
        )
    turns = [
        Turn(span, roles[channel], channel, "channel", confidence)
        for channel, spans in enumerate(audition.voice)
        for span in spans
    ]
    turns.sort(key=lambda turn: (turn.span, turn.channel))
    return Diarization(tuple(turns), "channel" if confidence else "none", confidence, evidence)


def without_tones(samples: Any, audition: Audition, channel: int) -> Any:
    """The samples with tones and music silenced, so that the diarizer is not asked about them."""
    quiet = samples.copy()
    for tone in audition.tones:
        if tone.channel in (None, channel) and tone.kind != "ivr":
            quiet[round(tone.span.start_s * MODEL_HZ) : round(tone.span.end_s * MODEL_HZ)] = 0.0
    return quiet


def turns_in_voice(labelled: Labelled, voice: Sequence[Span], channel: int) -> tuple[Turn, ...]:
    """Diarized spans held to the voice that the audition heard, which has the better edges.

    What was labelled outside voice is dropped; voice that nobody was given goes to whoever speaks
    nearest in time; short pauses inside a speaker's turn are closed.
    """
    heard = merge(Span(s.start_s - VOICE_MARGIN_S, s.end_s + VOICE_MARGIN_S) for s in voice)
    kept = [(span, label) for found, label in labelled for span in overlap([found], heard)]
    orphans = subtract(voice, [span for span, _ in kept])
    kept += [piece for orphan in orphans for piece in _adopted(orphan, kept)]
    turns = [
        Turn(span, "unknown", channel, "diarized", 0.0, label)
        for label in dict.fromkeys(label for _, label in labelled)
        for span in merge([span for span, name in kept if name == label], join_s=JOIN_S)
    ]
    return tuple(sorted(turns, key=lambda turn: (turn.span, turn.speaker)))


def _adopted(orphan: Span, kept: Sequence[tuple[Span, str]]) -> list[tuple[Span, str]]:
    """An orphan stretch with the nearer neighbour's label; halved between two that both touch it."""
    before = max((k for k in kept if k[0].end_s <= orphan.start_s + TOUCH_S), key=_end, default=None)
    after = min((k for k in kept if k[0].start_s >= orphan.end_s - TOUCH_S), default=None)
    if before is None or after is None:
        nearest = before or after
        return [(orphan, nearest[1])] if nearest else []
    lead, trail = orphan.start_s - before[0].end_s, after[0].start_s - orphan.end_s
    if abs(lead) <= TOUCH_S and abs(trail) <= TOUCH_S:
        middle = orphan.middle_s
        return [(Span(orphan.start_s, middle), before[1]), (Span(middle, orphan.end_s), after[1])]
    return [(orphan, before[1] if lead <= trail else after[1])]


def _end(entry: tuple[Span, str]) -> float:
    return entry[0].end_s
