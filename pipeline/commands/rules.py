"""``callqa rules``: check, try, docs, profile and schema of the lexicons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

_FOLDER = click.option(
    "--lexicons", type=click.Path(path_type=Path), help="Folder of lexicons.  [default: the shipped ones]"
)


@click.group()
def command() -> None:
    """Check, try and print the rules calls are judged by.

    \b
    callqa rules check                    after every change: examples and lints
    callqa rules try "请问有什么可以帮您"    what a sentence triggers
    callqa rules docs --out rulebook.md   the rulebook, to print
    """


def _book(folder: Path | None) -> Any:
    from pipeline.rules.book import lexicon_folder, load_rulebook
    from pipeline.rules.errors import RuleError

    try:
        book = load_rulebook(lexicon_folder(str(folder) if folder else ""))
        assert book.index
    except RuleError as error:
        click.echo(f"{error}", err=True)
        raise SystemExit(2) from error
    return book


@command.command()
@_FOLDER
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--examples",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Only these examples: a file the review desk exported from decisions.",
)
def check(lexicons: Path | None, strict: bool, examples: Path | None) -> None:
    """Run every rule's examples through the production path, and lint the files.

    Exit: 0 all green; 1 something wrong (listed with file and line); 2 the files cannot be read.
    """
    from pipeline.rules.check import check as check_book

    book = _book(lexicons)
    if examples:
        raise SystemExit(_check_labelled(book, examples))
    found = check_book(book)
    for finding in found:
        click.echo(str(finding))
    errors = sum(finding.level == "error" for finding in found)
    own = sum(len(rule.examples) for rule in book.rules.values())
    click.echo(
        f"{len(book.rules)} rules, {own} examples, {len(book.phrases)} phrase themes, "
        f"{len(book.templates)} scorecards: {errors} errors, {len(found) - errors} warnings"
    )
    raise SystemExit(1 if errors or (strict and found) else 0)


def _check_labelled(book: Any, path: Path) -> int:
    """Reviewers' examples against the rulebook; the exit code."""
    from pipeline.rules.check import example_findings
    from pipeline.rules.errors import RuleError
    from pipeline.rules.labelled import labelled_rules

    try:
        rules = labelled_rules(book, path)
    except RuleError as error:
        click.echo(f"{error}", err=True)
        return 2
    found = list(example_findings(book, rules))
    for finding in found:
        click.echo(str(finding))
    total = sum(len(rule.examples) for rule in rules)
    click.echo(f"{len(rules)} rules, {total} reviewers' examples: {len(found)} the rulebook judges otherwise")
    return 1 if found else 0


@command.command("try")
@click.argument("text")
@click.option(
    "--role", default="agent", show_default=True, type=click.Choice(["agent", "customer", "ivr", "agent2"])
)
@_FOLDER
def try_sentence(text: str, role: str, lexicons: Path | None) -> None:
    """Show what a sentence triggers, and how near the others were."""
    from pipeline.rules.trial import asked_otherwise, hear

    book = _book(lexicons)
    heard, near = hear(book, text, role=role)  # type: ignore[arg-type]
    otherwise = asked_otherwise(book, text, role=role)  # type: ignore[arg-type]
    if not heard:
        click.echo("没有命中任何话术主题")
    for one in heard:
        counted = f"不算:{one.guarded}" if one.guarded else "命中"
        click.echo(f"{one.score:.2f}  {counted}  {one.theme} {one.title}")
        click.echo(f"      听到「{one.said}」  对应「{one.variant}」  用于 {', '.join(one.rules)}")
    for found in otherwise:
        click.echo(
            f"      {found.operator} 命中「{'」「'.join(found.said)}」  用于 {found.rule} {found.title}"
        )
    click.echo("最接近而未命中:" if near else "没有接近的说法")
    for one in near:
        click.echo(f"{one.score:.2f}  {one.theme} {one.title}")
        click.echo(f"      听到「{one.said}」  像「{one.variant}」  用于 {', '.join(one.rules)}")


@command.command()
@_FOLDER
@click.option("--out", type=click.Path(path_type=Path), help="File to write.  [default: standard output]")
def docs(lexicons: Path | None, out: Path | None) -> None:
    """Write the rulebook page (Chinese, Markdown): every rule, its source, phrases and examples."""
    from pipeline.rules.rulebook import rulebook_page

    page = rulebook_page(_book(lexicons))
    if out is None:
        click.echo(page)
    else:
        out.write_text(page, encoding="utf-8")
        click.echo(f"{out}: {len(page.splitlines())} lines")


@command.command()
@_FOLDER
@click.option("--dialogues", type=click.Path(exists=True, path_type=Path), help="JSONL as for callqa score.")
@click.option("--top", default=20, show_default=True, help="Dearest rules shown.")
def profile(lexicons: Path | None, dialogues: Path | None, top: int) -> None:
    """Show what each rule costs per call, dearest first.

    Without --dialogues the rules' own examples are the calls.
    """
    from pipeline.rules.cost import example_calls, text_calls
    from pipeline.rules.cost import profile as profile_rules

    book = _book(lexicons)
    calls = text_calls(book, dialogues) if dialogues else example_calls(book)
    costs = profile_rules(book, calls)
    total = sum(cost.us_per_call for cost in costs)
    click.echo(f"{len(calls)} calls, {total / 1000:.2f} ms a call")
    click.echo(f"{'µs/call':>9}  {'share':>6}  {'fail':>5}  {'unkn':>5}  rule")
    for cost in costs[:top]:
        share = cost.us_per_call / total if total else 0.0
        click.echo(f"{cost.us_per_call:9.1f}  {share:6.1%}  {cost.failed:5}  {cost.unknown:5}  {cost.rule}")


@command.command()
@click.option("--kind", type=click.Choice(["lexicon", "scorecard"]), default="lexicon", show_default=True)
def schema(kind: str) -> None:
    """Print the JSON Schema for completion in editors.

    \b
    callqa rules schema > lexicons/schema.json
    # first line of a lexicon, for VS Code and others:
    # yaml-language-server: $schema=schema.json
    """
    import json

    from pipeline.rules.jsonschema import lexicon_schema, scorecard_schema

    made = lexicon_schema() if kind == "lexicon" else scorecard_schema()
    click.echo(json.dumps(made, ensure_ascii=False, indent=1))
