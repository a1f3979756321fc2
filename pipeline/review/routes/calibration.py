"""Calibration rounds: made, answered blind, read."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import func, select

from pipeline.review import calibration
from pipeline.review.audio import sound_token
from pipeline.review.audit import note
from pipeline.review.callview import view_call
from pipeline.review.decisions import Standing
from pipeline.review.desk import desk_of
from pipeline.review.guard import Refused, Viewer, need
from pipeline.review.models import CalibrationRound, ReviewCall, RoundAnswer, RoundCall, RoundUser, Rule, User
from pipeline.review.pages import render, words
from pipeline.review.timeline_svg import timeline_svg

router = APIRouter()
Taker = Annotated[Viewer, Depends(need("calibrate"))]
Runner = Annotated[Viewer, Depends(need("run_calibration"))]


@router.get("/calibration")
def rounds(request: Request, viewer: Taker) -> Response:
    with desk_of(request).database.reading() as session:
        made = session.scalars(select(CalibrationRound).order_by(CalibrationRound.id.desc())).all()
        mine = set(session.scalars(select(RoundUser.round_id).where(RoundUser.user_id == viewer.id)))
        shown = [r for r in made if viewer.can("run_calibration") or r.id in mine]
        answered = select(RoundAnswer.round_id, func.count(func.distinct(RoundAnswer.call_pk)))
        done = session.execute(
            answered.where(RoundAnswer.user_id == viewer.id).group_by(RoundAnswer.round_id)
        ).all()
        sizes = session.execute(select(RoundCall.round_id, func.count()).group_by(RoundCall.round_id)).all()
        reviewers = session.scalars(
            select(User).where(User.role.in_(("qa", "supervisor")), User.active).order_by(User.name)
        ).all()
        rules = session.scalars(select(Rule).order_by(Rule.id)).all()
        candidates = session.scalars(
            select(ReviewCall).order_by(ReviewCall.flagged.desc(), ReviewCall.priority.desc()).limit(40)
        ).all()
    return render(
        request, viewer, "calibration.html", rounds=shown, mine=mine, done={row[0]: row[1] for row in done},
        sizes={row[0]: row[1] for row in sizes}, reviewers=reviewers, rules=rules, candidates=candidates,
    )  # fmt: skip


@router.post("/calibration")
def start(
    request: Request,
    viewer: Runner,
    name: Annotated[str, Form()],
    call: Annotated[list[int], Form()],
    user: Annotated[list[int], Form()],
    rule: Annotated[list[str], Form()],
) -> Response:
    made = calibration.start_round(desk_of(request), viewer, name=name, calls=call, users=user, rules=rule)
    return RedirectResponse(f"/calibration/{made}", 303)


@router.get("/calibration/{round_id}")
def one_round(request: Request, viewer: Taker, round_id: int) -> Response:
    """Progress while open; agreement and drift once closed. Nobody sees another's answers before."""
    with desk_of(request).database.reading() as session:
        held = session.get(CalibrationRound, round_id)
        takes_part = held is not None and session.get(RoundUser, (round_id, viewer.id)) is not None
        if held is None or not (takes_part or viewer.can("run_calibration")):
            raise Refused(404, "review.error.not_found")
        calls = session.scalars(
            select(ReviewCall)
            .join(RoundCall, RoundCall.call_pk == ReviewCall.id)
            .where(RoundCall.round_id == round_id)
            .order_by(ReviewCall.id)
        ).all()
        mine = set(
            session.scalars(
                select(RoundAnswer.call_pk).where(
                    RoundAnswer.round_id == round_id, RoundAnswer.user_id == viewer.id
                )
            )
        )
        progress = session.execute(
            select(User.name, func.count(func.distinct(RoundAnswer.call_pk)))
            .join(RoundUser, RoundUser.user_id == User.id)
            .outerjoin(
                RoundAnswer, (RoundAnswer.user_id == User.id) & (RoundAnswer.round_id == RoundUser.round_id)
            )
            .where(RoundUser.round_id == round_id)
            .group_by(User.name)
            .order_by(User.name)
        ).all()
        agreements, drifts = calibration.results(session, held) if held.closed else ([], [])
        titles = {r.id: r.title for r in session.scalars(select(Rule))}
    return render(
        request, viewer, "round.html", held=held, calls=calls, mine=mine, progress=progress, takes_part=takes_part,
        agreements=agreements, drifts=drifts, titles=titles,
    )  # fmt: skip


@router.get("/calibration/{round_id}/calls/{pk}")
def blind_call(request: Request, viewer: Taker, round_id: int, pk: int) -> Response:
    """A call to judge without the machine's verdicts or anybody's decisions."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        held = calibration.open_round(session, viewer, round_id)
        call = session.get(ReviewCall, pk)
        if call is None or session.get(RoundCall, (round_id, pk)) is None:
            raise Refused(404, "review.error.not_found")
        mine = {
            a.rule_id: a.outcome
            for a in session.scalars(
                select(RoundAnswer).where(
                    RoundAnswer.round_id == round_id,
                    RoundAnswer.call_pk == pk,
                    RoundAnswer.user_id == viewer.id,
                )
            )
        }
        rules = session.scalars(select(Rule).where(Rule.id.in_(held.rules)).order_by(Rule.id)).all()
    record = desk.record(call)
    view = view_call(record, Standing({}, None, {}), see_numbers=viewer.can("see_numbers"))
    blind = replace(view, items=())
    note(desk, viewer, "open", call.call_id)
    token = sound_token(desk.secret, session_hash=viewer.session_hash, call_pk=pk)
    return render(
        request, viewer, "blind.html", held=held, call=call, view=blind, rules=rules, mine=mine,
        outcomes=calibration.OUTCOMES, audio=f"/calls/{pk}/audio/{token}",
        timeline=timeline_svg(blind, words(viewer.lang), peaks_href=f"/calls/{pk}/peaks.svg"),
    )  # fmt: skip


@router.post("/calibration/{round_id}/calls/{pk}")
async def answer_call(request: Request, viewer: Taker, round_id: int, pk: int) -> Response:
    from starlette.concurrency import run_in_threadpool

    form = await request.form()
    given = {k.removeprefix("rule:"): str(v) for k, v in form.items() if k.startswith("rule:")}
    await run_in_threadpool(calibration.answer_call, desk_of(request), viewer, round_id, pk, given)
    return RedirectResponse(f"/calibration/{round_id}", 303)


@router.post("/calibration/{round_id}/close")
def close(request: Request, viewer: Runner, round_id: int) -> Response:
    calibration.close_round(desk_of(request), round_id)
    return RedirectResponse(f"/calibration/{round_id}", 303)
