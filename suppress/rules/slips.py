"""What people write who know another tool, and what they mean: words to be refused with the right one as help."""

from typing import Final

from suppress.facts.fields import Operator
from suppress.rules.entries import PAST, names

OPERATOR_SLIPS: Final[dict[str, Operator]] = {
    "<": Operator.BELOW, "<=": Operator.AT_MOST, ">": Operator.ABOVE, ">=": Operator.AT_LEAST, "=": Operator.IS,
    "==": Operator.IS, "!=": Operator.IS_NOT, "<>": Operator.IS_NOT, "lt": Operator.BELOW, "lte": Operator.AT_MOST,
    "gt": Operator.ABOVE, "gte": Operator.AT_LEAST, "less_than": Operator.BELOW, "more_than": Operator.ABOVE,
    "greater_than": Operator.ABOVE, "under": Operator.BELOW, "over": Operator.ABOVE, "max": Operator.AT_MOST,
    "maximum": Operator.AT_MOST, "min": Operator.AT_LEAST, "minimum": Operator.AT_LEAST, "equals": Operator.IS,
    "equal": Operator.IS, "eq": Operator.IS, "not": Operator.IS_NOT, "ne": Operator.IS_NOT, "one_of": Operator.IN,
    "any_of": Operator.IN, "none_of": Operator.NOT_IN, "begins_with": Operator.STARTS_WITH, "regex": Operator.MATCHES,
    "like": Operator.CONTAINS, "includes": Operator.CONTAINS, "before": Operator.BELOW, "after": Operator.ABOVE,
    "known": Operator.EXISTS, "within": Operator.UNDER,
}  # fmt: skip

AT_SLIPS: Final = frozenset(
    {"location", "location_id", "locations", "in_location", "where", "store", "warehouse", "shop"}
)
CONDITION_SLIPS: Final = {
    **dict.fromkeys(("purchased", "ordered", "buys", "purchase", "orders", "owns"), "bought"),
    **dict.fromkeys(("seen", "displayed", "recommended", "impressions"), "shown"),
    **dict.fromkeys(("received", "emailed", "mailed", "messages", "contacted"), "sent"),
    **dict.fromkeys(("feedback", "says", "told"), "said"),
    **dict.fromkeys(("and", "all_of", "every"), "all"),
    **dict.fromkeys(("or", "any_of", "one_of", "either"), "any"),
    **dict.fromkeys(("none", "none_of", "unless", "neither"), "not"),
    **dict.fromkeys(("use", "define", "definition", "ref", "condition"), "defined"),
}

FIELD_SLIPS: Final = {
    **dict.fromkeys(
        ("stock.quantity", "stock.qty", "stock.units", "stock.level", "stock.count", "stock.inventory", "item.stock",
         "item.quantity", "item.available", "item.inventory", "item.in_stock", "stock.in_stock"),
        "stock.available_units",
    ),
    **dict.fromkeys(("message.kept_of_style", "message.kept_of_group"), "message.kept_of_item_group"),
    "stock.status": "stock.availability",
    **dict.fromkeys(("item.name", "item.product_name"), "item.title"),
    **dict.fromkeys(("item.style", "item.group", "item.model"), "item.item_group"),
    **dict.fromkeys(("item.id", "item.product_id", "item.article"), "item.sku"),
    **dict.fromkeys(("campaign.name", "campaign.campaign_id", "message.campaign", "message.campaign_id"),
                    "campaign.id"),
    **dict.fromkeys(("message.tag", "message.tags"), "campaign.tag"),
    **dict.fromkeys(("campaign.channel", "channel"), "message.channel"),
    **dict.fromkeys(("message.placement", "placement"), "item.placement"),
    **dict.fromkeys(("message.time", "message.hour", "customer.local_time", "time", "now"), "message.local_time"),
    **dict.fromkeys(("message.day", "weekday", "day"), "message.local_weekday"),
    **dict.fromkeys(("message.date", "date", "today"), "message.local_date"),
    **dict.fromkeys(("customer.opt_in", "customer.opted_in", "customer.newsletter", "customer.consents"),
                    "customer.consent"),
    **dict.fromkeys(("customer.complaint", "customer.case"), "customer.open_case"),
    **dict.fromkeys(("customer.household", ), "customer.household_id"),
}  # fmt: skip
"""A name no field has -> the field that is meant."""

CHOICE_SLIPS: Final = {
    **dict.fromkeys(("product", "article", "item", "variant"), "sku"),
    **dict.fromkeys(("style", "group", "model", "parent"), "item_group"),
    **dict.fromkeys(("bundle", "set", "kit", "part", "parts"), "component"),
    **dict.fromkeys(("own", "owns", "owned", "have", "has", "has_it"), "already_own"),
    **dict.fromkeys(("dislike", "dislikes", "no_interest", "no_thanks"), "not_interested"),
    **dict.fromkeys(("gift", "as_gift"), "bought_as_gift"),
    **dict.fromkeys(("sold_out", "unavailable", "not_available"), "out_of_stock"),
    **dict.fromkeys(("available", "deliverable"), "in_stock"),
    **dict.fromkeys(("family", "home"), "household"),
    **dict.fromkeys(("no", "without"), "exclude"),
    **dict.fromkeys(("yes", "with"), "include"),
    **dict.fromkeys(("daily",), "day"),
    **dict.fromkeys(("weekly",), "week"),
    **dict.fromkeys(("monthly",), "month"),
    **dict.fromkeys(("test", "dry_run", "draft", "monitor", "log"), "shadow"),
    **dict.fromkeys(("on", "live", "active", "enforced"), "enforce"),
    **dict.fromkeys(("disabled", "inactive", "paused"), "off"),
    **dict.fromkeys(("send", "keep", "pass", "fail_open"), "allow"),
    **dict.fromkeys(("suppress", "deny", "stop", "refuse", "fail_closed"), "block"),
    **dict.fromkeys(("wait", "later", "delay", "retry"), "hold"),
}
"""A word that is none of the choices -> the one that is meant, where it is a choice."""

NUMBER_WORDS: Final = {
    "none": 0, "no": 0, "zero": 0, "one": 1, "once": 1, "two": 2, "twice": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip

FILE_SLIPS: Final = {
    **dict.fromkeys(("name", "id", "ruleset_name"), 'write "ruleset"'),
    **dict.fromkeys(("include", "includes", "extends", "import", "base", "bases", "inherits"), 'write "use"'),
    **dict.fromkeys(("definitions", "conditions"), 'write "define"'),
    **dict.fromkeys(("locations", "stores"), 'write "regions"'),
    **dict.fromkeys(
        ("fallback", "on_error", "on_failure", "on_timeout", "when_unavailable", "unavailable"),
        'write "on_unavailable"',
    ),
    "cases": "this file has rules; cases stand in NAME.cases.yaml beside it",
}
"""A key at the top of a file that is none -> what to say of it."""

DEFAULT_SLIPS: Final = {
    "max_age": 'say whose facts are meant, for example "stock_max_age"',
}

RULE_SLIPS: Final = {
    "name": 'write "id", or "title" for a text',
    **dict.fromkeys(("description", "label", "comment"), 'write "title"'),
    **dict.fromkeys(("priority", "order", "weight", "rank"), "rules decide in the order they stand; move the rule"),
    **dict.fromkeys(("delay", "wait", "postpone", "pause"), 'write "hold"'),
    "send": "messages are sent unless a rule says otherwise; delete the line",
    **dict.fromkeys(("if", "condition", "conditions", "where"), 'write "when"'),
    **dict.fromkeys(("except", "exception", "exceptions", "but_not"), 'write "unless"'),
    **dict.fromkeys(("reason", "reason_code"), 'write "code"'),
    **dict.fromkeys(("action", "effect", "then", "do"), 'write the effect itself: "drop: item" or another'),
    **dict.fromkeys(("remove", "exclude", "skip"), 'write "drop: item"'),
    **dict.fromkeys(("block", "stop"), 'write "suppress: message"'),
    **dict.fromkeys(("enabled", "active", "disabled"), 'write "mode: enforce" or "mode: off"'),
    **dict.fromkeys(("from", "start", "valid_from"), 'write "starts"'),
    **dict.fromkeys(("until", "end", "to", "valid_to", "valid_until", "expires"), 'write "ends"'),
}
"""A key of a rule that is none -> what to say of it."""

_ABOVE: Final = ("above", "more_than", "over", "greater_than")
_AT_MOST: Final = ("at_most", "below", "less_than", "max", "maximum", "under", "fewer_than")


def _other_counts(name: str) -> dict[str, str]:
    return {
        **dict.fromkeys(_ABOVE, '"at_least" counts the number itself, too: for more than 3 write "at_least: 4"'),
        **dict.fromkeys(
            _AT_MOST, f'for at most 3 put "{name}" with "at_least: 4" under "not"; for a cap of 3 write "at_least: 3"'
        ),
    }


_KEYS: Final = {
    **dict.fromkeys(("last", "in_last", "since", "window", "in", "for", "during"), "within"),
    **dict.fromkeys(("before", "older_than", "not_in"), "not_within"),
    **dict.fromkeys(("count", "min", "minimum", "times", "units", "messages", "orders"), "at_least"),
}
_OF: Final[dict[str, dict[str, str]]] = {
    "bought": {
        "household": 'write "by: household"',
        "gift": 'write "gifts: include" or "gifts: exclude"',
        "campaign": 'orders name no campaign; use "channel"',
        **dict.fromkeys(
            ("calendar", "per", "period"), 'write "within" and a length of time, for example "within: 30 days"'
        ),
        "says": 'what the customer said is asked with "said"',
    },
    "shown": {
        **dict.fromkeys(
            ("calendar", "per", "period"), 'write "within" and a length of time; calendar periods stand under "sent"'
        ),
        "kept": 'what the customer bought is asked with "bought"',
    },
    "sent": {
        **dict.fromkeys(("per", "period"), 'write "calendar" with "zone"'),
        "same": 'messages that held the same item are asked with "shown"',
        "not_within": 'write "within" alone, or "calendar" with "zone"',
        "time_zone": 'write "zone"',
    },
    "said": {"at_least": "once said is enough; delete the key", "kept": "delete the key"},
}

PAST_SLIPS: Final = {
    name: {slip: f'write "{key}"' for slip, key in _KEYS.items() if key in names(PAST[name])}
    | (_other_counts(name) if "at_least" in names(PAST[name]) else {})
    | helps
    for name, helps in _OF.items()
}
"""For each condition about the past: a key that is not one of its own -> what to say of it."""
