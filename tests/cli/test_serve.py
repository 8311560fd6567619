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


@pytest.mark.parametrize(("host", "told"), [("127.0.0.1", ": address already in use. help: "), ("no..body", ": ")])
def test_an_address_nobody_can_listen_on_is_told(taken: int, host: str, told: str) -> None:
    """A port that is taken, and a host that is not here, end with 2 before anything is started or said to listen."""
    got = CliRunner().invoke(cli, ["serve", "--host", host, "--port", str(taken)])

    assert 2 == got.exit_code
    assert f"nothing can listen on {host}:{taken}{told}" in got.stderr
    assert "listening on" not in got.stderr
