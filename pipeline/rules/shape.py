"""Frozen dataclasses from a YAML tree, strictly; and the JSON Schema of the same dataclasses.

A field's type says what is allowed, its ``key`` metadata how it is written where Python has the word
already (``in``, ``with``). A class with ``SHORT`` may be written as that one field's value alone. A
single value stands for a list of one.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pipeline.rules.errors import RuleError, one_of
from pipeline.rules.yamltree import Leaf, Map, Seq, Tree, describe

# Types with a grammar of their own (conditions): type -> (builder, JSON Schema).
GRAMMARS: dict[Any, tuple[Callable[[Tree], Any], dict[str, Any]]] = {}


@cache
def _fields_of(cls: Any) -> dict[str, tuple[str, Any, bool]]:
    hints = typing.get_type_hints(cls)
    return {
        field.metadata.get("key", field.name): (field.name, hints[field.name], _required(field))
        for field in dataclasses.fields(cls)
        if not field.metadata.get("hidden")
    }


def fields_of(cls: type[Any]) -> dict[str, tuple[str, Any, bool]]:
    """YAML key -> (field name, type, required), in the order declared."""
    found: dict[str, tuple[str, Any, bool]] = _fields_of(cls)  # type: ignore[arg-type]
    return found


def _required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def build(cls: type[Any], tree: Tree, *, what: str, **given: Any) -> Any:
    """``cls`` from ``tree``; ``given`` fills fields that YAML does not hold. Raises RuleError."""
    if not isinstance(tree, Map):
        short = getattr(cls, "SHORT", None)
        if short is None:
            raise RuleError(tree.file, tree.line, expected=f"a mapping for {what}", found=describe(tree))
        name, kind, _ = fields_of(cls)[short]
        return _made(cls, {name: convert(kind, tree, what=what), **given}, tree, what=what)
    known = fields_of(cls)
    for name in tree.items:
        if name not in known:
            line = tree.keys[name]
            raise RuleError(tree.file, line, expected=f"{what}: {one_of(known, name)}", found=repr(name))
    values = {
        known[name][0]: convert(known[name][1], value, what=f"{what}.{name}")
        for name, value in tree.items.items()
    }
    for name, (field, _, required) in known.items():
        if required and field not in values and field not in given:
            raise RuleError(tree.file, tree.line, expected=f"{name!r} in {what}", found=describe(tree))
    return _made(cls, {**values, **given}, tree, what=what)


def _made(cls: type[Any], values: dict[str, Any], tree: Tree, *, what: str) -> Any:
    """``cls(**values)``; a hidden field ``line`` is filled with where it stands."""
    if "line" not in values and any(
        f.name == "line" and f.metadata.get("hidden") for f in dataclasses.fields(cls)
    ):
        values = {**values, "line": tree.line}
    try:
        return cls(**values)
    except ValueError as error:  # a class's own __post_init__ check
        raise RuleError(tree.file, tree.line, expected=f"a sound {what}", found=str(error)) from error


def convert(kind: Any, tree: Tree, *, what: str) -> Any:
    """A value of type ``kind``. Raises RuleError."""
    if kind in GRAMMARS:
        return GRAMMARS[kind][0](tree)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return build(kind, tree, what=what)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _either(args, tree, what=what)
    if origin is tuple:
        return _several(args, tree, what=what)
    if origin in (dict, Mapping):
        if not isinstance(tree, Map):
            raise RuleError(tree.file, tree.line, expected=f"a mapping for {what}", found=describe(tree))
        return {k: convert(args[1], v, what=f"{what}.{k}") for k, v in tree.items.items()}
    if isinstance(tree, Leaf):
        return _scalar(kind, tree, what=what)
    raise RuleError(tree.file, tree.line, expected=f"{_name(kind)} for {what}", found=describe(tree))


def _either(arms: tuple[Any, ...], tree: Tree, *, what: str) -> Any:
    if isinstance(tree, Leaf) and tree.value is None and type(None) in arms:
        return None
    rest = [arm for arm in arms if arm is not type(None)]
    for arm in rest[:-1]:
        try:
            return convert(arm, tree, what=what)
        except RuleError:
            continue
    return convert(rest[-1], tree, what=what)


def _several(args: tuple[Any, ...], tree: Tree, *, what: str) -> tuple[Any, ...]:
    items = tree.items if isinstance(tree, Seq) else (tree,)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(convert(args[0], item, what=what) for item in items)
    if len(items) != len(args):
        raise RuleError(
            tree.file, tree.line, expected=f"{len(args)} values for {what}", found=str(len(items))
        )
    return tuple(convert(kind, item, what=what) for kind, item in zip(args, items))


def _scalar(kind: Any, leaf: Leaf, *, what: str) -> Any:
    value = leaf.value
    if kind is str and value is not None and not isinstance(value, bool):
        return leaf.raw
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if typing.get_origin(kind) is typing.Literal:
        allowed = typing.get_args(kind)
        if leaf.raw in allowed:
            return leaf.raw
        expected = f"{what}: {one_of(map(str, allowed), leaf.raw)}"
        raise RuleError(leaf.file, leaf.line, expected=expected, found=describe(leaf))
    raise RuleError(leaf.file, leaf.line, expected=f"{_name(kind)} for {what}", found=describe(leaf))


def _name(kind: Any) -> str:
    return {str: "text", float: "a number", int: "a whole number", bool: "true or false"}.get(kind, str(kind))


def json_schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of ``kind``; dataclasses met on the way are put into ``definitions``."""
    if kind in GRAMMARS:
        return GRAMMARS[kind][1]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _class_schema(kind, definitions)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        arms = [json_schema(arm, definitions) for arm in args if arm is not type(None)]
        return arms[0] if len(arms) == 1 else {"anyOf": arms}
    if origin is tuple:
        item = json_schema(args[0], definitions)
        return {"anyOf": [item, {"type": "array", "items": item}]}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": json_schema(args[1], definitions)}
    if origin is typing.Literal:
        return {"enum": list(args)}
    names = {str: ["string", "number"], float: "number", int: "integer", bool: "boolean"}
    return {"type": names[kind]} if kind in names else {}


def _class_schema(cls: type[Any], definitions: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__
    if name not in definitions:
        definitions[name] = {}
        known = fields_of(cls)
        body: dict[str, Any] = {
            "type": "object",
            "description": (cls.__doc__ or "").strip().split("\n")[0],
            "additionalProperties": False,
            "properties": {k: json_schema(kind, definitions) for k, (_, kind, _) in known.items()},
        }
        required = [k for k, (_, _, needed) in known.items() if needed]
        if required:
            body["required"] = required
        short = getattr(cls, "SHORT", None)
        if short:
            body = {"anyOf": [body, json_schema(known[short][1], definitions)]}
        definitions[name] = body
    return {"$ref": f"#/$defs/{name}"}
