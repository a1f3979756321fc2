"""What reviewers' decisions say of the rules, and the examples they make."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from pipeline.review import learning
from pipeline.review.audit import note
from pipeline.review.charts import interval
from pipeline.review.desk import desk_of
from pipeline.review.guard import Viewer, need
from pipeline.review.pages import render

router = APIRouter()
Learner = Annotated[Viewer, Depends(need("learn"))]


@router.get("/learning")
def rules(request: Request, viewer: Learner) -> Response:
    with desk_of(request).database.reading() as session:
        records = learning.rule_records(session)
    return render(request, viewer, "learning.html", records=records, interval=interval)


@router.get("/learning/examples.yaml")
def examples(request: Request, viewer: Learner) -> Response:
    """Decisions as flag and pass examples, for a lexicon."""
    desk = desk_of(request)
    with desk.database.reading() as session:
        found = learning.labelled_examples(session, desk, see_numbers=viewer.can("see_numbers"))
    note(desk, viewer, "export", "examples.yaml")
    headers = {"content-disposition": 'attachment; filename="examples.yaml"'}
    return Response(learning.examples_yaml(found), media_type="text/yaml; charset=utf-8", headers=headers)
