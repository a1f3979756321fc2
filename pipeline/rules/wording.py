"""A condition in Chinese, as the rulebook prints it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from pipeline.rules.book import Rulebook
from pipeline.rules.condition import Find, Group, RuleIs
from pipeline.rules.operators.order import Preceded, Response, Sequence
from pipeline.rules.operators.record import Bounds, Compare, Recorded
from pipeline.rules.operators.words import Keyword, Regex, Say
from pipeline.rules.ranges import Range

ROLES = {"agent": "坐席", "customer": "客户", "ivr": "导航", "agent2": "第二坐席", "any": "任一方"}
_PHASES = {"opening": "开场", "body": "中段", "closing": "收尾"}
_OPERATORS = {
    "similar": "说出相似的话", "entity": "提到", "language": "说", "repeat": "重复同一句话", "utterance": "说话",
    "speaker": "在该位置说话", "rate": "语速超出范围", "gap": "出现无人说话", "interruption": "打断对方",
    "tone": "听到信号音", "loudness": "音量异常", "hangup": "挂机", "length": "录音长度",
}  # fmt: skip


def in_words(condition: Any, book: Rulebook) -> str:
    """One Chinese phrase for a condition."""
    if isinstance(condition, RuleIs):
        outcome = {"fail": "扣分", "pass": "通过", "unknown": "无法判断", "not_applicable": "不适用"}
        return f"规则 {condition.id} {outcome[condition.outcome]}"
    if isinstance(condition, Group):
        return _group(condition, book)
    assert isinstance(condition, Find)
    told = _find(condition, book)
    return f"{told}{_range(condition.inside, condition.role, book)}{_count(condition)}"


def _group(group: Group, book: Rulebook) -> str:
    parts = [in_words(part, book) for part in group.of]
    if group.how in ("not", "absent"):
        return f"没有({parts[0]})"
    if group.how == "hint":
        return f"疑似({parts[0]})"
    if len(parts) == 1:
        return parts[0]
    joined = {"all": ";并且 ", "any": ";或者 "}.get(group.how, "; ").join(parts)
    return f"至少 {group.count} 项:({joined})" if group.how == "at_least" else f"({joined})"


def _find(find: Find, book: Rulebook) -> str:
    who, operator = ROLES[find.role], find.operator
    for kind, tell in _TELLERS.items():
        if isinstance(operator, kind):
            return tell(operator, who, book)
    prefix = who if operator.by_role else ""
    return f"{prefix}{_OPERATORS.get(find.name, find.name)}{_settings(operator)}"


def _say(say: Say, who: str, book: Rulebook) -> str:
    titles = "/".join(book.phrases[t].phrases.title or t for t in say.theme)
    return f"{who}说「{titles}」"


def _keyword(word: Keyword, who: str, book: Rulebook) -> str:
    told = [
        f"{name}{'、'.join(words)}"
        for name, words in (("", word.any), ("全部含 ", word.all), ("不含 ", word.none))
        if words
    ]
    if word.of:
        told.append(f"至少 {word.at_least} 个:{'、'.join(word.of)}")
    return f"{who}的话里有 {','.join(told)}"


def _compare(compare: Compare, who: str, book: Rulebook) -> str:
    signs = {"above": ">", "below": "<", "min": "≥", "max": "≤"}
    told = [f"{s} {getattr(compare, n):g}" for n, s in signs.items() if getattr(compare, n) is not None]
    if compare.equals:
        told.append(f"= {'/'.join(compare.equals)}")
    return f"测量 {compare.name}({who}){' 且 '.join(told)}"


def _recorded(record: Recorded, who: str, book: Rulebook) -> str:
    told = []
    for name, wanted in record.wanted.items():
        if isinstance(wanted, Bounds):
            told.append(
                _compare(Compare(name, wanted.above, wanted.below, wanted.min, wanted.max), "记录", book)
            )
        else:
            told.append(f"{name} 为 {'/'.join(wanted)}")
    return f"通话记录 {' 且 '.join(told)}"


def _response(pair: Response, who: str, book: Rulebook) -> str:
    limits = _limits(pair.within, pair.within_s)
    return f"每次「{in_words(pair.to, book)}」之后{limits},「{in_words(pair.answer, book)}」"


def _preceded(pair: Preceded, who: str, book: Rulebook) -> str:
    limits = _limits(pair.within, pair.within_s)
    return f"每次「{in_words(pair.of, book)}」之前{limits},「{in_words(pair.by, book)}」"


def _sequence(order: Sequence, who: str, book: Rulebook) -> str:
    steps = " → ".join(in_words(step, book) for step in order.steps)
    between = f",其间没有 {in_words(order.without, book)}" if order.without else ""
    return f"依次:{steps}{_limits(order.within, order.within_s)}{between}"


_TELLERS: dict[type, Callable[[Any, str, Rulebook], str]] = {
    Say: _say,
    Keyword: _keyword,
    Regex: lambda regex, who, book: f"{who}的话符合 `{regex.pattern}`",
    Compare: _compare,
    Recorded: _recorded,
    Response: _response,
    Preceded: _preceded,
    Sequence: _sequence,
}


def _limits(within: int | None, within_s: float | None) -> str:
    told = [f"{within} 句"] if within is not None else []
    told += [f"{within_s:g} 秒"] if within_s is not None else []
    return f"({'、'.join(told)}内)" if told else ""


def _settings(operator: Any) -> str:
    told = []
    for field in fields(operator):
        value = getattr(operator, field.name)
        if value in (None, (), 0, 0.0) or field.name.startswith("_") or value == field.default:
            continue
        shown = "/".join(map(str, value)) if isinstance(value, tuple) else str(value)
        told.append(f"{field.name}={shown[:80]}")
    return f"({', '.join(told)})" if told else ""


def _count(find: Find) -> str:
    low, high = find.count.min, find.count.max
    if low is None and high is None:
        return ""
    told = [f"至少 {low} 次"] if low is not None else []
    return f"({'、'.join(told + ([f'至多 {high} 次'] if high is not None else []))})"


def _range(inside: Range | None, role: str, book: Rulebook) -> str:
    if inside is None:
        return ""
    who = ROLES[role]
    told = [f"{who}前 {inside.first} 句"] if inside.first else []
    told += [f"{who}末 {inside.last} 句"] if inside.last else []
    told += [f"开头 {inside.first_s:g} 秒"] if inside.first_s else []
    told += [f"最后 {inside.last_s:g} 秒"] if inside.last_s else []
    told += [f"除去前 {inside.middle[0]} 句和末 {inside.middle[1]} 句"] if inside.middle else []
    told += [_PHASES[inside.phase]] if inside.phase else []
    told += [f"等待期间({'/'.join(inside.during)})"] if inside.during else []
    for name, word in (("before", "之前"), ("after", "之后"), ("around", "前后")):
        anchor = getattr(inside, name)
        if anchor:
            nth = "最后一次" if inside.nth == "last" else ("" if inside.nth == 1 else f"第 {inside.nth} 次")
            told.append(f"{nth}「{in_words(anchor, book)}」{word}{_limits(inside.within, inside.within_s)}")
    return f"〔{','.join(told)}〕" if told else ""
