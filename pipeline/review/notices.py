"""Telling people: in the page, and by a webhook where one is configured."""

from __future__ import annotations

import logging
import threading
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipeline.review.desk import Desk, now
from pipeline.review.models import Notice, ReviewCall, User

_log = logging.getLogger(__name__)
WEBHOOK_TIMEOUT_S = 5.0


def tell(session: Session, user_ids: list[int], key: str, link: str, **values: Any) -> None:
    """A line in each user's notices, in the transaction of what it tells of."""
    for user_id in sorted(set(user_ids)):
        session.add(Notice(user_id=user_id, at=now(), key=key, link=link, values=values))


def tell_agent(session: Session, call: ReviewCall, key: str, link: str) -> None:
    users = session.scalars(
        select(User.id).where(User.role == "agent", User.agent_id == call.agent_id, User.active)
    ).all()
    tell(session, list(users), key, link, call=call.call_id)


def tell_role(
    session: Session, role: str, key: str, link: str, *, but: int | None = None, **values: Any
) -> None:
    users = session.scalars(select(User.id).where(User.role == role, User.active)).all()
    tell(session, [u for u in users if u != but], key, link, **values)


def post_webhook(desk: Desk, step: dict[str, Any]) -> None:
    """Post a step to the configured URL, in the background; a dead receiver holds nobody up."""
    if desk.config.webhook:
        threading.Thread(target=_post, args=(desk.config.webhook, step), daemon=True).start()


def _post(url: str, step: dict[str, Any]) -> None:
    import httpx

    try:
        httpx.post(url, json=step, timeout=WEBHOOK_TIMEOUT_S).raise_for_status()
    except httpx.HTTPError as error:
        _log.warning("webhook: expected an answer 2xx, found: %s", type(error).__name__)
