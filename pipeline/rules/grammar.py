"""The grammar of conditions: a mapping with exactly one operator or logic word, and shared keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from pipeline.rules import operators as _operators  # registers them
from pipeline.rules.condition import Condition, Count, Find, Group, RuleIs
from pipeline.rules.errors import RuleError, one_of
from pipeline.rules.operator import OPERATORS
from pipeline.rules.ranges import ConditionType, Range
from pipeline.rules.shape import GRAMMARS, build, convert, json_schema
from pipeline.rules.yamltree import Leaf, Map, Seq, Tree, describe
from pipeline.types import Outcome

assert _operators
SHARED = ("role", "in", "count", "assume")
ROLES = ("agent", "customer", "ivr", "agent2", "any")


def condition(tree: Tree) -> Condition:
    """The condition written in ``tree``. Raises RuleError."""
    if not isinstance(tree, Map):
        expected = "a condition, such as {say: greeting}"
        raise RuleError(tree.file, tree.line, expected=expected, found=describe(tree))
    words = [name for name in tree.items if name in OPERATORS or name in LOGIC]
    for name in tree.items:
        if name not in words and name not in SHARED:
            expected = f"a condition's {one_of([*OPERATORS, *LOGIC, *SHARED], name)}"
            raise RuleError(tree.file, tree.keys[name], expected=expected, found=repr(name))
    if len(words) != 1:
        found = " and ".join(words) or "none"
        raise RuleError(tree.file, tree.line, expected="exactly one operator", found=found)
    word = words[0]
    return LOGIC[word](tree, word) if word in LOGIC else _find(tree, word)


def _find(tree: Map, name: str) -> Find:
    shared = tree.items
    inside = shared.get("in")
    return Find(
        name,
        convert(OPERATORS[name], tree.items[name], what=name),
        role=_choice(shared.get("role"), ROLES, "role") or "agent",
        inside=None if inside is None else build(Range, inside, what="in"),
        count=build(Count, shared["count"], what="count") if "count" in shared else Count(),
        assume=_assume(tree),
        line=tree.line,
    )


def _choice(tree: Tree | None, allowed: tuple[str, ...], what: str) -> Any:
    if tree is None:
        return None
    if isinstance(tree, Leaf) and tree.raw in allowed:
        return tree.raw
    typed = tree.raw if isinstance(tree, Leaf) else ""
    raise RuleError(tree.file, tree.line, expected=f"{what}: {one_of(allowed, typed)}", found=describe(tree))


def _assume(tree: Map) -> Any:
    return _choice(tree.items.get("assume"), ("hit", "miss"), "assume")


def _no_extras(tree: Map, word: str) -> None:
    for name in tree.items:
        if name not in (word, "assume"):
            line = tree.keys[name]
            expected = f"{word!r} with its own conditions (role, in and count belong inside)"
            raise RuleError(tree.file, line, expected=expected, found=repr(name))


def _several(tree: Map, word: str) -> Group:
    _no_extras(tree, word)
    inner = tree.items[word]
    if not isinstance(inner, Seq) or not inner.items:
        raise RuleError(inner.file, inner.line, expected=f"a list under {word!r}", found=describe(inner))
    parts = tuple(condition(item) for item in inner.items)
    return Group(word, parts, assume=_assume(tree), line=tree.line)  # type: ignore[arg-type]


def _single(tree: Map, word: str) -> Group:
    _no_extras(tree, word)
    parts = (condition(tree.items[word]),)
    return Group(word, parts, assume=_assume(tree), line=tree.line)  # type: ignore[arg-type]


def _at_least(tree: Map, word: str) -> Group:
    _no_extras(tree, word)
    inner = tree.items[word]
    if not isinstance(inner, Map) or set(inner.items) != {"count", "of"}:
        expected = "at_least: {count: 2, of: […]}"
        raise RuleError(inner.file, inner.line, expected=expected, found=describe(inner))
    of = inner.items["of"]
    parts = tuple(condition(item) for item in of.items) if isinstance(of, Seq) else ()
    count = convert(int, inner.items["count"], what="count")
    if not 1 <= count <= len(parts):
        raise RuleError(of.file, of.line, expected=f"at least {count} conditions", found=str(len(parts)))
    return Group("at_least", parts, count=count, assume=_assume(tree), line=tree.line)


def _rule(tree: Map, word: str) -> RuleIs:
    _no_extras(tree, word)
    inner = tree.items[word]
    outcome: Any = "fail"
    if isinstance(inner, Map):
        outcome = _choice(inner.items.get("is"), get_args(Outcome), "is") or "fail"
        inner = inner.items.get("id", inner)
    if not isinstance(inner, Leaf):
        expected = "rule: other.id, or {id: other.id, is: pass}"
        raise RuleError(inner.file, inner.line, expected=expected, found=describe(inner))
    return RuleIs(inner.raw, outcome, _assume(tree), tree.line)


LOGIC: dict[str, Callable[[Map, str], Condition]] = {
    "all": _several,
    "any": _several,
    "not": _single,
    "absent": _single,
    "hint": _single,
    "at_least": _at_least,
    "rule": _rule,
}

_REF = {"$ref": "#/$defs/condition"}
GRAMMARS[ConditionType] = (condition, _REF)


def condition_schema(definitions: dict[str, Any]) -> None:
    """Put the JSON Schema of a condition, and of all operators, into ``definitions``."""
    several = {"type": "array", "items": _REF, "minItems": 1}
    at_least = {"type": "object", "properties": {"count": {"type": "integer"}, "of": several}}
    is_rule = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "is": {"enum": list(get_args(Outcome))}},
    }
    properties: dict[str, Any] = {
        "role": {"enum": list(ROLES)},
        "in": json_schema(Range, definitions),
        "count": json_schema(Count, definitions),
        "assume": {"enum": ["hit", "miss"]},
        "all": several,
        "any": several,
        "not": _REF,
        "absent": _REF,
        "hint": _REF,
        "at_least": at_least,
        "rule": {"anyOf": [{"type": "string"}, is_rule]},
    }
    for name, cls in OPERATORS.items():
        properties[name] = json_schema(cls, definitions)
    definitions["condition"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "oneOf": [{"required": [name]} for name in [*OPERATORS, *LOGIC]],
    }
