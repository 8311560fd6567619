"""One server for all tests of a process. It asks nobody for schemas: the modelines of the files name theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.drafting import Editor
from tests.editor.language_server import LanguageServer
from tests.editor.node import server_command

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}, "schemas": {}},
    "http": {},
    "[yaml]": {"editor.tabSize": 2},
    "editor": {"detectIndentation": False},
}


@pytest.fixture(scope="session")
def server() -> Iterator[LanguageServer]:
    """The real server; it fails, and is never skipped, when npm cannot install it."""
    with LanguageServer(server_command(), ROOT, SETTINGS) as server:
        yield server


@pytest.fixture(scope="session")
def editor(server: LanguageServer) -> Editor:
    """An editor in the folder of the shipped rules, whose schemas the modelines name."""
    return Editor(server, ROOT / "rulesets")
