"""A service as an operator starts it, with a small shop behind it, for clients that are the real ones."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from suppress import Message
from suppress.cli import cli
from suppress.client import Gate
from tests.live_clients.program import running

RULES = """version: 1
ruleset: tea-shop
rules:
  - id: already-bought
    drop: item
    code: recently_purchased
    when:
      bought: {same: sku, within: 30 days}
  - id: sold-out
    drop: item
    code: out_of_stock
    when:
      stock.available_units: {below: 1}
  - id: later-in-france
    hold: {for: 2 hours}
    code: quiet_hours
    when:
      customer.country: FR
  - id: nothing-left
    suppress: message
    code: too_few_items
    when:
      message.items_kept: {below: 1}
"""
STRANGE_ID = "zoé&sku=POT-1"
"""A customer whose id means something else in an address unless it is escaped."""


@dataclass(frozen=True)
class Shop:
    """A running service: POT-1 is sold out, ada and STRANGE_ID have TEA-100, bea lives in France."""

    url: str
    key: str
    database: str
    rules: Path


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One for all clients."""
    folder = tmp_path_factory.mktemp("shop")
    database = f"sqlite:///{folder / 'shop.db'}"
    rules = folder / "rulesets"
    rules.mkdir()
    (rules / "tea-shop.yaml").write_text(RULES)
    key = stocked(folder, database)
    serve = (
        sys.executable, "-m", "suppress", "serve", "--port", "0", "--log-format", "text",
        "--database", database, "--rules", str(rules), "--rules-from", "folder",
    )  # fmt: skip
    with running(serve, folder, folder / "serve.log", {}) as service:
        url, _ = service.said(r"running on (http://127\.0\.0\.1:\d+)", r"(startup complete)")
        # The first answer is slow, and the clients have little patience.
        with Gate(url, key, timeout_s=30, deadline_ms=10_000) as gate:
            gate.check(Message(customer_id="ada", items=("TEA-100",)), reserve=False)
        yield Shop(url, key, database, rules)


def stocked(folder: Path, database: str) -> str:
    """Load the facts; a key of a sender."""
    now = datetime.now(UTC)
    bought = (now - timedelta(days=10)).isoformat()
    files = {
        "products": ("sku,title", "TEA-100,Green tea", "MUG-BLUE,Blue mug", "POT-1,Tea pot"),
        "orders": (
            "order_id,line_id,customer_id,sku,units,ordered_at",
            f"1,1,ada,TEA-100,1,{bought}",
            f"2,1,{STRANGE_ID},TEA-100,1,{bought}",
        ),
        "stock": ("sku,on_hand,updated_at", *(f"{sku},{n},{now.isoformat()}" for sku, n in STOCK.items())),
        "customers": ("customer_id,country,updated_at", f"bea,FR,{bought}"),
    }
    suppress("db", "upgrade", "--database", database)
    for kind, lines in files.items():
        (folder / f"{kind}.csv").write_text("\n".join(lines), encoding="utf-8")
        suppress("import", kind, str(folder / f"{kind}.csv"), "--database", database)
    return suppress("keys", "create", "--role", "sender", "--name", "clients", "--database", database)


STOCK = {"TEA-100": 40, "MUG-BLUE": 12, "POT-1": 0}


def suppress(*arguments: str) -> str:
    """What a command prints."""
    got = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert 0 == got.exit_code, got.output
    return got.stdout.strip()
