"""Tell what a customer was spared, in a sentence a marketer smiles at: a Prevented in, words out."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from suppress.decisions.report import Clue, Prevented, ScanReport
from suppress.facts.instants import US_PER_DAY, US_PER_MINUTE, to_us
from suppress.reports.money import price
from suppress.reports.words import CHANNELS, length, small

_BOUGHT: Final = "bought."

_SAMENESS: Final = ("sku", "item_group", "component", "category", "brand")
"""What counts as the same, the nearest first."""

_CANNOT_BE_HAD: Final = frozenset({"out_of_stock", "low_stock"})

_PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    "recalled": (", which has been recalled", "The one product nobody should be tempted by."),
    "out_of_stock": (" when there was none left to sell", "The click would have ended on “sold out”."),
    "stock_unknown": (", and nobody could say whether there was one left", ""),
    "not_for_sale": (", which the shop no longer sells", ""),
    "unknown_product": (", which is not in the catalogue", ""),
    "already_owned": (" after telling the shop they have it already", "They would have had to say so twice."),
    "not_interested": (" after saying that they do not care for this kind of thing", "Being ignored is remembered."),
    "restricted": (", which must not be offered to them", ""),
}
"""Reason code -> what is said of the product, and an aside; of items whose purchase says nothing."""

_MESSAGE_PHRASES: Final[Mapping[str, tuple[str, str]]] = {
    "no_consent": (" without ever having agreed to get any", "That is how complaints begin."),
    "do_not_contact": (" after asking to be left alone", "That is how complaints begin."),
    "open_case": (" in the middle of a complaint or while waiting for a late order", "Bad timing, avoided."),
    "quiet_hours": (" in the middle of the night", "It can wait until morning."),
    "frequency_capped": (" on top of all those they had lately", "Enough is enough."),
}
"""Reason code -> the same, of whole messages."""


class Told(NamedTuple):
    """A sentence in parts: what leads to the product, the product (empty for a whole message), the rest, an aside."""

    lead: str
    product: str
    rest: str
    aside: str = ""

    def __str__(self) -> str:
        """The whole of it as one text."""
        return f"{self.lead}{self.product}{self.rest}{' ' + self.aside if self.aside else ''}"


def told(one: Prevented, report: ScanReport) -> Told:
    """The sentence of one example."""
    who = f"Customer {one.customer_id}" if one.customer_id else "Somebody"
    if one.sku is None:
        rest, aside = _MESSAGE_PHRASES.get(one.code) or (_by_rule(one, report), "")
        return Told(f"{who} would have got {CHANNELS.get(one.channel or '', 'a message')}", "", f"{rest}.", aside)
    product = f"“{one.title}”" if one.title else f"item {one.sku}"
    cost = f" ({price(one.price_minor, one.currency)})" if one.price_minor is not None else ""
    rest, aside = _item_words(one, report)
    return Told(f"{who} would have been shown ", product, f"{cost}{rest}.", aside)


def _item_words(one: Prevented, report: ScanReport) -> tuple[str, str]:
    bought = _purchase(one)
    if bought is not None and one.code != "recalled":
        return _bought_words(one, bought)
    if one.code in _CANNOT_BE_HAD and _unknown(one, "stock."):
        return _PHRASES["stock_unknown"]
    if one.code == "low_stock":
        left = _seen(one, "stock.available_units")
        return f" with only {small(int(left)) if left and left.isdigit() else 'a few'} left in stock", ""
    if one.code == "already_shown":
        return _shown_words(one)
    return _PHRASES.get(one.code) or (_by_rule(one, report), "")


def _purchase(one: Prevented) -> Clue | None:
    """The purchase that is nearest to the item, the latest of those; None when no rule saw one."""
    bought = [clue for clue in one.clues if clue.field.startswith(_BOUGHT) and clue.at is not None]
    return max(bought, key=lambda clue: (-_nearness(clue), clue.at), default=None)


def _nearness(clue: Clue) -> int:
    """0 for the item itself, more for what is less and less the same."""
    same = clue.field.removeprefix(_BOUGHT)
    return _SAMENESS.index(same) if same in _SAMENESS else len(_SAMENESS)


def _shown_words(one: Prevented) -> tuple[str, str]:
    times = next((clue.seen for clue in one.clues if clue.field.startswith("shown.")), None)
    match int(times) if times and times.isdigit() else 0:
        case 0:
            return ", which earlier messages had shown them already", ""
        case 1:
            return ", which an earlier message had shown them already", ""
        case many:
            return f", which {small(many)} earlier messages had shown them already", "They have seen it by now."


def _bought_words(one: Prevented, bought: Clue) -> tuple[str, str]:
    age_us = max(0, to_us(one.as_of) - to_us(bought.at or one.as_of))
    when = _after(age_us)
    units = int(bought.seen) if bought.seen and bought.seen.isdigit() else 1
    match bought.field.removeprefix(_BOUGHT):
        case "sku":
            what = "buying it" if units == 1 else f"buying {small(units)} of it"
        case "item_group":
            what = "buying it in this or another size or colour"
        case "category":
            what = "buying another of its kind"
        case "brand":
            what = f"buying {small(units)} things of the same brand" if units > 1 else "buying the same brand"
        case "component":
            what = "buying the set it is part of"
        case _:
            what = "buying it"
    return f" {when} {what}", _bought_aside(one, bought, age_us)


def _bought_aside(one: Prevented, bought: Clue, age_us: int) -> str:
    is_it = _nearness(bought) < _SAMENESS.index("category")
    match one.code:
        case "one_is_enough":
            return "No home needs two."
        case "not_yet_due":
            return "The last one is not used up yet."
        case "out_of_stock" if not _unknown(one, "stock."):
            return "And there was none left anyway."
        case _ if not is_it:
            return ""
        case _ if age_us < US_PER_DAY:
            return "The receipt was hardly dry."
        case _ if age_us < 4 * US_PER_DAY:
            return "It was hardly unpacked."
        case _ if age_us < 30 * US_PER_DAY:
            return "Nobody had asked for another."
        case _:
            return ""


def _after(age_us: int) -> str:
    if US_PER_DAY <= age_us < 2 * US_PER_DAY:
        return "the day after"
    return "moments after" if age_us < US_PER_MINUTE else f"{length(age_us)} after"


def _by_rule(one: Prevented, report: ScanReport) -> str:
    rule = report.rule(one.rule)
    return f", against the rule “{rule.name if rule else one.rule}”"


def _seen(one: Prevented, field: str) -> str | None:
    return next((clue.seen for clue in one.clues if clue.field == field), None)


def _unknown(one: Prevented, source: str) -> bool:
    clues = [clue for clue in one.clues if clue.field.startswith(source)]
    return bool(clues) and all(clue.seen is None for clue in clues)
