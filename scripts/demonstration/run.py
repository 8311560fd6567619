"""Load the real data, make the messages, check each as of its campaign's start. Tables in, a tally with timings out."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import suppress
from scripts.demonstration import commands, derive
from scripts.demonstration.messages import Draft, drafts
from scripts.demonstration.tables import DATA_COMPLETE_AT, DATA_ZONE, Campaign, Tables
from scripts.demonstration.tally import Tally

RULESET = "grocery"


@dataclass(kw_only=True)
class Outcome:
    """What the demo did. `imported`: source -> what `suppress import` told; `seconds`: step -> how long it took.

    `drafts`: the messages that were checked.
    """

    database: str
    drafts: list[Draft] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    imported: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    stock_rows: int = 0
    faults: int = 0
    unreadable: int = 0

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time inside the block to the step's."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - started


def load(tables: Tables, folder: Path, households: Collection[int] | None = None) -> Outcome:
    """A fresh database in `folder` with products, households and order lines, by `suppress import`.

    `households`: whose order lines; None = all there are.
    """
    for stale in folder.glob("demo.db*"):
        stale.unlink()
    outcome = Outcome(database=f"sqlite:///{folder / 'demo.db'}")
    with outcome.timed("preparing"):
        everybody = households if households is not None else _everybody(tables)
        products = derive.write_products(tables, folder)
        customers = derive.write_customers(tables, everybody, folder)
        orders = tables.path("transactions")
        if households is not None:
            orders = derive.write_orders_of(tables, households, folder)
    with outcome.timed("loading"):
        commands.suppress("db", "upgrade", "--database", outcome.database, quiet=True)
        for source, path, options in (
            ("products", products, ["--as-of", DATA_COMPLETE_AT]),
            ("customers", customers, ["--as-of", DATA_COMPLETE_AT]),
            ("orders", orders, commands.order_options(DATA_ZONE, DATA_COMPLETE_AT, folder)),
        ):
            outcome.imported[source] = commands.import_file(source, path, outcome.database, *options)
    return outcome


def check(
    outcome: Outcome,
    tables: Tables,
    campaigns: list[Campaign],
    rules: Path,
    folder: Path,
    on_checked: Callable[[Draft], None] = lambda _: None,
) -> None:
    """Check every message of the campaigns, in order of their start; before each start a new stock file is imported."""
    with suppress.open(outcome.database, rules, ruleset=RULESET) as gate:
        for starts_at, starting in groupby(campaigns, key=lambda campaign: campaign.starts_at):
            with outcome.timed("making messages"):
                made = [draft for campaign in starting for draft in drafts(tables, campaign)]
            with outcome.timed("loading stock"):
                skus = {sku for draft in made for sku in draft.items}
                stock = derive.write_synthetic_stock(starts_at, skus, folder)
                told = commands.import_file(
                    "stock", stock, outcome.database, "--as-of", starts_at.isoformat(), quiet=True
                )
                outcome.stock_rows += told["rows_read"]
            with outcome.timed("checking"):
                for draft, decision in zip(made, gate.check_many(map(_message, made)), strict=True):
                    outcome.tally.add(draft, decision)
                    outcome.drafts.append(draft)
                    on_checked(draft)
        outcome.faults, outcome.unreadable = gate.engine_faults, gate.unreadable


def _message(draft: Draft) -> suppress.Message:
    return suppress.Message(
        message_id=draft.message_id,
        customer_id=str(draft.household_id),
        campaign_id=str(draft.campaign_id),
        channel="mail",
        send_at=draft.send_at,
        items=draft.items,  # type: ignore[arg-type]
    )


def _everybody(tables: Tables) -> set[int]:
    targeted = {household for campaign in tables.campaigns() for household in campaign.households}
    return targeted | set(tables.lines["household_id"].unique().tolist())
