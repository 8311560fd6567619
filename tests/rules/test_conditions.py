"""What a condition says in YAML is the tree that is read."""

import re
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from suppress.facts.fields import FIELDS, Operator, find_field, qualified
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE
from suppress.rules.conditions import read_condition
from suppress.rules.document import parse_document
from suppress.rules.entries import CONDITIONS, PAST, names
from suppress.rules.findings import Findings
from suppress.rules.literals import Context
from suppress.rules.slips import CONDITION_SLIPS, PAST_SLIPS
from suppress.rules.tree import (
    All,
    AnyOf,
    Bought,
    By,
    ClockTime,
    Compare,
    Condition,
    Count,
    Day,
    Duration,
    Instant,
    Not,
    Parts,
    Period,
    Said,
    Same,
    Sent,
    Shown,
)
from tests.rules.printing import DECLARED, conditions, printed


def read(text: str, zone: str = "UTC") -> Condition | None:
    node, problems = parse_document(text.encode(), "f.yaml")
    findings = Findings()

    assert () == problems
    assert node is not None
    condition = read_condition(node, '"when"', Context(findings, ZoneInfo(zone), attributes=DECLARED))

    assert () == findings.problems
    return condition


def compare(name: str, operator: Operator, *values: object) -> Compare:
    field = find_field(name)
    assert field is not None
    return Compare(field=field, operator=operator, values=values)  # type: ignore[arg-type]


def clock(hours: int, minutes: int = 0) -> ClockTime:
    return ClockTime(hours * US_PER_HOUR + minutes * US_PER_MINUTE, "")


@given(conditions())
def test_a_printed_tree_is_read_back(condition: Condition) -> None:
    """Any tree, printed as YAML and read, is the same tree."""
    assert condition == read(printed(condition))


BRAND, STATUS = FIELDS["item.brand"], FIELDS["item.status"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("item.brand: Acme", compare("item.brand", Operator.IS, "Acme")),
        ("item.brand: NO", compare("item.brand", Operator.IS, "NO")),
        ("item.brand: 012", compare("item.brand", Operator.IS, "012")),
        ("customer.country: NO", compare("customer.country", Operator.IS, "NO")),
        ("item.replenishment_due: yes", compare("item.replenishment_due", Operator.IS, True)),
        ("item.replenishment_due: False", compare("item.replenishment_due", Operator.IS, False)),
        ("item.attributes.size: 22:00", compare("item.attributes.size", Operator.IS, "22:00")),
        ("stock.on_hand: {at_least: 1, below: 5}", All(parts=(
            compare("stock.on_hand", Operator.AT_LEAST, 1), compare("stock.on_hand", Operator.BELOW, 5)))),
        ("{item.brand: a, item.status: hidden}", All(parts=(
            compare("item.brand", Operator.IS, "a"), compare("item.status", Operator.IS, "hidden")))),
        ("any: [{item.brand: a}]", AnyOf(parts=(compare("item.brand", Operator.IS, "a"),))),
        ("not: {item.brand: a}", Not(part=compare("item.brand", Operator.IS, "a"))),
        ("bought: {same: sku}", Bought(same=Same.SKU)),
        ("bought: {same: category, within: 1 week, at_least: 3 units, kept: any}",
         Bought(same=Same.CATEGORY, within=Duration(7 * US_PER_DAY, ""), at_least=3, kept=False)),
        ("bought: {same: component}", Bought(same=Same.COMPONENT, parts=Parts.ALL)),
        ("bought: {same: component, parts: any, by: household, gifts: exclude, at_least: 2 orders, channel: web}",
         Bought(same=Same.COMPONENT, parts=Parts.ANY, by=By.HOUSEHOLD, gifts=False, at_least=2, count=Count.ORDERS,
                channels=("web",))),
        ("bought: {same: sku, at_least: 1 order, gifts: include, by: customer, channel: [web, shop]}",
         Bought(same=Same.SKU, count=Count.ORDERS, channels=("web", "shop"))),
        ("shown: {same: sku}", Shown(same=Same.SKU)),
        ("shown: {same: item_group, within: 2 days, not_within: 1 day, at_least: 2 times, channel: this}",
         Shown(same=Same.ITEM_GROUP, within=Duration(2 * US_PER_DAY, ""), not_within=Duration(US_PER_DAY, ""),
               at_least=2, channels=("this",))),
        ("sent: {within: 7 days, at_least: 3, channel: [email, this], campaign: spring}",
         Sent(within=Duration(7 * US_PER_DAY, ""), at_least=3, channels=("email", "this"), campaigns=("spring",))),
        ("sent: {calendar: month, zone: Europe/Zurich, at_least: 1 message}",
         Sent(calendar=Period.MONTH, zone="Europe/Zurich")),
        ("sent: {calendar: day, zone: shop}", Sent(calendar=Period.DAY, zone="shop")),
        ("said: {says: not_interested, same: category}", Said(says=("not_interested",), same=Same.CATEGORY)),
        ("said: {says: [already_own, bought_as_gift], same: sku, within: 1 day}",
         Said(says=("already_own", "bought_as_gift"), same=Same.SKU, within=Duration(US_PER_DAY, ""))),
        ("message.local_time: {between: ['22:00', 07:30]}",
         compare("message.local_time", Operator.BETWEEN, clock(22), clock(7, 30))),
        ("message.local_time: {below: 00:00}", compare("message.local_time", Operator.BELOW, clock(0))),
        ("message.local_date: 1970-01-02", compare("message.local_date", Operator.IS, Day(1, ""))),
        ("message.local_date: {not_in: [1969-12-31, '1970-01-01']}",
         compare("message.local_date", Operator.NOT_IN, Day(-1, ""), Day(0, ""))),
        ("campaign.tag: 012", compare("campaign.tag", Operator.IS, "012")),
        ("message.dropped_code: {in: [recalled]}", compare("message.dropped_code", Operator.IN, "recalled")),
        ("stock.group_in_stock_share: {below: 50%}", compare("stock.group_in_stock_share", Operator.BELOW, 50)),
        ("stock.group_in_stock_share: 100", compare("stock.group_in_stock_share", Operator.IS, 100)),
        ("stock.on_hand: {at: 012, below: 1}", Compare(
            field=qualified(FIELDS["stock.on_hand"], at="012"), operator=Operator.BELOW, values=(1,))),
        ("stock.on_hand: {above: 1, below: 5, at: customer.region}", All(parts=tuple(
            Compare(field=qualified(FIELDS["stock.on_hand"], at="customer.region"), operator=operator, values=(value,))
            for operator, value in ((Operator.ABOVE, 1), (Operator.BELOW, 5))))),
        ("message.kept_of_category: {under: home/bath, at_least: 2}", Compare(
            field=qualified(FIELDS["message.kept_of_category"], under="home/bath"), operator=Operator.AT_LEAST,
            values=(2,))),
        ("customer.attributes.points: {above: 9}",
         Compare(field=DECLARED["customer.attributes.points"], operator=Operator.ABOVE, values=(9,))),
        ("customer.attributes.tier: NO",
         Compare(field=DECLARED["customer.attributes.tier"], operator=Operator.IS, values=("NO",))),
        ("customer.consent.sms: no", compare("customer.consent.sms", Operator.IS, False)),
        ("stock.incoming_at: {below: 1970-01-02}", compare("stock.incoming_at", Operator.BELOW, Instant(US_PER_DAY,
        ""))),
        ("stock.incoming_at: {below: '1970-01-01T01:00:00+01:00'}", compare("stock.incoming_at", Operator.BELOW,
        Instant(0, ""))),
    ],
)  # fmt: skip
def test_a_condition_says_what_it_seems_to(text: str, wanted: Condition) -> None:
    """A condition as a marketer writes it means the tree beside it."""
    assert wanted == read(text)


@pytest.mark.parametrize(
    ("zone", "date", "hours"),
    [("UTC", "2026-07-01", 0), ("Europe/Zurich", "2026-07-01", -2), ("Europe/Zurich", "2026-12-01", -1),
     ("Asia/Tokyo", "2026-12-01", -9), ("America/Havana", "2026-03-08", 5)],
)  # fmt: skip
def test_a_date_begins_at_local_midnight(zone: str, date: str, hours: int) -> None:
    """A date is its first instant in the ruleset's zone; where midnight is skipped, the instant the clocks move."""
    condition = read(f"stock.incoming_at: {{below: {date}}}", zone)
    there = read(f"stock.incoming_at: {{below: '{date}T00:00:00Z'}}")

    assert isinstance(condition, Compare)
    assert isinstance(there, Compare)
    assert isinstance(condition.values[0], Instant)
    assert isinstance(there.values[0], Instant)
    assert hours * 3_600_000_000 == condition.values[0].us - there.values[0].us


def test_a_leaf_knows_where_it_stands() -> None:
    """The place of a comparison is its field's, or its operator's when a field has several."""
    condition = read(
        "any:\n  - item.brand: a\n  - stock.on_hand: {above: 1, below: 5}\n"
        "  - stock.on_hand: {at: zurich, below: 5}\n  - sent: {within: 1 day}\n"
    )

    assert isinstance(condition, AnyOf)
    first, second, third, fourth = condition.parts
    assert isinstance(second, All)
    assert ["f.yaml:2:5", "f.yaml:3:21", "f.yaml:3:31", "f.yaml:4:5", "f.yaml:5:5"] == [
        str(leaf.position) for leaf in (first, *second.parts, third, fourth)
    ]


def test_slips_are_wrong_and_their_help_is_right() -> None:
    """No word that is understood counts as a slip, and every help names a word that is."""
    helped = {name: set(re.findall(r'write "(\w+)"', " ".join(slips.values()))) for name, slips in PAST_SLIPS.items()}

    assert set() == set(CONDITION_SLIPS) & (set(CONDITIONS) | set(FIELDS))
    assert set(CONDITION_SLIPS.values()) <= set(CONDITIONS)
    assert {name: set() for name in PAST} == {name: set(PAST_SLIPS[name]) & set(names(PAST[name])) for name in PAST}
    assert {name: set() for name in PAST} == {name: words - set(names(PAST[name])) for name, words in helped.items()}


def test_a_definition_is_expanded_in_place() -> None:
    """`defined: NAME` is the very condition of that name; one that could not be read is none, and says nothing more."""
    node, _ = parse_document(b"all: [{defined: red}, {item.brand: b}]", "f.yaml")
    broken, _ = parse_document(b"{defined: blue}", "f.yaml")
    findings = Findings()
    red = compare("item.brand", Operator.IS, "a")
    context = Context(findings, ZoneInfo("UTC"), definitions={"red": red, "blue": None})

    assert node is not None
    assert broken is not None
    assert All(parts=(red, compare("item.brand", Operator.IS, "b"))) == read_condition(node, '"when"', context)
    assert read_condition(broken, '"when"', context) is None
    assert () == findings.problems
