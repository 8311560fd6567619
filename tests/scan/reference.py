"""Turn what the engines of `check` decide into the very rows a scan should write.

Verdicts, reasons and dates are the Decision's; what was seen and what is unknown is asked of the values the reference
evaluator compares, each leaf by itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from suppress.decisions.decision import Decision, ItemDecision, ItemVerdict, Reason
from suppress.engine.decide import Decider
from suppress.engine.evaluate import truth
from suppress.engine.evidence import Anyones
from suppress.engine.features import ItemValues, Placed
from suppress.engine.message_values import MessageValues
from suppress.engine.opinions import opinions
from suppress.engine.shared import SharedFacts
from suppress.engine.shelf import Shelf
from suppress.facts.fields import FieldType, Operator, Scope
from suppress.facts.instants import from_us
from suppress.facts.inventory import oldest_us
from suppress.facts.message import Item
from suppress.facts.snapshot import Snapshot
from suppress.rules.compile import CompiledRule
from suppress.rules.leaf_names import leaf_name
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Leaf, Not, Said, Same, Sent, Shown, leaves

Row = dict[str, Any]
IN_STOCK_SHARE = "stock.group_in_stock_share"
NOT_PLAIN = ("item.sku", "item.placement", "item.replenishment_due")


def wanted(decider: Decider, snapshot: Snapshot, decision: Decision) -> tuple[Row, list[Row]]:
    """The message's row and its items' rows."""
    compiled, message = decider.compiled, snapshot.message
    values = MessageValues(SharedFacts(snapshot, decider._terms), len(decision.shown))
    row = {
        "message_id": message.message_id,
        "customer_id": decision.customer_id,
        "channel": message.channel,
        "campaign_id": message.campaign_id,
        "as_of": decision.as_of,
        "verdict": decision.verdict.value,
        "hold_until": decision.hold_until,
        "kept": list(decision.shown),
        "items_asked": len(message.items),
        "items_kept": len(decision.shown),
        "items_dropped": sum(item.verdict is ItemVerdict.DROP for item in decision.items),
        "rule": decision.deciding.rule if decision.deciding else None,
        "code": decision.deciding.code if decision.deciding else None,
        "reasons": _reasons(decision.reasons),
        "control_group": decision.control_group,
        "unknown": _unknown(compiled.message_rules, values) or None,
    }
    return row, list(_items(decider, snapshot, decision, values))


def _items(decider: Decider, snapshot: Snapshot, decision: Decision, values: MessageValues) -> Iterator[Row]:
    message, rules = snapshot.message, decider.compiled.item_rules
    slots = len(message.items) if message.slots is None else message.slots
    tried_at = {sku: place for place, sku in enumerate(dict.fromkeys(message.replacements), len(message.items) + 1)}
    placed: list[Placed] = []
    items = enumerate(zip(message.items, decision.items, strict=True), 1)
    told = [
        *((place, item, one, False) for place, (item, one) in items),
        *((tried_at[one.sku], Item(sku=one.sku), one, True) for one in decision.replacements),
    ]
    for place, item, decided, is_replacement in told:
        of_item = ItemValues(values, item, tuple(placed))
        is_shown = decided.verdict is ItemVerdict.KEEP and len(placed) < slots
        yield {
            "message_id": message.message_id,
            "customer_id": decision.customer_id,
            "position": place,
            "is_replacement": is_replacement,
            "sku": item.sku,
            "placement": item.placement,
            "score": item.score,
            "verdict": decided.verdict.value,
            "shown": is_shown,
            "replaced_by": decided.replaced_by,
            "rule": decided.deciding.rule if decided.deciding else None,
            "code": decided.deciding.code if decided.deciding else None,
            "reasons": _reasons(decided.reasons),
            "eligible_again_at": decided.eligible_again_at,
            "evidence": _evidence(rules, decided, of_item),
            "unknown": _unknown(rules, of_item) or None,
        }
        if is_shown:
            placed.append(Placed(item.sku, of_item.product))


def _reasons(reasons: Iterable[Reason]) -> list[Row] | None:
    told = [
        {"rule": reason.rule, "code": reason.code, "outcome": reason.outcome.value, "mode": reason.mode.value}
        for reason in reasons
    ]
    return told or None


def _unknown(rules: Sequence[CompiledRule], values: Anyones) -> list[str]:
    gaps: dict[str, None] = {}
    for leaf in _leaves(rules):
        if isinstance(leaf, Compare):
            if leaf.operator is not Operator.EXISTS and values.field(leaf.field.name) is None:
                gaps[leaf.field.label] = None
        elif values.past(leaf) is None and _matters(leaf, rules, values):
            gaps[leaf_name(leaf)] = None
    return list(gaps)


def _evidence(rules: Sequence[CompiledRule], decided: ItemDecision, values: ItemValues) -> list[Row] | None:
    """What was seen in every leaf of the rules that fired, each thing once, in the order the rules bring it up."""
    fired = {reason.rule for reason in decided.reasons}
    if not fired:
        return None
    asked_by: dict[object, tuple[Leaf, set[str]]] = {}
    for rule in rules:
        for leaf in leaves(rule.condition):
            key = leaf.field.name if isinstance(leaf, Compare) else leaf
            asked_by.setdefault(key, (leaf, set()))[1].add(rule.id)
    return [_seen(leaf, values) for leaf, of in asked_by.values() if of & fired and _matters(leaf, rules, values)]


def _matters(leaf: Leaf, rules: Sequence[CompiledRule], values: Anyones) -> bool:
    """Whether a purchase can matter: in some rule nothing beside it, told without any past, is false already."""
    if not isinstance(leaf, Bought) or leaf.same is Same.COMPONENT:
        return True
    return any(_matters_in(rule.condition, leaf, values) for rule in rules)


def _matters_in(condition: Condition, leaf: Leaf, values: Anyones) -> bool:
    match condition:
        case All(parts=parts):
            is_false = any(_is_plain(part) and truth(part, values) is False for part in parts)
            return not is_false and any(_matters_in(part, leaf, values) for part in parts)
        case AnyOf(parts=parts):
            return any(_matters_in(part, leaf, values) for part in parts)
        case Not(part=part):
            return _matters_in(part, leaf, values)
        case _:
            return condition == leaf


def _is_plain(condition: Condition) -> bool:
    """Whether all that is asked belongs to the product or to the whole message, with no pattern to be searched for."""
    return all(
        isinstance(leaf, Compare)
        and leaf.operator is not Operator.MATCHES
        and (leaf.field.scope is Scope.MESSAGE or leaf.field.name.startswith("item."))
        and leaf.field.name not in NOT_PLAIN
        for leaf in leaves(condition)
    )


def _seen(leaf: Leaf, values: ItemValues) -> Row:
    at_us: int | None = None
    seen: str | None
    if isinstance(leaf, Compare):
        seen = _as_text(leaf, values.field(leaf.field.name))
        if leaf.field.name.startswith("stock.") and leaf.field.base != IN_STOCK_SHARE:
            levels = Shelf(values.shared, values.item.sku, leaf.field.at).levels
            at_us = oldest_us(levels) if levels else None
    else:
        amount, at_us = _counted(leaf, values)
        seen = None if values.past(leaf) is None else str(amount)
    return {"field": leaf_name(leaf), "seen": seen, "at": None if at_us is None else from_us(at_us)}


def _as_text(leaf: Compare, value: Any) -> str | None:
    if value is None:
        return None
    if leaf.field.type is FieldType.YES_NO:
        return "yes" if value else "no"
    if leaf.field.type is FieldType.WORDS:
        return ", ".join(value)
    if leaf.field.type is FieldType.INSTANT:
        return from_us(value).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def _counted(leaf: Leaf, values: ItemValues) -> tuple[int, int | None]:
    match leaf:
        case Bought():
            return values.history.amount(leaf)
        case Shown():
            return values.message.outreach.seen(leaf, values.item.sku, values.product)
        case Sent():
            return values.message.outreach.seen(leaf)
        case Said():
            said = list(opinions(values.shared, leaf, values.item.sku, values.product, values.message.at_us))
            return len(said), max((one.at_us for one in said), default=None)
    raise NotImplementedError(leaf)


def _leaves(rules: Sequence[CompiledRule]) -> list[Leaf]:
    return list(dict.fromkeys(leaf for rule in rules for leaf in leaves(rule.condition)))


def comparable(row: Row) -> Row:
    """A row in the form in which scan and reference can be compared.

    The order of what is unknown says nothing. Of what could not be used at all a scan may tell when it last happened,
    and the engines cannot.
    """
    row = {**row, "unknown": sorted(row["unknown"]) if row["unknown"] else None}
    if row.get("evidence") is not None:
        row["evidence"] = [{**one, "at": None if one["seen"] is None else one["at"]} for one in row["evidence"]]
    return row
