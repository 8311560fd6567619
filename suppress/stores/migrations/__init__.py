"""Alembic revisions of the database schema; run through `suppress.stores.schema`, never by hand."""
