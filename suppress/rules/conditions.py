"""Turn the nodes under `when` and `unless` into a condition tree. Nodes in; a condition or None out, mistakes noted.

A map means all of its entries; one entry is the node itself, several are an All. What stands under `bought` and its
like is read by `past`, what is said of a field by `properties`.
"""

from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import quoted, suggestion
from suppress.rules.literals import Context, read_text
from suppress.rules.past import read_past
from suppress.rules.properties import joined, read_field
from suppress.rules.tree import All, AnyOf, Condition, Not


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
            return joined(parts, position)


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
        case "defined":
            return _read_defined(value, context)
        case "bought" | "shown" | "sent" | "said":
            return read_past(key, value, context)
        case _:
            return read_field(key, value, context)


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
