"""What is claimed of conditions is true of them: contradictions never hold, and what implies does imply."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.facts.fields import FIELDS, OPERATORS, Operator
from suppress.problems import errors_in
from suppress.rules.contradictions import find_contradictions
from suppress.rules.findings import Findings
from suppress.rules.implication import Implication
from suppress.rules.reading import parse_ruleset
from suppress.rules.tree import All, Bought, Compare, Duration, Same

HEAD = "version: 1\nruleset: f\n"
UNKNOWN = None
NUMBERS = (UNKNOWN, -1, 0, 1, 2, 3)
STATES = (UNKNOWN, "active", "hidden", "recalled", "discontinued")
PATHS = (UNKNOWN, "a", "a/b", "ab", "a/b/c", "b")
BOUGHT = (UNKNOWN, 0, 1, 2)


def compared(value: object, operator: Operator, values: tuple[object, ...]) -> bool | None:
    """A second, smaller evaluator: SQL's three values of one comparison."""
    if operator is Operator.EXISTS:
        return (value is not UNKNOWN) == values[0]
    if value is UNKNOWN:
        return None
    first = values[0]
    if isinstance(value, int) and isinstance(first, int):
        ordered = {
            Operator.BELOW: value < first,
            Operator.AT_MOST: value <= first,
            Operator.AT_LEAST: value >= first,
            Operator.ABOVE: value > first,
            Operator.BETWEEN: first <= value <= int(str(values[-1])),
        }
        if operator in ordered:
            return ordered[operator]
    text = str(value)
    match operator:
        case Operator.IS | Operator.IN:
            return value in values
        case Operator.IS_NOT | Operator.NOT_IN:
            return value not in values
        case Operator.UNDER:
            return text == first or text.startswith(f"{first}/")
        case Operator.STARTS_WITH:
            return text.startswith(str(first))
        case Operator.CONTAINS:
            return str(first) in text
        case _:
            raise AssertionError(operator)


def every_comparison(name: str, domain: tuple[object, ...]) -> list[Compare]:
    """Every comparison of a field with values of a small domain."""
    field = FIELDS[name]
    one = [operator for operator in OPERATORS[field.type] if operator not in (Operator.EXISTS, Operator.MATCHES)]
    found = []
    for operator in one:
        if operator in (Operator.IN, Operator.NOT_IN, Operator.BETWEEN):
            chosen = [(low, high) for low, high in product(domain, domain) if low < high]  # type: ignore[operator]
        else:
            chosen = [(value,) for value in domain]
        found += [Compare(field=field, operator=operator, values=values) for values in chosen]  # type: ignore[arg-type]
    return found + [Compare(field=field, operator=Operator.EXISTS, values=(wanted,)) for wanted in (True, False)]


@pytest.mark.parametrize(
    ("name", "domain"), [("stock.on_hand", NUMBERS), ("item.status", STATES), ("item.category", PATHS)]
)
def test_every_pair_of_comparisons(name: str, domain: tuple[object, ...]) -> None:
    """For all pairs over a small domain: what is said to imply does, and what is said to contradict does."""
    said = 0
    for first, second in product(every_comparison(name, domain[1:4]), repeat=2):
        both = All(parts=(first, second))
        findings = Findings()
        find_contradictions(both, Implication(), findings)
        answers = [tuple(compared(value, each.operator, each.values) for each in (first, second)) for value in domain]
        if Implication().implies(first, second):
            said += 1
            assert not any(one is True and two is not True for one, two in answers), (first, second)
            assert not any(two is False and one is not False for one, two in answers), (first, second)
        if findings.error_count:
            said += 1
            assert not any(one is True and two is True for one, two in answers), (first, second)
    assert said > 50


DAYS = st.integers(1, 4).map(lambda days: Duration(days * 86_400_000_000, f"{days} days"))


@st.composite
def windows(draw: st.DrawFn) -> Bought:
    return Bought(
        same=draw(st.sampled_from([Same.SKU, Same.BRAND])),
        within=draw(st.none() | DAYS),
        not_within=draw(st.none() | DAYS),
        at_least=draw(st.integers(1, 2)),
        kept=draw(st.booleans()),
    )


@given(windows(), windows())
def test_a_window_implies_only_wider_windows(first: Bought, second: Bought) -> None:
    """When one purchase condition implies another, every single purchase that meets the first meets the second."""
    if not Implication().implies(first, second):
        return
    assert first.same in (second.same, Same.SKU)
    for age, ordered, kept in product(range(6), range(3), range(3)):
        if kept <= ordered and meets(first, age, ordered, kept):
            assert meets(second, age, ordered, kept)


def meets(bought: Bought, age_days: int, ordered: int, kept: int) -> bool:
    age = age_days * 86_400_000_000
    inside = (bought.within is None or age < bought.within.us) and (
        bought.not_within is None or age >= bought.not_within.us
    )
    return inside and (kept if bought.kept else ordered) >= bought.at_least


def codes(rules: str, head: str = HEAD) -> list[str]:
    _, problems = parse_ruleset(f"{head}rules:\n{rules}".encode(), "f.yaml")
    return [problem.code for problem in problems]


def rule(number: int, when: str, more: str = "") -> str:
    return f"  - {{id: r{number}, drop: item, code: recalled, when: {{{when}}}{more}}}\n"


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ("item.brand: a", "item.brand: a", ["unreachable-rule"]),
        ("item.brand: {in: [a, b]}", "item.brand: a", ["unreachable-rule"]),
        ("item.brand: a", "item.brand: {in: [a, b]}", []),
        ("stock.on_hand: {below: 5}", "stock.on_hand: {between: [1, 4]}", ["unreachable-rule"]),
        ("stock.on_hand: {below: 5}", "stock.on_hand: {below: 6}", []),
        ("any: [{item.brand: a}, {item.status: hidden}]", "item.status: hidden, item.title: x", ["unreachable-rule"]),
        (
            "bought: {same: sku, within: 9 days}",
            "bought: {same: sku, within: 3 days, at_least: 2}",
            ["unreachable-rule"],
        ),
        ("bought: {same: sku, within: 9 days}", "bought: {same: brand, within: 9 days}", []),
    ],
)
def test_a_rule_behind_a_wider_one_never_decides(first: str, second: str, wanted: list[str]) -> None:
    """A rule is told when an earlier one fires whenever it does, and only then."""
    assert wanted == codes(rule(1, first) + rule(2, second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (", mode: shadow", ""),
        ("", ", mode: off"),
        (", starts: 2026-12-01", ""),
        (", ends: 2026-12-01", ", ends: 2026-12-02"),
        ("", ", when_unknown: block"),
        (", unless: {item.title: x}", ""),
        (", unless: {item.title: x}", ", unless: {item.title: y}"),
    ],
)
def test_a_rule_that_may_still_decide_is_not_told(first: str, second: str) -> None:
    """Modes, dates, exceptions and the treatment of the unknown leave room for the later rule."""
    assert [] == codes(rule(1, "item.brand: a", first) + rule(2, "item.brand: a", second))


def test_item_and_message_rules_do_not_shadow_each_other() -> None:
    """The same condition may drop items and suppress messages."""
    message = "  - {id: m, suppress: message, code: recalled, when: {campaign.id: a}}\n"

    assert [] == codes(rule(1, "campaign.id: a") + message)


def test_a_replaced_code_keeps_its_meaning() -> None:
    """A ruleset's own code may be used by its rules."""
    own = rule(1, "item.brand: a").replace("recalled", "out_of_season")

    assert ["unregistered-code"] == codes(own)
    assert [] == codes(own, HEAD + "codes: {out_of_season: not now}\n")


def test_a_sound_ruleset_has_no_errors() -> None:
    """Everything the checks look at may also be right."""
    text = (
        HEAD
        + "defaults: {stock_max_age: 6 hours}\nrules:\n"
        + rule(
            1,
            "stock.available_units: {below: 1}, stock.age: {below: 2 hours}, "
            "bought: {same: sku, within: 9 days, not_within: 3 days}",
            ", unless: {item.brand: a, item.status: active}, starts: 2026-01-01, ends: 2026-01-01",
        )
    )
    _, problems = parse_ruleset(text.encode(), "f.yaml")

    assert () == errors_in(problems)
