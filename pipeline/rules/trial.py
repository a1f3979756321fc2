"""What one sentence triggers, and how near it comes to the rest: ``callqa rules try``."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.rules.book import Rulebook, conditions_of, themes_of
from pipeline.rules.condition import Find
from pipeline.rules.facts import CallFacts
from pipeline.types import Call, Conversation, Role, Span, Utterance

NEAREST = 8  # near misses worth showing


@dataclass(frozen=True, slots=True)
class Heard:
    """A theme in the sentence, or near it. ``rules`` ask for it of this role."""

    theme: str
    title: str
    said: str
    variant: str
    score: float
    guarded: str | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What an operator other than a theme's found in the sentence: a keyword, a regular expression …"""

    rule: str
    title: str
    operator: str
    said: tuple[str, ...]


def sentence_facts(book: Rulebook, text: str, *, role: Role) -> CallFacts:
    """A call of one utterance, without sound, times or record."""
    utterance = Utterance(role, Span(0.0, max(1.0, len(text) / 4)), text, (), 1.0)
    call = Call(
        "try", ("",), "", 8000, 0, utterance.span.end_s, None, "unknown", None, None, None, None, None
    )
    conversation = Conversation(call, None, (), (utterance,), timed=False)
    return CallFacts(conversation, None, phrases=book.index, festivals=book.festivals)


def hear(book: Rulebook, text: str, *, role: Role) -> tuple[list[Heard], list[Heard]]:
    """Themes heard in ``text`` said by ``role``, best first, and the nearest of those not heard."""
    facts = sentence_facts(book, text, role=role)
    asked = _rules_of(book, role)
    heard = [
        Heard(p.theme, _title(book, p.theme), p.said, p.matched, p.score, p.guarded, asked.get(p.theme, ()))
        for places in facts.themes.values()
        for p, _, _ in places
    ]
    found = {h.theme for h in heard}
    near = []
    for theme in asked:
        close = None if theme in found else book.index.nearest([text], theme)[0]
        if close:
            near.append(
                Heard(theme, _title(book, theme), close.said, close.matched, close.score, None, asked[theme])
            )
    heard.sort(key=lambda h: (-h.score, h.theme))
    return heard, sorted(near, key=lambda h: (-h.score, h.theme))[:NEAREST]


def asked_otherwise(book: Rulebook, text: str, *, role: Role) -> list[Found]:
    """What keyword, regex, similar, entity and language conditions of any rule find in ``text``, wherever
    in a call they look."""
    facts = sentence_facts(book, text, role=role)
    found: dict[Found, None] = {}
    for rule in book.rules.values():
        for part in conditions_of(rule) if rule.status != "retired" else ():
            if not isinstance(part, Find) or part.name not in _WORDED or part.role not in (role, "any"):
                continue
            hits = part.operator.find(facts, facts.whole, part.role).hits
            said = tuple(dict.fromkeys(hit.evidence.quote for hit in hits))
            if said:
                found[Found(rule.id, rule.title, part.name, said)] = None
    return list(found)


_WORDED = ("keyword", "regex", "similar", "entity", "language")


def _title(book: Rulebook, theme: str) -> str:
    return book.phrases[theme].phrases.title


def _rules_of(book: Rulebook, role: str) -> dict[str, tuple[str, ...]]:
    asked: dict[str, list[str]] = {}
    for rule in book.rules.values():
        if rule.status == "retired":
            continue
        for part in conditions_of(rule):
            if isinstance(part, Find) and part.role in (role, "any"):
                for theme in themes_of(part):
                    if rule.id not in asked.setdefault(theme, []):
                        asked[theme].append(rule.id)
    return {theme: tuple(rules) for theme, rules in asked.items()}
