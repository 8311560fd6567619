"""Turn a condition on the customer's history into a clause: bought, shown, sent, said, or its opposite."""

from typing import Final

from suppress.rules.tree import (
    CUSTOMER_ZONE,
    SHOP_ZONE,
    THIS,
    Bought,
    By,
    Count,
    Duration,
    Period,
    Said,
    Same,
    Sent,
    Shown,
)
from suppress.rules.wording_chips import Chips, Piece, Role, enumerated, placed
from suppress.rules.wording_terms import code_words, counted, duration_words, lengths_words

_ONE: Final = {
    Same.SKU: "this item",
    Same.ITEM_GROUP: "an item of the same style",
    Same.CATEGORY: "an item of the same category",
    Same.BRAND: "an item of the same brand",
    Same.COMPONENT: "this item",
}
_UNITS_OF: Final = {
    Same.SKU: "this item",
    Same.ITEM_GROUP: "the same style",
    Same.CATEGORY: "the same category",
    Same.BRAND: "the same brand",
    Same.COMPONENT: "this item",
}
_SEVERAL: Final = {
    **_ONE,
    **{same: f"items of {_UNITS_OF[same]}" for same in (Same.ITEM_GROUP, Same.CATEGORY, Same.BRAND)},
}
_TALKED_OF: Final = {Same.SKU: "this item", Same.ITEM_GROUP: "this style", Same.CATEGORY: "this category"}
_OWNED: Final = {**_TALKED_OF, Same.CATEGORY: "something of this category"}
_SAID: Final = {
    "already_own": ("already own {}", _OWNED),
    "not_interested": ("are not interested in {}", _TALKED_OF),
    "bought_as_gift": ("bought {} as a gift", _OWNED),
}
_PERIODS: Final = {
    Period.DAY: ("today", "midnight"),
    Period.WEEK: ("this week", "Monday"),
    Period.MONTH: ("this month", "the 1st"),
}
_ZONES: Final = {CUSTOMER_ZONE: "where the customer lives", SHOP_ZONE: "where the shop is"}


def bought(leaf: Bought, *, negated: bool) -> Chips:
    """`the customer bought and kept at least 2 units of this item in the last 30 days`."""
    who = "the customer's household" if leaf.by is By.HOUSEHOLD else "the customer"
    did = "bought and kept" if leaf.kept else "bought"
    several = leaf.at_least > 1
    least = "fewer than " if negated else "at least "
    what: list[Piece]
    behind: list[Piece] = []
    if several and leaf.count is Count.UNITS:
        what = [(least, Role.OPERATOR), (f"{counted(leaf.at_least, 'units')} of {_UNITS_OF[leaf.same]}", Role.VALUE)]
    elif several:
        what = [(_SEVERAL[leaf.same], Role.VALUE)]
        behind = [(f" in {least}", Role.OPERATOR), (counted(leaf.at_least, "orders"), Role.VALUE)]
    else:
        if negated:
            # Nobody "has not bought" something "a week ago".
            did = (f"did not buy{' and keep' * leaf.kept}") if leaf.not_within else f"has not {did}"
        what = [(_ONE[leaf.same], Role.VALUE)]
    if leaf.same is Same.COMPONENT:
        bundles = "bundles" if several else "a bundle"
        what.append((f" (alone, in {bundles}, or as {leaf.parts.value} of its parts)", Role.VALUE))
    if not leaf.gifts:
        what.append((f" other than as {'gifts' if several else 'a gift'}", Role.OPERATOR))
    pieces = [(who, Role.FIELD), (f" {did} ", Role.OPERATOR), *what, *_via("via", leaf.channels), *behind]
    return placed(leaf.position, [*pieces, *_window(leaf.within, leaf.not_within)])


def shown(leaf: Shown, *, negated: bool) -> Chips:
    """`the customer was shown this item in at least 3 messages in the last 14 days`."""
    if leaf.at_least > 1:
        least = " in fewer than " if negated else " in at least "
        pieces = [(" was shown ", Role.OPERATOR), (_SEVERAL[leaf.same], Role.VALUE), (least, Role.OPERATOR)]
        pieces += [(counted(leaf.at_least, "messages"), Role.VALUE), *_campaign("of", leaf.campaigns)]
        pieces += _by(leaf.channels)
    else:
        did = " was not shown " if negated else " was shown "
        pieces = [(did, Role.OPERATOR), (_ONE[leaf.same], Role.VALUE), *_by(leaf.channels)]
        pieces += _campaign("in", leaf.campaigns)
    return placed(leaf.position, [("the customer", Role.FIELD), *pieces, *_window(leaf.within, leaf.not_within)])


def sent(leaf: Sent, *, negated: bool) -> Chips:
    """`the customer was sent at least 3 messages by email in the last 7 days`."""
    if leaf.at_least > 1:
        did = f" was sent {'fewer than' if negated else 'at least'} "
        what = counted(leaf.at_least, "messages")
    else:
        did, what = " was sent ", "no message" if negated else "a message"
    pieces = [("the customer", Role.FIELD), (did, Role.OPERATOR), (what, Role.VALUE)]
    pieces += [*_campaign("of", leaf.campaigns), *_by(leaf.channels)]
    window = _calendar(leaf.calendar, leaf.zone) if leaf.calendar else _window(leaf.within, None)
    return placed(leaf.position, [*pieces, *window])


def said(leaf: Said, *, negated: bool) -> Chips:
    """`the customer said in the last 365 days that they are not interested in this category`."""
    did = " did not say" if negated else " said"
    claims = []
    for says in leaf.says:
        pattern, objects = _SAID.get(says, (f"“{code_words(says)}” of {{}}", _TALKED_OF))
        claims.append(pattern.format(objects.get(leaf.same, _ONE[leaf.same])))
    pieces = [("the customer", Role.FIELD), (did, Role.OPERATOR), *_window(leaf.within, None)]
    return placed(leaf.position, [*pieces, (" that they ", Role.OPERATOR), *enumerated(claims, "or")])


def _window(within: Duration | None, not_within: Duration | None) -> list[Piece]:
    if within and not_within:
        newest, oldest = lengths_words([duration_words(not_within), duration_words(within)])
        return [(f" between {newest} and {oldest} ago", Role.WINDOW)]
    if within:
        return [(f" in the last {duration_words(within, bare_one=True)}", Role.WINDOW)]
    return [(f" at least {duration_words(not_within)} ago", Role.WINDOW)] if not_within else []


def _calendar(period: Period, zone: str | None) -> list[Piece]:
    named, begins = _PERIODS[period]
    where = _ZONES.get(zone or SHOP_ZONE, f"in the time zone {zone}")
    return [(f" {named} ({begins} to now, {where})", Role.WINDOW)]


def _via(word: str, channels: tuple[str, ...]) -> list[Piece]:
    return [(f" {word} ", Role.OPERATOR), *enumerated(channels, "or")] if channels else []


def _by(channels: tuple[str, ...]) -> list[Piece]:
    return _via("by", tuple("this message's channel" if channel == THIS else channel for channel in channels))


def _campaign(word: str, campaigns: tuple[str, ...]) -> list[Piece]:
    if not campaigns:
        return []
    named = [f"“{campaign}”" for campaign in campaigns if campaign != THIS]
    words = ["this campaign"] if THIS in campaigns else []
    if named:
        words += [f"the campaign {named[0]}", *named[1:]]
    return [(f" {word} ", Role.OPERATOR), *enumerated(words, "or")]
