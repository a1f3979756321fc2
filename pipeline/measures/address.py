"""How the customer is addressed: 您 or 你, told from the words alone, so text-only dialogues have it too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.measures.registry import Reading, Scene, measure, untold

# 你们 is the company or a family, 你好 a fixed greeting: neither addresses the customer as 你.
_SECOND_PERSON = re.compile(r"您(?!们)|你(?!们|好)")


@measure(
    "nin_share",
    unit="share",
    description="“您”在第二人称里的比例(坐席);“你们”“你好”不计。",
    formula="count(您) / (count(您) + count(你)) over the agent's words; 你们, 您们 and 你好 left out",
    example="您 three times, 你 once → 0.75",
    source="S1 多用您,不用你",
)
def nin_share(scene: Scene) -> Iterable[Reading]:
    """您 among the words for you.

    ::

        agent     您 … 您 … 你 … 您                  3 of 4 → 0.75
    """
    own = [u for u in scene.conversation.utterances if u.role == "agent"]
    found = [(match.group(), u.span) for u in own for match in _SECOND_PERSON.finditer(u.text)]
    if not found:
        return [untold("not_addressed", "agent")]
    blunt = tuple(dict.fromkeys(span for word, span in found if word == "你"))
    return [Reading(sum(word == "您" for word, _ in found) / len(found), "agent", blunt)]
