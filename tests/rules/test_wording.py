"""Every rule reads as English: golden sentences, and the words of each comparison and of each condition on the past."""

import os
import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest

from suppress.facts.fields import FIELDS, OPERATORS, Field, FieldType, Operator, find_field, qualified, typed
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR
from suppress.rules.reading import read_ruleset, read_rulesets
from suppress.rules.ruleset import Limit
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
    Leaf,
    Not,
    Parts,
    Past,
    Period,
    Said,
    Same,
    Scalar,
    Sent,
    Shown,
)
from suppress.rules.wording import condition_words, leaf_words, limit_words, rule_sentence
from suppress.rules.wording_page import page

ROOT = Path(__file__).parent.parent.parent
GOLDEN = Path(__file__).parent / "golden"
LANGUAGE = GOLDEN / "language" / "language.yaml"
REWRITE = bool(os.environ.get("SUPPRESS_REWRITE"))

_VALUES: dict[FieldType, tuple[Scalar, Scalar]] = {
    FieldType.TEXT: ("Acme", "Bell & Co"),
    FieldType.CHOICE: ("in_stock", "preorder"),
    FieldType.PATH: ("home/bedroom", "garden"),
    FieldType.NUMBER: (1, 5),
    FieldType.DURATION: (Duration(3600, "1 hour"), Duration(7200, "2 hours")),
    FieldType.INSTANT: (
        Instant(1_796_083_200_000_000, "2026-12-01"),
        Instant(1_798_761_600_000_000, "2027-01-01T00:00:00Z"),
    ),
    FieldType.YES_NO: (True, False),
    FieldType.CLOCK: (ClockTime(21 * US_PER_HOUR, "21:00"), ClockTime(8 * US_PER_HOUR, "08:00")),
    FieldType.DAY: (Day(20_812, "2026-12-25"), Day(20_819, "2027-01-01")),
    FieldType.WORDS: ("spring", "clearance"),
}
_DAY, _WEEK, _YEAR = (
    Duration(days * US_PER_DAY, text) for days, text in ((1, "1 day"), (7, "7 days"), (365, "1 year"))
)

BASES: dict[type, Leaf] = {
    Bought: Bought(same=Same.SKU),
    Shown: Shown(same=Same.SKU),
    Sent: Sent(within=_WEEK),
    Said: Said(says=("not_interested",), same=Same.SKU),
}
"""The plainest condition of each kind on the past."""

VARIANTS: dict[type, tuple[dict[str, Any], ...]] = {
    Bought: (
        *({"same": same} for same in Same),
        {"same": Same.COMPONENT, "parts": Parts.ANY},
        *({"same": same, "at_least": 3} for same in Same),
        *({"same": same, "at_least": 2, "count": Count.ORDERS} for same in Same),
        {"within": _DAY},
        {"within": _YEAR},
        {"not_within": _DAY},
        {"within": _YEAR, "not_within": _WEEK},
        {"within": _WEEK, "not_within": _DAY},
        {"kept": False},
        {"by": By.HOUSEHOLD},
        {"by": By.HOUSEHOLD, "at_least": 2, "within": _YEAR},
        {"gifts": False},
        {"gifts": False, "at_least": 2},
        {"channels": ("web",)},
        {"channels": ("web", "shop", "phone"), "within": _YEAR},
    ),
    Shown: (
        *({"same": same} for same in (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)),
        *({"same": same, "at_least": 3} for same in (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)),
        {"within": _WEEK},
        {"not_within": _DAY},
        {"within": _YEAR, "not_within": _DAY},
        {"channels": ("email",)},
        {"channels": ("this", "push"), "within": _DAY},
        {"campaigns": ("this",)},
        {"campaigns": ("spring", "summer"), "channels": ("email",), "at_least": 2, "within": _WEEK},
    ),
    Sent: (
        {"within": _YEAR},
        {"at_least": 3},
        *({"within": None, "calendar": period, "zone": "customer"} for period in Period),
        {"within": None, "calendar": Period.WEEK, "zone": "shop"},
        {"within": None, "calendar": Period.WEEK, "zone": "Europe/Zurich", "at_least": 2},
        {"channels": ("email",)},
        {"channels": ("this",), "at_least": 2},
        {"campaigns": ("spring",)},
        {"campaigns": ("this", "spring", "summer"), "channels": ("email", "sms"), "at_least": 4},
    ),
    Said: (
        *({"same": same} for same in (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)),
        *({"says": ("already_own",), "same": same} for same in (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)),
        *({"says": ("bought_as_gift",), "same": same} for same in (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY)),
        {"says": ("already_own", "not_interested", "bought_as_gift")},
        {"within": _YEAR},
    ),
}
"""What can be said differently of each, one or two things at a time."""


def a_leaf_for(field: Field, operator: Operator) -> Compare:
    """A comparison of that field with plausible values."""
    first, second = _VALUES[field.type]
    if field.type is FieldType.CHOICE:
        first, second = field.choices[0], field.choices[1]
    match operator:
        case Operator.EXISTS:
            return Compare(field=field, operator=operator, values=(True,))
        case Operator.IN | Operator.NOT_IN | Operator.BETWEEN:
            return Compare(field=field, operator=operator, values=(first, second))
        case _:
            return Compare(field=field, operator=operator, values=(first,))


def the_field(name: str) -> Field:
    """The field of that name, which there is."""
    field = find_field(name)
    assert field is not None
    return field


def made_to_measure() -> list[Field]:
    """Fields that are not in the table: attributes, typed and not, and narrowed ones."""
    return [
        the_field("item.attributes.colour"),
        the_field("customer.consent.sms"),
        typed(the_field("customer.attributes.points"), FieldType.NUMBER),
        typed(the_field("item.attributes.shoe_size"), FieldType.NUMBER),
        typed(the_field("item.attributes.organic"), FieldType.YES_NO),
        typed(the_field("customer.attributes.joined_on"), FieldType.DAY),
        typed(the_field("customer.attributes.tier"), FieldType.CHOICE, ("bronze", "silver", "gold")),
        qualified(FIELDS["stock.available_units"], at="customer.region"),
        qualified(FIELDS["stock.restock_at"], at="zurich-1"),
        qualified(FIELDS["message.kept_of_category"], under="electronics/phones"),
    ]


def compared() -> list[Leaf]:
    """Every field with every operator its type allows."""
    return [
        a_leaf_for(field, operator)
        for field in (*FIELDS.values(), *made_to_measure())
        for operator in OPERATORS[field.type]
    ]


def remembered() -> list[Leaf]:
    """Every condition on the past, with everything that can be said differently."""
    return [replace(BASES[kind], **variant) for kind, variants in VARIANTS.items() for variant in variants]


def clauses(leaves: list[Leaf]) -> str:
    """Each leaf, plain and negated."""
    return "".join(f"{leaf_words(leaf)}\n    {leaf_words(leaf, negated=True)}\n" for leaf in leaves)


def sentences(folder: Path) -> str:
    """Every rule of a folder as its sentence."""
    rulesets, _ = read_rulesets(folder)
    return "".join(
        f"{name}/{rule.id}: {rule_sentence(rule)}\n" for name, ruleset in rulesets.items() for rule in ruleset.rules
    )


def language_page() -> str:
    """The page of the ruleset that uses everything, for whatever version."""
    ruleset, problems = read_ruleset(LANGUAGE)
    assert ruleset is not None, problems
    return re.sub("sha256:[0-9a-f]+", "sha256:0123456789ab", page(ruleset))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clauses.txt", lambda: clauses(compared())),
        ("past.txt", lambda: clauses(remembered())),
        ("language.txt", lambda: sentences(LANGUAGE.parent)),
        ("language.md", language_page),
        ("shipped.txt", lambda: sentences(ROOT / "rulesets")),
        ("cases.txt", lambda: sentences(ROOT / "tests" / "cases")),
    ],
)
def test_words_are_those_read_aloud(name: str, text: Callable[[], str]) -> None:
    """The words are the ones somebody has read aloud; SUPPRESS_REWRITE=1 rewrites them for the next reading."""
    golden = GOLDEN / name
    if REWRITE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text())

    assert golden.read_text() == text()


@pytest.mark.parametrize("leaf", [*compared(), *remembered()], ids=leaf_words)
def test_nothing_reads_like_its_opposite(leaf: Leaf) -> None:
    """A clause and its negation differ, and neither has blanks too many."""
    plain, opposite = leaf_words(leaf), leaf_words(leaf, negated=True)

    assert plain != opposite
    for words in (plain, opposite):
        assert words == " ".join(words.split())


def test_every_condition_on_the_past_is_told() -> None:
    """No kind of condition on the past, and no key of one, is missing from the words read aloud."""
    assert set(get_args(Past)) == set(VARIANTS)
    for kind, variants in VARIANTS.items():
        said = {key for variant in variants for key in variant}

        assert {part.name for part in fields(kind) if part.compare} == said


@pytest.mark.parametrize("kind", VARIANTS)
def test_what_is_said_differently_reads_differently(kind: type) -> None:
    """Two conditions on the past that differ in one key or more never read the same."""
    told: dict[str, Leaf] = {}
    for leaf in (BASES[kind], *(replace(BASES[kind], **variant) for variant in VARIANTS[kind])):
        assert leaf == told.setdefault(leaf_words(leaf), leaf)


@pytest.mark.parametrize(
    ("hundredths", "words"),
    [
        (100, "at most 1 message per available unit"),
        (200, "at most 2 messages per available unit"),
        (150, "at most 1.5 messages per available unit"),
        (50, "at most 1 message per 2 available units"),
        (1, "at most 1 message per 100 available units"),
        (75, "at most 0.75 messages per available unit"),
        (1005, "at most 10.05 messages per available unit"),
    ],
)
def test_a_limit_is_said_exactly(hundredths: int, words: str) -> None:
    """Messages per unit are said to the hundredth, and below one as units per message where that comes out even."""
    assert words == limit_words(Limit(hundredths=hundredths))


def _is(name: str, *values: Scalar, operator: Operator = Operator.IS) -> Compare:
    return Compare(field=the_field(name), operator=operator, values=values)


_BRAND, _CHANNEL, _KNOWN = _is("item.brand", "Acme"), _is("message.channel", "email"), _is("customer.known", True)
_TOYS, _GAMES = (_is("item.category", path, operator=Operator.UNDER) for path in ("toys", "games"))
_CHEAP, _DEAR = (
    _is("item.price_minor", 5, operator=Operator.BELOW),
    _is("item.price_minor", 90, operator=Operator.ABOVE),
)
_BRAND_WORDS, _EMAIL, _KNOWN_WORDS = "the item's brand is “Acme”", "the channel is email", "the customer is known"


@pytest.mark.parametrize(
    ("words", "condition"),
    [
        (f"{_BRAND_WORDS} and {_EMAIL}", All(parts=(_BRAND, _CHANNEL))),
        (f"{_BRAND_WORDS}, {_EMAIL} and {_KNOWN_WORDS}", All(parts=(_BRAND, All(parts=(_CHANNEL, _KNOWN))))),
        (f"either {_BRAND_WORDS} or {_EMAIL}", AnyOf(parts=(_BRAND, _CHANNEL))),
        (f"{_BRAND_WORDS}, {_EMAIL} or {_KNOWN_WORDS}", AnyOf(parts=(_BRAND, _CHANNEL, _KNOWN))),
        ("either the item's brand is not “Acme” or the channel is not email", Not(part=All(parts=(_BRAND, _CHANNEL)))),
        ("the item's brand is not “Acme” and the channel is not email", Not(part=AnyOf(parts=(_BRAND, _CHANNEL)))),
        (_BRAND_WORDS, Not(part=Not(part=AnyOf(parts=(All(parts=(_BRAND,)),))))),
        (
            f"{_KNOWN_WORDS} and either {_BRAND_WORDS} or {_EMAIL}",
            All(parts=(_KNOWN, AnyOf(parts=(_BRAND, _CHANNEL)))),
        ),
        (
            f"either both {_BRAND_WORDS} and {_EMAIL}, or {_KNOWN_WORDS}",
            AnyOf(parts=(All(parts=(_BRAND, _CHANNEL)), _KNOWN)),
        ),
        (
            f"{_KNOWN_WORDS} and either {_BRAND_WORDS} or ({_EMAIL} and either {_BRAND_WORDS} or {_KNOWN_WORDS})",
            All(parts=(_KNOWN, AnyOf(parts=(_BRAND, All(parts=(_CHANNEL, AnyOf(parts=(_BRAND, _KNOWN)))))))),
        ),
        ("the item's category is at or below toys or games", AnyOf(parts=(_TOYS, _GAMES))),
        ("the item's category is not at or below toys or games", Not(part=AnyOf(parts=(_TOYS, _GAMES)))),
        ("the item's category is toys or below it and is games or below it", All(parts=(_TOYS, _GAMES))),
        ("the item's price is below 5 minor units or is above 90 minor units", AnyOf(parts=(_CHEAP, _DEAR))),
        (
            "the channel is email, sms or push, and the customer is known",
            All(parts=(_is("message.channel", "email", "sms", "push", operator=Operator.IN), _KNOWN)),
        ),
    ],
)
def test_conditions_within_conditions(words: str, condition: Condition) -> None:
    """Groups say what belongs together, negations stand at what they negate, and nothing is told twice."""
    assert words == condition_words(condition)
