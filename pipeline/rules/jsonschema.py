"""JSON Schema of lexicon and scorecard files, from the same dataclasses that read them."""

from __future__ import annotations

from typing import Any

from pipeline.rules.book import Lexicon
from pipeline.rules.grammar import condition_schema
from pipeline.rules.rule import Rule
from pipeline.rules.shape import json_schema
from pipeline.rules.template import Template

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def lexicon_schema() -> dict[str, Any]:
    """For ``lexicons/*.yaml``."""
    definitions: dict[str, Any] = {}
    condition_schema(definitions)
    json_schema(Rule, definitions)
    top = json_schema(Lexicon, definitions)
    return {"$schema": DRAFT, "title": "callqa lexicon", **top, "$defs": definitions}


def scorecard_schema() -> dict[str, Any]:
    """For ``lexicons/scorecards/*.yaml``."""
    definitions: dict[str, Any] = {}
    condition_schema(definitions)
    top = json_schema(Template, definitions)
    return {"$schema": DRAFT, "title": "callqa scorecard", **top, "$defs": definitions}
