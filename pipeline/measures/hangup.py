"""Who released first: the call record, the sound of the line and the words, weighed together.

Each clue carries a weight in log-odds: 6 (99.7 %) for a switch's record, 4 (98 %) for a busy tone or a leg
that dies, about 1 for how the talk ended. A missing busy tone proves nothing and is no clue. Where the sound
of the line denies the record, one of them is wrong and nobody can tell which: the side is unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from pipeline.config import MeasureConfig
from pipeline.measures.activity import AGENT_ROLES, Activity, conversation_end_s
from pipeline.measures.cues import saying, says
from pipeline.measures.excuses import excuse
from pipeline.measures.legs import legs_of, rests_in_silence
from pipeline.types import Conversation, Gap, HangUp, HangUpClue, Role, Side, Utterance

RECORD_WEIGHT = 6.0
BUSY_WEIGHT, BUSY_MONO_WEIGHT = 4.0, 1.5
LEG_WEIGHT, FADE_WEIGHT, CLICK_WEIGHT = 4.0, 2.0, 0.5
FADE_DB, FADE_S = 8.0, 0.3  # below the leg's own floor; noise never stays there for 15 frames
HARD_WEIGHT = 2.5  # a clue from here on can deny a record; how the talk ended cannot
CUT_WEIGHT, ANSWERED_WEIGHT, DROPPED_WEIGHT, LEFT_WEIGHT = 1.5, 1.6, 1.6, 0.9
REACTION_S, WAITED_S = (
    0.6,
    1.2,
)  # nobody puts a receiver down sooner after hearing goodbye; an agent in a hurry does
SIDES: tuple[Literal["agent", "customer"], ...] = ("agent", "customer")
# Before any clue: callers end most calls, as the standard asks, and lines rarely drop.
PRIOR: dict[Side, float] = {"agent": 0.0, "customer": 0.4, "system": -2.0}
BUSY_DELAY_S = 0.3  # exchange: release → busy tone
LEG_SILENT_S = 0.12
CUT_S = 0.12  # voice this close to the release was cut off
TAIL_S = 12.0


def find_hangup(
    conversation: Conversation, heard: Activity, gaps: Sequence[Gap], settings: MeasureConfig
) -> HangUp | None:
    """The release, fused. None when nothing at all is known of it (a text without record).

    ::

        agent     …谢谢您的来电,再见
        customer                      再见
        line                               busy busy busy (customer's leg)
        clues                         ↑1.6  ↑4.0             → customer, 99 %
    """
    record = record_clues(conversation)
    sound = sound_clues(conversation, heard) if heard.heard else []
    words = word_clues(conversation, heard, settings) if heard.heard else []
    if not heard.heard and not record:
        return None
    side, probability = fuse([*record, *sound, *words], settings.hangup_min_probability)
    denied = bool(record) and _denies([*sound, *words], record[0].side, settings.hangup_min_probability)
    released = released_at_s(conversation, heard) if heard.heard else None
    last = max((s.end_s for s in heard.anyone), default=None) if heard.heard else None
    return HangUp(
        side="unknown" if denied else side,
        probability=round(probability, 3),
        released_at_s=released,
        clues=(*record, *sound, *words),
        record_disagrees=denied,
        after_last_words_s=None if released is None or last is None else max(0.0, released - last),
        excused=None if side == "customer" else excuse(conversation, heard, gaps, released, settings),
    )


def fuse(clues: Iterable[HangUpClue], min_probability: float) -> tuple[Side, float]:
    """Sum of log-odds per side over the prior, as probabilities; ``unknown`` below ``min_probability``."""
    weighed = dict(PRIOR)
    for clue in clues:
        if clue.side in weighed:
            weighed[clue.side] += clue.weight
    total = sum(math.exp(w) for w in weighed.values())
    best = max(weighed, key=lambda side: weighed[side])
    probability = math.exp(weighed[best]) / total
    return (best, probability) if probability >= min_probability else ("unknown", probability)


def _denies(clues: Sequence[HangUpClue], told: Side, min_probability: float) -> bool:
    """Sound and words decide for another side than the record tells, and the sound does not only hint."""
    side, _ = fuse(clues, min_probability)
    return side not in ("unknown", told) and any(c.weight >= HARD_WEIGHT and c.side == side for c in clues)


def record_clues(conversation: Conversation) -> list[HangUpClue]:
    record = conversation.call.cdr
    if record is None or record.hangup_side == "unknown":
        return []
    why = f"hangup_side = {record.hangup_detail or record.hangup_side}"
    return [HangUpClue(f"cdr:{record.reader}", record.hangup_side, RECORD_WEIGHT, why)]


# ---------------------------------------------------------------- the line


def released_at_s(conversation: Conversation, heard: Activity) -> float:
    """The release: shortly before a final busy tone, else where one leg dies, else the recording's end."""
    audition = conversation.audition
    end = conversation_end_s(conversation)
    if audition is None:
        return end
    if end < audition.duration_s - 0.2:
        last = max((s.end_s for s in heard.anyone), default=0.0)
        return max(last, end - BUSY_DELAY_S)
    dying = [at for _, at in _dying_legs(conversation, heard)]
    return min(dying, default=end)


def sound_clues(conversation: Conversation, heard: Activity) -> list[HangUpClue]:
    """Busy tone, a leg that dies before the other or loses its noise, a click after the last words."""
    audition = conversation.audition
    if audition is None:
        return []
    legs = legs_of(conversation)
    last = max((s.end_s for s in heard.anyone), default=0.0)
    clues: list[HangUpClue] = []
    final = [t for t in audition.tones if t.kind in ("busy", "congestion") and t.span.start_s >= last - 0.5]
    if final:
        tone = final[0]
        where = f"{tone.kind} tone at {tone.span.start_s:.1f} s"
        if legs is None or tone.channel is None:
            # one mixed channel: recorders sit with the agent, who then hears that the customer has gone
            clues.append(
                HangUpClue("busy tone", "customer", BUSY_MONO_WEIGHT, f"{where}, on a mixed channel")
            )
        else:
            side: Side = "agent" if tone.channel == legs[0] else "customer"
            clues.append(
                HangUpClue("busy tone", side, BUSY_WEIGHT * tone.confidence, f"{where}, on the {side}'s leg")
            )
    dying = _dying_legs(conversation, heard)
    if len(dying) == 1 or (len(dying) == 2 and abs(dying[0][1] - dying[1][1]) > LEG_SILENT_S):
        first, at = min(dying, key=lambda d: d[1])
        clues.append(
            HangUpClue("leg silent", first, LEG_WEIGHT, f"the {first}'s leg carries nothing from {at:.1f} s")
        )
    elif not dying:
        clues += _faded(conversation, legs, last)
    clues += _clicks(conversation, legs, last)
    return clues


def _dying_legs(conversation: Conversation, heard: Activity) -> list[tuple[Side, float]]:
    """Legs that carried noise until after the last words and then nothing to the end."""
    audition, legs = conversation.audition, legs_of(conversation)
    if audition is None or legs is None:
        return []
    last = max((s.end_s for s in heard.anyone), default=0.0)
    found: list[tuple[Side, float]] = []
    for side, channel in zip(SIDES, legs):
        silent = audition.digital_silence[channel]
        if rests_in_silence(audition, channel, heard.of(side)):
            continue
        final = [s for s in silent if s.end_s >= audition.duration_s - 0.05]
        if final and final[0].start_s >= last - 0.3 and final[0].duration_s >= LEG_SILENT_S:
            found.append((side, final[0].start_s))
    return found


def _faded(conversation: Conversation, legs: tuple[int, int] | None, last: float) -> list[HangUpClue]:
    """One leg's comfort noise ends after the last words, and something softer than it stays to the end.

    ::

        agent's leg     ▇▇▇▂▂▂▂▂▂▂▂▂|
        customer's leg  ▂▂▇▇▂▂▂▁▁▁▁▁|     the customer let go at the fifth mark from the end
    """
    audition = conversation.audition
    if audition is None or legs is None:
        return []
    found: list[tuple[float, Side]] = []
    for side, channel in zip(SIDES, legs):
        row, step = audition.level_dbfs.values[channel], audition.level_dbfs.step_s
        floor = audition.noise_floor_dbfs[channel]
        at = len(row)
        while at > 0 and row[at - 1] < floor - FADE_DB:
            at -= 1
        if len(row) * step - at * step >= FADE_S and at * step >= last - 0.1:
            found.append((at * step, side))
    if len(found) != 1:
        return []
    at_s, first = found[0]
    return [
        HangUpClue("noise ended", first, FADE_WEIGHT, f"the {first}'s leg loses its noise at {at_s:.1f} s")
    ]


def _clicks(conversation: Conversation, legs: tuple[int, int] | None, last: float) -> list[HangUpClue]:
    audition = conversation.audition
    if audition is None or legs is None:
        return []
    found = [
        (at, side)
        for side, channel in zip(SIDES, legs)
        for clicks in audition.clicks_s[channel : channel + 1]
        for at in clicks
        if at > last
    ]
    sides = {side for _, side in found}
    if len(sides) != 1:
        return []
    at, side = min(found)
    return [HangUpClue("line click", side, CLICK_WEIGHT, f"click on the {side}'s leg at {at:.1f} s")]


# ---------------------------------------------------------------- the words


def word_clues(conversation: Conversation, heard: Activity, settings: MeasureConfig) -> list[HangUpClue]:
    """How the talk ended: who spoke last, whether it was a goodbye, how long the line stayed open.

    ::

        last word   goodbye?  line stays open   points to
        customer    yes       any               customer (answered, and put down)
        customer    no, cut   < 0.12 s          agent    (cut the customer off)
        agent       yes       < 0.6 s           agent    (did not wait)
        agent       yes       ≥ 1.2 s           customer (the agent waited) …
        agent       yes       ≥ 5 s             agent    (… long enough to be allowed to)
        agent       no        any               customer (left the agent talking)
    """
    if not heard.anyone:
        return []
    last_role = last_speaker(heard)
    if last_role == "unknown":
        return []
    end = released_at_s(conversation, heard)
    wait = end - max(s.end_s for s in heard.anyone)
    tail = [u for u in conversation.utterances if u.span.end_s > end - wait - TAIL_S]
    other: Side = "customer" if last_role == "agent" else "agent"
    if wait < CUT_S:
        return [HangUpClue("cut off", other, CUT_WEIGHT, f"the {last_role} was cut off while speaking")]
    if not tail:
        return []
    goodbye = {role: bool(saying(tail, "farewell", *roles)) for role, roles in
               (("agent", AGENT_ROLES), ("customer", ("customer",)))}  # fmt: skip
    if last_role == "customer":
        if goodbye["customer"] or (goodbye["agent"] and _is_assent(tail)):
            return [
                HangUpClue("words", "customer", ANSWERED_WEIGHT, "the customer spoke last, at the goodbye")
            ]
        if goodbye["agent"]:
            return []  # the customer talked on after the agent's goodbye: either may have had enough
        return [HangUpClue("words", "agent", LEFT_WEIGHT, "the customer spoke last and nobody said goodbye")]
    if not goodbye["agent"]:
        return [HangUpClue("words", "customer", LEFT_WEIGHT, "the agent spoke last, without a goodbye")]
    if wait >= settings.hangup_wait_s:
        return [
            HangUpClue(
                "words", "agent", DROPPED_WEIGHT, f"no answer for {wait:.1f} s after the agent's goodbye"
            )
        ]
    if wait < REACTION_S:
        return [
            HangUpClue(
                "words", "agent", DROPPED_WEIGHT, f"released {wait:.1f} s after the agent's own goodbye"
            )
        ]
    if wait >= WAITED_S:
        return [
            HangUpClue("words", "customer", LEFT_WEIGHT, f"the agent waited {wait:.1f} s after the goodbye")
        ]
    return []


def _is_assent(tail: Sequence[Utterance]) -> bool:
    """The customer's last words are a sign of leave-taking: 好的, 谢谢."""
    own = [u for u in tail if u.role == "customer"]
    return bool(own) and any(says(own[-1].text, cue) for cue in ("backchannel", "consent", "thanks"))


def last_speaker(heard: Activity) -> Role:
    ends = {role: max((s.end_s for s in heard.of(role)), default=-1.0) for role in ("agent", "customer")}
    if max(ends.values()) < 0:
        return "unknown"
    return "agent" if ends["agent"] >= ends["customer"] else "customer"
