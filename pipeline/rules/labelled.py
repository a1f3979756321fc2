"""Examples from elsewhere, such as the review desk's decisions, held against the rulebook.

The file is what the desk exports: ``rules: {rule id: {flag: [dialogue …], pass: [dialogue …]}}``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.rules.book import Rulebook
from pipeline.rules.errors import RuleError, one_of
from pipeline.rules.rule import Example, Rule
from pipeline.rules.yamltree import Leaf, Map, Seq, Tree, describe, read_yaml


def labelled_rules(book: Rulebook, path: Path) -> list[Rule]:
    """The book's rules named in ``path``, with the file's examples in place of their own. Raises RuleError."""
    table = _map(_map(read_yaml(path), "rules: …").items.get("rules"), "rules: …", path)
    rules = []
    for rule_id, tree in table.items.items():
        if rule_id not in book.rules:
            raise RuleError(
                str(path), table.keys[rule_id], expected=one_of(book.rules, rule_id), found=repr(rule_id)
            )
        kinds = _map(tree, "flag: [dialogue …], pass: [dialogue …]")
        for name, line in kinds.keys.items():
            if name not in ("flag", "pass"):
                raise RuleError(str(path), line, expected="flag or pass", found=repr(name))
        rules.append(
            replace(
                book.rules[rule_id],
                file=str(path),
                unknown=(),
                na=(),
                flag=_dialogues(kinds.items.get("flag")),
                passes=_dialogues(kinds.items.get("pass")),
            )
        )
    return rules


def _map(tree: Tree | None, expected: str, path: Path | None = None) -> Map:
    if isinstance(tree, Map):
        return tree
    file, line = (tree.file, tree.line) if tree else (str(path), 1)
    raise RuleError(file, line, expected=expected, found=describe(tree) if tree else "nothing")


def _dialogues(tree: Tree | None) -> tuple[Example, ...]:
    if tree is None:
        return ()
    items = tree.items if isinstance(tree, Seq) else (tree,)
    for item in items:
        if not isinstance(item, Leaf):
            raise RuleError(item.file, item.line, expected="a list of dialogues", found=describe(item))
    return tuple(Example(item.raw, item.line) for item in items if isinstance(item, Leaf))
