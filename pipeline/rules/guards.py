"""What turns the meaning of a phrase, so that saying it is not meaning it.

A taboo word counts only as the agent's own statement: not inside a quotation ("您刚才说我们不管"),
not negated ("我们不会不管您的"), not asked ("您知不知道"). Recognised text often has no punctuation, so
each guard looks a few characters around the hit and no further than its clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pipeline.text import PreparedText

Guard = Literal["quotation", "negation", "question"]
ALL_GUARDS: tuple[Guard, ...] = ("quotation", "negation", "question")

_BEFORE_CHARS = 12
_AFTER_CHARS = 12
_QUOTED = re.compile(
    r"(?:(?:您|客户|顾客|客人|他|她|人家|对方|有人|用户|别人)们?|(?:你|同事|客服|坐席|话务员|专员)(?:刚才|刚刚|之前|上次|前面|当时|跟您|对您|给您))"
    r"(?:的?意思)?(?:刚才|刚刚|之前|上次|前面|当时|也|是|就是|一直|又|可能|会|有没有|有)*"
    r"(?:跟|对|给|向|和)?(?:您|我|我们|他|客服)?"
    r"(?:说|讲|提到|提出|反映|反馈|认为|觉得|听到|问|以为|骂|抱怨|回复|答复|告诉|表示)(?:过|了|到|的|是|您|我|我们|咱们|他|她|他们|客服|坐席|一句|什么|话)*"
    r".{0,3}$"
)
_NEGATED = re.compile(
    r"(?:不会|不能|不可以|不可能|没有|没|(?<!是)不是|不应该|不该|不许|不准|不要|不想|不敢|别|绝不|决不|从不|从来不|不得|禁止|避免|不希望|并非)"
    r"(?:再|就|对|跟|给|和|让|向|您|客户|我们|我|说|说出|讲|讲出|使用|用|有|出现|存在|任何|什么|这样|这种|这么|这|那|这事|去|的|去说|是|因为|觉得|认为)*$"
)
_ASKED_AFTER = re.compile(
    r"^(?:的|了|过|您|我们)?.{0,3}?(?:吗|么|没有|没|是吧|对吧|是不是|对不对)(?:$|[^么])"
)
_ASKED_BEFORE = re.compile(r"(?:是不是|有没有|会不会|是否|能不能|难道|请问您?)(?:您|您是|觉得|还|都|也)*$")
_OTHERS = frozenset({"您", "你", "他", "她", "客户", "他们", "您们", "你们"})
_QUOTES = (("“", "”"), ("「", "」"), ("『", "』"), ("‘", "’"), ("《", "》"))


def guard(prepared: PreparedText, start: int, end: int, kinds: Sequence[str]) -> str | None:
    """Why ``chars[start:end]`` does not count, or None. ``kinds`` are the guards to ask."""
    if not kinds:
        return None
    before, after = around(prepared, start, end)
    said = prepared.chars[start:end]
    if "quotation" in kinds and (_in_quotes(prepared, start, end) or _QUOTED.search(before)):
        return "quotation"
    if "negation" in kinds and _NEGATED.search(before):
        return "negation"
    if "question" in kinds:
        if said[0] in "不没" and len(said) > 1 and before[-1:] == said[1]:
            return "question"  # 知不知道: the A-not-A form
        if _ASKED_AFTER.search(after) or _ASKED_BEFORE.search(before):
            return "question"
    return None


def context_guard(
    prepared: PreparedText, start: int, end: int, unless_before: Sequence[str], unless_after: Sequence[str]
) -> str | None:
    """``"context"`` when one of the texts stands near enough on its side, else None.

    Before: in the six characters before the hit, same clause; after a pronoun no 我 may stand between
    (您这边我不清楚 is the agent speaking of itself). After: within twelve characters, clauses crossed.
    """
    if not (unless_before or unless_after):
        return None
    before, _ = around(prepared, start, end)
    for text in unless_before:
        at = before.rfind(text, max(0, len(before) - 6 - len(text)))
        if at >= 0 and not (text in _OTHERS and "我" in before[at + len(text) :]):
            return "context"
    after = prepared.chars[end : end + _AFTER_CHARS]
    return "context" if any(text in after for text in unless_after) else None


def around(prepared: PreparedText, start: int, end: int) -> tuple[str, str]:
    """Characters before and after the hit, at most twelve each, inside its clause."""
    left = max((b for b in prepared.breaks if b <= start), default=0)
    right = min((b for b in prepared.breaks if b >= end), default=len(prepared.chars))
    before = prepared.chars[max(left, start - _BEFORE_CHARS) : start]
    return before, prepared.chars[end : min(right, end + _AFTER_CHARS)]


def _in_quotes(prepared: PreparedText, start: int, end: int) -> bool:
    first, last = prepared.original_span(start, end)
    head, tail = prepared.original[:first], prepared.original[last:]
    if head.count('"') % 2 and '"' in tail:
        return True
    return any(head.rfind(opening) > head.rfind(closing) and closing in tail for opening, closing in _QUOTES)
