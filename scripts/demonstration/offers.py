"""Write messages as a file `suppress scan` reads: the demo's own, or every product each campaign has coupons for.

Drafts or the data set's tables in, Parquet out. Columns are those of docs/scans-messages.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.demonstration.messages import MOST_ITEMS, Draft
from scripts.demonstration.tables import Campaign, Tables

MOST_OFFERED: Final = 1000
"""As many items as a message file may hold in one message; larger offers are several messages."""

MEMORY: Final = "2GB"

# The products most households bought before the start come first, as in the demo's own messages; then the number.
_EVERY_OFFER: Final = """
    WITH offered AS (SELECT DISTINCT product_id FROM read_parquet($coupons) WHERE campaign_id = $campaign),
    past AS (
        SELECT product_id, count(DISTINCT household_id) AS households FROM read_parquet($transactions)
        WHERE quantity > 0 AND transaction_timestamp < make_timestamp($starts_us) GROUP BY product_id),
    ranked AS (
        SELECT product_id, row_number() OVER (ORDER BY coalesce(households, 0) DESC, product_id) - 1 AS place
        FROM offered LEFT JOIN past USING (product_id)),
    parts AS (
        SELECT place // $most + 1 AS part, list(CAST(product_id AS VARCHAR) ORDER BY place) AS items
        FROM ranked GROUP BY part)
    SELECT format('campaign-{}-household-{}-part-{}', $campaign, household_id, part) AS message_id,
        CAST(household_id AS VARCHAR) AS customer_id, 'mail' AS channel, CAST($campaign AS VARCHAR) AS campaign_id,
        make_timestamptz($starts_us) AS send_at, CAST($slots AS INTEGER) AS slots, items
    FROM (SELECT DISTINCT household_id FROM read_parquet($campaigns) WHERE campaign_id = $campaign) CROSS JOIN parts
    ORDER BY household_id, part
"""


def write_drafts(drafts: Sequence[Draft], path: Path) -> Path:
    """The demo's messages, as they are, in their order."""
    table = pa.table(
        {
            "message_id": pa.array([draft.message_id for draft in drafts], pa.string()),
            "customer_id": pa.array([str(draft.household_id) for draft in drafts], pa.string()),
            "channel": pa.array(["mail"] * len(drafts), pa.string()),
            "campaign_id": pa.array([str(draft.campaign_id) for draft in drafts], pa.string()),
            "send_at": pa.array([draft.send_at for draft in drafts], pa.timestamp("us", "UTC")),
            "items": pa.array([list(draft.items) for draft in drafts], pa.list_(pa.string())),
        }
    )
    pq.write_table(table, path)
    return path


def write_every_offer(tables: Tables, campaigns: Sequence[Campaign], folder: Path) -> Path:
    """A folder with one file per campaign: every targeted household with every product there are coupons for."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.parquet"):
        stale.unlink()
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder.parent / "spill")}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for place, campaign in enumerate(campaigns, 1):
            file = folder / f"{place:02}-campaign-{campaign.campaign_id}.parquet"
            asked = {
                "campaign": campaign.campaign_id,
                "starts_us": int(campaign.starts_at.timestamp()) * 1_000_000,
                "most": MOST_OFFERED,
                "slots": MOST_ITEMS,
                **{name: str(tables.path(name)) for name in ("coupons", "campaigns", "transactions")},
            }
            connection.execute(
                f"COPY ({_EVERY_OFFER}) TO '{_quoted(file)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)",
                asked,
            )
    return folder


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
