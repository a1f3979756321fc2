"""Does the rulebook hold what it promises? Every rule's examples through the production path, and lints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import regex

from pipeline.rules.book import Rulebook, conditions_of, themes_of
from pipeline.rules.condition import Find, Group
from pipeline.rules.dialogue import DialogueError
from pipeline.rules.facts import CallFacts
from pipeline.rules.lints import Finding, record_lints, regex_lints
from pipeline.rules.measured import read_example, registered_measures
from pipeline.rules.operators.order import Preceded, Response
from pipeline.rules.operators.record import Compare
from pipeline.rules.rule import Example, Rule
from pipeline.text import prepare
from pipeline.types import Outcome, Verdict


def check(book: Rulebook) -> list[Finding]:
    """Everything found, errors first."""
    found = [
        *example_findings(book, book.rules.values()),
        *_missing_examples(book),
        *_unused_themes(book),
        *_unreachable(book),
        *_taboo_in_standard(book),
        *_never_heard(book),
        *regex_lints(book),
        *record_lints(book),
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
        for name in ("source", "known_false_positives"):
            if not getattr(rule, name):
                yield Finding("warning", rule.file, rule.line, rule.id, f"no {name}")
        if rule.examples and not _misheard_example(book, rule):
            message = "no example with recognition errors (a phrase of it with a wrong character or two)"
            yield Finding("warning", rule.file, rule.line, rule.id, message)


def _misheard_example(book: Rulebook, rule: Rule) -> bool:
    """Some example says a phrase the rule asks for as a recogniser might write it; True where none is asked."""
    themes = {theme for part in conditions_of(rule) for theme in themes_of(part)}
    for _, example in rule.examples if themes else ():
        try:
            said = read_example(example.text)[0].utterances
        except DialogueError:
            return True  # told by example_findings
        places = (place for u in said for place in book.index.places(u.text, role=u.role))
        if any(place.theme in themes and place.score < 1 for place in places):
            return True
    return not themes


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
                if hit.guarded is None and hit.theme not in wanted:
                    message = f"standard phrase {plain!r} is heard as the taboo {hit.theme!r} ({hit.said!r})"
                    yield Finding("error", source.file, source.line, theme, message)


def _never_heard(book: Rulebook) -> Iterator[Finding]:
    """Variants that, said just as they are written, are not heard as their theme: what stands in a gap is
    taken for the part behind it, a guard makes them not count, or no word ends where they do."""
    first = {name: options[0] for name, options in book.synonyms.items() if options}
    for theme, source in book.phrases.items():
        for variant in source.phrases.variants:
            written = regex.sub(r"<([^<>]*)>", lambda m: first.get(m[1], m[1]), variant)
            plain = plain_variant(written)
            hits = book.index.matcher.find(prepare(plain), frozenset([theme]))
            if all(hit.guarded for hit in hits):
                why = f"does not count ({hits[0].guarded})" if hits else "is not found"
                message = f"variant {variant[:40]!r}, said as {plain!r}, {why}"
                yield Finding("warning", source.file, source.line, theme, message)


def _spoken(book: Rulebook, how: Literal["expect", "forbid"]) -> set[str]:
    """Themes an agent is expected to say, or forbidden to say at all."""
    return {
        theme
        for rule in book.rules.values()
        if rule.status != "retired" and getattr(rule, how) is not None
        for part in _said_for(getattr(rule, how), whole=how == "forbid")
        if part.role == "agent"
        for theme in themes_of(part)
    }


def _said_for(condition: Any, *, whole: bool) -> Iterator[Find]:
    """The phrases that fulfil a condition. ``whole``: those that do it alone, without anything beside."""
    if isinstance(condition, Group):
        alone = condition.how == "any" or len(condition.of) == 1
        if condition.how in ("any", "all", "at_least") and (alone or not whole):
            for part in condition.of:
                yield from _said_for(part, whole=whole)
    elif isinstance(condition, Find):
        yield condition
        answer = {Response: "answer", Preceded: "by"}.get(type(condition.operator))
        if answer and not whole:
            yield from _said_for(getattr(condition.operator, answer), whole=whole)


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
    for template in book.templates:
        for item in template.items:
            if book.rules[item.rule].status == "retired":
                message = f"item of the retired rule {item.rule!r}"
                yield Finding("error", template.file, item.line, template.name, message)
    scored = {item.rule for template in book.templates for item in template.items}
    for rule in book.rules.values():
        if book.templates and rule.status == "stable" and rule.id not in scored:
            yield Finding("warning", rule.file, rule.line, rule.id, "on no scorecard")
