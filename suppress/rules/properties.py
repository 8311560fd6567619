"""Turn what is said of a field (`FIELD: value`, `FIELD: {operator: value}`) into comparisons; mistakes are noted.

`at` and `under` may stand among the operators of some fields: they narrow the field, and are no comparison themselves.
"""

import difflib
from collections.abc import Sequence
from typing import Final

from suppress.facts.fields import (
    ATTRIBUTE_PREFIXES,
    CUSTOMERS_REGION,
    FIELDS,
    OPERATORS,
    Field,
    FieldType,
    Operator,
    find_field,
    qualified,
)
from suppress.problems import Position
from suppress.rules.comparisons import read_path, read_values
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.entries import CONDITIONS
from suppress.rules.findings import listed, quoted, suggestion
from suppress.rules.literals import Context, read_text
from suppress.rules.slips import AT_SLIPS, CONDITION_SLIPS, FIELD_SLIPS, OPERATOR_SLIPS
from suppress.rules.tree import All, Compare, Condition

_MOST_COMPARED: Final = 60
"""How many attributes are compared with how many declared ones, so that no file can make it expensive."""


def joined(parts: list[Condition | None], position: Position) -> Condition | None:
    """The parts as one condition: the part itself when it is alone, else all of them; None when one is missing."""
    whole = tuple(part for part in parts if part is not None)
    if len(whole) < len(parts):
        return None
    return whole[0] if len(whole) == 1 else All(parts=whole, position=position)


def read_field(key: ScalarNode, value: Node, context: Context) -> Condition | None:
    """What a rule says of one field; None when any part of it cannot be read."""
    found = _find(key, context)
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
            return _read_operators(key, entries, found, context)


def _find(key: ScalarNode, context: Context) -> Field | None:
    declared = context.attributes.get(key.text)
    if declared is not None:
        return declared
    found = find_field(key.text)
    if found is not None and found.name not in FIELDS and key.text not in context.undeclared:
        near = _near_declared(key.text, context) if len(context.undeclared) < _MOST_COMPARED else None
        context.undeclared.add(key.text)
        if near is not None:
            context.findings.warn(
                "attribute-not-declared",
                f"the attribute {quoted(key.text)} is not declared, so its values are plain text",
                key.position,
                f'did you mean {quoted(near)}? If not, declare it under "attributes" as text',
            )
    return found


def _near_declared(name: str, context: Context) -> str | None:
    for prefix in ATTRIBUTE_PREFIXES:
        if name.startswith(prefix):
            declared = list(context.attributes)[:_MOST_COMPARED]
            known = [other.removeprefix(prefix)[:60] for other in declared if other.startswith(prefix)]
            near = difflib.get_close_matches(name.removeprefix(prefix)[:60], known, n=1, cutoff=0.8)
            return f"{prefix}{near[0]}" if near else None
    return None


def _read_operators(
    key: ScalarNode, entries: Sequence[tuple[ScalarNode, Node]], found: Field, context: Context
) -> Condition | None:
    narrowed, said = _read_qualifiers(entries, found, context)
    if not said:
        example = _EXAMPLES.get(found.type) or f"is: {found.choices[0]}"
        context.findings.add(
            "missing-operator",
            f"nothing is said of {quoted(key.text)} but {quoted(entries[0][0].text)}",
            entries[0][0].position,
            f"add what it is compared with, for example {quoted(example)}",
        )
        return None
    parts: list[Condition | None] = []
    for word, operand in said:
        operator = _read_operator(word, found, context)
        place = key.position if len(said) == 1 else word.position
        comparison = None if operator is None else _compare(narrowed or found, operator, operand, place, context)
        parts.append(None if narrowed is None else comparison)
    return joined(parts, key.position)


def _read_qualifiers(
    entries: Sequence[tuple[ScalarNode, Node]], found: Field, context: Context
) -> tuple[Field | None, list[tuple[ScalarNode, Node]]]:
    """The field narrowed as the entries say (None when they cannot be read), and the entries that are operators."""
    narrowed: Field | None = found
    said = []
    for word, operand in entries:
        if word.text == "at":
            at = _read_location(word, operand, found, context)
            narrowed = None if at is None else qualified(found, at=at)
        elif word.text == "under" and found.by_category:
            under = read_path(operand, '"under"', context.findings)
            narrowed = None if under is None else qualified(found, under=under)
        else:
            said.append((word, operand))
    return narrowed, said


def _read_location(word: ScalarNode, operand: Node, found: Field, context: Context) -> str | None:
    if not found.by_location:
        context.findings.add(
            "wrong-operator",
            f'{quoted(found.base)} is not counted by location, so "at" cannot be said of it',
            word.position,
            '"at" stands with stock fields, for example "stock.available_units: {at: zurich-1, below: 1}"',
        )
        return None
    at = read_text(operand, '"at"', context.findings)
    if at is not None and at != CUSTOMERS_REGION and at.lower().startswith("customer."):
        context.findings.add(
            "unknown-value",
            f'"at" cannot be {quoted(at)}',
            operand.position,
            f'write a stock location, or "{CUSTOMERS_REGION}" for those of the customer\'s region',
        )
        return None
    return at


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
    meant = OPERATOR_SLIPS.get(word.text.lower())
    words = [*(o.value for o in allowed), *(["at"] if found.by_location else [])]
    near = f'write "{meant.value}"' if meant in allowed else suggestion(word.text, words)
    context.findings.add(
        "unknown-operator",
        f"no operator {quoted(word.text)}",
        word.position,
        _qualifier_meant(word.text.lower(), found)
        or near
        or f"of {quoted(found.base)} you can say {_operators(found)}",
    )
    return None


def _qualifier_meant(word: str, found: Field) -> str | None:
    if found.by_location and word in AT_SLIPS:
        return 'write "at"'
    if found.by_location and word == "region":
        return f'write "at: {CUSTOMERS_REGION}"'
    return 'write "under"' if found.by_category and word in {"category", "path", "of"} else None


def _refuse_operator(operator: Operator, found: Field, position: Position, context: Context) -> None:
    meant = OPERATOR_SLIPS.get(operator.value)
    if _is_undeclared(found, context) and operator in OPERATORS[FieldType.NUMBER]:
        help_ = f'declare its type at the top: "attributes: {{{found.base[:60]}: number}}"'
    elif operator is Operator.UNDER and found.name.startswith("message.kept_of_"):
        help_ = 'only "message.kept_of_category" counts the items under a category'
    elif operator is not Operator.IS and meant in OPERATORS[found.type]:
        help_ = f'write "{meant.value}"'
    else:
        help_ = f"of {quoted(found.base)} you can say {_operators(found)}"
    context.findings.add(
        "wrong-operator",
        f'{quoted(found.base)} is {_KINDS[found.type]}, of which "{operator.value}" cannot be said',
        position,
        help_,
    )


def _is_undeclared(found: Field, context: Context) -> bool:
    return found.type is FieldType.TEXT and found.name not in FIELDS and found.name not in context.attributes


_EXAMPLES: Final = {
    FieldType.NUMBER: "below: 1",
    FieldType.INSTANT: "below: 2026-12-24",
    FieldType.DURATION: "above: 2 hours",
}
"""What may be said of a field that takes a qualifier; of the others, their first choice."""

_KINDS: Final = {
    FieldType.TEXT: "a text",
    FieldType.CHOICE: "one of a few words",
    FieldType.PATH: "a category",
    FieldType.NUMBER: "a number",
    FieldType.DURATION: "a length of time",
    FieldType.INSTANT: "a moment",
    FieldType.YES_NO: "yes or no",
    FieldType.CLOCK: "a time of day",
    FieldType.DAY: "a date",
    FieldType.WORDS: "a list of words",
}


def _operators(found: Field) -> str:
    words = [operator.value for operator in OPERATORS[found.type]]
    return ", ".join([*words, *(["at"] if found.by_location else []), *(["under"] if found.by_category else [])])


def _refuse_field(key: ScalarNode, value: Node, context: Context) -> None:
    name, position = key.text, key.position
    dotted = f"{name}."
    inner = f"{name}.{value.entries[0][0].text}" if isinstance(value, MapNode) and value.entries else ""
    if find_field(inner) is not None:
        help_ = f"write the name in one piece, with a dot: {quoted(inner)}"
    elif name.lower() in FIELD_SLIPS:
        help_ = f'write "{FIELD_SLIPS[name.lower()]}"'
    elif name in context.definitions:
        help_ = f'write "defined: {name[:60]}"'
    elif any(known.startswith(dotted) for known in FIELDS):
        few = [known for known in FIELDS if known.startswith(dotted)][:3]
        help_ = f"write one of its fields with a dot, for example {listed(quoted(known) for known in few)}"
    elif name in ATTRIBUTE_PREFIXES:
        help_ = f"write the attribute's name after the dot: {quoted(name + 'colour')}"
    elif name.lower() in CONDITION_SLIPS:
        help_ = f'write "{CONDITION_SLIPS[name.lower()]}"'
    elif name in {operator.value for operator in Operator}:
        help_ = f'an operator stands behind a field: "field: {{{name}: value}}"'
    else:
        help_ = _near_field(name) or _near_field(name.lower()) or "docs/rules.md lists the fields"
    context.findings.add("unknown-field", f"no field {quoted(name)}", position, help_)


def _near_field(name: str) -> str | None:
    """The field, or the entry of a condition, that was meant. What all names of a group share says nothing."""
    group, dot, last = name.partition(".")
    of_group = [known.removeprefix(f"{group}.") for known in FIELDS if known.startswith(f"{group}{dot}")]
    if not dot or not of_group:
        return suggestion(name, [*FIELDS, *CONDITIONS])
    near = difflib.get_close_matches(last[:60], of_group, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{group}.{near[0]}"?'
    attributes = f"{group}.attributes."
    if attributes in ATTRIBUTE_PREFIXES and find_field(f"{attributes}{last}") is not None:
        return f"write {quoted(f'{attributes}{last}')} if it is an attribute of yours"
    return suggestion(last, FIELDS)
