"""Make the real messages: one per targeted household and campaign, recommending products the campaign has coupons for.

The order in which a household is recommended them: what it bought most often before the start comes first; then what
most households bought before the start; then the lowest product number. The first 12 are the message.
"""

from datetime import datetime
from typing import Final, NamedTuple

import pandas as pd

from scripts.demonstration.tables import Campaign, Tables

MOST_ITEMS: Final = 12


class Draft(NamedTuple):
    """One message as a campaign system would hand it in. `items`: skus, best first."""

    message_id: str
    campaign_id: int
    household_id: int
    send_at: datetime
    items: tuple[str, ...]


def drafts(tables: Tables, campaign: Campaign) -> list[Draft]:
    """The campaign's messages, by household number. Nothing bought at or after the start is looked at."""
    offered = tables.coupons.loc[tables.coupons["campaign_id"] == campaign.campaign_id, "product_id"]
    lines = tables.lines
    past = lines[(lines["bought_at"] < pd.Timestamp(campaign.starts_at)) & lines["product_id"].isin(offered)]
    buyers = past.groupby("product_id")["household_id"].nunique().to_dict()
    favourites = sorted(offered, key=lambda product: (-buyers.get(product, 0), product))
    own: dict[int, dict[int, int]] = {household: {} for household in campaign.households}
    targeted = past[past["household_id"].isin(campaign.households)]
    for (household, product), times in targeted.groupby(["household_id", "product_id"]).size().items():
        own[household][product] = times
    return [
        Draft(
            message_id=f"campaign-{campaign.campaign_id}-household-{household}",
            campaign_id=campaign.campaign_id,
            household_id=household,
            send_at=campaign.starts_at,
            items=tuple(str(product) for product in _ranked(own[household], buyers, favourites)),
        )
        for household in campaign.households
    ]


def _ranked(own: dict[int, int], buyers: dict[int, int], favourites: list[int]) -> list[int]:
    ranked = sorted(own, key=lambda product: (-own[product], -buyers[product], product))[:MOST_ITEMS]
    for product in favourites[: MOST_ITEMS * 2]:
        if len(ranked) == MOST_ITEMS:
            break
        if product not in own:
            ranked.append(product)
    return ranked
