"""The data types every room shares: frozen, standard library only, times in float seconds.

All times count from the start of the recording. ``None`` means "not known", never zero.
Numbers per frame are kept in ``array('f')`` so that a three-hour call stays small and these modules
need nothing installed. They lie in the order a call travels; everyone imports them from here.
"""

from pipeline.types.base import MIN_SPAN_S, Direction, FailureKind, Outcome, Role, Side, Span
from pipeline.types.call import Call, CallRecord
from pipeline.types.events import Events, Gap, GapKind, HangUp, HangUpClue, Measure, Measured, Overlap
from pipeline.types.judgement import (
    Evidence,
    Failure,
    GroupScore,
    LedgerRow,
    LedgerStatus,
    Scorecard,
    Standard,
    Verdict,
)
from pipeline.types.sound import Audition, ChannelGate, Frames, Tone
from pipeline.types.talk import Conversation, Diarization, Dropped, Transcript, Turn, Utterance, Word

__all__ = [
    "MIN_SPAN_S",
    "Audition",
    "Call",
    "CallRecord",
    "ChannelGate",
    "Conversation",
    "Diarization",
    "Direction",
    "Dropped",
    "Events",
    "Evidence",
    "Failure",
    "FailureKind",
    "Frames",
    "Gap",
    "GapKind",
    "GroupScore",
    "HangUp",
    "HangUpClue",
    "LedgerRow",
    "LedgerStatus",
    "Measure",
    "Measured",
    "Outcome",
    "Overlap",
    "Role",
    "Scorecard",
    "Side",
    "Span",
    "Standard",
    "Tone",
    "Transcript",
    "Turn",
    "Utterance",
    "Verdict",
    "Word",
]
