"""The contract of the day's tables: every column's type, unit and meaning, in one place.

docs/tables.md is generated from here (``python -m pipeline.report.tables_doc``), every write is
checked against it, and analysts may rely on it: a change here is a change of the contract and
belongs in the CHANGELOG.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Dtype = Literal["string", "int", "float", "bool", "timestamp"]

OUTCOMES = ("pass", "fail", "unknown", "not_applicable")
ROLES = ("agent", "customer", "ivr", "agent2", "unknown")
STATUSES = ("scored", "failed", "excluded", "missing_audio")
DIRECTIONS = ("inbound", "outbound", "unknown")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``choices`` empty: any value of the type."""

    name: str
    dtype: Dtype
    description: str
    nullable: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One Parquet file under ``RESULTS/<date>/tables/``. ``key`` names a row and orders the file."""

    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


_CALL_ID = Column("call_id", "string", "The call's id; the same in every table.")
_START = "Seconds from the start of the recording."

LEDGER = Table(
    "ledger",
    "Where every recording and every call record ended. Nothing is without a row.",
    ("call_id", "file"),
    (
        _CALL_ID,
        Column("file", "string", "Path under the recordings folder; empty when the audio is missing."),
        Column("sha256", "string", "Of the recording's bytes; empty when they could not be read."),
        Column("status", "string", "How it ended.", choices=STATUSES),
        Column("stage", "string", "The stage that decided."),
        Column("reason", "string", "Why, in words; empty when scored without remark."),
    ),
)

CALLS = Table(
    "calls",
    "One row a scored call.",
    ("call_id",),
    (
        _CALL_ID,
        Column("date", "string", "The day the call belongs to, YYYY-MM-DD."),
        Column("agent_id", "string", "From the call record or the file's name.", nullable=True),
        Column("agent_name", "string", "From the call record.", nullable=True),
        Column("team", "string", "From the call record.", nullable=True),
        Column("direction", "string", "Who called whom.", choices=DIRECTIONS),
        Column("started_at", "timestamp", "When the call began.", nullable=True, unit="UTC"),
        Column("duration_s", "float", "Length of the recording.", unit="s"),
        Column("channels", "int", "Channels recorded: 1 mono, 2 one party a channel."),
        Column("role_source", "string", "What told the roles: channel, diarized, words, record, none."),
        Column("role_confidence", "float", "That the roles are right, 0..1."),
        Column("asr_model", "string", "The recogniser: name and revision."),
        Column("asr_confidence", "float", "Mean word probability; null: nothing said.", nullable=True),
        Column("standard", "string", "The scorecard that judged, name and version."),
        Column("total", "float", "Points; null when nothing could be judged.", nullable=True),
        Column("grade", "string", "The band the total falls in."),
        Column("fatal", "bool", "A fatal item failed."),
        Column("flagged", "bool", "Worth a supervisor's minute."),
        Column("flags", "string", "Why it is flagged, joined with ; (empty: not flagged)."),
        Column("fingerprint", "string", "Of everything that judged: rules, scorecard, settings, models."),
    ),
)

UTTERANCES = Table(
    "utterances",
    "What was said, one row an utterance.",
    ("call_id", "index"),
    (
        _CALL_ID,
        Column("index", "int", "Order in the call, from 0."),
        Column("role", "string", "Who spoke.", choices=ROLES),
        Column("channel", "int", "0 left, 1 right; null for mono.", nullable=True),
        Column("start_s", "float", _START, unit="s"),
        Column("end_s", "float", _START, unit="s"),
        Column("text", "string", "Recognised words, normalised."),
        Column("confidence", "float", "Mean word probability times role confidence, 0..1."),
    ),
)

MEASURES = Table(
    "measures",
    "Every number (or word) measured, one row a measure and role; docs/measures.md has the formulas.",
    ("call_id", "name", "role"),
    (
        _CALL_ID,
        Column("name", "string", "The measure's name in the register."),
        Column("role", "string", "Whose; null for the whole call.", nullable=True, choices=ROLES),
        Column("value", "float", "The number; null when it is a word or not known.", nullable=True),
        Column("text", "string", "The value where it is a word, e.g. the side that hung up.", nullable=True),
        Column("unit", "string", "Unit of the value; empty for a pure number or a word."),
        Column("reason", "string", "Why the value is not known; empty when it is."),
    ),
)

VERDICTS = Table(
    "verdicts",
    "One row an item of the scorecard; further rows hold further evidence of the same item, with 0 points.",
    ("call_id", "rule_id"),
    (
        _CALL_ID,
        Column("rule_id", "string", "The rule, as in docs/rules.md."),
        Column("group", "string", "The scorecard's group."),
        Column("outcome", "string", "fail: the agent fell short.", choices=OUTCOMES),
        Column("points", "float", "What the item changes; on the item's first row only, 0 on further rows."),
        Column(
            "start_s",
            "float",
            _START + " Of the evidence; of the window searched when something was not said.",
            nullable=True,
            unit="s",
        ),
        Column("end_s", "float", _START + " As start_s.", nullable=True, unit="s"),
        Column("role", "string", "Who spoke the evidence.", nullable=True, choices=ROLES),
        Column("quote", "string", "The words of the evidence.", nullable=True),
        Column("score", "float", "How sure the match is, 0..1; null without evidence.", nullable=True),
        Column("why", "string", "The reason in words."),
    ),
)

TABLES: dict[str, Table] = {t.name: t for t in (LEDGER, CALLS, UTTERANCES, MEASURES, VERDICTS)}
