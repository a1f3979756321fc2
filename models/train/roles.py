"""Fits the weights of the role clues on simulated calls, and says how well they do on held-out ones.

    python -m models.train.roles            # fit, write pipeline/roles/weights.toml, print held-out figures
    python -m models.train.roles --check    # only the held-out figures of the shipped weights

Calls are the simulator's scripts with truth times, no sound: each is tried whole and cut short, with
the errors that recognition (characters) and diarization (sentences given to the other) will make.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from pipeline.callsim.grammar import generate_scripts
from pipeline.callsim.plan import plan_call
from pipeline.callsim.truth import truth_of
from pipeline.callsim.voices import VoiceSet
from pipeline.config import DiarizeConfig
from pipeline.roles import evidence
from pipeline.roles.alone import DOUBTS, doubts
from pipeline.roles.decide import decide, settle_roles
from pipeline.roles.evidence import Weights, load_weights, party_clues
from pipeline.roles.words import PAUSE_S
from pipeline.types import Call, Diarization, Role, Span, Turn, Utterance

CHARACTER_ERRORS = (0.0, 0.05, 0.12)  # recognition on good, usual and bad lines
STRAY_SENTENCES = (0.0, 0.03, 0.1)  # diarization on the same
RIDGE = 0.02  # pull towards the starting weights: a clue no call shows keeps what was written by hand
STRANGE = "的一是了我不在人有这上个们来到时大地为子中"


@dataclass(frozen=True)
class Case:
    """One call as the role decision meets it; ``agent`` is the label of the true agent."""

    utterances: tuple[Utterance, ...]
    agent: str
    customer: str | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if not options.check:
        cases = list(make_cases(options.calls, options.seed, "train"))
        fitted = fit(cases, load_weights(), calls=options.calls)
        write(fitted, Path(evidence.__file__).with_name("weights.toml"), seed=options.seed)
        load_weights.cache_clear()
    for line in report(list(make_cases(300, options.seed + 1, "heldout")), load_weights()):
        print(line)
    print(stereo_report(200, options.seed + 2))


def make_cases(calls: int, seed: int, which: VoiceSet, *, diarized: bool = True) -> Iterator[Case]:
    """Each script whole and cut after a few sentences, with errors of three sizes in turn.

    ``diarized`` False: every sentence keeps its party, as on stereo channels.
    """
    rng = np.random.default_rng((seed, 5))
    for i, script in enumerate(generate_scripts(calls, seed, which)):
        lines = [u for u in truth_of(plan_call(script))["utterances"] if u["heard"] and u["role"] != "ivr"]
        for cut in (len(lines), int(rng.integers(2, 9))):
            strays = STRAY_SENTENCES[i % 3] if diarized else 0.0
            yield _case(lines[:cut], rng, CHARACTER_ERRORS[i % 3], strays)


def _case(lines: Sequence[dict[str, Any]], rng: np.random.Generator, errors: float, strays: float) -> Case:
    sides = {"agent": "A", "agent2": "A", "customer": "C"}
    present = {sides[line["role"]] for line in lines}
    spoken = []
    for line in lines:
        side = sides[line["role"]]
        if len(present) == 2 and rng.random() < strays:
            side = "C" if side == "A" else "A"
        span = Span(line["start_s"], line["end_s"])
        spoken.append(
            Utterance("unknown", span, _misheard(line["text"], rng, errors), (), 0.9, 0, speaker=side)
        )
    return Case(_joined(spoken), "A", "C" if "C" in present else None)


def _joined(lines: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """Lines of one party without a pause between them are one utterance, as in ``split_by_speaker``."""
    out: list[Utterance] = []
    for line in lines:
        if out and out[-1].speaker == line.speaker and line.span.start_s - out[-1].span.end_s < PAUSE_S:
            span = Span(out[-1].span.start_s, max(out[-1].span.end_s, line.span.end_s))
            out[-1] = replace(out[-1], span=span, text=out[-1].text + line.text)
        else:
            out.append(line)
    return tuple(out)


def _misheard(text: str, rng: np.random.Generator, errors: float) -> str:
    draws = rng.random(len(text))
    wrong = rng.choice(list(STRANGE), size=len(text))
    return "".join(
        c if d >= errors else ("" if d < errors / 3 else str(w)) for c, d, w in zip(text, draws, wrong)
    )


# ---------------------------------------------------------------- fit


def fit(cases: Sequence[Case], start: Weights, *, calls: int) -> Weights:
    """Ridge logistic regression on the difference of the two parties' clues, no bias (it is symmetric)."""
    names = list(start.clue)
    both = [c for c in cases if c.customer is not None and len({u.speaker for u in c.utterances}) == 2]
    differences = np.array([_clues(c, "A", names) - _clues(c, "C", names) for c in both])
    origin = np.array([start.clue[name] for name in names])

    def loss(w: np.ndarray[Any, Any]) -> float:
        return float(np.logaddexp(0, -differences @ w).mean() + RIDGE / 2 * np.square(w - origin).sum() / 10)

    weights = minimize(loss, origin, method="L-BFGS-B").x
    fitted = Weights({n: round(float(w), 2) for n, w in zip(names, weights)}, 0.0, 1.0, start.doubt, calls)
    return _fit_doubt(cases, _fit_alone(both, fitted))


def _fit_alone(cases: Sequence[Case], weights: Weights) -> Weights:
    """Bias and scale for a party heard without the other: the same score against a fixed level."""
    scores, labels = [], []
    for case in cases:
        for side, label in (("A", 1.0), ("C", -1.0)):
            own = [u for u in case.utterances if u.speaker == side]
            scores.append(weights.score(party_clues(own, own, direction="inbound")))
            labels.append(label)
    x, y = np.array(scores), np.array(labels)

    def loss(p: np.ndarray[Any, Any]) -> float:
        return float(np.logaddexp(0, -y * (p[0] + p[1] * x)).mean() + 1e-3 * np.square(p).sum())

    bias, scale = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B").x
    return replace(weights, bias=round(float(bias), 2), scale=round(float(scale), 2))


def _fit_doubt(cases: Sequence[Case], weights: Weights) -> Weights:
    """When to believe that a lone voice is one person: calls of one party against two under one label."""
    rows, right, counts = [], [], []
    for case in cases:
        if not case.utterances:
            continue
        sides = {u.speaker for u in case.utterances}
        together = len(sides) == 2
        own = _joined([replace(u, speaker=case.agent) for u in case.utterances])
        clues = party_clues(own, own, direction="inbound")
        odds = weights.bias + weights.scale * weights.score(clues)
        role: Role = "agent" if odds > 0 else "customer"
        rows.append([1.0, abs(odds), *doubts(own, clues, weights, role).values()])
        right.append(1.0 if not together and (odds > 0) == (sides == {case.agent}) else -1.0)
        counts.append(together)
    x, y = np.array(rows), np.array(right)
    # of calls in which one voice is found, as many hold two people as one
    share = np.where(counts, 1 / np.sum(counts), 1 / np.sum(~np.array(counts))) / 2

    def loss(p: np.ndarray[Any, Any]) -> float:
        return float((share * np.logaddexp(0, -y * (x @ p))).sum() + 1e-3 * np.square(p).sum())

    limits = [(None, None), (0, None), (None, 0), (None, 0), (None, 0)]
    found = minimize(loss, np.zeros(x.shape[1]), method="L-BFGS-B", bounds=limits).x
    return replace(weights, doubt={n: round(float(v), 2) for n, v in zip(("bias", "odds", *DOUBTS), found)})


def _clues(case: Case, side: str, names: Sequence[str]) -> np.ndarray[Any, Any]:
    own = [u for u in case.utterances if u.speaker == side]
    clues = party_clues(own, case.utterances, direction="inbound")
    return np.array([clues.get(name, 0.0) for name in names])


def write(weights: Weights, path: Path, *, seed: int) -> None:
    """The readable file the pipeline loads."""
    lines = [
        '# Log-odds for "agent" per unit of each clue (clues.toml), fitted on simulated calls of the set train by',
        f"#   python -m models.train.roles --seed {seed}",
        f"calls = {weights.calls}",
        "",
        "[weight]",
        *(f"{name} = {value}" for name, value in weights.clue.items()),
        "",
        "# A party judged alone: log-odds = bias + scale * score",
        "[alone]",
        f"bias = {weights.bias}",
        f"scale = {weights.scale}",
        "",
        "# Log-odds that such a party is one person and has the right role: bias + odds * |log-odds| and per unit of",
        "# each doubt (alone.py)",
        "[one_person]",
        *(f"{name} = {value}" for name, value in weights.doubt.items()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---------------------------------------------------------------- held-out figures


def report(cases: Sequence[Case], weights: Weights) -> Iterator[str]:
    """Accuracy over decided and all, for whole and cut calls apart."""
    threshold = DiarizeConfig().min_role_probability
    for name, chosen in (("whole calls", cases[0::2]), ("first 2-8 sentences", cases[1::2])):
        outcomes = [_outcome(case, weights, threshold) for case in chosen if case.utterances]
        decided = [right for sure, right in outcomes if sure]
        yield (
            f"{name}: {len(outcomes)} calls, roles right {np.mean(decided):.1%} of decided, "
            f"undecided {1 - len(decided) / len(outcomes):.1%}, right {sum(decided) / len(outcomes):.1%} of all"
        )


def _outcome(case: Case, weights: Weights, threshold: float) -> tuple[bool, bool]:
    decision = decide(case.utterances, call=_call(None), weights=weights)
    right = all(
        role == ("agent" if party == case.agent else "customer") for party, role in decision.roles.items()
    )
    return decision.probability >= threshold, right


def stereo_report(calls: int, seed: int) -> str:
    """Half of the calls carry a swapped map: how many are put right, how many right ones are spoiled."""
    swapped, kept, told, spoiled = [], [], [], 0
    for i, case in enumerate(list(make_cases(calls, seed, "heldout", diarized=False))[0::2]):
        if len({u.speaker for u in case.utterances}) < 2:
            continue
        wrong = i % 2 == 1
        utterances = [replace(u, channel=int(u.speaker != "A"), speaker=None) for u in case.utterances]
        agent = 1 if wrong else 0
        turns = tuple(Turn(u.span, "unknown", u.channel, "channel", 0.95) for u in utterances)
        settled, final = settle_roles(utterances, Diarization(turns, "channel", 0.95), call=_call(agent))
        right = all(u.role == ("agent" if u.channel == 0 else "customer") for u in settled)
        (swapped if wrong else kept).append(right)
        if wrong:
            told.append(bool(final.notes))
        else:
            spoiled += bool(final.notes)
    return (
        f"stereo: swapped maps put right {np.mean(swapped):.1%} ({len(swapped)} calls), "
        f"reported {np.mean(told):.1%}; right maps kept {np.mean(kept):.1%} ({len(kept)}), doubted {spoiled}"
    )


def _call(agent_channel: int | None) -> Call:
    return Call("c", ("",), "", 8000, 2, 60.0, None, "inbound", None, None, None, agent_channel, None)


if __name__ == "__main__":
    main()
