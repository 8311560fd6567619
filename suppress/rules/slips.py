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

_KEYS: Final = {
    **dict.fromkeys(("last", "in_last", "since", "window", "in", "for", "during"), "within"),
    **dict.fromkeys(("before", "older_than", "not_in"), "not_within"),
    **dict.fromkeys(("count", "min", "minimum", "times", "units", "messages", "orders", "above"), "at_least"),
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
    name: {slip: f'write "{key}"' for slip, key in _KEYS.items() if key in names(PAST[name])} | helps
    for name, helps in _OF.items()
}
"""For each condition about the past: a key that is not one of its own -> what to say of it."""
