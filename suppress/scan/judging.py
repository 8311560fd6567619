"""Turn facts about candidates into which item rules fire, and what that does to each candidate.

`judged` has one row per (message, candidate): the truth of each rule (`"rule 3"`; NULL = unknown), the number of the
rule that drops it (`drop_no`; NULL = kept), and all values its rules asked for.
"""

from collections.abc import Callable, Iterable, Sequence

from suppress.decisions.decision import Mode
from suppress.facts.fields import Scope
from suppress.rules.compile import CompiledRule
from suppress.rules.needs import AVAILABLE_UNITS, REPLENISHMENT_DUE
from suppress.rules.tree import Compare, Sent
from suppress.scan.asked import Asked, is_placed
from suppress.scan.goods import Goods
from suppress.scan.listing import Entry, listed
from suppress.scan.lower import fires, truth
from suppress.scan.pairs import Pairs
from suppress.scan.past import History
from suppress.scan.sql import literal, name

OWN_KEYS = {"item_group": "own_group", "category": "own_category", "brand": "own_brand"}
"""Key of a product -> its column in `judged`, for rules that look at the items placed before."""


class Judging:
    """The SQL of judging items by one ruleset."""

    def __init__(self, asked: Asked, goods: Goods, pairs: Pairs, history: History) -> None:
        self.asked = asked
        self._goods = goods
        self._pairs = pairs
        self._history = history
        self.first_rules = [rule for rule in asked.item_rules if not asked.uses_placed(rule)]
        about_items = (*asked.item_rules, *asked.limit_rules)
        self.later_rules = [rule for rule in about_items if asked.uses_placed(rule)]
        self._told_at_once = [rule for rule in about_items if not asked.uses_placed(rule)]

    def judged(self) -> str:
        """The relation `judged`, by the rules that do not look at the items placed before."""
        truths = [f"{truth(rule.condition, self.asked)} AS {rule_column(rule)}" for rule in self._told_at_once]
        return (
            f"SELECT *, {first_obeyed(self.first_rules)} AS drop_no"
            f" FROM (SELECT {', '.join(['*', *truths])} FROM ({self._values()}))"
        )

    def _values(self) -> str:
        """One row per candidate with the value of everything item rules ask for, but for what was placed before."""
        columns = [
            "c.message_no AS message_no", "c.position AS position", "c.is_replacement AS is_replacement",
            "c.sku AS sku", "c.placement AS placement", "c.score AS score", "m.as_of_us AS as_of_us",
            "m.control_group AS control_group", "m.slots AS slots",
        ]  # fmt: skip
        joins = ["JOIN message m ON m.message_no = c.message_no", *self._goods.joins(), *self._history.joins()]
        columns += [
            f"{self._value(field)} AS {name(field)}"
            for field in self.asked.item_fields()
            if field != REPLENISHMENT_DUE and not is_placed(field)
        ]
        asked_of_items = {leaf.field.name for leaf in self.asked.item_leaves if isinstance(leaf, Compare)}
        columns += [
            f"m.{name(field)} AS {name(field)}" for field in self.asked.message_fields() if field in asked_of_items
        ]
        columns += [f"{self._goods.alias(place)}.stated_us AS {stated(place)}" for place in self._goods.places]
        columns += self._history.columns()
        for node in self.asked.item_leaves:
            if isinstance(node, Sent):
                named = (self.asked.past(node), self.asked.amount(node), self.asked.last(node))
                columns += [f"m.{column} AS {column}" for column in named]
        for pattern, number in self.asked.patterns.items():
            hit = name(f"match {number}")
            if pattern.field in ("item.sku", "item.placement"):
                joins.append(f"LEFT JOIN {hit} k{number} ON k{number}.value = c.{pattern.field.removeprefix('item.')}")
                columns.append(f"k{number}.hit AS {hit}")
            elif self.asked.fields[pattern.field].scope is Scope.ITEM:
                columns.append(f"g.{hit} AS {hit}")
            elif pattern.field in asked_of_items:
                columns.append(f"m.{hit} AS {hit}")
        if self.later_rules:
            columns += [f"g.{key} AS {own}" for key, own in OWN_KEYS.items()]
            columns.append(f"{self._pairs.knows_products()} AS knows_products")
        return f"SELECT {', '.join(columns)} FROM candidate c {' '.join(joins)}"

    def _value(self, field: str) -> str:
        if field in ("item.sku", "item.placement"):
            return f"c.{field.removeprefix('item.')}"
        found = self._goods.field(field)
        if found is None:
            raise NotImplementedError(field)
        return found


def rule_column(rule: CompiledRule) -> str:
    """The column of a rule's truth."""
    return name(f"rule {rule.number}")


def stated(place: str | None) -> str:
    """The column of when the stock at a place was stated."""
    return name(f"stated_us {place or ''}")


def fired(rule: CompiledRule) -> str:
    """Whether a rule fires, of a row with its truth and `as_of_us`."""
    return fires(rule, rule_column(rule), "as_of_us")


def obeyed(rule: CompiledRule) -> str:
    """Whether a rule fires and is obeyed, of a row with its truth, `as_of_us` and `control_group`."""
    if rule.mode is not Mode.ENFORCE:
        return literal(False)
    return fired(rule) if rule.always else f"{fired(rule)} AND NOT control_group"


def first_obeyed(rules: Iterable[CompiledRule]) -> str:
    """The number of the first rule, in file order, that fires and is obeyed; NULL when none does."""
    cases = [f"WHEN {obeyed(rule)} THEN {rule.number}" for rule in rules if rule.mode is Mode.ENFORCE]
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS INTEGER)"


def reasons(rules: Sequence[CompiledRule], tells: Callable[[CompiledRule], str] | None = None) -> str:
    """All rules that fired, in file order, as a list of structs; NULL when none did.

    `tells`: whether a limit is among them, in place of whether it fired.
    """

    def is_told(rule: CompiledRule) -> str:
        return tells(rule) if tells and rule.limit is not None else fired(rule)

    told = {is_told(rule): [Entry(_reason(rule))] for rule in rules}
    return listed(told, [Entry(_reason(rule), is_told(rule)) for rule in rules], REASONS_TYPE)


def _reason(rule: CompiledRule) -> str:
    mode = literal(Mode.SHADOW.value)
    if rule.mode is Mode.ENFORCE:
        enforced = literal(Mode.ENFORCE.value)
        mode = enforced if rule.always else f"CASE WHEN control_group THEN {mode} ELSE {enforced} END"
    return (
        f"{{'rule': {literal(rule.id)}, 'code': {literal(rule.code)},"
        f" 'outcome': CASE WHEN {_is_certain(rule)} THEN 'true' ELSE 'unknown' END, 'mode': {mode}}}"
    )


def _is_certain(rule: CompiledRule) -> str:
    """Whether a rule that fired did so for what is known."""
    return rule_column(rule) if rule.limit is None else f"{rule_column(rule)} AND {name(AVAILABLE_UNITS)} IS NOT NULL"


REASONS_TYPE = "STRUCT(rule VARCHAR, code VARCHAR, outcome VARCHAR, mode VARCHAR)[]"


def by_number(rules: Iterable[CompiledRule], number: str, attribute: str) -> str:
    """The id or code of the rule with a number."""
    cases = " ".join(f"WHEN {rule.number} THEN {literal(getattr(rule, attribute))}" for rule in rules)
    return f"CASE {number} {cases} END" if cases else "CAST(NULL AS VARCHAR)"
