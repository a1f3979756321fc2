"""What every stage is: a name, what it needs and gives, a version, a frozen config, and a call.

Stages know no executor: progress, retries, storage, processes and machines are the executor's.
A stage takes many calls at once (``transcribe`` packs windows of all of them together); its answer
has one entry per call, in order: the artefact, or a Failure for that call alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from pipeline.audio import Sound
from pipeline.types import Call, Failure


@dataclass(frozen=True, slots=True)
class Work:
    """One call in work: its sound (decoded once, shared by the stages, never stored) and artefacts.

    ``artefacts`` maps the name of a finished stage to what it gave. ``sound()`` decodes on first
    use and raises AudioError.
    """

    call: Call
    sound: SoundSource
    artefacts: Mapping[str, Any]


class SoundSource(Protocol):
    def __call__(self) -> Sound: ...


class Stage(Protocol):
    """A step of the way a call travels."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]  # artefact names; "sound" when it listens
    gives: ClassVar[type]  # the artefact's type
    version: ClassVar[str]  # raise it when the same input gives another output
    reads: ClassVar[tuple[str, ...]]  # fields of Call (or cdr.field) the answer depends on, part of the key

    @property
    def settings(self) -> Any:
        """Frozen config slice; part of the artefact's key."""

    def revision(self) -> str:
        """Revision of the model or lexicon in use, part of the key; "" for none. Cheap: no loading."""

    def open(self) -> None:
        """Load what is heavy, once per worker."""

    def __call__(self, works: Sequence[Work]) -> list[Any | Failure]:
        """Artefact or Failure per call, in order. May raise: the executor then retries one by one."""
