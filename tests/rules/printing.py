"""Print condition trees and rules as YAML, the other way round from the reader; and random trees to print."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from suppress.facts.fields import FIELDS, OPERATORS, Field, FieldType, Operator, find_field
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_YEAR, from_us, to_us
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Duration, Instant, Not, Same, Scalar

SPACED = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")), max_size=40
)
TEXTS = st.one_of(
    st.sampled_from(
        ["NO", "on", "yes", "012", "22:00", "1e3", "null", "~", "a: b", "#x", "- a", "{x}", "it's", '"', "é😀"]
    ),
    SPACED.map(str.strip).filter(bool),
)
PATHS = st.lists(st.sampled_from(["home", "bedroom", "NO", "é", "1"]), min_size=1, max_size=4).map("/".join)
PATTERNS = st.sampled_from(["a+", "^x$", r"\d{2,}", "(?i)sale", "[^a-z]", "a|b", r"\pL"])
ATTRIBUTES = [
    field for name in ("item.attributes.colour", "customer.attributes.vip club") if (field := find_field(name))
]


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


def values(field: Field) -> st.SearchStrategy[Scalar]:
    strategies: dict[FieldType, st.SearchStrategy[Any]] = {
        FieldType.TEXT: TEXTS,
        FieldType.PATH: PATHS,
        FieldType.CHOICE: st.sampled_from(field.choices or ("",)),
        FieldType.NUMBER: st.integers(-(2**53) + 1, 2**53 - 1),
        FieldType.DURATION: durations(),
        FieldType.INSTANT: instants(),
        FieldType.YES_NO: st.booleans(),
    }
    return strategies[field.type]


@st.composite
def compares(draw: st.DrawFn) -> Compare:
    field = draw(st.sampled_from([*FIELDS.values(), *ATTRIBUTES]))
    operator = draw(st.sampled_from(OPERATORS[field.type]))
    one = values(field)
    match operator:
        case Operator.EXISTS:
            chosen: tuple[Scalar, ...] = (draw(st.booleans()),)
        case Operator.IN | Operator.NOT_IN:
            chosen = tuple(draw(st.lists(one, min_size=1, max_size=3, unique=True)))
        case Operator.BETWEEN:
            chosen = tuple(sorted((draw(one), draw(one)), key=lambda v: getattr(v, "us", v)))
        case Operator.MATCHES:
            chosen = (draw(PATTERNS),)
        case Operator.STARTS_WITH | Operator.CONTAINS:
            chosen = (draw(TEXTS),)
        case _:
            chosen = (draw(one),)
    return Compare(field=field, operator=operator, values=chosen)


@st.composite
def purchases(draw: st.DrawFn) -> Bought:
    return Bought(
        same=draw(st.sampled_from(Same)),
        within=draw(st.none() | durations()),
        not_within=draw(st.none() | durations()),
        at_least=draw(st.integers(1, 1000)),
        kept=draw(st.booleans()),
    )


def conditions() -> st.SearchStrategy[Condition]:
    def grow(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            parts.map(lambda p: All(parts=p)),
            parts.map(lambda p: AnyOf(parts=p)),
            inner.map(lambda part: Not(part=part)),
        )

    return st.recursive(compares() | purchases(), grow, max_leaves=12)


def printed(condition: Condition, indent: int = 0) -> str:
    """The condition as lines of YAML, each at least `indent` deep."""
    pad = " " * indent
    match condition:
        case All(parts=parts) | AnyOf(parts=parts):
            word = "all" if isinstance(condition, All) else "any"
            return f"{pad}{word}:\n" + "".join(f"{pad}  -\n{printed(part, indent + 4)}" for part in parts)
        case Not(part=part):
            return f"{pad}not:\n{printed(part, indent + 2)}"
        case Bought():
            return f"{pad}bought: {{{', '.join(_purchase(condition))}}}\n"
        case Compare():
            return f"{pad}{json.dumps(condition.field.name)}: {_comparison(condition)}\n"


def _purchase(bought: Bought) -> list[str]:
    return [
        f"same: {bought.same.value}",
        *([f"within: {bought.within.text}"] if bought.within else []),
        *([f"not_within: {bought.not_within.text}"] if bought.not_within else []),
        f"at_least: {bought.at_least} units",
        f"kept: {'yes' if bought.kept else 'any'}",
    ]


def _comparison(compare: Compare) -> str:
    written = [_scalar(value) for value in compare.values]
    many = compare.operator in (Operator.IN, Operator.NOT_IN, Operator.BETWEEN)
    return f"{{{compare.operator.value}: {'[' + ', '.join(written) + ']' if many else written[0]}}}"


def _scalar(value: Scalar) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Duration(text=text) | Instant(text=text):
            return text
        case int():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
