"""The application: routes by theme, the same safe headers on everything, errors as plain pages."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from pipeline.report.calljson import CallFileError
from pipeline.review.audio import SoundCache
from pipeline.review.desk import Desk
from pipeline.review.guard import NotSignedIn, Refused
from pipeline.review.pages import render
from pipeline.review.queries import FacetCache
from pipeline.review.routes import all_routers
from pipeline.strings import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# recent FastAPI can send traces where the environment says; recordings and their metadata stay home
SILENT: Any = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)
MAX_BODY = 1 << 20  # no form of ours comes near a megabyte

HEADERS = {
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        b"connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}


def create_app(desk: Desk) -> FastAPI:
    """The desk as an ASGI application; nothing is fetched from anywhere."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        app.state.sounds.close()

    app = FastAPI(
        title="callqa review",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        telemetry=SILENT,
    )
    app.state.desk = desk
    app.state.facets = FacetCache()
    app.state.sounds = SoundCache()
    for router in all_routers():
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    app.add_exception_handler(NotSignedIn, _to_login)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(CallFileError, _no_record)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_middleware(SafeEdges)
    return app


class SafeEdges:
    """Headers on every answer, a limit on every body, no change asked for by another site."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = {name.lower() for name, _ in message["headers"]}
                extra = [(k, v) for k, v in HEADERS.items() if k not in sent]
                if b"cache-control" not in sent and not scope["path"].startswith("/static/"):
                    extra.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        refusal = _refuse_early(scope["method"], headers)
        await (refusal or self.app)(scope, receive, send_with_headers)


def _refuse_early(method: str, headers: dict[bytes, bytes]) -> Response | None:
    if method in ("GET", "HEAD"):
        return None
    length = headers.get(b"content-length", b"")
    if b"transfer-encoding" in headers or (length.isdigit() and int(length) > MAX_BODY):
        return Response("request body too large", 413)
    if headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        return Response("a change must come from this site", 403)
    origin = headers.get(b"origin", b"")
    host = headers.get(b"host", b"")
    if origin and origin.rpartition(b"://")[2] != host:
        return Response("a change must come from this site", 403)
    return None


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _to_login(request: Request, error: Exception) -> Response:
    if _wants_json(request) or (request.url.path.startswith("/calls/") and "/audio/" in request.url.path):
        return JSONResponse({"error": "not signed in"}, 401)
    target = request.url.path if request.method == "GET" else "/"
    if request.method == "GET" and request.url.query:
        target += f"?{request.url.query}"
    from urllib.parse import quote

    return RedirectResponse(f"/login?next={quote(target)}", 303)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _error(request, error.status, error.key, **error.values)


def _no_record(request: Request, error: Exception) -> Response:
    return _error(request, 404, "review.error.no_record")


def _bad_request(request: Request, error: Exception) -> Response:
    return _error(request, 400, "review.error.bad_request")


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _error(request, status, "review.error.not_found" if status == 404 else "review.error.bad_request")


def _error(request: Request, status: int, key: str, **values: Any) -> Response:
    if _wants_json(request):
        lang = "en" if request.headers.get("accept-language", "").lower().startswith("en") else "zh"
        return JSONResponse({"error": text(key, lang, **values)}, status)
    from pipeline.review.pages import _asked_language

    message = text(key, _asked_language(request), **values)
    return render(request, None, "error.html", status=status, code=status, message=message)
