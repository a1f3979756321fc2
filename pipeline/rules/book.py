"""The rulebook: all lexicons and scorecards of a folder, loaded strictly and ready to judge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.resources import resource
from pipeline.rules.condition import Find, RuleIs, walk
from pipeline.rules.errors import RuleError, one_of
from pipeline.rules.facts import CallFacts
from pipeline.rules.festivals import Festivals
from pipeline.rules.grammar import LOGIC
from pipeline.rules.guards import Guard
from pipeline.rules.match import Mode, PhraseTheme
from pipeline.rules.operator import in_order
from pipeline.rules.operators.talk import Repeat, Said
from pipeline.rules.operators.words import MAX_SAMPLES, Say
from pipeline.rules.phrases import PhraseIndex, Samples
from pipeline.rules.rule import Rule
from pipeline.rules.shape import GRAMMARS, build
from pipeline.rules.similar import Encoder
from pipeline.rules.template import Template
from pipeline.rules.variants import PhraseError
from pipeline.rules.yamltree import Map, Tree, describe, read_yaml
from pipeline.text import add_terms
from pipeline.types import Verdict

ALL_ROLES = ("agent", "customer", "ivr", "agent2")
MAX_REFERRED = 50
assert LOGIC  # importing the grammar registers how conditions are read


@dataclass(frozen=True, slots=True)
class Phrases:
    """A phrase theme as written: variants, similar sentences, and when a hit does not count."""

    SHORT = "variants"

    variants: tuple[str, ...] = ()
    title: str = ""
    mode: Mode = "fuzzy"
    max_distance: float | None = None
    guards: tuple[Guard, ...] | None = None
    unless_before: tuple[str, ...] = ()
    unless_after: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    threshold: float = 80.0
    note: str = ""

    def __post_init__(self) -> None:
        if not self.variants and not self.samples:
            raise ValueError("neither variants nor samples")
        if len(self.samples) > MAX_SAMPLES:
            raise ValueError(f"{len(self.samples)} samples; at most {MAX_SAMPLES} are allowed")
        in_order(threshold=(self.threshold, 100.0), max_distance=(self.max_distance, 0.5))


class RuleTree:
    """Stands for a rule in the lexicon file's shape; built with its id once the file is known."""


GRAMMARS[RuleTree] = (lambda tree: tree, {"$ref": "#/$defs/Rule"})


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A lexicon file."""

    title: str = ""
    theme: str = ""
    synonyms: dict[str, tuple[str, ...]] = field(default_factory=dict)
    phrases: dict[str, Phrases] = field(default_factory=dict)
    rules: dict[str, RuleTree] = field(default_factory=dict)
    festivals: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhraseSource:
    """A theme and where it is written."""

    phrases: Phrases
    file: str
    line: int


@dataclass(frozen=True)
class Rulebook:
    """Everything a call is judged by. ``revision`` is a hash of the files read."""

    rules: Mapping[str, Rule]
    phrases: Mapping[str, PhraseSource]
    synonyms: Mapping[str, tuple[str, ...]]
    templates: tuple[Template, ...]
    festivals: Festivals
    revision: str
    folder: Path
    encoder: Encoder | None = None

    @cached_property
    def index(self) -> PhraseIndex:
        """The compiled phrases. Raises RuleError for a variant that cannot be read."""
        themes = [_theme(name, source.phrases, self.synonyms) for name, source in self.phrases.items()]
        samples = {
            name: Samples(source.phrases.samples, source.phrases.threshold)
            for name, source in self.phrases.items()
            if source.phrases.samples
        }
        try:
            return PhraseIndex(
                themes, samples, wanted=self._wanted(), opening=self._opening(), encoder=self.encoder
            )
        except PhraseError as error:
            named = next((n for n in self.phrases if f"theme {n!r}" in str(error)), None)
            source = self.phrases[named] if named else next(iter(self.phrases.values()))
            raise RuleError(
                source.file, source.line, expected="a readable variant", found=str(error)
            ) from error

    def _wanted(self) -> dict[str, frozenset[str]]:
        wanted: dict[str, set[str]] = {role: set() for role in ALL_ROLES}
        for rule in self.rules.values():
            for part in conditions_of(rule):
                for theme in themes_of(part):
                    role = getattr(part, "role", "any")
                    for name in ALL_ROLES if role == "any" else (role,):
                        wanted[name].add(theme)
        return {role: frozenset(themes) for role, themes in wanted.items()}

    def _opening(self) -> dict[str, int]:
        """Themes asked of nothing but a call's opening, and of how many utterances of it."""
        asked: dict[str, list[int]] = {}
        for rule in self.rules.values():
            for part in conditions_of(rule):
                for theme in themes_of(part):
                    asked.setdefault(theme, []).append(part.inside.opening if part.inside else 0)
        return {theme: max(within) for theme, within in asked.items() if all(within)}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Rule ids so that a rule follows those it refers to; retired ones left out."""
        done: dict[str, None] = {}

        def visit(name: str) -> None:
            for other in referred(self.rules[name]):
                if other not in done:
                    visit(other)
            done.setdefault(name)

        for name, rule in self.rules.items():
            if rule.status != "retired":
                visit(name)
        return tuple(done)

    def needed(self, names: Iterable[str]) -> tuple[str, ...]:
        """The rules named and all they refer to, in the order to judge them."""
        wanted: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in wanted:
                wanted.add(name)
                waiting += referred(self.rules[name])
        return tuple(name for name in self.order if name in wanted)

    def needed_by(self, template: Template) -> tuple[str, ...]:
        """``needed`` of a scorecard's items, worked out once."""
        if template.name not in self._needed:
            self._needed[template.name] = self.needed(item.rule for item in template.items)
        return self._needed[template.name]

    @cached_property
    def _needed(self) -> dict[str, tuple[str, ...]]:
        return {}

    def judge(self, facts: CallFacts, names: Iterable[str]) -> dict[str, Verdict]:
        """Verdicts of the rules in ``names``, which must be in ``needed`` order."""
        for name in names:
            if name not in facts.verdicts:
                facts.verdicts[name] = self.rules[name].judge(facts)
        return facts.verdicts


def _theme(name: str, phrases: Phrases, synonyms: Mapping[str, tuple[str, ...]]) -> PhraseTheme:
    return PhraseTheme(
        id=name,
        variants=phrases.variants,
        mode=phrases.mode,
        max_distance=phrases.max_distance,
        guards=phrases.guards,
        synonyms=synonyms,
        unless_before=phrases.unless_before,
        unless_after=phrases.unless_after,
        title=phrases.title,
    )


def conditions_of(rule: Rule) -> list[Any]:
    return [part for top in rule.conditions for part in walk(top)]


def themes_of(part: Any) -> tuple[str, ...]:
    """Theme ids a condition names itself."""
    if not isinstance(part, Find):
        return ()
    if isinstance(part.operator, Say):
        return part.operator.theme
    return part.operator.except_ if isinstance(part.operator, Repeat | Said) else ()


def referred(rule: Rule) -> list[str]:
    return [part.id for part in conditions_of(rule) if isinstance(part, RuleIs)]


def lexicon_folder(setting: str = "") -> Path:
    """The configured lexicons folder, or the shipped one."""
    return Path(setting) if setting else resource("lexicons")


def revision_of(folder: Path) -> str:
    """Hash of every YAML file and word list under ``folder``: names and bytes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".yaml", ".yml", ".txt"):
            digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def load_rulebook(folder: Path, *, encoder: Encoder | None = None) -> Rulebook:
    """Every ``*.yaml`` in ``folder`` and its ``scorecards/``, and the words in ``terms/``. ``encoder``: the
    model that compares similar sentences, else a formula. Raises RuleError."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise RuleError(str(folder), 1, expected="lexicon files (*.yaml)", found="none")
    _learn_words(folder)
    reader = _Reader()
    for path in files:
        reader.read(path, folder)
    templates = []
    for path in sorted((folder / "scorecards").glob("*.yaml")):
        name = f"{folder.name}/scorecards/{path.name}"
        tree = read_yaml(path, name=name)
        template: Template = build(Template, tree, what="scorecard", file=name, line=tree.line)
        templates.append(template)
    book = Rulebook(
        reader.rules, reader.phrases, reader.synonyms, tuple(templates),
        reader.calendar(), revision_of(folder), folder, encoder,
    )  # fmt: skip
    _check_references(book)
    return book


def _learn_words(folder: Path) -> None:
    """The folder's own ``terms/*.txt``: words that jieba does not know, for borders and polyphones."""
    for path in sorted((folder / "terms").glob("*.txt")):
        try:
            add_terms(path)
        except ValueError as error:
            name = f"{folder.name}/terms/{path.name}"
            raise RuleError(name, 1, expected="a list of words", found=str(error)) from error


class _Reader:
    """Gathers what the files hold; the same id in two places is an error that names both."""

    def __init__(self) -> None:
        self.rules: dict[str, Rule] = {}
        self.phrases: dict[str, PhraseSource] = {}
        self.synonyms: dict[str, tuple[str, ...]] = {}
        self.festivals: dict[str, tuple[str, ...]] = {}
        self._seen: dict[tuple[str, str], str] = {}

    def read(self, path: Path, folder: Path) -> None:
        tree = read_yaml(path, name=f"{folder.name}/{path.name}")
        lexicon: Lexicon = build(Lexicon, tree, what="lexicon")
        assert isinstance(tree, Map)
        for part in ("synonyms", "phrases", "rules", "festivals"):
            inner = tree.items.get(part)
            if isinstance(inner, Map):
                for name, line in inner.keys.items():
                    self._once(part, name, inner.file, line)
                    self._take(part, name, inner.items[name], line, lexicon)

    def calendar(self) -> Festivals:
        try:
            return Festivals(self.festivals)
        except ValueError as error:
            place = next(iter(where for (part, _), where in self._seen.items() if part == "festivals"))
            file, _, line = place.rpartition(":")
            expected = "festival dates as 2026-02-16/2026-02-22 or 01-01"
            raise RuleError(file, int(line), expected=expected, found=str(error)) from error

    def _once(self, part: str, name: str, file: str, line: int) -> None:
        before = self._seen.setdefault((part, name), f"{file}:{line}")
        if before != f"{file}:{line}":
            found = f"{name!r} again (first at {before})"
            raise RuleError(file, line, expected=f"each of the {part} once", found=found)

    def _take(self, part: str, name: str, tree: Tree, line: int, lexicon: Lexicon) -> None:
        if part == "phrases":
            self.phrases[name] = PhraseSource(lexicon.phrases[name], tree.file, line)
        elif part == "rules":
            if not isinstance(tree, Map):
                raise RuleError(tree.file, line, expected=f"a rule under {name!r}", found=describe(tree))
            self.rules[name] = build(Rule, tree, what=f"rule {name}", id=name, file=tree.file, line=line)
        elif part == "synonyms":
            self.synonyms[name] = lexicon.synonyms[name]
        else:
            self.festivals[name] = lexicon.festivals[name]


def _check_references(book: Rulebook) -> None:
    for rule in book.rules.values():
        for part in conditions_of(rule):
            for theme in themes_of(part):
                if theme not in book.phrases:
                    expected = f"a phrase theme: {one_of(book.phrases, theme)}"
                    raise RuleError(rule.file, part.line, expected=expected, found=repr(theme))
            if isinstance(part, RuleIs) and part.id not in book.rules:
                expected = f"a rule: {one_of(book.rules, part.id)}"
                raise RuleError(rule.file, part.line, expected=expected, found=repr(part.id))
    _check_cycles(book)
    for template in book.templates:
        for item in template.items:
            if item.rule not in book.rules:
                expected = f"a rule: {one_of(book.rules, item.rule)}"
                raise RuleError(template.file, item.line, expected=expected, found=repr(item.rule))


def _check_cycles(book: Rulebook) -> None:
    """Raises RuleError for rules that refer in a circle, or through too many others to follow."""
    settled: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            rule = book.rules[name]
            found = " → ".join((*path[path.index(name) :], name))
            raise RuleError(rule.file, rule.line, expected="rules that do not refer in a circle", found=found)
        if len(path) > MAX_REFERRED:
            rule = book.rules[path[0]]
            expected = f"at most {MAX_REFERRED} rules that refer to each other in a row"
            raise RuleError(rule.file, rule.line, expected=expected, found=" → ".join((*path[:3], "…")))
        if name not in settled:
            for other in referred(book.rules[name]):
                visit(other, (*path, name))
            settled.add(name)

    for name in book.rules:
        visit(name, ())
