"""What the grammar can plant, for which kind of call, and what else a planted fault may touch.

Ids are those of the standards page. A rule is *covered* when a call composed without its fault is
meant to be free of it; the truth lists it under ``must_not_find`` then. Where a fault makes another
rule's answer a matter of taste, that rule is *undecided* for the call.
"""

from __future__ import annotations

TABOOS = tuple(
    f"taboo.{name}"
    for name in (
        "abuse", "dignity", "blame_customer", "retort", "provoke", "not_my_business", "dont_know",
        "blame_department", "rules_say_no", "yes_but", "false_promise", "joke_nickname", "private",
    )
)  # fmt: skip

# Small scenes: the customer says the first, the agent answers with the second (or with a fault).
SCENES = {
    "polite.unclear": ("unclear_caller", "unclear"),
    "polite.misunderstanding": ("misunderstood_caller", "misunderstanding"),
    "polite.bad_line": ("bad_line_caller", "bad_line"),
    "handle.unavailable": ("unavailable_caller", "unavailable"),
    "handle.callback_time": ("later_caller", "callback_time"),
    "transfer.busy": ("transfer_busy_caller", "transfer_busy"),
    "complaint.escalate": ("escalate_caller", "escalate"),
}

_ANY = (
    "open.greeting", "open.agent_id", "open.rings", "open.late_apology", "voice.rate", "voice.rate_elderly",
    "voice.volume", "polite.nin", "polite.honorific", "polite.ask_not_order", "polite.interrupt",
    "polite.thanks_reply", "polite.language_match", "polite.unclear", "polite.misunderstanding",
    "polite.bad_line", "hold.ask_first", "hold.return_thanks", "hold.over_30s", "hold.reassure_15s",
    "hold.dead_air", "handle.unavailable", "handle.callback_time", "handle.record_prompt",
    "handle.first_owner", "transfer.busy", "close.anything_else", "close.farewell", "close.order",
    "hangup.customer_first", "hangup.silent_customer", "hangup.talk_before_release", *TABOOS,
)  # fmt: skip
_COMPLAINT = tuple(
    f"complaint.{name}"
    for name in (
        "let_vent", "empathy", "apologise_thank", "solution", "ask_opinion", "follow_up", "escalate",
    )
)  # fmt: skip

# How long it rang is no fault of an agent who calls; and whom the desk calls it knows how to speak to.
_CALLERS_ONLY = ("open.rings", "open.late_apology", "polite.language_match")

PLANTABLE: dict[str, tuple[str, ...]] = {
    "inquiry": (*_ANY, "handle.confirm_understood"),
    "booking": (*_ANY, "handle.repeat_booking"),
    "complaint": (*_ANY, *_COMPLAINT),
    "transfer": ("open.greeting", "open.agent_id", "transfer.announce", "close.farewell", *TABOOS),
    "abuse": ("abuse.warn",),
    "nuisance": ("nuisance.close_politely",),
    "no_voice": ("open.no_voice",),
    "cannot_hear": ("open.caller_cannot_hear",),
    "outbound": tuple(rule for rule in _ANY if rule not in _CALLERS_ONLY),
}
KINDS = tuple(PLANTABLE)
COVERED = tuple(dict.fromkeys(["abuse.two_warnings", *(r for rules in PLANTABLE.values() for r in rules)]))

# These cannot be in one call.
EXCLUDES = (
    {"close.farewell", "close.order"},
    {"close.anything_else", "close.order"},
    {"close.farewell", "hangup.talk_before_release"},
    {"hangup.customer_first", "hangup.silent_customer"},
    {"hangup.customer_first", "hangup.talk_before_release"},
    {"hangup.silent_customer", "close.farewell"},
    {"hangup.silent_customer", "close.order"},
    {"hangup.silent_customer", "close.anything_else"},
    {"hangup.silent_customer", "hangup.talk_before_release"},
    {"voice.rate", "voice.rate_elderly"},
    {"hold.return_thanks", "hold.over_30s"},
    {"hold.return_thanks", "hold.reassure_15s"},
    {"open.greeting", "open.late_apology"},
    {"polite.nin", "polite.honorific"},
)

_ENDING = ("close.order", "close.farewell", "hangup.talk_before_release")
_SHORT_CALL = (
    "close.anything_else", "close.order", "close.farewell", "polite.honorific", "handle.confirm_understood",
    "hangup.silent_customer", "hangup.talk_before_release", "hold.dead_air", *_COMPLAINT,
)  # fmt: skip
_TABOO_KIN = (*TABOOS, "polite.nin", "polite.ask_not_order", "handle.first_owner")

# Planted fault, or kind of call → rules whose answer it makes a matter of taste.
TOUCHES: dict[str, tuple[str, ...]] = {
    "inquiry": _COMPLAINT,
    "booking": ("handle.confirm_understood", *_COMPLAINT),
    "transfer": ("handle.confirm_understood", "hold.dead_air", "hold.ask_first", *_COMPLAINT),
    "complaint": ("handle.confirm_understood",),
    "outbound": _COMPLAINT,
    "abuse": _SHORT_CALL,
    "nuisance": _SHORT_CALL,
    "no_voice": _SHORT_CALL,
    "cannot_hear": (*_SHORT_CALL, "hangup.customer_first", "open.no_voice", "polite.bad_line"),
    "open.greeting": ("open.agent_id", "polite.ask_not_order"),
    "open.late_apology": ("open.rings",),
    "voice.rate": ("voice.rate_elderly",),
    "voice.rate_elderly": ("voice.rate",),
    "polite.nin": ("polite.honorific",),
    "polite.interrupt": ("complaint.let_vent",),
    "polite.ask_not_order": _TABOO_KIN,
    "polite.unclear": _TABOO_KIN,
    "polite.misunderstanding": _TABOO_KIN,
    "polite.bad_line": ("polite.unclear", *_TABOO_KIN),
    "polite.language_match": ("polite.unclear", *_TABOO_KIN),
    "complaint.let_vent": ("polite.interrupt", *_TABOO_KIN),
    "complaint.escalate": _TABOO_KIN,
    "transfer.busy": _TABOO_KIN,
    "handle.unavailable": _TABOO_KIN,
    "handle.callback_time": ("complaint.solution", "complaint.follow_up"),
    "handle.first_owner": _TABOO_KIN,
    "hold.ask_first": ("hold.dead_air",),
    "hold.over_30s": ("hold.return_thanks", "hold.reassure_15s"),
    "hold.reassure_15s": ("hold.over_30s",),
    "hold.dead_air": ("hold.ask_first", "hold.return_thanks"),
    "transfer.announce": ("hold.ask_first", "hold.dead_air", "polite.honorific"),
    "close.anything_else": ("close.order",),
    "close.farewell": _ENDING,
    "close.order": ("close.anything_else", *_ENDING),
    "hangup.customer_first": ("hangup.silent_customer",),
    "hangup.silent_customer": (*_ENDING, "close.anything_else"),
    "hangup.talk_before_release": ("close.farewell", "close.order", "hangup.customer_first", *_TABOO_KIN),
    "abuse.warn": ("abuse.two_warnings", "hangup.customer_first", *_TABOO_KIN),
    "nuisance.close_politely": ("hangup.customer_first", *_TABOO_KIN),
    "open.no_voice": ("hangup.customer_first",),
    **dict.fromkeys(TABOOS, _TABOO_KIN),
}


def undecided(kind: str, faults: tuple[str, ...], shown: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Rules that this kind of call leaves a matter of taste, with these faults planted, and with the
    situations of the rules in ``shown`` come up and handled well.
    """
    touched = dict.fromkeys(rule for cause in (kind, *faults, *shown) for rule in TOUCHES.get(cause, ()))
    return tuple(rule for rule in touched if rule not in faults)


def compatible(faults: tuple[str, ...]) -> tuple[str, ...]:
    """The faults that can stand together; of two that cannot, the first stays."""
    kept: list[str] = []
    for fault in faults:
        if not any({fault, other} in EXCLUDES for other in kept):
            kept.append(fault)
    return tuple(kept)
