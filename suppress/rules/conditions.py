"""Turn the nodes under `when` and `unless` into a condition tree. Nodes in; a condition or None out, mistakes noted.

A map means all of its entries; one entry is the node itself, several are an All.
"""

from typing import Final

from suppress.facts.fields import ATTRIBUTE_PREFIXES, FIELDS, OPERATORS, Field, FieldType, Operator, find_field
from suppress.problems import Position
from suppress.rules.comparisons import read_values
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import quoted, suggestion
from suppress.rules.literals import Context, read_choice, read_duration, read_number, read_text, scalar
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Not, Same

NOT_AVAILABLE: Final = "not available in this version"

_GROUPS: Final = ("all", "any", "not", "defined", "bought")
_LATER_CONDITIONS: Final = frozenset({"shown", "sent", "said"})
_BOUGHT_KEYS: Final = ("same", "within", "not_within", "at_least", "kept")
_LATER_BOUGHT_KEYS: Final = frozenset({"by", "gifts", "channel"})

_SYNONYMS: Final[dict[str, Operator]] = {
    "<": Operator.BELOW, "<=": Operator.AT_MOST, ">": Operator.ABOVE, ">=": Operator.AT_LEAST, "=": Operator.IS,
    "==": Operator.IS, "!=": Operator.IS_NOT, "<>": Operator.IS_NOT, "lt": Operator.BELOW, "lte": Operator.AT_MOST,
    "gt": Operator.ABOVE, "gte": Operator.AT_LEAST, "less_than": Operator.BELOW, "more_than": Operator.ABOVE,
    "greater_than": Operator.ABOVE, "under": Operator.BELOW, "over": Operator.ABOVE, "max": Operator.AT_MOST,
    "maximum": Operator.AT_MOST, "min": Operator.AT_LEAST, "minimum": Operator.AT_LEAST, "equals": Operator.IS,
    "equal": Operator.IS, "eq": Operator.IS, "not": Operator.IS_NOT, "ne": Operator.IS_NOT, "one_of": Operator.IN,
    "any_of": Operator.IN, "none_of": Operator.NOT_IN, "begins_with": Operator.STARTS_WITH, "regex": Operator.MATCHES,
    "like": Operator.CONTAINS, "includes": Operator.CONTAINS, "before": Operator.BELOW, "after": Operator.ABOVE,
    "known": Operator.EXISTS, "within": Operator.UNDER,
}  # fmt: skip


def read_condition(node: Node, what: str, context: Context) -> Condition | None:
    """The condition a map says; None when any part of it cannot be read."""
    findings = context.findings
    match node:
        case BrokenNode():
            return None
        case ListNode(position=position):
            findings.add("condition-expected", f"{what} is a list", position, 'put "all:" or "any:" above the list')
            return None
        case ScalarNode(text=text, position=position):
            if node.is_null:
                findings.add(
                    "missing-value", f"{what} has no condition", position, "write at least one, indented below it"
                )
            else:
                findings.add(
                    "condition-expected",
                    f"{what} is a text, not a condition: {quoted(text)}",
                    position,
                    'write a condition as "field: value" or "field: {operator: value}"',
                )
            return None
        case MapNode(entries=entries, position=position):
            if not entries:
                findings.add("empty-condition", f"{what} has no condition", position, "write at least one")
                return None
            parts = [_read_entry(key, value, context) for key, value in entries]
            return _joined(parts, position)


def _joined(parts: list[Condition | None], position: Position) -> Condition | None:
    whole = tuple(part for part in parts if part is not None)
    if len(whole) < len(parts):
        return None
    return whole[0] if len(whole) == 1 else All(parts=whole, position=position)


def _read_entry(key: ScalarNode, value: Node, context: Context) -> Condition | None:
    match key.text:
        case "all" | "any":
            parts = _read_parts(key, value, context)
            if parts is None:
                return None
            if key.text == "all":
                return All(parts=parts, position=key.position)
            return AnyOf(parts=parts, position=key.position)
        case "not":
            part = read_condition(value, '"not"', context)
            return None if part is None else Not(part=part, position=key.position)
        case "bought":
            return _read_bought(key, value, context)
        case "defined":
            return _read_defined(value, context)
        case _:
            return _read_field(key, value, context)


def _read_parts(key: ScalarNode, value: Node, context: Context) -> tuple[Condition, ...] | None:
    what = quoted(key.text)
    if isinstance(value, BrokenNode):
        return None
    if not isinstance(value, ListNode):
        context.findings.add(
            "list-expected",
            f"{what} needs a list of conditions",
            key.position if isinstance(value, ScalarNode) and value.is_null else value.position,
            'start each condition on a line of its own with "- "',
        )
        return None
    if not value.items:
        context.findings.add("empty-list", f"the list under {what} is empty", value.position, "write a condition")
        return None
    parts = [read_condition(item, f"the entry under {what}", context) for item in value.items]
    whole = tuple(part for part in parts if part is not None)
    return whole if len(whole) == len(parts) else None


def _read_defined(value: Node, context: Context) -> Condition | None:
    name = read_text(value, '"defined"', context.findings)
    if name is None or name in context.definitions:
        return context.definitions.get(name or "")
    context.findings.add(
        "unknown-definition",
        f"no condition is defined as {quoted(name)}",
        value.position,
        suggestion(name, context.definitions) or f'define it at the top: "define: {{{name[:40]}: ...}}"',
    )
    return None


def _read_field(key: ScalarNode, value: Node, context: Context) -> Condition | None:
    found = find_field(key.text)
    if found is None:
        _refuse_field(key, value, context)
        return None
    match value:
        case BrokenNode():
            return None
        case ListNode(position=position):
            context.findings.add(
                "value-expected",
                f"{quoted(key.text)} is compared with a list",
                position,
                'write "in: [...]" for one of several values',
            )
            return None
        case ScalarNode():
            if Operator.IS not in OPERATORS[found.type]:
                _refuse_operator(Operator.IS, found, value.position, context)
                return None
            return _compare(found, Operator.IS, value, key.position, context)
        case MapNode(entries=entries, position=position):
            if not entries:
                context.findings.add(
                    "empty-condition",
                    f"nothing is said of {quoted(key.text)}",
                    position,
                    'write for example "exists: yes"',
                )
                return None
            parts: list[Condition | None] = []
            for word, operand in entries:
                operator = _read_operator(word, found, context)
                place = key.position if len(entries) == 1 else word.position
                parts.append(None if operator is None else _compare(found, operator, operand, place, context))
            return _joined(parts, key.position)


def _compare(found: Field, operator: Operator, operand: Node, position: Position, context: Context) -> Compare | None:
    values = read_values(found, operator, operand, context)
    if values is None:
        return None
    return Compare(field=found, operator=operator, values=values, position=position)


def _read_operator(word: ScalarNode, found: Field, context: Context) -> Operator | None:
    allowed = OPERATORS[found.type]
    if word.text in {operator.value for operator in allowed}:
        return Operator(word.text)
    if word.text in {operator.value for operator in Operator}:
        _refuse_operator(Operator(word.text), found, word.position, context)
        return None
    meant = _SYNONYMS.get(word.text.lower())
    near = f'write "{meant.value}"' if meant in allowed else suggestion(word.text, [o.value for o in allowed])
    context.findings.add(
        "unknown-operator",
        f"no operator {quoted(word.text)}",
        word.position,
        near or f"of {quoted(found.name)} you can say {_operators(found)}",
    )
    return None


def _refuse_operator(operator: Operator, found: Field, position: Position, context: Context) -> None:
    allowed = OPERATORS[found.type]
    meant = _SYNONYMS.get(operator.value)
    if operator is Operator.IS:
        help_ = f"of {quoted(found.name)} you can say {_operators(found)}"
    elif meant in allowed:
        help_ = f'write "{meant.value}"'
    else:
        help_ = f"of {quoted(found.name)} you can say {_operators(found)}"
    context.findings.add(
        "wrong-operator",
        f'{quoted(found.name)} is {_KINDS[found.type]}, of which "{operator.value}" cannot be said',
        position,
        help_,
    )


_KINDS: Final = {
    FieldType.TEXT: "a text",
    FieldType.CHOICE: "one of a few words",
    FieldType.PATH: "a category",
    FieldType.NUMBER: "a number",
    FieldType.DURATION: "a length of time",
    FieldType.INSTANT: "a moment",
    FieldType.YES_NO: "yes or no",
}


def _operators(found: Field) -> str:
    return ", ".join(operator.value for operator in OPERATORS[found.type])


def _refuse_field(key: ScalarNode, value: Node, context: Context) -> None:
    name, position = key.text, key.position
    if name in _LATER_CONDITIONS:
        context.findings.add("unknown-key", f"no condition {quoted(name)}", position, NOT_AVAILABLE)
        return
    dotted = f"{name}."
    if isinstance(value, MapNode) and value.entries and any(known.startswith(dotted) for known in FIELDS):
        inner = f"{name}.{value.entries[0][0].text}"
        help_ = f"write the name in one piece, with a dot: {quoted(inner)}"
    elif name in ATTRIBUTE_PREFIXES:
        help_ = f"write the attribute's name after the dot: {quoted(name + 'colour')}"
    elif name in {operator.value for operator in Operator}:
        help_ = f'an operator stands behind a field: "field: {{{name}: value}}"'
    else:
        names = [*FIELDS, *_GROUPS]
        help_ = suggestion(name, names) or suggestion(name.lower(), names) or "docs/rules.md lists the fields"
    context.findings.add("unknown-field", f"no field {quoted(name)}", position, help_)


def _read_bought(key: ScalarNode, value: Node, context: Context) -> Bought | None:
    findings = context.findings
    if isinstance(value, BrokenNode):
        return None
    if not isinstance(value, MapNode):
        findings.add(
            "condition-expected",
            '"bought" needs entries',
            value.position,
            'write "bought: {same: sku, within: 90 days}"',
        )
        return None
    before = findings.count
    for name, _ in value.entries:
        if name.text in _LATER_BOUGHT_KEYS:
            findings.add("unknown-key", f'no key {quoted(name.text)} under "bought"', name.position, NOT_AVAILABLE)
        elif name.text not in _BOUGHT_KEYS:
            findings.add(
                "unknown-key",
                f'no key {quoted(name.text)} under "bought"',
                name.position,
                suggestion(name.text, _BOUGHT_KEYS) or f"known are {', '.join(_BOUGHT_KEYS)}",
            )
    same = _read_same(key, value, context)
    within_node, not_within_node = value.get("within"), value.get("not_within")
    within = read_duration(within_node, '"within"', findings) if within_node else None
    not_within = read_duration(not_within_node, '"not_within"', findings) if not_within_node else None
    units_node, kept_node = value.get("at_least"), value.get("kept")
    at_least = _read_units(units_node, context) if units_node else 1
    kept = _read_kept(kept_node, context) if kept_node else True
    if same is None or at_least is None or kept is None or findings.count > before:
        return None
    return Bought(same=same, within=within, not_within=not_within, at_least=at_least, kept=kept, position=key.position)


def _read_same(key: ScalarNode, value: MapNode, context: Context) -> Same | None:
    node = value.get("same")
    choices = tuple(same.value for same in Same)
    if node is None:
        context.findings.add(
            "missing-key",
            '"bought" does not say what counts as the same',
            key.position,
            f'add "same:" with {", ".join(choices)}',
        )
        return None
    if isinstance(node, ScalarNode) and node.text == "component":
        context.findings.add("unknown-value", '"same" cannot be "component"', node.position, NOT_AVAILABLE)
        return None
    word = read_choice(node, '"same"', choices, context.findings)
    return None if word is None else Same(word)


def _read_units(node: Node, context: Context) -> int | None:
    what = '"at_least"'
    found = scalar(node, what, context.findings)
    if found is None:
        return None
    words = found.text.split()
    if len(words) == 2 and words[1] in {"unit", "units"} and not found.quoted:
        found = ScalarNode(words[0], found.quoted, found.position)
    units = read_number(found, what, context.findings, "3 units")
    if units is not None and units < 1:
        context.findings.add(
            "too-few-units",
            f"{what} is {units}; the least is 1 unit",
            found.position,
            'write "at_least: 1" or leave it out',
        )
        return None
    return units


def _read_kept(node: Node, context: Context) -> bool | None:
    found = scalar(node, '"kept"', context.findings)
    if found is None:
        return None
    if found.text == "any":
        return False
    if found.text in {"yes", "true", "Yes", "True"}:
        return True
    context.findings.add(
        "unknown-value",
        f'"kept" cannot be {quoted(found.text)}',
        found.position,
        "write yes (units kept) or any (all units ordered)",
    )
    return None
