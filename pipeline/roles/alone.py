"""One voice in a whole call: whose it is, and whether it is one person at all.

Where the diarizer took two people for one, their words say so: phrases of both parties, questions with
the answer right behind them, and far more talk than a party has whom nobody answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp

from pipeline.roles.evidence import Clues, Weights, plain, things_said
from pipeline.types import Role, Utterance

_ASKED = (
    "(吗|呢|多少|什么(?!可以|时候)|哪里|哪位|哪天|几位|几号|贵姓|称呼|怎么样|好吗|对吗|是吗|请讲|帮到?您)"
)
_ANSWERED = "(对|是[的我]|好的|嗯|有的|没有|不用|不是|我[姓叫想要的是]|[零〇幺一二三四五六七八九两0-9]{4,})"
_SELF_ANSWERED = re.compile(_ASKED + _ANSWERED)


DOUBTS = ("other_party", "self_answers", "unanswered_talk")


def one_person(
    own: Sequence[Utterance], clues: Clues, weights: Weights
) -> tuple[Role, float, dict[str, float]]:
    """Role of a party heard without another, the probability that it is right, and what made it less.

    The last: log-odds by name (``clues.toml``), each 0 or less.
    """
    odds = weights.bias + weights.scale * weights.score(clues)
    role: Role = "agent" if odds > 0 else "customer"
    against = {name: weights.doubt[name] * value for name, value in doubts(own, clues, weights, role).items()}
    total = weights.doubt["bias"] + weights.doubt["odds"] * abs(odds) + sum(against.values())
    return role, 1 / (1 + exp(-total)), against


def doubts(own: Sequence[Utterance], clues: Clues, weights: Weights, role: Role) -> dict[str, float]:
    """What speaks against one person, from 0 up, by name.

    ``other_party``: log-odds of the phrases that the other party uses; ``self_answers``: questions with
    an answer right behind; ``unanswered_talk``: characters said, in hundreds.
    """
    sign = -1 if role == "customer" else 1
    parts = [weights.clue.get(name, 0.0) * value for name, value in things_said(clues).items()]
    texts = [plain(utterance.text) for utterance in own]
    return {
        "other_party": sum(max(0.0, -sign * part) for part in parts),
        "self_answers": float(sum(len(_SELF_ANSWERED.findall(text)) for text in texts)),
        "unanswered_talk": sum(map(len, texts)) / 100,
    }


def shown(
    party: str, against: Mapping[str, float], titles: Mapping[str, str], least: float
) -> tuple[str, ...]:
    """The doubts that count, for the evidence: "S0 自问自答 -3.1"; without a party they are the call's."""
    found = sorted(against.items(), key=lambda entry: entry[1])
    return tuple(f"{party} {titles[name]} {value:+.1f}".strip() for name, value in found if value <= -least)
