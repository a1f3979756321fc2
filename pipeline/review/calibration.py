"""Calibration: the same calls given blind to several reviewers, and how far they agree.

Kappas from statsmodels (Fleiss 1971; Cohen 1960, mean over the pairs), Krippendorff's alpha
(nominal) from the krippendorff package: it takes reviewers who answered only some of the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review.desk import Desk, now
from pipeline.review.guard import Refused, Viewer
from pipeline.review.models import CalibrationRound, ReviewCall, RoundAnswer, RoundCall, RoundUser, User
from pipeline.review.notices import tell

OUTCOMES = ("pass", "fail", "unknown", "not_applicable")
MAX_CALLS, MAX_RULES = 30, 60

Answers = Mapping[tuple[str, str], str]  # (unit, reviewer) -> outcome


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agree on one item; None where there is too little to say."""

    rule_id: str
    answers: int
    percent: float | None  # share of pairs of answers that agree
    cohen: float | None
    fleiss: float | None
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Drift:
    """One reviewer against the majority of the others."""

    name: str
    answers: int
    agrees: float | None
    harsher: float | None  # share of answers that fail what the majority passes, less the reverse


def start_round(
    desk: Desk, viewer: Viewer, *, name: str, calls: list[int], users: list[int], rules: list[str]
) -> int:
    """A round over ``calls`` for ``users``; its id. Raises Refused 400."""
    if (
        not name.strip()
        or not 1 <= len(calls) <= MAX_CALLS
        or len(users) < 2
        or not 1 <= len(rules) <= MAX_RULES
    ):
        raise Refused(400, "review.error.round")
    with desk.database.writing() as session:
        known = set(session.scalars(select(ReviewCall.id).where(ReviewCall.id.in_(calls))))
        fit = set(session.scalars(
            select(User.id).where(User.id.in_(users), User.role.in_(("qa", "supervisor")), User.active)
        ))  # fmt: skip
        if known != set(calls) or fit != set(users):
            raise Refused(400, "review.error.round")
        made = CalibrationRound(
            name=name.strip()[:120], made_by=viewer.id, made_at=now(), rules=sorted(set(rules))
        )
        session.add(made)
        session.flush()
        session.add_all([RoundCall(round_id=made.id, call_pk=pk) for pk in sorted(known)])
        session.add_all([RoundUser(round_id=made.id, user_id=pk) for pk in sorted(fit)])
        tell(session, sorted(fit), "notice.round", f"/calibration/{made.id}", name=made.name)
        return made.id


def answer_call(desk: Desk, viewer: Viewer, round_id: int, call_pk: int, given: Mapping[str, str]) -> None:
    """One reviewer's answers for one call, all items at once; may be corrected until the round closes."""
    with desk.database.writing() as session:
        held = open_round(session, viewer, round_id)
        in_round = session.get(RoundCall, (round_id, call_pk))
        if in_round is None or set(given) != set(held.rules) or not set(given.values()) <= set(OUTCOMES):
            raise Refused(400, "review.error.bad_request")
        for rule_id, outcome in given.items():
            session.merge(
                RoundAnswer(
                    round_id=round_id,
                    call_pk=call_pk,
                    user_id=viewer.id,
                    rule_id=rule_id,
                    outcome=outcome,
                    at=now(),
                )
            )


def open_round(session: Session, viewer: Viewer, round_id: int) -> CalibrationRound:
    """An open round the viewer takes part in. Raises Refused."""
    held = session.get(CalibrationRound, round_id)
    if held is None or session.get(RoundUser, (round_id, viewer.id)) is None:
        raise Refused(404, "review.error.not_found")
    if held.closed:
        raise Refused(409, "review.error.round_closed")
    return held


def close_round(desk: Desk, round_id: int) -> None:
    with desk.database.writing() as session:
        held = session.get(CalibrationRound, round_id)
        if held is None:
            raise Refused(404, "review.error.not_found")
        held.closed = True


def results(session: Session, held: CalibrationRound) -> tuple[list[Agreement], list[Drift]]:
    rows = session.execute(
        select(RoundAnswer, User.name)
        .join(User, User.id == RoundAnswer.user_id)
        .where(RoundAnswer.round_id == held.id)
    ).all()
    by_rule: dict[str, dict[tuple[str, str], str]] = {rule: {} for rule in held.rules}
    everything: dict[tuple[str, str], str] = {}
    for row, name in rows:
        by_rule[row.rule_id][(str(row.call_pk), name)] = row.outcome
        everything[(f"{row.call_pk}/{row.rule_id}", name)] = row.outcome
    return [agreement(rule, found) for rule, found in by_rule.items()], drift(everything)


def agreement(rule_id: str, answers: Answers) -> Agreement:
    """Agreement on one item over its units (calls)."""
    table = _table(answers)  # reviewers × units, -1 where nobody answered
    pairs = _pairs(table)
    percent = float(np.mean([a == b for a, b in pairs])) if pairs else None
    return Agreement(rule_id, len(answers), percent, _cohen(table), _fleiss(table), _alpha(table))


def drift(answers: Answers) -> list[Drift]:
    found = []
    names = sorted({name for _, name in answers})
    for name in names:
        agrees, harsher = [], []
        for (unit, who), given in answers.items():
            if who != name:
                continue
            others = [o for (u, w), o in answers.items() if u == unit and w != name]
            top = _majority(others)
            if top is not None:
                agrees.append(given == top)
                harsher.append((given == "fail" and top == "pass") - (given == "pass" and top == "fail"))
        found.append(
            Drift(
                name,
                len(agrees),
                float(np.mean(agrees)) if agrees else None,
                float(np.mean(harsher)) if agrees else None,
            )
        )
    return found


def _majority(given: list[str]) -> str | None:
    counts = sorted(((given.count(o), o) for o in set(given)), reverse=True)
    if not counts or (len(counts) > 1 and counts[0][0] == counts[1][0]):
        return None  # no majority: nobody can drift from it
    return counts[0][1]


def _table(answers: Answers) -> np.ndarray:
    units = sorted({unit for unit, _ in answers})
    names = sorted({name for _, name in answers})
    table = np.full((len(names), len(units)), -1)
    for (unit, name), outcome in answers.items():
        table[names.index(name), units.index(unit)] = OUTCOMES.index(outcome)
    return table


def _pairs(table: np.ndarray) -> list[tuple[int, int]]:
    return [
        (a, b)
        for unit in table.T
        for a, b in combinations([v for v in unit if v >= 0], 2)
    ]  # fmt: skip


def _cohen(table: np.ndarray) -> float | None:
    from statsmodels.stats.inter_rater import cohens_kappa

    kappas = []
    for one, other in combinations(table, 2):
        both = (one >= 0) & (other >= 0)
        counts = np.zeros((len(OUTCOMES), len(OUTCOMES)))
        np.add.at(counts, (one[both], other[both]), 1)
        if both.sum() >= 2 and len(set(one[both]) | set(other[both])) > 1:
            kappas.append(float(cohens_kappa(counts, return_results=False)))
    return _finite(float(np.mean(kappas))) if kappas else None


def _fleiss(table: np.ndarray) -> float | None:
    from statsmodels.stats.inter_rater import fleiss_kappa

    whole = table[:, (table >= 0).all(axis=0)] if table.size else table  # Fleiss needs every answer
    if whole.shape[0] < 2 or whole.shape[1] < 2 or len(np.unique(whole)) < 2:
        return None
    counts = np.array([[(unit == o).sum() for o in range(len(OUTCOMES))] for unit in whole.T])
    return _finite(float(fleiss_kappa(counts)))


def _alpha(table: np.ndarray) -> float | None:
    import krippendorff

    values = np.where(table < 0, np.nan, table.astype(float)) if table.size else table
    if not _pairs(table) or len(np.unique(table[table >= 0])) < 2:
        return None  # alpha is not defined where everybody says one thing only
    return _finite(float(krippendorff.alpha(values, level_of_measurement="nominal")))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
