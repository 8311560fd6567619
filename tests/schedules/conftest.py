"""Tests of real schedulers run on both databases."""

from tests.stores.conftest import (  # noqa: F401 - fixtures
    backend,
    postgresql_admin,
    postgresql_template,
    url,
)
