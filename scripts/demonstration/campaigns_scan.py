"""Scan all campaigns at once, as an operator does: lake, messages and rules in, a folder with a report out."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.demonstration import commands, derive
from scripts.demonstration.compare import Agreement, compare
from scripts.demonstration.messages import Draft
from scripts.demonstration.offers import write_drafts, write_every_offer
from scripts.demonstration.run import RULESET, Outcome
from scripts.demonstration.tables import Campaign, Tables

COMPARED_PAIRS: Final = 5_000
COMPARED_PAIRS_OF_EVERY_OFFER: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """`told`: what `suppress scan` printed; `agreement`: how a sample of it compares with `check`."""

    out: Path
    told: str
    agreement: Agreement


def scan(
    outcome: Outcome,
    tables: Tables,
    campaigns: Sequence[Campaign],
    drafts: Sequence[Draft],
    rules: Path,
    folder: Path,
    *,
    every_offer: bool = False,
    pairs: int | None = None,
) -> Scanned:
    """`suppress lake rebuild` and `suppress scan` on the database of the demo, and a comparison with `check`.

    `every_offer`: all products the campaigns have coupons for, in place of the drafts. `pairs`: how many to compare.
    Stock is stated once more before: for all those products, as of the last start.
    """
    out = folder / "scan"
    shutil.rmtree(out, ignore_errors=True)
    last = max(campaign.starts_at for campaign in campaigns)
    with outcome.timed("writing the message file"):
        if every_offer:
            messages = write_every_offer(tables, campaigns, folder / "offers")
        else:
            messages = write_drafts(drafts, folder / "messages.parquet")
    with outcome.timed("loading stock"):
        stock = derive.write_synthetic_stock(last, offered(tables, campaigns), folder)
        commands.import_file("stock", stock, outcome.database, "--as-of", last.isoformat(), quiet=True)
    with outcome.timed("making the lake"):
        commands.suppress("lake", "rebuild", "--database", outcome.database, quiet=True)
    asked = ["--database", outcome.database, "--rules", str(rules), "--ruleset", RULESET, "--as-of", last.isoformat()]
    with outcome.timed("scanning"):
        told = commands.suppress("scan", str(messages), "--out", str(out), *asked)
    with outcome.timed("comparing"):
        wanted = pairs or (COMPARED_PAIRS_OF_EVERY_OFFER if every_offer else COMPARED_PAIRS)
        agreement = compare(outcome.database, rules, messages, out, pairs=wanted)
    return Scanned(out=out, told=told, agreement=agreement)


def offered(tables: Tables, campaigns: Sequence[Campaign]) -> set[str]:
    """The skus the campaigns have coupons for."""
    numbers = [campaign.campaign_id for campaign in campaigns]
    coupons = tables.coupons
    return {str(product) for product in coupons.loc[coupons["campaign_id"].isin(numbers), "product_id"]}
