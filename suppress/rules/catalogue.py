"""Hold a ruleset against what a shop has loaded: names no product, place or message has, facts no import delivers.

A ruleset and the answers of a Catalogue in, warnings out. Nothing here knows a database; `stores.lookups` answers from
one. What is not in the catalogue today may be tomorrow, so nothing here stops a ruleset from being used.
"""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from suppress.decisions.decision import Mode
from suppress.facts.catalog import is_under
from suppress.facts.fields import CUSTOMERS_REGION, FieldType, Operator
from suppress.facts.snapshot import Source
from suppress.problems import Position, Problem
from suppress.rules.findings import Findings, TooManyProblemsError, quoted, suggestion
from suppress.rules.needs import facts_needed, goes_by_customers_clock, needs_of_effect, sources_of
from suppress.rules.ruleset import Rule, Ruleset
from suppress.rules.tree import THIS, Bought, By, Compare, Leaf, Said, Sent, Shown


class Kind(StrEnum):
    """What a word of a rule may be the name of."""

    SKU = "sku"
    ITEM_GROUP = "item_group"
    CATEGORY = "category"
    BRAND = "brand"
    LOCATION = "location"
    REGION = "region"
    ORDER_CHANNEL = "order channel"
    SENT_CHANNEL = "sent channel"
    SENT_CAMPAIGN = "sent campaign"
    ITEM_ATTRIBUTE = "item attribute"
    CUSTOMER_ATTRIBUTE = "customer attribute"
    CONSENT_CHANNEL = "consent channel"


MANY: Final = (Kind.SKU, Kind.ITEM_GROUP)
"""Kinds of which a shop has too many to list: one asks which of some words are unknown."""


class Catalogue(Protocol):
    """What a shop has loaded."""

    def never_loaded(self) -> frozenset[Source]:
        """The sources of which nothing was ever imported."""

    def unknown(self, kind: Kind, words: Collection[str]) -> frozenset[str]:
        """Those of the words that are no sku (no style)."""

    def like(self, kind: Kind, word: str) -> Collection[str]:
        """A few skus (styles) that begin as the word does."""

    def words(self, kind: Kind) -> frozenset[str] | None:
        """Every name of another kind; None when there are too many rows to tell."""

    def never_filled(self, fields: Collection[str]) -> frozenset[str]:
        """Those of the fields, by their names in rules, that are unknown for every row there is."""


class _Named(NamedTuple):
    """A word in a rule, what it is the name of, and whether names below it (`home` for `home/bed`) are enough."""

    kind: Kind
    word: str
    position: Position
    under: bool = False


_SOURCE_OF: Final = {
    Kind.SKU: Source.PRODUCTS,
    Kind.ITEM_GROUP: Source.PRODUCTS,
    Kind.CATEGORY: Source.PRODUCTS,
    Kind.BRAND: Source.PRODUCTS,
    Kind.ITEM_ATTRIBUTE: Source.PRODUCTS,
    Kind.LOCATION: Source.STOCK,
    Kind.REGION: Source.CUSTOMERS,
    Kind.CUSTOMER_ATTRIBUTE: Source.CUSTOMERS,
    Kind.CONSENT_CHANNEL: Source.CUSTOMERS,
    Kind.ORDER_CHANNEL: Source.ORDERS,
    Kind.SENT_CHANNEL: Source.SENT,
    Kind.SENT_CAMPAIGN: Source.SENT,
}

_SAID: Final = {
    Kind.SKU: "no product has the sku {}",
    Kind.ITEM_GROUP: "no product has the style {}",
    Kind.CATEGORY: "no product has the category {} or one below it",
    Kind.BRAND: "no product has the brand {}",
    Kind.LOCATION: "no stock is at {}",
    Kind.REGION: "no customer has the region {}",
    Kind.ORDER_CHANNEL: "nothing was ever ordered through the channel {}",
    Kind.SENT_CHANNEL: "nothing was ever sent through the channel {}",
    Kind.SENT_CAMPAIGN: "nothing was ever sent in the campaign {}",
    Kind.ITEM_ATTRIBUTE: "no product has the attribute {}",
    Kind.CUSTOMER_ATTRIBUTE: "no customer has the attribute {}",
    Kind.CONSENT_CHANNEL: "no customer agreed to or refused the channel {}",
}

_KIND_OF_FIELD: Final = {
    "item.sku": Kind.SKU,
    "item.item_group": Kind.ITEM_GROUP,
    "item.category": Kind.CATEGORY,
    "item.brand": Kind.BRAND,
    "customer.region": Kind.REGION,
}
_PREFIXES: Final = {
    "item.attributes.": Kind.ITEM_ATTRIBUTE,
    "customer.attributes.": Kind.CUSTOMER_ATTRIBUTE,
    "customer.consent.": Kind.CONSENT_CHANNEL,
}
_NAMING: Final = (Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN, Operator.UNDER)
_HOUSEHOLD: Final = "customer.household_id"


def find_unknown(ruleset: Ruleset, catalogue: Catalogue) -> tuple[Problem, ...]:
    """Warnings, in file order, about every name the catalogue does not know and every fact nobody loads."""
    findings = Findings()
    rules = [rule for rule in ruleset.rules if rule.mode is not Mode.OFF]
    lacking = catalogue.never_loaded()
    try:
        _check_sources(rules, lacking, findings)
        _check_columns(rules, ruleset, lacking, catalogue, findings)
        named = [*_of_tables(ruleset), *(word for rule in rules for leaf in rule.leaves() for word in _of_leaf(leaf))]
        _check_names([word for word in named if _SOURCE_OF[word.kind] not in lacking], catalogue, findings)
    except TooManyProblemsError:
        pass
    return findings.problems


_FACTS: Final = {
    Source.PRODUCTS: "products",
    Source.ORDERS: "orders",
    Source.STOCK: "stock figures",
    Source.CUSTOMERS: "customers",
    Source.SENT: "messages sent",
    Source.FEEDBACK: "what customers said",
}


class _Read(NamedTuple):
    """Feeds a part of a rule looks at, and what comes of it without the customers."""

    sources: tuple[Source, ...]
    position: Position
    by_clock: bool


def _check_sources(rules: list[Rule], lacking: frozenset[Source], findings: Findings) -> None:
    """Warn, at its first use in each rule, of a source that was never loaded."""
    for rule in rules:
        told: set[Source] = set()
        for read in _reads(rule):
            for source in read.sources:
                if source in lacking and source not in told:
                    told.add(source)
                    # A clock is never unknown: that of customers nobody knows is the ruleset's.
                    by_clock = read.by_clock and source is Source.CUSTOMERS
                    until = "the ruleset's time zone counts" if by_clock else "this is unknown"
                    findings.warn(
                        "never-loaded",
                        f"the rule {quoted(rule.id)} asks for {_FACTS[source]}, of which nothing was ever imported",
                        read.position,
                        f'run "suppress import {source.value} FILE"; until then {until}',
                    )


def _reads(rule: Rule) -> Iterator[_Read]:
    for leaf in rule.leaves():
        yield _Read(sources_of(facts_needed([leaf])), leaf.position, goes_by_customers_clock(leaf))
    if rule.hold is not None:
        yield _Read(sources_of(needs_of_effect(rule.hold, None)), rule.place("hold"), rule.hold.until is not None)
    if rule.limit is not None:
        yield _Read(sources_of(needs_of_effect(None, rule.limit)), rule.place("limit"), by_clock=False)


def _check_columns(
    rules: list[Rule], ruleset: Ruleset, lacking: frozenset[Source], catalogue: Catalogue, findings: Findings
) -> None:
    """Warn of fields that no row of a loaded source states."""
    asked: dict[str, list[Position]] = {}
    for rule in rules:
        for leaf in rule.leaves():
            name = _column_of(leaf, ruleset)
            if name is not None and not lacking.intersection(sources_of(facts_needed([leaf]))):
                asked.setdefault(name, []).append(leaf.position)
    for name in catalogue.never_filled(asked) if asked else ():
        for position in asked[name]:
            findings.warn(
                "never-loaded",
                f"no import ever stated {quoted(name)}",
                position,
                "add its column to the file that is imported; until then this is unknown",
            )


def _column_of(leaf: Leaf, ruleset: Ruleset) -> str | None:
    """The field that must be stated by somebody for the leaf to be known."""
    if isinstance(leaf, Bought):
        return _HOUSEHOLD if leaf.by is By.HOUSEHOLD else None
    if not isinstance(leaf, Compare) or (leaf.field.base == "item.replenish_days" and ruleset.cycles):
        return None
    return leaf.field.base


def _of_tables(ruleset: Ruleset) -> Iterator[_Named]:
    """The names in the ruleset's own tables. Their values have no places of their own: they stand at the table."""
    for path in ruleset.cycles:
        yield _Named(Kind.CATEGORY, path, ruleset.place("cycles"), under=True)
    for region, locations in ruleset.regions.items():
        yield _Named(Kind.REGION, region, ruleset.place("regions"))
        for location in locations:
            yield _Named(Kind.LOCATION, location, ruleset.place("regions"))


def _of_leaf(leaf: Leaf) -> Iterator[_Named]:
    position = leaf.position
    match leaf:
        case Compare():
            yield from _of_compare(leaf)
        case Bought(channels=channels):
            yield from (_Named(Kind.ORDER_CHANNEL, channel, position) for channel in channels)
        case Shown(channels=channels, campaigns=campaigns) | Sent(channels=channels, campaigns=campaigns):
            yield from (_Named(Kind.SENT_CHANNEL, channel, position) for channel in channels if channel != THIS)
            yield from (_Named(Kind.SENT_CAMPAIGN, campaign, position) for campaign in campaigns if campaign != THIS)
        case Said():
            return


def _of_compare(leaf: Compare) -> Iterator[_Named]:
    field, position = leaf.field, leaf.position
    if field.at is not None and field.at != CUSTOMERS_REGION:
        yield _Named(Kind.LOCATION, field.at, position)
    if field.under is not None:
        yield _Named(Kind.CATEGORY, field.under, position, under=True)
    for prefix, kind in _PREFIXES.items():
        if field.label.startswith(prefix):
            yield _Named(kind, field.label.removeprefix(prefix), position)
    named = _KIND_OF_FIELD.get(field.name)
    if named is not None and leaf.operator in _NAMING:
        # A category that only has others below it is one that products can be sorted into.
        yield from (_Named(named, str(value), position, under=field.type is FieldType.PATH) for value in leaf.values)


def _check_names(named: list[_Named], catalogue: Catalogue, findings: Findings) -> None:
    for kind in Kind:
        asked = [each for each in named if each.kind is kind]
        if not asked:
            continue
        if kind in MANY:
            unknown = catalogue.unknown(kind, sorted({each.word for each in asked}))
            for each in asked:
                if each.word in unknown:
                    _warn(each, catalogue.like(kind, each.word), findings)
            continue
        words = catalogue.words(kind)
        for each in asked if words is not None else ():
            if not _is_known(each, words or frozenset()):
                _warn(each, words or (), findings)


def _is_known(named: _Named, words: frozenset[str]) -> bool:
    return named.word in words or (named.under and any(is_under(word, named.word) for word in words))


def _warn(named: _Named, known: Collection[str], findings: Findings) -> None:
    options = {top for word in known for top in _levels(word)} if named.kind is Kind.CATEGORY else known
    by_case = next((word for word in sorted(options) if word.casefold() == named.word.casefold()), None)
    near = f'did you mean "{by_case}"?' if by_case else suggestion(named.word, sorted(options))
    findings.warn(
        "unknown-name",
        _SAID[named.kind].format(quoted(named.word)),
        named.position,
        near or "check the spelling; names are compared letter by letter",
    )


def _levels(path: str) -> Iterator[str]:
    levels = path.split("/")
    yield from ("/".join(levels[:count]) for count in range(1, len(levels) + 1))
