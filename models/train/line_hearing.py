"""A simulated call as callqa would know it: by true or recognised words, on two legs or mixed to one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.audio import Sound
from pipeline.config import DiarizeConfig, TranscribeConfig
from pipeline.roles.decide import settle_roles
from pipeline.roles.words import split_by_speaker
from pipeline.stages.audition import audition
from pipeline.stages.base import Work
from pipeline.stages.diarize import DiarizeStage
from pipeline.stages.measure import assemble
from pipeline.stages.transcribe import TranscribeStage
from pipeline.types import (
    Audition,
    Call,
    Conversation,
    Diarization,
    Failure,
    Role,
    Span,
    Transcript,
    Turn,
    Utterance,
    Word,
)

RATE_HZ = 8000
Truth = dict[str, Any]


@dataclass(frozen=True)
class Hearing:
    """``mono``: both legs added, then speakers by the profile's diarizer and roles by the words.
    ``recognise``: words by the profile's recogniser; otherwise they are the true ones.
    """

    mono: bool = False
    recognise: bool = False
    profile: str = "demo"

    def __call__(self, audio: Any, truth: Truth) -> tuple[Conversation, Truth]:
        """``audio`` float32 ``[2, n]`` at 8 kHz; the truth comes back as it is of what can be heard."""
        samples = np.clip(audio.sum(axis=0, keepdims=True), -1, 1) if self.mono else audio
        known = of_mono(truth) if self.mono else truth
        sound = Sound(samples, RATE_HZ)
        heard = audition(sound, agent_channel=known["agent_channel"])
        if not self.mono and not self.recognise:
            return conversation_of(known, heard), known
        call = call_of(known, heard)
        turns = _done(self._diarize([Work(call, lambda: sound, {"audition": heard})])[0])
        if self.recognise:
            artefacts = {"audition": heard, "diarize": turns}
            transcript = _done(self._transcribe([Work(call, lambda: sound, artefacts)])[0])
        else:
            transcript = true_transcript(call, heard, turns, known)
        return assemble(call, audition=heard, diarization=turns, transcript=transcript), known

    @cached_property
    def _models(self) -> Any:
        from pipeline.models import resolve

        return resolve(self.profile)

    @cached_property
    def _diarize(self) -> DiarizeStage:
        return DiarizeStage(settings=DiarizeConfig(), models=self._models)

    @cached_property
    def _transcribe(self) -> TranscribeStage:
        stage = TranscribeStage(settings=TranscribeConfig(), models=self._models)
        stage.open()
        return stage


def _done(found: Any) -> Any:
    if isinstance(found, Failure):
        raise RuntimeError(f"{found.call_id}: {found.message}")
    return found


def of_mono(truth: Truth) -> Truth:
    """What of a call's truth is left to hear once both legs are added: no channels, and no muted leg."""

    def unmuted(gap: dict[str, Any]) -> dict[str, Any]:
        return {**gap, "kind": "dead_air"} if gap["kind"] in ("mute", "one_way") else gap

    return {
        **truth,
        "layout": "mono",
        "agent_channel": None,
        "utterances": [{**u, "channel": 0} for u in truth["utterances"]],
        "gaps": [unmuted(g) for g in truth["gaps"]],
        "waits": [unmuted(g) for g in truth["waits"]],
    }


def call_of(truth: Truth, heard: Audition) -> Call:
    """The call with nothing known of it but its direction and, on two legs, the agent's."""
    return Call(
        truth["call_id"], ("-",), "", RATE_HZ, len(heard.voice), heard.duration_s, None,
        truth["direction"], None, None, None, truth["agent_channel"], None,
    )  # fmt: skip


def conversation_of(truth: Truth, heard: Audition) -> Conversation:
    """True words and roles over two legs as they were heard."""
    agent = truth["agent_channel"]
    roles: list[Role] = ["agent" if channel == agent else "customer" for channel in (0, 1)]
    turns = [
        Turn(span, roles[channel], channel, "channel", 1.0)
        for channel, voice in enumerate(heard.voice)
        for span in voice
    ]
    said = [
        Utterance(u["role"], span_of(u), u["text"], (), 0.95, u["channel"])
        for u in truth["utterances"]
        if u["heard"] and u["role"] != "ivr"
    ]
    call = call_of(truth, heard)
    return Conversation(call, heard, tuple(sorted(turns, key=lambda t: t.span)), tuple(said), 1.0, 0.95)


def true_transcript(call: Call, heard: Audition, found: Diarization, truth: Truth) -> Transcript:
    """The true words given to the speakers that were found, and roles settled by them."""
    words = [word for u in truth["utterances"] if u["heard"] for word in _words(u)]
    said = split_by_speaker(words, found, channel=0)
    settled, final = settle_roles(said, found, call=call, audition=heard)
    return Transcript(settled, (), "truth", 0.95, diarization=final)


def _words(utterance: dict[str, Any]) -> Iterator[Word]:
    """The truth's characters as words, spread evenly over each phrase."""
    for phrase in utterance["phrases"]:
        step = (phrase["end_s"] - phrase["start_s"]) / max(1, len(phrase["text"]))
        for i, character in enumerate(phrase["text"]):
            at = phrase["start_s"] + i * step
            yield Word(character, Span(at, at + step), 0.95)


def with_record(conversation: Conversation, record: Any) -> Conversation:
    """The same conversation, its call with another record."""
    return replace(conversation, call=replace(conversation.call, cdr=record))


def span_of(found: dict[str, Any]) -> Span:
    return Span(found["start_s"], found["end_s"])
