"""A ruleset held against what a shop has loaded: each unknown name and each missing feed is told where it stands."""

from collections.abc import Collection
from pathlib import Path

import pytest
from click.testing import CliRunner

from suppress.cli.lint import command as lint
from suppress.facts.snapshot import Source
from suppress.problems import Severity
from suppress.rules.catalogue import Kind, find_unknown
from suppress.rules.reading import parse_ruleset
from suppress.stores.database import Database
from suppress.stores.load import Loader
from suppress.stores.schema import upgrade

WORDS = {
    Kind.SKU: {"A-1"},
    Kind.ITEM_GROUP: {"A-1", "style-1"},
    Kind.CATEGORY: {"food/tea/green", "home"},
    Kind.BRAND: {"Acme"},
    Kind.LOCATION: {"zurich-1"},
    Kind.REGION: {"ZH"},
    Kind.ORDER_CHANNEL: {"web"},
    Kind.SENT_CHANNEL: {"email"},
    Kind.SENT_CAMPAIGN: {"spring"},
    Kind.ITEM_ATTRIBUTE: {"colour"},
    Kind.CUSTOMER_ATTRIBUTE: {"tier"},
    Kind.CONSENT_CHANNEL: {"sms"},
}


class Shop:
    """A small shop whose answers stand in a table."""

    def __init__(self, *lacking: Source, empty: Collection[str] = (), is_huge: bool = False) -> None:
        self.lacking = frozenset(lacking)
        self.empty = frozenset(empty)
        self.is_huge = is_huge

    def never_loaded(self) -> frozenset[Source]:
        return self.lacking

    def unknown(self, kind: Kind, words: Collection[str]) -> frozenset[str]:
        return frozenset(words) - WORDS[kind]

    def like(self, kind: Kind, word: str) -> Collection[str]:
        return [known for known in WORDS[kind] if known[:1].lower() == word[:1].lower()]

    def words(self, kind: Kind) -> frozenset[str] | None:
        return None if self.is_huge else frozenset(WORDS[kind])

    def never_filled(self, fields: Collection[str]) -> frozenset[str]:
        return self.empty & frozenset(fields)


def told(when: str, shop: Shop, top: str = "", effect: str = "drop: item") -> list[str]:
    text = f"version: 1\nruleset: f\n{top}rules:\n  - {{id: r, {effect}, code: recalled, when: {{{when}}}}}\n"
    ruleset, problems = parse_ruleset(text.encode(), "f.yaml")
    assert ruleset is not None, problems
    found = find_unknown(ruleset, shop)
    assert {Severity.WARNING} >= {problem.severity for problem in found}
    return [f"{problem.message}. {problem.help}" for problem in found]


@pytest.mark.parametrize(
    "when",
    [
        "item.sku: A-1, item.item_group: style-1",
        "item.category: {under: food}",
        "item.category: food/tea/green",
        "item.category: {starts_with: foo, contains: x}",
        "item.brand: {not_in: [Acme]}",
        "stock.on_hand: {at: zurich-1, below: 1}",
        "stock.on_hand: {at: customer.region, below: 1}",
        "bought: {same: sku, channel: web}",
        "shown: {same: sku, channel: [this, email], campaign: [this, spring]}",
        "item.attributes.colour: red, customer.attributes.tier: gold, customer.consent.sms: yes",
        "message.attributes.anything: red, message.channel: fax",
        "message.kept_of_category: {under: home, at_least: 2}",
        "said: {says: already_own, same: category}",
    ],
)
def test_what_is_known_is_no_problem(when: str) -> None:
    """Names the shop knows, names that are the message's own, and texts that are only parts of names."""
    assert [] == told(when, Shop())


NO_IDEA = "check the spelling; names are compared letter by letter"


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("item.sku: a-1", 'no product has the sku "a-1". did you mean "A-1"?'),
        ("item.item_group: {in: [style-2, A-1]}", 'no product has the style "style-2". did you mean "style-1"?'),
        (
            "item.category: {under: food/te}",
            'no product has the category "food/te" or one below it. did you mean "food/tea"?',
        ),
        ("item.brand: {is_not: ACME}", 'no product has the brand "ACME". did you mean "Acme"?'),
        ("stock.on_hand: {at: zurich, below: 1}", 'no stock is at "zurich". did you mean "zurich-1"?'),
        (
            "bought: {same: sku, channel: shop}",
            f'nothing was ever ordered through the channel "shop". {NO_IDEA}',
        ),
        (
            "shown: {same: sku, channel: e-mail}",
            'nothing was ever sent through the channel "e-mail". did you mean "email"?',
        ),
        (
            "sent: {within: 2 days, at_least: 2, campaign: sprung}",
            'nothing was ever sent in the campaign "sprung". did you mean "spring"?',
        ),
        ("item.attributes.color: red", 'no product has the attribute "color". did you mean "colour"?'),
        ("customer.attributes.teir: gold", 'no customer has the attribute "teir". did you mean "tier"?'),
        ("customer.consent.sns: yes", 'no customer agreed to or refused the channel "sns". did you mean "sms"?'),
        ("customer.region: zh", 'no customer has the region "zh". did you mean "ZH"?'),
        (
            "message.kept_of_category: {under: hom, at_least: 2}",
            'no product has the category "hom" or one below it. did you mean "home"?',
        ),
    ],
)
def test_what_is_unknown_is_told(when: str, wanted: str) -> None:
    """One warning, with the name that was probably meant."""
    assert [wanted] == told(when, Shop())


def test_names_in_tables_are_names() -> None:
    """Categories with a cycle, regions and their locations are looked up as well."""
    top = "cycles: {food/te: 3 days}\nregions: {ZG: [zug-1]}\n"
    when = "item.replenishment_due: yes, stock.on_hand: {at: customer.region, below: 1}"

    assert [
        'no product has the category "food/te" or one below it. did you mean "food/tea"?',
        f'no customer has the region "ZG". {NO_IDEA}',
        'no stock is at "zug-1". did you mean "zurich-1"?',
    ] == told(when, Shop(), top)


def test_facts_nobody_imports() -> None:
    """A source that was never loaded is told once a rule, and its names are not called unknown."""
    when = "bought: {same: brand, channel: shop}, item.brand: none, item.title: x, said: {says: already_own, same: sku}"
    lacking = Shop(Source.PRODUCTS, Source.ORDERS, Source.FEEDBACK)

    assert [
        f'the rule "r" asks for {facts}, of which nothing was ever imported. '
        f'run "suppress import {source} FILE"; until then this is unknown'
        for source, facts in (("orders", "orders"), ("products", "products"), ("feedback", "what customers said"))
    ] == told(when, lacking)


@pytest.mark.parametrize(
    ("when", "effect", "lacking", "until"),
    [
        (
            'message.local_time: {below: "08:00"}',
            "suppress: message",
            Source.CUSTOMERS,
            "the ruleset's time zone counts",
        ),
        (
            "sent: {calendar: day, zone: customer}, customer.region: ZH",
            "suppress: message",
            Source.CUSTOMERS,
            "the ruleset's time zone counts",
        ),
        ("message.channel: sms", 'hold: {until: "08:00"}', Source.CUSTOMERS, "the ruleset's time zone counts"),
        ("message.channel: sms", "hold: {until: restock}", Source.STOCK, "this is unknown"),
        ("stock.on_hand: {at: customer.region, below: 1}", "drop: item", Source.CUSTOMERS, "this is unknown"),
        ("item.replenishment_due: yes", "drop: item", Source.PRODUCTS, "this is unknown"),
        ("stock.group_in_stock_share: {below: 50%}", "drop: item", Source.PRODUCTS, "this is unknown"),
    ],
)
def test_feeds_that_are_read_besides(when: str, effect: str, lacking: Source, until: str) -> None:
    """A feed no name in the rule speaks of is missed as well, once, and what counts without it is told."""
    facts = {"stock": "stock figures"}.get(lacking.value, lacking.value)

    assert [
        f'the rule "r" asks for {facts}, of which nothing was ever imported. '
        f'run "suppress import {lacking.value} FILE"; until then {until}'
    ] == told(when, Shop(lacking), effect=effect)


@pytest.mark.parametrize("when", ["sent: {calendar: day, zone: shop}", "message.channel: sms", "customer.known: yes"])
def test_feeds_nobody_reads_are_not_missed(when: str) -> None:
    """By the shop's own clock, and for what the message itself says, no customers are needed."""
    assert [] == told(when, Shop(Source.CUSTOMERS), effect="hold: {for: 1 hour}")


@pytest.mark.parametrize(
    ("when", "empty", "wanted"),
    [
        ("customer.open_case: yes, drop", "customer.open_case", "customer.open_case"),
        ("bought: {same: sku, by: household}", "customer.household_id", "customer.household_id"),
        ("stock.restock_at: {at: zurich-1, exists: no}", "stock.restock_at", "stock.restock_at"),
    ],
)
def test_columns_nobody_fills(when: str, empty: str, wanted: str) -> None:
    """A field that no row states is told by its name in rules."""
    assert [
        f'no import ever stated "{wanted}". add its column to the file that is imported; until then this is unknown'
    ] == told(when.removesuffix(", drop"), Shop(empty=[empty]))


def test_a_cycle_of_the_ruleset_is_a_cycle() -> None:
    """With cycles by category nobody misses those of products."""
    shop = Shop(empty=["item.replenish_days"])

    assert 1 == len(told("item.replenish_days: 3", shop))
    assert [] == told("item.replenish_days: 3", shop, "cycles: {food/tea: 3 days}\n")


def test_a_huge_shop_is_not_judged() -> None:
    """Where there are too many rows to tell, no name is called unknown."""
    assert [] == told("item.brand: none", Shop(is_huge=True))


def test_rules_that_are_off_need_nothing() -> None:
    """A rule that is not played asks for no facts."""
    assert [] == told("item.brand: none", Shop(Source.PRODUCTS), effect="drop: item, mode: off")


def test_lint_looks_into_a_database(tmp_path: Path) -> None:
    """With --database the command warns of what is unknown there, exits 0, and tells a base's warning once."""
    url = f"sqlite:///{tmp_path / 'facts.db'}"
    with Database.open(url, require_schema=False) as database:
        upgrade(database)
        with Loader(database, Source.STOCK) as loader:
            loader.finish(1)
    rules = "rules:\n  - {id: r, drop: item, code: recalled, when: {stock.on_hand: {at: zurich, below: 1}}}\n"
    (tmp_path / "base.yaml").write_text(f"version: 1\nruleset: base\n{rules}")
    (tmp_path / "shop.yaml").write_text("version: 1\nruleset: shop\nuse: base\n")
    result = CliRunner().invoke(lint, [str(tmp_path), "--database", url])

    assert 0 == result.exit_code
    assert [
        f'{tmp_path}/base.yaml:4:48 warning unknown-name: no stock is at "zurich". help: check the spelling; names are '
        "compared letter by letter"
    ] == result.stdout.splitlines()
