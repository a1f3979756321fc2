from pathlib import Path

import pytest

from pipeline.rules.book import Rulebook, load_rulebook
from pipeline.rules.dialogue import read_dialogue
from pipeline.rules.facts import CallFacts
from pipeline.rules.grammar import condition
from pipeline.rules.rule import Rule
from pipeline.rules.shape import build
from pipeline.rules.yamltree import parse_yaml

SMALL = Path(__file__).parent / "data" / "small"


@pytest.fixture(scope="session")
def book() -> Rulebook:
    """Seven rules and two scorecards over nine themes."""
    return load_rulebook(SMALL)


@pytest.fixture(scope="session")
def facts_of(book):
    """A dialogue snippet as CallFacts; ``sound=False``: as if it had come as text."""

    def make(text: str, *, sound: bool = True) -> CallFacts:
        conversation, measured = read_dialogue(text)
        return CallFacts(
            conversation, measured, phrases=_all_roles(book), festivals=book.festivals, sound=sound
        )

    return make


def _all_roles(book):
    index = book.index
    index._wanted = None  # these tests ask any theme of any role
    return index


@pytest.fixture(scope="session")
def ask(facts_of):
    """The Answer to a condition, written as YAML, on a dialogue."""

    def answer(text: str, dialogue: str, **options: bool):
        facts = facts_of(dialogue, **options)
        return condition(parse_yaml(text, file="test.yaml")).answer(facts, facts.whole)

    return answer


@pytest.fixture(scope="session")
def rule_of():
    """A Rule from YAML; kind, title and group are given."""

    def make(text: str) -> Rule:
        tree = parse_yaml(f"title: 测试\nkind: say\ngroup: 组\n{text}", file="test.yaml")
        return build(Rule, tree, what="rule t", id="t", file="test.yaml", line=1)

    return make
