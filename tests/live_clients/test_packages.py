"""The clients of others come whole and checked, or the tests fail and say why."""

import json
import socket
from pathlib import Path

import pytest

from tests import npm
from tests.live_clients.packages import HERE
from tests.npm import installed


def test_every_package_is_locked_with_its_hash() -> None:
    """npm checks each package against a SHA-512 in the lock, which was made from package.json."""
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    own = lock.pop("")
    # What comes inside of another package is checked with it.
    fetched = {name: package for name, package in lock.items() if not package.get("inBundle")}

    assert wanted == own["dependencies"]
    assert wanted == {name: lock[f"node_modules/{name}"]["version"] for name in wanted}
    assert [] == [name for name, package in fetched.items() if not package["integrity"].startswith("sha512-")]


def test_a_registry_that_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests fail in bounded time, name what is missing, and leave nothing half-made."""
    monkeypatch.setattr(npm, "INSTALLS_WITHIN_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))

        with pytest.raises(RuntimeError, match=r"a client was not installed; (.|\n)*not done within 1 s"):
            installed(HERE, tmp_path / "cache", "a client")

    assert [] == list((tmp_path / "cache").iterdir())
