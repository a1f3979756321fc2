"""From verdicts to a scorecard, by either school; pure functions.

*deduct*: ``start`` less what failed, each group at most its cap, plus bonus. *weighted*:
``100 · Σ earned·weight / Σ possible·weight`` over the items that were judged. In both an item that does
not apply, or cannot be told, is left out; the latter lowers the confidence of the total.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.rules.book import Rulebook
from pipeline.rules.facts import CallFacts
from pipeline.rules.template import Item, ItemGroup, Template
from pipeline.types import GroupScore, Scorecard, Standard, Verdict

NOT_SCORED = ("unknown", "not_applicable")


def choose_template(book: Rulebook, facts: CallFacts, wanted: str = "auto") -> Template:
    """The template named, or the fitting one of the highest priority. Raises ValueError when none fits."""
    if wanted != "auto":
        for template in book.templates:
            if template.name == wanted:
                return template
        names = ", ".join(t.name for t in book.templates) or "none"
        raise ValueError(f"scorecard {wanted!r}: expected one of: {names}")
    for template in sorted(book.templates, key=lambda t: (-t.priority, t.name)):
        fits = template.fits
        if fits is None or fits.answer(facts, facts.whole).value == "hit":  # type: ignore[attr-defined]
            return template
    raise ValueError("no scorecard fits this call; expected one without a `for:` as the last resort")


def score_call(book: Rulebook, facts: CallFacts, template: Template, *, fingerprint: str = "") -> Scorecard:
    """Judge the template's rules and add them up."""
    verdicts = book.judge(facts, book.needed_by(template))
    return add_up(template, book, verdicts, call_id=facts.conversation.call.id, fingerprint=fingerprint)


def add_up(
    template: Template,
    book: Rulebook,
    verdicts: Mapping[str, Verdict],
    *,
    call_id: str,
    fingerprint: str = "",
) -> Scorecard:
    """The scorecard of these verdicts; overruled verdicts may be put in to score again."""
    items = {
        item.rule: replace(
            verdicts[item.rule], group=group.name, **_priced(template, book, item, verdicts[item.rule])
        )
        for group in template.groups
        for item in group.items
    }
    fatal = any(verdict.fatal for verdict in items.values())
    groups = tuple(_group_score(template, group, items) for group in template.groups)
    total = _total(template, groups, items, fatal)
    return Scorecard(
        call_id=call_id,
        total=total,
        grade="" if total is None else template.grade(total),
        fatal=fatal,
        groups=groups,
        items=tuple(items.values()),
        flags=(),
        flagged=False,
        fingerprint=fingerprint,
        standard=Standard(template.name, template.version),
        confidence=_confidence(template, items),
        critical=_critical(template, items),
        agent_quota=template.flagging.per_agent,
    )


def _priced(template: Template, book: Rulebook, item: Item, verdict: Verdict) -> dict[str, Any]:
    """What pricing changes in the verdict: points, sign and all; a draft rule is shown but takes nothing."""
    draft = book.rules[item.rule].status == "draft"
    if item.bonus:
        if verdict.outcome == "fail":  # not earned is no fault
            return {"outcome": "not_applicable", "points": 0.0, "why": "没有加分", "evidence": ()}
        earned = item.bonus if verdict.outcome == "pass" and not draft else 0.0
        return {"points": earned}
    if template.school == "weighted":
        earned = item.points if verdict.outcome == "pass" and not draft else 0.0
        return {"points": earned, "fatal": item.fatal and verdict.outcome == "fail" and not draft}
    if verdict.outcome != "fail" or draft:
        return {"points": 0.0}
    lost = item.points + item.repeat * max(0, len(verdict.evidence) - 1)
    if item.repeat_cap is not None:
        lost = min(lost, max(item.repeat_cap, item.points))
    return {"points": -lost, "fatal": item.fatal}


def _group_score(template: Template, group: ItemGroup, items: Mapping[str, Verdict]) -> GroupScore:
    if template.school == "weighted":
        judged = [i for i in group.items if i.points and items[i.rule].outcome not in NOT_SCORED]
        emptied = any(items[i.rule].fatal for i in group.items)  # a fatal item empties its group
        earned = 0.0 if emptied else sum(items[i.rule].points for i in judged)
        return GroupScore(group.name, earned, sum(i.points for i in judged) if judged else None)
    points = sum(items[i.rule].points for i in group.items)
    if group.cap is not None:
        lost = sum(min(0.0, items[i.rule].points) for i in group.items)
        points += max(lost, -group.cap) - lost
    return GroupScore(group.name, points, group.cap)


def _total(
    template: Template, groups: tuple[GroupScore, ...], items: Mapping[str, Verdict], fatal: bool
) -> float | None:
    if fatal:
        return 0.0
    if all(v.outcome in NOT_SCORED for v in items.values()):
        return None
    if template.school == "deduct":
        bonus = sum(max(0.0, v.points) for v in items.values())
        total = template.start + sum(g.points for g in groups)
        return round(min(max(total, template.floor), template.start + bonus), 2)
    earned = possible = 0.0
    for group in template.groups:
        for item in group.items:
            if item.points and items[item.rule].outcome not in NOT_SCORED:
                weight = group.weight if item.weight is None else item.weight
                earned += items[item.rule].points * weight
                possible += item.points * weight
    bonus = sum(items[item.rule].points for item in template.items if item.bonus)
    return round(100 * earned / possible + bonus, 2) if possible else None


def _critical(template: Template, items: Mapping[str, Verdict]) -> float | None:
    """Share 0-100 of the critical items' points kept; None without a judged critical item."""
    judged = [i for i in template.items if i.critical and items[i.rule].outcome not in NOT_SCORED]
    possible = sum(i.points or 1.0 for i in judged)
    kept = sum(i.points or 1.0 for i in judged if items[i.rule].outcome == "pass")
    return round(100 * kept / possible, 2) if possible else None


def _confidence(template: Template, items: Mapping[str, Verdict]) -> float:
    """Σ at stake × confidence of judged items / Σ at stake of applicable items; 0 when none applies."""
    sure = possible = 0.0
    for item in template.items:
        verdict = items[item.rule]
        stake = item.at_stake if not item.bonus else 0.0
        if verdict.outcome == "not_applicable" or not stake:
            continue
        possible += stake
        sure += 0.0 if verdict.outcome == "unknown" else stake * verdict.confidence
    return round(sure / possible, 4) if possible else 0.0
