"""The reason codes: stable strings that campaign systems store and count.

A code is for ever: it is never renamed and never removed, only added or marked as old.
A ruleset may register further codes of its own under `codes:`.
"""

from typing import Final

REASON_CODES: Final[dict[str, str]] = {
    "recently_purchased": "the customer bought this, or something that counts as the same, a short while ago",
    "already_owned": "the customer has this and keeps it",
    "one_is_enough": "the customer has something of this kind, and nobody needs two",
    "not_yet_due": "a consumable the customer bought is not used up yet",
    "out_of_stock": "the shop cannot deliver the item",
    "low_stock": "the shop has too few units left to advertise the item",
    "stock_unknown": "nobody can say whether the item can be delivered",
    "stock_shared_out": "as many messages show the item as its stock allows",
    "not_for_sale": "the item is discontinued or hidden",
    "recalled": "the item was recalled",
    "unknown_product": "the item is not in the catalogue",
    "restricted": "the item must not be offered to this customer or in this place",
    "price_out_of_range": "the item is too cheap or too dear for this message",
    "wrong_channel": "the item is not meant for this channel",
    "campaign_excluded": "the item or customer is excluded from this campaign",
    "already_shown": "the item was in an earlier message to this customer",
    "not_interested": "the customer said they are not interested",
    "too_few_items": "too few items are left to be worth sending",
    "nothing_left": "no item is left",
    "frequency_capped": "the customer had enough messages for now",
    "quiet_hours": "it is night where the customer lives",
    "do_not_contact": "the customer must not be contacted",
    "no_consent": "the customer has not agreed to this channel",
    "open_case": "the customer has an open complaint or a late order",
    "unknown_customer": "nobody knows who the recipient is",
    "facts_unavailable": "the facts could not be had in time, and the ruleset says not to send without them",
    "recent_buyer": "the customer bought recently and is left in peace",
}
