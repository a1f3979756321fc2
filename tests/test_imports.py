"""Imports point one way. A room may import the rooms before it in this list, and its own."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pipeline"

# Each line may import what stands on it and above it. Written in docs/architecture.md.
ORDER = [
    {"types", "resources"},
    {"timeline", "text", "audio", "audio_header", "audio_probe", "sounds", "config", "config_doc", "strings"},
    {"listen", "roles", "cdr", "measures", "rules", "models", "model_fetch", "callsim"},
    {"stages"},
    {"report", "store", "batch", "verify"},
    {"review"},
    {"commands"},
    {"cli"},
]
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}

# Loaded only where they are used, inside functions: help must answer at once and rules must be
# testable without weights.
HEAVY = {"torch", "torchaudio", "faster_whisper", "pyannote", "librosa", "transformers", "ray", "jieba"}


def modules():
    return sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def test_every_room_has_its_place():
    assert {room_of(path) for path in modules()} - {"__init__"} <= set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    room = room_of(path)
    for _, name in imports(path):
        parts = name.split(".")
        if parts[0] == "pipeline" and len(parts) > 1:
            assert LEVEL[parts[1]] <= LEVEL[room], f"{room} may not import {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_load_only_where_used(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            assert name.split(".")[0] not in HEAVY, f"{name} at the top of {path.name}"
