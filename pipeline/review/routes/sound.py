"""Sound and its drawing, for those who may listen."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import select

from pipeline.review.audio import byte_range, decoded, peaks, recording_paths, sound_token, stream
from pipeline.review.audit import note
from pipeline.review.callview import bleeps_of
from pipeline.review.desk import Desk, desk_of, now
from pipeline.review.guard import Refused, Viewer, need
from pipeline.review.models import Audit, Peaks, ReviewCall
from pipeline.review.routes.call import visible_call
from pipeline.review.timeline_svg import peaks_svg

router = APIRouter()
Listener = Annotated[Viewer, Depends(need("listen"))]
HEARD_AGAIN_AFTER = timedelta(minutes=10)  # a browser asks for many ranges of one listening


@router.get("/calls/{pk}/audio/{token}")
def audio(request: Request, viewer: Listener, pk: int, token: str) -> Response:
    """The call's sound as PCM WAV, whole or a range of it."""
    desk = desk_of(request)
    expected = sound_token(desk.secret, session_hash=viewer.session_hash, call_pk=pk)
    if not hmac.compare_digest(token.encode(), expected.encode()):
        raise Refused(404, "review.error.not_found")
    with desk.database.reading() as session:
        call = visible_call(session, viewer, pk)
    bleeps = () if viewer.can("see_numbers") else bleeps_of(desk.record(call))
    path = request.app.state.sounds.wav(recording_paths(desk, call), bleeps=bleeps)
    _note_listening(desk, viewer, call)
    size = path.stat().st_size
    wanted = byte_range(request.headers.get("range"), size)
    first, last = wanted or (0, size - 1)
    headers = {"accept-ranges": "bytes", "content-length": str(last - first + 1)}
    if wanted:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    return StreamingResponse(
        stream(path, first, last), status_code=206 if wanted else 200, headers=headers, media_type="audio/wav"
    )


@router.get("/calls/{pk}/peaks.svg")
def drawn_peaks(request: Request, viewer: Listener, pk: int) -> Response:
    """The waveform, computed once and kept."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        call = visible_call(session, viewer, pk)
        kept = session.get(Peaks, pk)
    info = desk.record(call).call
    if kept is None or kept.sha256 != info.sha256:
        samples, _ = decoded(recording_paths(desk, call))
        kept = Peaks(call_pk=pk, sha256=info.sha256, data=peaks(samples))
        with desk.database.writing() as session:
            session.merge(kept)
    lanes: tuple[str, ...] = ("both",)
    if info.channels == 2:
        lanes = ("customer", "agent") if info.agent_channel == 1 else ("agent", "customer")
    return Response(
        peaks_svg(kept.data, lanes=lanes),
        media_type="image/svg+xml",
        headers={"cache-control": "private, max-age=600"},
    )


def _note_listening(desk: Desk, viewer: Viewer, call: ReviewCall) -> None:
    with desk.database.reading() as session:
        heard = session.scalar(
            select(Audit.id)
            .where(
                Audit.user == viewer.name,
                Audit.action == "listen",
                Audit.target == call.call_id[:400],
                Audit.at > now() - HEARD_AGAIN_AFTER,
            )
            .limit(1)
        )
    if heard is None:
        note(desk, viewer, "listen", call.call_id)
