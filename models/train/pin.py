"""Writes the sha256 of every shipped model file at the end of models/models.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pipeline.models import sha256_of

MODELS = Path(__file__).resolve().parents[1]
MARK = "# ---- written by"


def main() -> None:
    path = MODELS / "models.toml"
    text = path.read_text(encoding="utf-8")
    head = text[: text.index("\n", text.index(MARK)) + 1]
    lines = [head]
    for name, entry in tomllib.loads(head)["model"].items():
        if "shipped" in entry:
            folder = MODELS / entry["shipped"]
            lines.append(f"\n[files.{name}]\n")
            for file in sorted(p for p in folder.rglob("*") if p.is_file()):
                lines.append(f'"{file.relative_to(folder).as_posix()}" = "{sha256_of(file)}"\n')
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
