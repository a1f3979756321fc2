"""How well phrases and taboos are told from damaged words: ``python -m pipeline.rules.phrase_accuracy``.

Sentences come from the simulator's bank, each filed there under what it is meant to say; a sentence counts
as found when the theme of that meaning hits it. A hit is false when the sentence was filed under a meaning
that the theme does not stand for. Taboo false alarms are counted on the agent's lines of clean calls.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.callsim.grammar import generate_scripts
from pipeline.callsim.script import Script
from pipeline.callsim.voices import VoiceSet
from pipeline.rules.book import Rulebook, lexicon_folder, load_rulebook
from pipeline.rules.damage import damage

# What a sentence of the bank is filed under → themes that stand for it (any of them finds it).
MEANINGS: dict[str, tuple[str, ...]] = {
    "greeting": ("greeting",),
    "late_apology": ("late_apology",),
    "thanks_reply": ("welcome",),
    "anything_else": ("anything_else",),
    "farewell": ("farewell",),
    "read_back": ("booking.readback",),
    "confirm_understood": ("understood.confirm",),
    "empathy": ("empathy",),
    "ask_opinion": ("ask_opinion",),
    "follow_up": ("follow_up",),
    "abuse_warning": ("abuse.warning",),
    "nuisance_line": ("nuisance.line",),
    "no_voice_first": ("no_voice.prompt",),
    "no_voice_last": ("no_voice.farewell",),
    "transfer_announce": ("transfer.announce",),
    "transfer_busy": ("transfer.offer",),
    "silent_close": ("hangup.silent_line",),
    "cannot_hear": ("cannot_hear.reply",),
    "unclear": ("unclear.polite",),
    "misunderstanding": ("misunderstanding.reply", "apology"),
    "bad_line": ("bad_line.reply",),
    "unavailable": ("service.unavailable",),
    "callback_time": ("callback.time",),
    "record_prompt": ("record.prompt",),
    "ask_putonghua": ("ask_mandarin",),
}
JUDGED = frozenset(theme for themes in MEANINGS.values() for theme in themes)
# Further themes a sentence of a meaning rightly holds beside its own.
ALSO: dict[str, frozenset[str]] = {
    "apology": frozenset({"empathy"}),
    "no_voice_first": frozenset({"greeting"}),
    "bad_line": frozenset({"follow_up", "cannot_hear.reply", "unclear.polite"}),
    "record_go": frozenset({"record.prompt"}),
    "agent_id": frozenset({"greeting"}),
    "transfer_greeting": frozenset({"greeting", "late_apology", "agent_id"}),
    "silent_close": frozenset({"farewell"}),
    "abuse_release": frozenset({"farewell", "hangup.silent_line", "abuse.warning"}),
    "nuisance_line": frozenset({"farewell"}),
    "no_voice_last": frozenset({"farewell"}),
    "hold_return": frozenset({"late_apology", "apology"}),
    "escalate": frozenset({"callback.time"}),
    "solution": frozenset({"callback.time"}),
    "follow_up": frozenset({"callback.time"}),
    "cannot_hear": frozenset({"bad_line.reply", "follow_up", "transfer.offer", "no_voice.farewell"}),
    "restate": frozenset({"booking.readback"}),
}


@dataclass(frozen=True, slots=True)
class Counts:
    """``found`` of ``wanted`` sentences; ``false`` of ``hits``."""

    found: int
    wanted: int
    false: int
    hits: int

    @property
    def recall(self) -> float:
        return self.found / max(1, self.wanted)

    @property
    def precision(self) -> float:
        return 1 - self.false / max(1, self.hits)


def phrase_counts(
    book: Rulebook, sentences: Sequence[tuple[str, str]], *, cer: float, seed: int, rounds: int = 1
) -> Counts:
    """Recall and precision over (meaning, sentence) pairs, each damaged ``rounds`` times."""
    rng = random.Random(seed)
    found = wanted = false = hits = 0
    for meaning, sentence in list(sentences) * rounds:
        places = book.index.places(damage(sentence, cer=cer, rng=rng), role="agent")
        heard = {place.theme for place in places if place.guarded is None} & JUDGED
        own = set(MEANINGS.get(meaning, ()))
        if own:
            wanted += 1
            found += bool(heard & own)
        allowed = own | ALSO.get(meaning, frozenset()) | {"apology"}
        hits += len(heard)
        false += len(heard - allowed)
    return Counts(found, wanted, false, hits)


def agent_lines(scripts: Iterable[Script]) -> list[str]:
    return [e.text for s in scripts for e in s.events if e.do == "say" and e.role in ("agent", "agent2")]


def taboo_alarms(book: Rulebook, lines: Sequence[str], *, cer: float, seed: int) -> list[tuple[str, str]]:
    """(theme, line) of every taboo heard in lines that hold none. Themes are those rules forbid."""
    rng = random.Random(seed)
    taboos = taboo_themes(book)
    return [
        (place.theme, line)
        for line in lines
        for place in book.index.places(damage(line, cer=cer, rng=rng), role="agent")
        if place.theme in taboos and place.guarded is None
    ]


def taboo_themes(book: Rulebook) -> frozenset[str]:
    """Themes of the ``taboo.*`` rules that are said by the agent and may not be."""
    helpful = {"check_for_you", "alternative", "transfer.announce", "transfer.offer", "callback.time"}
    from pipeline.rules.book import conditions_of, themes_of

    found = {
        theme
        for name, rule in book.rules.items()
        if name.startswith("taboo.")
        for part in conditions_of(rule)
        for theme in themes_of(part)
    }
    return frozenset(found - helpful)


def bank_sentences(which: VoiceSet, *, calls: int, seed: int) -> list[tuple[str, str]]:
    """(meaning, filled sentence) of the bank ``which``, ``calls`` fillings of the slots each."""
    import numpy as np

    from pipeline.callsim.bank import Bank, phrases

    found = []
    for number in range(calls):
        bank = Bank(
            np.random.default_rng(seed + number), which, title="女士", agent_id=f"{6000 + number % 90}"
        )
        bank.topic("booking"), bank.topic("complaint")
        bank.slots["id2"] = bank.slots["id"]
        for meaning, by_set in phrases().items():
            for sentence in (*by_set.get("all", []), *by_set.get(which, [])):
                if meaning not in CUSTOMER:
                    found.append((meaning, bank.fill(sentence)))
    return found


# Meanings that the bank files for the customer.
CUSTOMER = frozenset(
    {"give_name", "ack", "agree", "after_slip", "understood", "customer_thanks", "nothing_else", "customer_bye",
     "booked", "correct", "complaint_agrees", "abuse", "nuisance", "transfer_reason", "transfer_busy_caller",
     "cannot_hear_caller", "unclear_caller", "misunderstood_caller", "bad_line_caller", "unavailable_caller",
     "later_caller", "escalate_caller", "foreign_en", "foreign_yue", "foreign_yes", "backchannel"}
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--set", default="heldout", choices=("train", "tune", "heldout"))
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    book = load_rulebook(lexicon_folder(""))
    sentences = bank_sentences(options.set, calls=options.calls, seed=options.seed)
    print(f"{len(sentences)} agent sentences, set {options.set}, seed {options.seed}")
    print("| CER | recall | precision | found / wanted | false / hits |\n|---|---|---|---|---|")
    for cer in (0.0, 0.05, 0.10, 0.20, 0.30):
        c = phrase_counts(book, sentences, cer=cer, seed=options.seed)
        print(
            f"| {cer:.0%} | {c.recall:.3f} | {c.precision:.3f} | {c.found} / {c.wanted} | {c.false} / {c.hits} |"
        )
    clean = agent_lines(generate_scripts(options.calls * 15, seed=options.seed, set=options.set, clean=True))
    for cer in (0.0, 0.10, 0.20):
        alarms = taboo_alarms(book, clean, cer=cer, seed=options.seed)
        print(
            f"taboo false alarms at CER {cer:.0%}: {len(alarms)} in {len(clean)} agent utterances "
            f"({2000 * len(alarms) / max(1, len(clean)):.2f} per 2,000) {alarms[:5]}"
        )


if __name__ == "__main__":
    main()
