"""One suite for both databases: every test that takes `database` runs on SQLite and on a real PostgreSQL."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from suppress.stores.database import Database
from suppress.stores.schema import upgrade
from tests.stores.servers import postgresql_server

_numbers = itertools.count(1)

BOTH = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="session")
def postgresql_admin() -> Iterator[str]:
    """The URL of the administration database of a server that lives as long as the session."""
    with postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_admin: str) -> str:
    """The name of an upgraded database to copy: quicker than migrating for every test."""
    new_postgresql(postgresql_admin, "upgraded")
    with Database.open(named(postgresql_admin, "upgraded"), require_schema=False) as database:
        upgrade(database)
    return "upgraded"


@pytest.fixture(params=BOTH)
def backend(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    name = f"empty_{next(_numbers)}"
    admin = request.getfixturevalue("postgresql_admin")
    new_postgresql(admin, name)
    return named(admin, name)


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with all tables and no facts."""
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "facts.db")
        return f"sqlite:///{tmp_path}/facts.db"
    name = f"facts_{next(_numbers)}"
    admin = request.getfixturevalue("postgresql_admin")
    new_postgresql(admin, name, request.getfixturevalue("postgresql_template"))
    return named(admin, name)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """An open database with all tables and no facts."""
    with Database.open(url) as opened:
        yield opened


@pytest.fixture
def admin_execute(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Runs a statement as the administrator of PostgreSQL."""
    admin = request.getfixturevalue("postgresql_admin")

    def execute(statement: str) -> None:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(statement)

    return execute


def new_postgresql(admin: str, name: str, template: str = "template0") -> None:
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def named(admin: str, name: str) -> str:
    return make_url(admin).set(database=name).render_as_string(hide_password=False)
