"""Random rules and values for the engine's tests: trees over columns of every type, unknowns, hard values."""

from collections.abc import Mapping

from hypothesis import strategies as st

from suppress.decisions.decision import Mode
from suppress.engine.evaluate import Seen, Truth
from suppress.facts.fields import FIELDS, OPERATORS, Field, FieldType, Operator, find_field
from suppress.rules.compile import CompiledRule
from suppress.rules.ruleset import Effect, WhenUnknown
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Duration, Instant, Not, Past, Same, Scalar

TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "a b",
    'say "hi"',
    "back\\slash",
    "it's",
    "naïve",
    "日本",
    "\x00",
    "\n\t",
    "a/b",
    "🧺",
    "5",
    "true",
)
HARD_TEXTS = ("x" * 1025, "é" * 600, "y" * 70_000, "\x00not posted\x00")
INTS = (-5, -1, 0, 1, 2, 3, 10, 2**53 + 1)
HARD_INTS = (2**62 - 1, 2**62, 2**62 + 1, 2**63 - 1, 2**63, 2**64, 2**65, -(2**62) - 1, -(2**63), -(2**70))
COLOUR = find_field("item.attributes.colour")
assert COLOUR is not None
COLUMNS: tuple[Field, ...] = (
    COLOUR,
    FIELDS["item.sku"],
    FIELDS["item.category"],
    FIELDS["item.status"],
    FIELDS["stock.available_units"],
    FIELDS["item.price_minor"],
    FIELDS["stock.incoming_at"],
    FIELDS["stock.age"],
    FIELDS["item.replenishment_due"],
    FIELDS["customer.known"],
)
PURCHASES = tuple(Bought(same=same) for same in Same)
_PATTERNS = (".", "^a", "b$", "(?i)A", r"\d", "日")


class Facts:
    """Values held in two dicts; what is missing is unknown."""

    def __init__(self, fields: Mapping[str, Seen], bought: Mapping[Bought, Truth] | None = None) -> None:
        self.fields = fields
        self.purchases = bought or {}

    def field(self, name: str) -> Seen:
        return self.fields.get(name)

    def past(self, node: Past) -> Truth:
        return self.purchases.get(node) if isinstance(node, Bought) else None

    def never_bought(self, node: Bought) -> bool:
        of_kind = [truth for other, truth in self.purchases.items() if other.same is node.same]
        return bool(of_kind) and not any(truth is not False for truth in of_kind)

    def __repr__(self) -> str:
        return f"Facts({self.fields!r}, {self.purchases!r})"


def a_rule(condition: Condition, *, number: int = 0, block: bool = False) -> CompiledRule:
    """A rule around a condition."""
    return CompiledRule(
        number=number,
        id=f"rule-{number}",
        code="out_of_stock",
        effect=Effect.DROP_ITEM,
        mode=Mode.ENFORCE,
        when_unknown=WhenUnknown.BLOCK if block else WhenUnknown.ALLOW,
        condition=condition,
        sentence="",
    )


def compare(name: str, operator: Operator, *values: Scalar) -> Compare:
    """One comparison on a field of the vocabulary."""
    column = find_field(name)
    assert column is not None
    return Compare(field=column, operator=operator, values=values)


def _plain_values(column: Field, *, hard: bool) -> st.SearchStrategy[str | int | bool]:
    match column.type:
        case FieldType.YES_NO:
            return st.booleans()
        case FieldType.NUMBER:
            return st.sampled_from(INTS + (HARD_INTS if hard else ()))
        case FieldType.INSTANT | FieldType.DURATION:
            return st.sampled_from(INTS)
        case _:
            return st.sampled_from(TEXTS + (HARD_TEXTS if hard else ()))


def _scalars(column: Field, *, hard: bool) -> st.SearchStrategy[Scalar]:
    values = _plain_values(column, hard=hard)
    match column.type:
        case FieldType.INSTANT:
            return values.map(lambda us: Instant(us=int(us), text=str(us)))
        case FieldType.DURATION:
            return values.map(lambda us: Duration(us=int(us), text=str(us)))
        case _:
            return values


@st.composite
def comparisons(draw: st.DrawFn, *, hard: bool = True) -> Compare:
    """One comparison of any column with any operator its type allows."""
    column = draw(st.sampled_from(COLUMNS))
    operator = draw(st.sampled_from(OPERATORS[column.type]))
    match operator:
        case Operator.EXISTS:
            values: tuple[Scalar, ...] = (draw(st.booleans()),)
        case Operator.IN | Operator.NOT_IN:
            size = draw(st.sampled_from((1, 2, 3, 10)))
            values = tuple(draw(st.lists(_scalars(column, hard=hard), min_size=1, max_size=size)))
        case Operator.BETWEEN:
            values = (draw(_scalars(column, hard=hard)), draw(_scalars(column, hard=hard)))
        case Operator.MATCHES:
            values = (draw(st.sampled_from(_PATTERNS)),)
        case Operator.STARTS_WITH | Operator.CONTAINS | Operator.UNDER:
            values = (draw(st.sampled_from(TEXTS)),)
        case _:
            values = (draw(_scalars(column, hard=hard)),)
    return Compare(field=column, operator=operator, values=values)


def conditions(*, hard: bool = True, max_leaves: int = 12) -> st.SearchStrategy[Condition]:
    """Any tree over any columns and purchases."""
    leaf: st.SearchStrategy[Condition] = comparisons(hard=hard) | st.sampled_from(PURCHASES)
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, min_size=1, max_size=5).map(lambda parts: All(parts=tuple(parts)))
            | st.lists(inner, min_size=1, max_size=5).map(lambda parts: AnyOf(parts=tuple(parts)))
            | inner.map(lambda part: Not(part=part))
        ),
        max_leaves=max_leaves,
    )


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Values of which any may be unknown, and any a value the engine must not hold."""
    fields = {column.name: draw(_plain_values(column, hard=True)) for column in COLUMNS if draw(st.integers(0, 3))}
    purchases = {node: draw(st.sampled_from((True, False, None))) for node in PURCHASES}
    return Facts(fields, purchases)


@st.composite
def rulesets(draw: st.DrawFn, *, max_rules: int = 6, max_leaves: int = 12) -> tuple[CompiledRule, ...]:
    """Rules with either answer to the unknown."""
    trees = draw(st.lists(conditions(max_leaves=max_leaves), min_size=1, max_size=max_rules))
    return tuple(a_rule(tree, number=place, block=draw(st.booleans())) for place, tree in enumerate(trees))
