"""What may be written in a rule file beside fields: every key, what it means, and its default.

The readers refuse what is not listed here; the JSON schema, and the tables in `docs/rules.md`, say the same words.
"""

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One key of a map. `default`: what holds when it is left out, in words; `REQUIRED` = it cannot be."""

    name: str
    meaning: str
    default: str = ""


REQUIRED: Final = "required"

TOP: Final = (
    Entry("version", "the version of the rule language, always `1`", REQUIRED),
    Entry("ruleset", "the name of the ruleset, the same as the file's", REQUIRED),
    Entry("use", "other rulesets of the same folder this one builds on, by name: one, or a list"),
    Entry("owner", "whom to ask about these rules"),
    Entry("mode", "the loudest a rule of this file may be: `enforce`, `shadow` (recorded, not obeyed) or `off`", "`enforce`"),
    Entry("time_zone", "the zone dates are meant in, and the shop's clock, e.g. `Europe/Zurich`", "`UTC`"),
    Entry("control_group", "this share of the customers, always the same ones, on whom rules are recorded and not obeyed, e.g. `5%`", "`0%`"),
    Entry("max_share", "the largest share of messages a plan or scan may keep from being sent now, e.g. `40%`; beyond it nothing is released"),
    Entry("on_unavailable", "what the service answers when facts cannot be had in time: `allow` (sent as it is), `block` (not sent) or `hold` (until it is checked again)", "the service refuses to answer"),
    Entry("defaults", "what holds for every rule that does not say otherwise, and how old facts may be"),
    Entry("codes", "reason codes of your own, each with its meaning"),
    Entry("attributes", "the type of attributes that are not plain text: `number`, `yes/no`, `date`, `text`, or a list of words"),
    Entry("cycles", "category -> days until one unit is used up, e.g. `grocery/coffee: 30 days`; the most specific category counts, a product's own `replenish_days` more"),
    Entry("regions", "a customer's region -> the stock locations that serve it; a region not listed is a location of that name"),
    Entry("define", "conditions with a name, for use as `defined: NAME`"),
    Entry("rules", "the rules; all that fire are reported, the first of them decides", REQUIRED),
)  # fmt: skip

DEFAULTS: Final = (
    Entry("when_unknown", "what rules do whose condition ends unknown: `allow` or `block`", "`allow`"),
    Entry("products_max_age", "facts of the catalogue as old as this, or older, are unknown", "any age"),
    Entry("orders_max_age", "the same for orders", "any age"),
    Entry("stock_max_age", "the same for stock", "any age"),
    Entry("customers_max_age", "the same for facts about customers", "any age"),
    Entry("sent_max_age", "the same for messages sent", "any age"),
    Entry("feedback_max_age", "the same for what customers said", "any age"),
)

RULE: Final = (
    Entry("id", "the rule's name, once per file", REQUIRED),
    Entry("title", "what the rule is for, in a few words"),
    Entry("drop", "`drop: item`: leave the item out of the message"),
    Entry("suppress", "`suppress: message`: do not send the message"),
    Entry("hold", "`hold: {...}`: send the message later"),
    Entry("limit", "`limit: {messages_per_unit: 2}`: share the item's stock out over the messages"),
    Entry("code", "the reason code campaign systems count", REQUIRED),
    Entry("when", "the condition", REQUIRED),
    Entry("unless", "the exceptions: the rule fires when `when` is true and `unless` is not"),
    Entry("when_unknown", "`allow`: an unknown condition does not fire the rule; `block`: it does, and the reason says so", "that of `defaults`"),
    Entry("mode", "`enforce`: obeyed; `shadow`: recorded only; `off`: not asked", "`enforce`"),
    Entry("always", "`yes`: obeyed even in a shadow ruleset and for the control group (consent, recalls)", "`no`"),
    Entry("max_share", "the largest share this rule may act on before a plan or scan stops: of items for `drop: item` and `limit`, else of messages"),
    Entry("starts", "the rule holds from here on: a date, or a time with its zone"),
    Entry("ends", "the rule holds until here; a date is the last day, to its end"),
)  # fmt: skip

EFFECTS: Final = (
    Entry("drop: item", "the item is left out; a replacement may take its place"),
    Entry("limit: {messages_per_unit: 2}", "the item stands in at most so many messages per available unit; from the others it is left out, and a replacement may take its place"),
    Entry("suppress: message", "the message is not sent"),
    Entry('hold: {until: "08:00"}', "the message waits until the customer's clock (else the shop's) next shows that time"),
    Entry("hold: {for: 2 hours}", "the message waits that long"),
    Entry("hold: {until: restock}", "the message waits until the first of the dropped items is expected in stock again; without a date when nobody knows one"),
)  # fmt: skip

HOLD: Final = (
    Entry("until", "a time of day, such as `08:00`, on the customer's clock (else the shop's); or `restock`, when the first of the dropped items is expected back"),
    Entry("for", "so long from now on, e.g. `2 hours`"),
)  # fmt: skip

LIMIT: Final = (
    Entry("messages_per_unit", "how many messages may show the item for each available unit: a number above 0 with up to two decimals, such as `2` or `0.5`", REQUIRED),
)  # fmt: skip

_WITHIN: Final = "less than this long ago; exactly that long ago no longer counts"

CONDITIONS: Final = {
    "all": "every condition of the list holds",
    "any": "at least one condition of the list holds",
    "not": "the condition does not hold",
    "defined": "the condition of that name under `define` holds",
    "bought": "the customer bought the same before",
    "shown": "earlier messages to the customer held the same",
    "sent": "messages were sent to the customer before",
    "said": "the customer said something of the same",
}
"""Every entry of a condition that is not a field."""

PAST: Final[dict[str, tuple[Entry, ...]]] = {
    "bought": (
        Entry("same", "what counts as the same as the item: `sku`, `item_group` (same style, any size or colour), `category` (the very same path), `brand`, `component` (itself, in a bundle, or as its parts)", REQUIRED),
        Entry("within", f"only lines bought {_WITHIN}", "for ever"),
        Entry("not_within", "only lines at least this old", "up to now"),
        Entry("at_least", "how much must come together: `3`, `3 units` or `2 orders`", "`1 unit`"),
        Entry("kept", "`yes`: units cancelled, returned or credited do not count; `any`: all units ordered", "`yes`"),
        Entry("by", "whose purchases count: those of the `customer`, or of all in the `household`", "`customer`"),
        Entry("gifts", "`include` or `exclude` what was bought as a gift", "`include`"),
        Entry("channel", "only lines bought there, e.g. `web`, or one of a list; a line without a channel does not count then", "everywhere"),
        Entry("parts", "for `same: component`: a bundle is owned once `all` or `any` of its parts are", "`all`"),
    ),
    "shown": (
        Entry("same", "what counts as the same as the item: `sku`, `item_group` (same style) or `category` (the very same path)", REQUIRED),
        Entry("within", f"only messages sent {_WITHIN}", "for ever"),
        Entry("not_within", "only messages at least this old", "up to now"),
        Entry("at_least", "in how many messages: `2` or `2 times`", "`1 time`"),
        Entry("channel", "only messages on this channel, or one of a list; `this`: the channel of the message at hand", "all"),
        Entry("campaign", "only messages of this campaign, or one of a list; `this`: the campaign of the message at hand", "all"),
    ),
    "sent": (
        Entry("within", f"messages sent {_WITHIN}", "this or `calendar`"),
        Entry("calendar", "messages sent since the `day`, `week` (from Monday) or `month` began", "this or `within`"),
        Entry("zone", "whose midnight begins it: the `customer`'s, the `shop`'s, or that of a zone such as `Europe/Zurich`", "required with `calendar`"),
        Entry("at_least", "how many: `3` or `3 messages`", "`1 message`"),
        Entry("channel", "only messages on this channel, or one of a list; `this`: the channel of the message at hand", "all"),
        Entry("campaign", "only messages of this campaign, or one of a list; `this`: the campaign of the message at hand", "all"),
    ),
    "said": (
        Entry("says", "one of, or a list of, `already_own`, `not_interested`, `bought_as_gift`", REQUIRED),
        Entry("same", "of what: the `sku`, the `item_group` (style) or the `category` (it, one above it, or a sku of it)", REQUIRED),
        Entry("within", f"only what was said {_WITHIN}", "for ever"),
    ),
}  # fmt: skip
"""What stands under each condition about the past."""

QUALIFIERS: Final = {
    "at": "only the stock at this location, or at those of the customer's region: `at: customer.region`",
    "under": "only items of this category or one below it, whatever the item's own",
}
"""What may stand among the operators of some fields and narrows them."""


def names(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    """The keys alone, in order."""
    return tuple(entry.name for entry in entries)
