"""What a condition says in YAML is the tree that is read."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from suppress.facts.fields import FIELDS, Operator, find_field
from suppress.facts.instants import US_PER_DAY
from suppress.rules.conditions import read_condition
from suppress.rules.document import parse_document
from suppress.rules.findings import Findings
from suppress.rules.literals import Context
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Duration, Instant, Not, Same
from tests.rules.printing import conditions, printed


def read(text: str, zone: str = "UTC") -> Condition | None:
    node, problems = parse_document(text.encode(), "f.yaml")
    findings = Findings()

    assert () == problems
    assert node is not None
    condition = read_condition(node, '"when"', Context(findings, ZoneInfo(zone)))

    assert () == findings.problems
    return condition


def compare(name: str, operator: Operator, *values: object) -> Compare:
    field = find_field(name)
    assert field is not None
    return Compare(field=field, operator=operator, values=values)  # type: ignore[arg-type]


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
    condition = read("any:\n  - item.brand: a\n  - stock.on_hand: {above: 1, below: 5}\n")

    assert isinstance(condition, AnyOf)
    first, second = condition.parts
    assert isinstance(second, All)
    assert ["f.yaml:2:5", "f.yaml:3:21", "f.yaml:3:31"] == [str(leaf.position) for leaf in (first, *second.parts)]
