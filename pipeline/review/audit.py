"""Who looked at what: every opened call, sound, export, log-in and change of users."""

from __future__ import annotations

from pipeline.review.desk import Desk, now
from pipeline.review.guard import Viewer
from pipeline.review.models import Audit


def note(desk: Desk, viewer: Viewer | str, action: str, target: str, *, address: str = "") -> None:
    """Add a line to the audit log, in a transaction of its own: it stays when the rest fails."""
    name = viewer.name if isinstance(viewer, Viewer) else viewer
    where = viewer.address if isinstance(viewer, Viewer) else address
    with desk.database.writing() as session:
        session.add(Audit(at=now(), user=name[:80], action=action, target=target[:400], address=where[:80]))
