"""`suppress serve` before it serves: what cannot be is told in a sentence."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from suppress.cli import cli

RULES = "version: 1\nruleset: shop\nrules:\n  - {id: gone, drop: item, code: out_of_stock, when: {item.sku: A}}\n"


@pytest.fixture
def taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port that somebody listens on, in a folder one could serve from."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "rulesets/shop.yaml").write_text(RULES)
    assert 0 == CliRunner().invoke(cli, ["db", "upgrade"]).exit_code
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.parametrize(("name", "why"), [("file", "is a file"), ("none", "is not there"), ("file/x", "is not there")])
def test_figures_that_can_be_shared_nowhere_are_told(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, why: str
) -> None:
    """A variable that names no folder ends with 2 and says what to do, before anything is started."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / name))
    got = CliRunner().invoke(cli, ["serve", "--port", str(taken)])

    assert 2 == got.exit_code
    assert f"{tmp_path / name} {why}. help: name an empty folder" in got.stderr


@pytest.mark.parametrize("named", ["bla", "", "10.0.0.1,", "10.0.0.1/8", "*,10.0.0.1", "proxy.example", "10.0.0.1:80"])
def test_proxies_that_are_none_are_refused(named: str) -> None:
    """What is no address, no network and no `*` alone would trust nobody; it ends with 2."""
    got = CliRunner().invoke(cli, ["serve", "--trusted-proxies", named])

    assert 2 == got.exit_code
    assert "help: write 10.0.0.7, 10.0.0.0/8" in got.stderr


@pytest.mark.parametrize("named", ["*", "10.0.0.1", "10.0.0.0/8, ::1", "fe80::/10"])
def test_proxies_are_taken(taken: int, named: str) -> None:
    """Addresses and networks of both kinds are taken; what stops here is the port."""
    got = CliRunner().invoke(cli, ["serve", "--trusted-proxies", named, "--port", str(taken)])

    assert "nothing can listen" in got.stderr


@pytest.mark.parametrize(("host", "told"), [("127.0.0.1", ": address already in use. help: "), ("no..body", ": ")])
def test_an_address_nobody_can_listen_on_is_told(taken: int, host: str, told: str) -> None:
    """A port that is taken, and a host that is not here, end with 2 before anything is started or said to listen."""
    got = CliRunner().invoke(cli, ["serve", "--host", host, "--port", str(taken)])

    assert 2 == got.exit_code
    assert f"nothing can listen on {host}:{taken}{told}" in got.stderr
    assert "listening on" not in got.stderr
