"""One seed for all random tests, printed with every run and settable, so that a failure can be seen again."""

import os
from pathlib import Path
from random import SystemRandom

import pytest
from hypothesis import HealthCheck, Phase, settings

from suppress.stores.database import Database
from suppress.stores.schema import upgrade

SEED = int(os.environ.get("SUPPRESS_SEED") or SystemRandom().randrange(2**32))
os.environ["SUPPRESS_SEED"] = str(SEED)

settings.register_profile("suppress", deadline=None, print_blob=True, derandomize=False)
settings.load_profile("suppress")

PHASES = tuple(Phase) if os.environ.get("SUPPRESS_SHRINK") else (Phase.explicit, Phase.generate)
LONG = settings(suppress_health_check=list(HealthCheck), database=None, phases=PHASES)
"""For tests with thousands of large cases: a failure is told at once; SUPPRESS_SHRINK=1 looks for a smaller one."""


def pytest_report_header() -> str:
    """How to see the same random cases again."""
    return f"random tests: SUPPRESS_SEED={SEED}"


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of this run."""
    return SEED


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded file to copy: quicker than migrating for every test."""
    path = tmp_path_factory.mktemp("template") / "upgraded.db"
    with Database.open(f"sqlite:///{path}", require_schema=False) as database:
        upgrade(database)
    return path
