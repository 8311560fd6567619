"""The server comes whole and checked, or the tests fail and say why."""

import json
from pathlib import Path

import pytest

from tests.editor.language_server import LanguageServer
from tests.editor.node import HERE, server_command, server_version


def test_the_server_is_the_locked_one(server: LanguageServer) -> None:
    """What runs is the version package.json names."""
    assert {"name": "yaml-language-server", "version": server_version()} == server.info["serverInfo"]


def test_every_package_is_locked_with_its_hash() -> None:
    """npm checks each package against a SHA-512 in the lock, which was made from package.json."""
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    own = lock.pop("")

    assert {"yaml-language-server": server_version()} == own["dependencies"]
    assert server_version() == lock["node_modules/yaml-language-server"]["version"]
    assert [] == [name for name, package in lock.items() if not package["integrity"].startswith("sha512-")]


def test_without_npm_the_tests_fail_and_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the registry cannot be reached the message names it and what npm said, and nothing half-made is left."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")

    with pytest.raises(RuntimeError, match=r"was not installed; .*https://registry\.npmjs\.org(.|\n)*ECONNREFUSED"):
        server_command(tmp_path / "cache")

    assert [] == list((tmp_path / "cache").iterdir())


def test_a_server_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    """Whoever waits for a server that ended is told so at once, with what it said."""
    with pytest.raises(EOFError, match=r"ended before the answer to initialize(.|\n)*no such luck"):
        LanguageServer(["sh", "-c", "echo no such luck >&2"], tmp_path, {})
