"""Alembic's way in: the desk hands over its own open connection."""

from alembic import context

from pipeline.review.models import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
