"""Does the rulebook hold what it promises? Every rule's examples through the production path, and lints."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import regex

from pipeline.rules.book import Rulebook, conditions_of, themes_of
from pipeline.rules.condition import Find
from pipeline.rules.dialogue import DialogueError
from pipeline.rules.facts import CallFacts
from pipeline.rules.measured import read_example, registered_measures
from pipeline.rules.operators.record import Compare
from pipeline.rules.operators.words import Regex
from pipeline.rules.rule import Example, Rule
from pipeline.text import prepare
from pipeline.types import Outcome, Verdict

SLOW_REGEX_S = 0.02
# Texts on which nested repeats blow up: long runs of one character, of pairs, of digits.
_BAIT = ("是" * 40 + "!", "好的" * 30 + "!", "1" * 40 + "!", "a" * 40 + "!", "啊1 " * 25 + "!")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong (``error``) or doubtful (``warning``), with its place."""

    level: Literal["error", "warning"]
    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.rule}: {self.message}"


def check(book: Rulebook) -> list[Finding]:
    """Everything found, errors first."""
    found = [
        *example_findings(book, book.rules.values()),
        *_missing_examples(book),
        *_unused_themes(book),
        *_unreachable(book),
        *_taboo_in_standard(book),
        *_slow_regexes(book),
        *_unknown_measures(book),
        *_fallback(book),
    ]
    return sorted(found, key=lambda f: (f.level, f.file, f.line))


def judge_example(book: Rulebook, rule: Rule, example: Example) -> Verdict:
    """The rule's verdict on one of its examples. Raises DialogueError."""
    return book.judge(example_facts(book, example), book.needed([rule.id]))[rule.id]


def example_facts(book: Rulebook, example: Example) -> CallFacts:
    """An example as a call with sound: what its lines do not tell of did not happen."""
    conversation, measured = read_example(example.text)
    return CallFacts(conversation, measured, phrases=book.index, festivals=book.festivals, sound=True)


def example_findings(book: Rulebook, rules: Iterable[Rule]) -> Iterator[Finding]:
    """Examples of ``rules`` whose verdict is not the one they promise."""
    for rule in rules:
        if rule.status == "retired":
            continue
        for wanted, example in rule.examples:
            try:
                verdict = judge_example(book, rule, example)
            except DialogueError as error:
                line = example.line + error.line
                message = f"example: expected {error.expected}; found {error.found!r}"
                yield Finding("error", rule.file, line, rule.id, message)
                continue
            if verdict.outcome != wanted:
                yield Finding("error", rule.file, example.line, rule.id, _told(wanted, verdict, example))


def _told(wanted: Outcome, verdict: Verdict, example: Example) -> str:
    first = next((line for line in example.text.splitlines() if line.strip()), "")
    near = (
        f"; nearest: {verdict.near_miss.quote!r} {verdict.near_miss.score:.2f}" if verdict.near_miss else ""
    )
    heard = f"; heard: {verdict.evidence[0].quote!r}" if verdict.evidence else ""
    why = f" ({verdict.why})" if verdict.why else ""
    return f"example {first[:40]!r}: expected {wanted}, found {verdict.outcome}{why}{heard}{near}"


def _missing_examples(book: Rulebook) -> Iterator[Finding]:
    for rule in book.rules.values():
        if rule.status == "retired":
            continue
        for name, examples in (("flag", rule.flag), ("pass", rule.passes)):
            if not examples and not (rule.unknown and not rule.flag and not rule.passes):
                level: Any = "warning" if rule.status == "draft" else "error"
                yield Finding(level, rule.file, rule.line, rule.id, f"no `{name}:` example")
        if not rule.source:
            yield Finding("warning", rule.file, rule.line, rule.id, "no source")


def _unused_themes(book: Rulebook) -> Iterator[Finding]:
    used = {t for rule in book.rules.values() for part in conditions_of(rule) for t in themes_of(part)}
    for name, source in book.phrases.items():
        if name not in used:
            yield Finding("warning", source.file, source.line, name, "phrase theme used by no rule")


def _unreachable(book: Rulebook) -> Iterator[Finding]:
    """Ranges that no call can satisfy."""
    for rule in book.rules.values():
        for part in conditions_of(rule):
            inside = getattr(part, "inside", None)
            if inside is None:
                continue
            empty = [n for n in ("first", "last", "within") if getattr(inside, n) == 0]
            empty += [n for n in ("first_s", "last_s", "within_s") if getattr(inside, n) == 0.0]
            if inside.around:  # around a hit, within: 0 is the hit's own utterance
                empty = [n for n in empty if n != "within"]
            late = inside.phase in ("body", "closing") and inside.first is not None and inside.first <= 1
            if empty or late:
                message = f"range that is always empty: {', '.join(empty) or 'first inside a later phase'}"
                yield Finding("error", rule.file, part.line, rule.id, message)
        for part in conditions_of(rule):
            if not isinstance(part, Find) or part.count.max is None:
                continue
            if part.count.least > part.count.max:
                message = f"count that cannot be: min {part.count.least} over max {part.count.max}"
                yield Finding("error", rule.file, part.line, rule.id, message)


def _taboo_in_standard(book: Rulebook) -> Iterator[Finding]:
    """A standard phrase that is itself heard as a taboo: an agent who obeys would be punished."""
    wanted, banned = _spoken(book, "expect"), _spoken(book, "forbid")
    for theme, source in book.phrases.items():
        if theme not in wanted:
            continue
        for variant in source.phrases.variants:
            plain = plain_variant(variant)
            for hit in book.index.matcher.find(prepare(plain), frozenset(banned)):
                if hit.guarded is None and hit.theme_id != theme:
                    message = (
                        f"standard phrase {plain!r} is heard as the taboo {hit.theme_id!r} ({hit.said!r})"
                    )
                    yield Finding("error", source.file, source.line, theme, message)


def _spoken(book: Rulebook, how: str) -> set[str]:
    """Themes an agent is expected to say, or forbidden to."""
    return {
        theme
        for rule in book.rules.values()
        if rule.status != "retired" and isinstance(demand := getattr(rule, how), Find)
        if demand.role == "agent"
        for theme in themes_of(demand)
    }


_OPTION = regex.compile(r"\[([^\[\]]*)\]")
_CHOICE = regex.compile(r"\(([^()|]*)(?:\|[^()]*)?\)")
_SLOTS = {
    "姓氏": "王",
    "工号": "八零二一",
    "时间": "三十分钟",
    "金额": "一百元",
    "部门": "技术部",
    "数字": "三",
    "称呼": "先生",
}


def plain_variant(variant: str) -> str:
    """A variant as one sentence: options left out, first choices taken, slots filled, gaps closed."""
    text, before = variant, ""
    while text != before:
        before = text
        text = _CHOICE.sub(lambda m: m[1], _OPTION.sub("", text))
    text = regex.sub(r"\{([^{}]+)\}", lambda m: _SLOTS.get(m[1], ""), text)
    return regex.sub(r"…\d*|<([^<>]*)>", lambda m: m[1] or "", text)


def _slow_regexes(book: Rulebook) -> Iterator[Finding]:
    for rule in book.rules.values():
        for part in conditions_of(rule):
            regexes = isinstance(part, Find) and isinstance(part.operator, Regex)
            if regexes and _blows_up(part.operator):
                message = f"regular expression that can blow up: {part.operator.pattern!r}"
                yield Finding("error", rule.file, part.line, rule.id, message)


def _blows_up(operator: Regex) -> bool:
    operator.spans("")  # compiled before the clock starts
    for bait in _BAIT:
        started = time.thread_time()  # not the wall clock: a busy machine makes no pattern slow
        try:
            operator.spans(bait)
        except TimeoutError:
            return True
        if time.thread_time() - started > SLOW_REGEX_S:
            return True
    return False


def _unknown_measures(book: Rulebook) -> Iterator[Finding]:
    measures = registered_measures()
    for rule in book.rules.values():
        for part in conditions_of(rule):
            compares = isinstance(part, Find) and isinstance(part.operator, Compare)
            if compares and part.operator.name not in measures:
                message = f"measure {part.operator.name!r} is not registered"
                yield Finding("error", rule.file, part.line, rule.id, message)


def _fallback(book: Rulebook) -> Iterator[Finding]:
    if book.templates and all(template.fits is not None for template in book.templates):
        first = book.templates[0]
        message = "no scorecard without `for:`; a call that fits none would fail"
        yield Finding("error", first.file, first.line, first.name, message)
    scored = {item.rule for template in book.templates for item in template.items}
    for rule in book.rules.values():
        if book.templates and rule.status == "stable" and rule.id not in scored:
            yield Finding("warning", rule.file, rule.line, rule.id, "on no scorecard")
