"""The YAML language server which package-lock.json names, and how to start it."""

import json
from pathlib import Path

from tests.npm import CACHE, NODE, installed

HERE = Path(__file__).parent


def server_command(cache: Path = CACHE) -> list[str]:
    """The command of the server, which speaks over its standard input and output; installed at the first call.

    Raises RuntimeError, with what npm says, when it cannot be installed.
    """
    packages = installed(HERE, cache, f"yaml-language-server {server_version()}")
    return [str(NODE), str(packages / "yaml-language-server" / "bin" / "yaml-language-server"), "--stdio"]


def server_version() -> str:
    """The version of the server that package.json asks for."""
    return str(json.loads((HERE / "package.json").read_text())["dependencies"]["yaml-language-server"])
