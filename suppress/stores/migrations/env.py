"""Alembic runs this to apply revisions, on the connection and in the transaction `suppress.stores.schema` hands it."""

from alembic import context

from suppress.stores.schema import OPTIONS

context.configure(connection=context.config.attributes["connection"], **OPTIONS)
context.run_migrations()
