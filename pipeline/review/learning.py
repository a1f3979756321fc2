"""What the decisions say of the rules: how often each is confirmed, and what that implies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review.corrections import corrected_record
from pipeline.review.decisions import DECIDING
from pipeline.review.desk import CallFileError, Desk
from pipeline.review.events import active
from pipeline.review.models import Event, Item, ReviewCall, Rule
from pipeline.types import Evidence, Utterance

MIN_FOR_THRESHOLD = 20  # decided hits below which a candidate threshold would be noise
CONTEXT_LINES = 2  # utterances kept on each side of the evidence in an example
SPEAKERS = {"agent": "坐席", "agent2": "坐席", "customer": "客户", "ivr": "语音"}


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """One rule before its reviewers. ``precision`` is confirmed / (confirmed + overruled) of its fails."""

    rule_id: str
    title: str
    confirmed: int
    overruled: int
    missed: int  # fails that people found and the rule did not
    precision: float | None
    low: float | None  # 95 % Wilson interval
    high: float | None
    threshold: float | None  # candidate: the match score that parts confirmed from overruled best
    reasons: tuple[tuple[str, int], ...]


def held_decisions(session: Session) -> list[Event]:
    """The decision that stands, of every item that has one."""
    events = session.scalars(
        select(Event).where(Event.kind.in_((*DECIDING, "undo"))).order_by(Event.id)
    ).all()
    latest: dict[tuple[int, str], Event] = {}
    by_call: dict[int, list[Event]] = {}
    for event in events:
        by_call.setdefault(event.call_pk, []).append(event)
    for of_call in by_call.values():
        for event in active(of_call):
            if event.rule_id and event.kind in DECIDING:
                latest[(event.call_pk, event.rule_id)] = event
    return list(latest.values())


def rule_records(session: Session) -> list[RuleRecord]:
    """Per rule, those that supervisors keep overruling on top."""
    decisions = held_decisions(session)
    titles = {r.id: r.title for r in session.scalars(select(Rule))}
    scores = {
        (pk, rule): score
        for pk, rule, score in session.execute(
            select(Item.call_pk, Item.rule_id, Item.score).where(
                Item.outcome == "fail", Item.call_pk.in_({e.call_pk for e in decisions})
            )
        ).all()
    }
    by_rule: dict[str, list[Event]] = {}
    for event in decisions:
        by_rule.setdefault(event.rule_id or "", []).append(event)
    found = [_record(rule, titles.get(rule, rule), events, scores) for rule, events in by_rule.items()]
    return sorted(found, key=lambda r: (r.high if r.high is not None else 2.0, -r.overruled, r.rule_id))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927): right for few decisions and for shares near 0 or 1."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, of, alpha=0.05, method="wilson")
    return float(low), float(high)


def best_threshold(confirmed: list[float], overruled: list[float]) -> float | None:
    """The lowest match score that keeps most confirmed and drops most overruled hits (Youden's J)."""
    if len(confirmed) + len(overruled) < MIN_FOR_THRESHOLD or not confirmed or not overruled:
        return None

    def gain(cut: float) -> float:
        kept = sum(s >= cut for s in confirmed) / len(confirmed)
        return kept - sum(s >= cut for s in overruled) / len(overruled)

    best = max(sorted(set(confirmed + overruled)), key=gain)
    return best if gain(best) > 0 else None


def labelled_examples(session: Session, desk: Desk, *, see_numbers: bool) -> dict[str, dict[str, list[str]]]:
    """Decisions as ``flag`` and ``pass`` dialogues by rule, as a lexicon's examples are written."""
    from pipeline.review.masking import mask_utterances

    found: dict[str, dict[str, list[str]]] = {}
    for event in held_decisions(session):
        outcome = event.payload["outcome"]
        call = session.get_one(ReviewCall, event.call_pk)
        if outcome not in ("fail", "pass"):
            continue
        try:
            record = corrected_record(session, desk, call)
        except CallFileError:
            continue  # kept no longer: its decisions still count, its words are gone
        item = next((i for i in record.scorecard.items if i.rule_id == event.rule_id), None)
        if item is None:
            continue
        said = record.transcript.utterances
        shown = said if see_numbers else mask_utterances(said)[0]
        dialogue = _dialogue(shown, item.evidence[:1])
        kind = "flag" if outcome == "fail" else "pass"
        if dialogue:
            found.setdefault(event.rule_id or "", {}).setdefault(kind, []).append(dialogue)
    return {rule: found[rule] for rule in sorted(found)}


def examples_yaml(examples: dict[str, dict[str, list[str]]]) -> str:
    """The examples as YAML: ``callqa rules check --examples FILE`` holds them against the rulebook."""
    import yaml

    class Block(yaml.SafeDumper):
        pass

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Block.add_representer(str, text)
    body = yaml.dump({"rules": examples}, Dumper=Block, allow_unicode=True, sort_keys=False, width=200)
    return f"# Labelled by the review desk: flag = confirmed fault, pass = no fault.\n{body}"


def _record(
    rule: str, title: str, events: list[Event], scores: dict[tuple[int, str], float | None]
) -> RuleRecord:
    fails = [e for e in events if e.payload["machine"] == "fail"]
    confirmed = [e for e in fails if e.payload["outcome"] == "fail"]
    overruled = [e for e in fails if e.payload["outcome"] in ("pass", "not_applicable")]
    missed = sum(e.payload["machine"] == "pass" and e.payload["outcome"] == "fail" for e in events)
    judged = len(confirmed) + len(overruled)
    low, high = wilson(len(confirmed), judged) if judged else (None, None)

    def of(found: list[Event]) -> list[float]:
        known = (scores.get((e.call_pk, rule)) for e in found)
        return [s for s in known if s is not None]

    reasons = [e.reason for e in overruled]
    return RuleRecord(
        rule, title, len(confirmed), len(overruled), missed, len(confirmed) / judged if judged else None, low, high,
        best_threshold(of(confirmed), of(overruled)),
        tuple(sorted(((r, reasons.count(r)) for r in set(reasons)), key=lambda p: -p[1])),
    )  # fmt: skip


def _dialogue(said: tuple[Utterance, ...], evidence: tuple[Evidence, ...]) -> str:
    """The lines around the evidence; the whole call where something was not said."""
    kept = range(len(said))
    if evidence:
        middle = evidence[0].span.middle_s
        at = min(kept, key=lambda i: abs(said[i].span.middle_s - middle), default=0)
        kept = range(max(0, at - CONTEXT_LINES), min(len(said), at + CONTEXT_LINES + 1))
    lines = [f"{SPEAKERS.get(said[i].role, '客户')}: {said[i].text}" for i in kept if said[i].text.strip()]
    return "\n".join(lines)
