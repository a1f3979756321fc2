"""The desk's routes, one module a theme; each route declares the right it needs."""

from __future__ import annotations

import importlib

from fastapi import APIRouter

MODULES = (
    "signin", "queue", "call", "sound", "appeals", "calibration", "learning", "boards", "coaching", "exports", "admin",
)  # fmt: skip


def all_routers() -> list[APIRouter]:
    return [importlib.import_module(f"pipeline.review.routes.{name}").router for name in MODULES]
