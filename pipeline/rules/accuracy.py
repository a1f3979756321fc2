"""How well the rules find what was planted: ``python -m pipeline.rules.accuracy``.

Held-out simulated calls, text and events from the truth, so that what is measured is the rules alone;
with --cer the text is first damaged by the Mandarin error model. A planted fault counts as found when
its rule fails, as open when it is unknown. A fail that the truth forbids is a false deduction.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import click

from pipeline.callsim.voices import VoiceSet
from pipeline.rules.book import Rulebook, lexicon_folder, load_rulebook
from pipeline.rules.damage import damage
from pipeline.rules.facts import CallFacts
from pipeline.rules.simulated import Damage, Simulated, simulated_calls

SHOWN = 12  # rules listed with their misses


@dataclass(slots=True)
class Tally:
    """Counts by rule id over ``calls`` calls with ``agent_utterances`` utterances of agents."""

    calls: int = 0
    agent_utterances: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    clean_calls: int = 0
    clean_spoilt: int = 0
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def recall(self) -> float:
        """Found / planted, over the faults that could be told (unknown ones are no wrong answer)."""
        told = self.planted.total() - self.open.total()
        return self.found.total() / told if told else 1.0

    @property
    def precision(self) -> float:
        claimed = self.found.total() + self.false.total()
        return self.found.total() / claimed if claimed else 1.0


def measure_rules(book: Rulebook, calls: Iterable[Simulated]) -> Tally:
    """Judge every call by every rule and compare with what was planted."""
    tally = Tally()
    for call in calls:
        facts = CallFacts(
            call.conversation, call.measured, phrases=book.index, festivals=book.festivals, sound=True
        )
        verdicts = book.judge(facts, book.order)
        failed = {name for name, verdict in verdicts.items() if verdict.outcome == "fail"}
        unknown = {name for name, verdict in verdicts.items() if verdict.outcome == "unknown"}
        tally.calls += 1
        tally.agent_utterances += len(facts.indexes("agent"))
        tally.planted.update(call.planted)
        tally.found.update(call.planted & failed)
        tally.open.update(call.planted & unknown)
        wrong = failed & call.forbidden
        tally.false.update(wrong)
        tally.clean_calls += call.clean
        tally.clean_spoilt += call.clean and bool(wrong)
        for name in [*wrong, *(call.planted - failed)]:
            shown = verdicts.get(name)
            quote = (
                shown.evidence[0].quote if shown and shown.evidence else (shown.why if shown else "no rule")
            )
            tally.examples.setdefault(name, f"{facts.conversation.call.id}: {quote[:60]}")
    return tally


def error_model(cer: float, seed: int) -> Damage | None:
    """The Mandarin error model at a character error rate 0..1; None for none."""
    if not cer:
        return None
    rng = random.Random(seed)
    return lambda text: damage(text, cer=cer, rng=rng)


@click.command()
@click.option("--calls", default=500, show_default=True)
@click.option("--seed", default=20261122, show_default=True)
@click.option(
    "--set", "which", default="heldout", show_default=True, type=click.Choice(["train", "tune", "heldout"])
)
@click.option(
    "--cer", multiple=True, type=float, default=(0.0,), help="Character error rates, e.g. --cer 0 --cer 0.1"
)
@click.option("--lexicons", default="", help="Folder of lexicons.  [default: the shipped ones]")
def main(calls: int, seed: int, which: VoiceSet, cer: tuple[float, ...], lexicons: str) -> None:
    """Recall and precision of the rules on simulated calls."""
    book = load_rulebook(lexicon_folder(lexicons))
    click.echo(
        "| CER | calls | planted | recall | open | false deductions | precision | clean calls spoilt |"
    )
    click.echo("|---|---|---|---|---|---|---|---|")
    tallies = []
    for rate in cer:
        tally = measure_rules(book, simulated_calls(calls, seed, which=which, damage=error_model(rate, seed)))
        tallies.append(tally)
        planted = tally.planted.total()
        click.echo(
            f"| {rate:.0%} | {tally.calls} | {planted} | {tally.recall:.3f} | {tally.open.total()} | "
            f"{tally.false.total()} | {tally.precision:.3f} | {tally.clean_spoilt} of {tally.clean_calls} |"
        )
    _tell_rules(tallies[0])


def _tell_rules(tally: Tally) -> None:
    lacking = {
        name: (tally.planted[name] - tally.found[name], tally.false[name])
        for name in {*tally.planted, *tally.false}
        if tally.planted[name] > tally.found[name] or tally.false[name]
    }
    click.echo(
        f"\n{len(tally.planted)} rules planted; those with a miss or a false deduction at the first rate:"
    )
    for name, (missed, false) in sorted(lacking.items(), key=lambda item: -sum(item[1]))[: SHOWN * 3]:
        click.echo(
            f"  {name:28} planted {tally.planted[name]:4}  missed {missed:4} (open {tally.open[name]})  "
            f"false {false:4}   {tally.examples.get(name, '')}"
        )


if __name__ == "__main__":
    main()
