"""Print condition trees and rules as YAML, the other way round from the reader; and random trees to print."""

import json
import unicodedata
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.feedback import SAYINGS
from suppress.facts.fields import (
    CUSTOMERS_REGION,
    FIELDS,
    OPERATORS,
    Field,
    FieldType,
    Operator,
    find_field,
    qualified,
    typed,
)
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_YEAR, from_us, to_us
from suppress.rules.tree import (
    CUSTOMER_ZONE,
    SHOP_ZONE,
    THIS,
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
    Past,
    Period,
    Said,
    Same,
    Scalar,
    Sent,
    Shown,
)

SPACED = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")), max_size=40
)
TEXTS = st.one_of(
    st.sampled_from(
        ["NO", "on", "yes", "012", "22:00", "1e3", "null", "~", "a: b", "#x", "- a", "{x}", "it's", '"', "é😀"]
    ),
    SPACED.map(lambda text: unicodedata.normalize("NFC", text).strip()).filter(bool),
)
PATHS = st.lists(st.sampled_from(["home", "bedroom", "NO", "é", "1"]), min_size=1, max_size=4).map("/".join)
PATTERNS = st.sampled_from(["a+", "^x$", r"\d{2,}", "(?i)sale", "[^a-z]", "a|b", r"\pL"])
ATTRIBUTES = [
    field for name in ("item.attributes.colour", "customer.attributes.vip club") if (field := find_field(name))
]


def _declared() -> dict[str, Field]:
    types: dict[str, tuple[FieldType, tuple[str, ...]]] = {
        "customer.attributes.points": (FieldType.NUMBER, ()),
        "item.attributes.organic": (FieldType.YES_NO, ()),
        "customer.attributes.joined on": (FieldType.DAY, ()),
        "customer.attributes.tier": (FieldType.CHOICE, ("bronze", "silver", "NO")),
    }
    found = {}
    for name, (type_, choices) in types.items():
        field = find_field(name)
        assert field is not None
        found[name] = typed(field, type_, choices)
    return found


DECLARED = _declared()
"""Attributes whose types a file declares with DECLARATIONS."""

DECLARATIONS = """attributes:
  customer.attributes.points: number
  item.attributes.organic: yes/no
  customer.attributes.joined on: date
  customer.attributes.tier: [bronze, silver, NO]
"""


def durations() -> st.SearchStrategy[Duration]:
    return st.sampled_from(
        [
            Duration(1_000_000, "1 second"), Duration(36 * US_PER_HOUR, "36 hours"), Duration(US_PER_DAY, "1 day"),
            Duration(14 * US_PER_DAY, "2 weeks"), Duration(100 * US_PER_YEAR, "100 years"),
            Duration(90_000_000, "90 seconds"),
        ]
    )  # fmt: skip


def instants() -> st.SearchStrategy[Instant]:
    least, most = (to_us(datetime(year, 1, 1, tzinfo=UTC)) for year in (1000, 9000))
    return st.integers(least, most).map(lambda us: Instant(us, from_us(us).isoformat().replace("+00:00", "Z")))


def clocks() -> st.SearchStrategy[ClockTime]:
    return st.integers(0, 24 * 60 - 1).map(lambda m: ClockTime(m * US_PER_MINUTE, f"{m // 60:02}:{m % 60:02}"))


def days() -> st.SearchStrategy[Day]:
    return st.dates(date(1000, 1, 1), date(9000, 1, 1)).map(
        lambda day: Day((day - date(1970, 1, 1)).days, day.isoformat())
    )


def values(field: Field) -> st.SearchStrategy[Scalar]:
    strategies: dict[FieldType, st.SearchStrategy[Any]] = {
        FieldType.TEXT: TEXTS,
        FieldType.PATH: PATHS,
        FieldType.CHOICE: st.sampled_from(field.choices or ("",)),
        FieldType.NUMBER: st.integers(0, 100) if field.unit == "percent" else st.integers(-(2**53) + 1, 2**53 - 1),
        FieldType.DURATION: durations(),
        FieldType.INSTANT: instants(),
        FieldType.YES_NO: st.booleans(),
        FieldType.CLOCK: clocks(),
        FieldType.DAY: days(),
        FieldType.WORDS: st.sampled_from(sorted(REASON_CODES)) if field.name == "message.dropped_code" else TEXTS,
    }
    return strategies[field.type]


@st.composite
def compares(draw: st.DrawFn) -> Compare:
    field = draw(st.sampled_from([*FIELDS.values(), *ATTRIBUTES, *DECLARED.values()]))
    if field.by_location and draw(st.booleans()):
        field = qualified(field, at=draw(st.just(CUSTOMERS_REGION) | TEXTS))
    if field.by_category and draw(st.booleans()):
        field = qualified(field, under=draw(PATHS))
    operator = draw(st.sampled_from(OPERATORS[field.type]))
    one = values(field)
    match operator:
        case Operator.EXISTS:
            chosen: tuple[Scalar, ...] = (draw(st.booleans()),)
        case Operator.IN | Operator.NOT_IN:
            chosen = tuple(draw(st.lists(one, min_size=1, max_size=3, unique=True)))
        case Operator.BETWEEN:
            pair = draw(st.lists(one, min_size=2, max_size=2, unique=field.type is FieldType.CLOCK))
            chosen = tuple(pair if field.type is FieldType.CLOCK else sorted(pair, key=_order))
        case Operator.MATCHES:
            chosen = (draw(PATTERNS),)
        case Operator.STARTS_WITH | Operator.CONTAINS:
            chosen = (draw(TEXTS),)
        case _:
            chosen = (draw(one),)
    return Compare(field=field, operator=operator, values=chosen)


NAMES = st.lists(TEXTS.filter(lambda name: name != THIS), max_size=2, unique=True).map(tuple)
THEIR_NAMES = st.lists(TEXTS | st.just(THIS), max_size=2, unique=True).map(tuple)
WINDOWS = st.none() | durations()


@st.composite
def purchases(draw: st.DrawFn) -> Bought:
    same = draw(st.sampled_from(Same))
    return Bought(
        same=same,
        within=draw(WINDOWS),
        not_within=draw(WINDOWS),
        at_least=draw(st.integers(1, 1000)),
        count=draw(st.sampled_from(Count)),
        kept=draw(st.booleans()),
        by=draw(st.sampled_from(By)),
        gifts=draw(st.booleans()),
        channels=draw(NAMES),
        parts=draw(st.sampled_from(Parts)) if same is Same.COMPONENT else Parts.ALL,
    )


@st.composite
def messages(draw: st.DrawFn) -> Shown | Sent:
    at_least, channels, campaigns = draw(st.integers(1, 1000)), draw(THEIR_NAMES), draw(THEIR_NAMES)
    if draw(st.booleans()):
        return Shown(
            same=draw(st.sampled_from([Same.SKU, Same.ITEM_GROUP, Same.CATEGORY])),
            within=draw(WINDOWS),
            not_within=draw(WINDOWS),
            at_least=at_least,
            channels=channels,
            campaigns=campaigns,
        )
    within = draw(WINDOWS)
    if within is not None:
        return Sent(within=within, at_least=at_least, channels=channels, campaigns=campaigns)
    zone = draw(st.sampled_from([CUSTOMER_ZONE, SHOP_ZONE, "Europe/Zurich", "UTC"]))
    calendar = draw(st.sampled_from(Period))
    return Sent(calendar=calendar, zone=zone, at_least=at_least, channels=channels, campaigns=campaigns)


@st.composite
def sayings(draw: st.DrawFn) -> Said:
    return Said(
        says=tuple(draw(st.lists(st.sampled_from(SAYINGS), min_size=1, unique=True))),
        same=draw(st.sampled_from([Same.SKU, Same.ITEM_GROUP, Same.CATEGORY])),
        within=draw(WINDOWS),
    )


def conditions() -> st.SearchStrategy[Condition]:
    def grow(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            parts.map(lambda p: All(parts=p)),
            parts.map(lambda p: AnyOf(parts=p)),
            inner.map(lambda part: Not(part=part)),
        )

    return st.recursive(compares() | purchases() | messages() | sayings(), grow, max_leaves=12)


def printed(condition: Condition, indent: int = 0) -> str:
    """The condition as lines of YAML, each at least `indent` deep."""
    pad = " " * indent
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            word = "all" if isinstance(condition, All) else "any"
            return f"{pad}{word}:\n" + "".join(f"{pad}  -\n{printed(part, indent + 4)}" for part in parts)
        case Not(part=part):
            return f"{pad}not:\n{printed(part, indent + 2)}"
        case Compare():
            name = json.dumps(condition.field.base, ensure_ascii=False)
            return f"{pad}{name}: {_comparison(condition)}\n"
        case _:
            return f"{pad}{type(condition).__name__.lower()}: {{{', '.join(_entries(condition))}}}\n"


def _entries(past: Past) -> list[str]:
    match past:
        case Bought():
            return [
                f"same: {past.same.value}",
                *_window(past),
                f"at_least: {past.at_least} {past.count.value}",
                f"kept: {'yes' if past.kept else 'any'}",
                f"by: {past.by.value}",
                f"gifts: {'include' if past.gifts else 'exclude'}",
                *_names("channel", past.channels),
                *([f"parts: {past.parts.value}"] if past.same is Same.COMPONENT else []),
            ]
        case Shown():
            return [f"same: {past.same.value}", *_window(past), f"at_least: {past.at_least} times", *_both(past)]
        case Sent(calendar=Period() as calendar):
            period = [f"calendar: {calendar.value}", f"zone: {past.zone}"]
            return [*period, f"at_least: {past.at_least}", *_both(past)]
        case Sent():
            return [*_window(past), f"at_least: {past.at_least} messages", *_both(past)]
        case Said():
            return [*_names("says", past.says), f"same: {past.same.value}", *_window(past)]


def _window(past: Past) -> list[str]:
    windows = {name: getattr(past, name, None) for name in ("within", "not_within")}
    return [f"{name}: {window.text}" for name, window in windows.items() if window]


def _both(past: Shown | Sent) -> list[str]:
    return [*_names("channel", past.channels), *_names("campaign", past.campaigns)]


def _names(key: str, names: tuple[str, ...]) -> list[str]:
    written = [_scalar(name) for name in names]
    if not written:
        return []
    return [f"{key}: {written[0] if len(written) == 1 else '[' + ', '.join(written) + ']'}"]


def _order(value: Scalar) -> object:
    match value:
        case Duration(us=us) | Instant(us=us):
            return us
        case Day(days=days):
            return days
        case _:
            return value


def _comparison(compare: Compare) -> str:
    written = [_scalar(value) for value in compare.values]
    many = compare.operator in (Operator.IN, Operator.NOT_IN, Operator.BETWEEN)
    narrowed = [
        f"{word}: {_scalar(value)}, " for word in ("at", "under") if (value := getattr(compare.field, word)) is not None
    ]
    said = f"{compare.operator.value}: {'[' + ', '.join(written) + ']' if many else written[0]}"
    return f"{{{''.join(narrowed)}{said}}}"


def _scalar(value: Scalar) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Duration(text=text) | Instant(text=text) | ClockTime(text=text) | Day(text=text):
            return text
        case int():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
