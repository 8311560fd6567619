"""Turn a compiled ruleset into what its rules ask for, each thing once and with a name of its own as a column."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from suppress.facts.fields import Field, FieldType, Operator, Scope
from suppress.rules.compile import CompiledRule, CompiledRuleset
from suppress.rules.needs import AVAILABLE_UNITS, RESTOCK_AT
from suppress.rules.ruleset import Effect
from suppress.rules.tree import Bought, Compare, Count, Leaf, Past, Said, Same, Sent, Shown, leaves
from suppress.scan.sql import name


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern a field is searched for."""

    field: str
    text: str


class Asked:
    """What the rules of one ruleset ask for. Also names the columns in which the answers stand."""

    def __init__(self, compiled: CompiledRuleset) -> None:
        self.compiled = compiled
        self.item_rules: Sequence[CompiledRule] = compiled.item_rules
        self.message_rules: Sequence[CompiledRule] = compiled.message_rules
        self.limit_rules: Sequence[CompiledRule] = compiled.limit_rules
        self.item_leaves = _leaves((*self.item_rules, *self.limit_rules))
        self.message_leaves = _leaves(self.message_rules)
        every = dict.fromkeys((*self.item_leaves, *self.message_leaves))
        self._numbers: dict[Past, int] = {}
        for leaf in every:
            if not isinstance(leaf, Compare):
                self._numbers.setdefault(leaf, len(self._numbers))
        patterns = (
            Pattern(leaf.field.name, str(leaf.values[0]))
            for leaf in every
            if isinstance(leaf, Compare) and leaf.operator is Operator.MATCHES
        )
        self.patterns = {pattern: number for number, pattern in enumerate(dict.fromkeys(patterns))}
        self.fields: dict[str, Field] = {leaf.field.name: leaf.field for leaf in every if isinstance(leaf, Compare)}
        self.needs_restock = any(rule.hold is not None and rule.hold.restock for rule in self.message_rules)

    def item_fields(self) -> list[str]:
        """The fields of single items that item rules, or holds until restock, ask for."""
        names = {name: None for name, field in self.fields.items() if field.scope is Scope.ITEM}
        if self.needs_restock:
            names[RESTOCK_AT] = None
        if self.limit_rules:
            names[AVAILABLE_UNITS] = None
        return list(names)

    def message_fields(self) -> list[str]:
        """The fields of whole messages that any rule asks for; not those that are known once items are decided."""
        return [name for name, field in self.fields.items() if field.scope is Scope.MESSAGE]

    def of_kind(self, kind: type[Bought] | type[Shown] | type[Said] | type[Sent]) -> list[Past]:
        """The conditions on the past of one kind."""
        return [node for node in self._numbers if isinstance(node, kind)]

    def choices(self, field: str) -> tuple[str, ...]:
        """The words a field is one of."""
        return self.fields[field].choices if self.fields[field].type is FieldType.CHOICE else ()

    def walls_us(self) -> list[int]:
        """The times of day at which holds end."""
        untils = (rule.hold.until.us for rule in self.message_rules if rule.hold is not None and rule.hold.until)
        return list(dict.fromkeys(untils))

    def field(self, field: str) -> str:
        """The column of a field's value."""
        return name(field)

    def past(self, node: Past) -> str:
        """The column of the truth of a condition on the past."""
        return name(f"past {self._numbers[node]}")

    def amount(self, node: Past) -> str:
        """The column of how much was counted."""
        return name(f"past {self._numbers[node]} amount")

    def last(self, node: Past) -> str:
        """The column of when the last that was counted happened."""
        return name(f"past {self._numbers[node]} last_us")

    def reach(self, node: Bought) -> str:
        """The column of when the purchase was made with which, the newest counted first, there are enough."""
        return name(f"past {self._numbers[node]} reach_us")

    def sure(self, node: Past) -> str:
        """The column of whether what was counted is certainly all."""
        return name(f"past {self._numbers[node]} sure")

    def matches(self, field: str, pattern: str) -> str:
        """The column of whether a field's value contains a match."""
        return name(f"match {self.patterns[Pattern(field, pattern)]}")

    def uses_placed(self, rule: CompiledRule) -> bool:
        """Whether the rule looks at the items placed before."""
        return any(isinstance(leaf, Compare) and is_placed(leaf.field.name) for leaf in leaves(rule.condition))

    def suppressing(self) -> list[CompiledRule]:
        """The rules that suppress messages."""
        return [rule for rule in self.message_rules if rule.effect is Effect.SUPPRESS_MESSAGE]

    def holding(self) -> list[CompiledRule]:
        """The rules that hold messages."""
        return [rule for rule in self.message_rules if rule.effect is Effect.HOLD_MESSAGE]


def counts_down(node: Bought) -> bool:
    """Whether a condition ends when the last purchase but so many leaves its window: it asks for several units."""
    is_window = node.within is not None and node.not_within is None
    return is_window and node.at_least > 1 and node.count is Count.UNITS and node.same is not Same.COMPONENT


def is_placed(field: str) -> bool:
    """Whether a field counts the items placed before."""
    return field.startswith("message.kept_of_")


def _leaves(rules: Iterable[CompiledRule]) -> list[Leaf]:
    return list(dict.fromkeys(leaf for rule in rules for leaf in leaves(rule.condition)))
