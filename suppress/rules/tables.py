"""Read the tables at the top of a rule file: types of attributes, replenishment cycles, regions. Nodes in, maps out."""

import re
from typing import Final

from suppress.facts.fields import ATTRIBUTE_PREFIXES, ATTRIBUTE_TYPES, Field, FieldType, find_field, typed
from suppress.facts.instants import US_PER_DAY
from suppress.rules.comparisons import read_path
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import Findings, listed, quoted, suggestion
from suppress.rules.literals import read_one_or_list, read_text, scalar
from suppress.rules.times import read_duration
from suppress.rules.tree import Duration

TYPE_WORDS: Final = tuple(type_.value for type_ in ATTRIBUTE_TYPES if type_ is not FieldType.CHOICE)
"""What an attribute may be declared as, beside a list of choices."""

ATTRIBUTE: Final = re.compile(
    "|".join(re.escape(prefix) for prefix, pattern in ATTRIBUTE_PREFIXES.items() if pattern.type is FieldType.TEXT)
)
"""How the name of an attribute that can be declared begins."""

_SYNONYMS: Final = {
    "integer": "number", "int": "number", "decimal": "number", "float": "number", "numeric": "number", "boolean":
    "yes/no", "bool": "yes/no", "yes_no": "yes/no", "yes": "yes/no", "flag": "yes/no", "day": "date", "datetime":
    "date", "time": "date", "timestamp": "date", "string": "text", "str": "text", "word": "text",
}  # fmt: skip


def read_attributes(node: Node | None, findings: Findings) -> dict[str, Field]:
    """Declared types of attributes, by the name a rule writes. `text` is the plain field."""
    found: dict[str, Field] = {}
    example = 'for example "attributes: {customer.attributes.points: number}"'
    entries = entries_of(node, '"attributes"', example, findings)
    for key, value in entries.entries if entries else ():
        attribute = _attribute(key, findings)
        declared = _read_type(attribute, value, findings) if attribute else None
        if declared is not None:
            found[key.text] = declared
    return found


def read_cycles(node: Node | None, findings: Findings) -> dict[str, Duration]:
    """Category path -> replenishment cycle in whole days."""
    found: dict[str, Duration] = {}
    entries = entries_of(node, '"cycles"', 'for example "cycles: {grocery/coffee: 30 days}"', findings)
    for key, value in entries.entries if entries else ():
        path = read_path(key, "the category", findings)
        cycle = read_duration(value, f"the cycle of {quoted(key.text)}", findings, units="days, weeks or years")
        if cycle is not None and cycle.us % US_PER_DAY:
            findings.add(
                "not-whole-days",
                f"the cycle of {quoted(key.text)} is not in whole days: {quoted(cycle.text)}",
                value.position,
                f'write "{max(1, round(cycle.us / US_PER_DAY))} days"',
            )
        elif path is not None and cycle is not None:
            found[path] = cycle
    return found


def read_regions(node: Node | None, findings: Findings) -> dict[str, tuple[str, ...]]:
    """A customer's region -> the stock locations that serve it."""
    found: dict[str, tuple[str, ...]] = {}
    entries = entries_of(node, '"regions"', 'for example "regions: {ZH: [zurich-1, zurich-2]}"', findings)
    for key, value in entries.entries if entries else ():
        region = read_text(key, "the region", findings)
        locations = _read_texts(value, f"the stock location of {quoted(key.text)}", findings)
        if region is not None and locations is not None:
            found[region] = locations
    return found


def entries_of(node: Node | None, what: str, example: str, findings: Findings) -> MapNode | None:
    """The map under a key; None when there is none, after noting what stands there instead."""
    if node is None or isinstance(node, MapNode | BrokenNode):
        return node if isinstance(node, MapNode) else None
    if isinstance(node, ScalarNode) and node.is_null:
        findings.add(
            "missing-value",
            f"nothing stands under {what}",
            node.position,
            f"write entries, {example}, or delete the line",
        )
    else:
        findings.add("map-expected", f"{what} is a map", node.position, f"write keys and values, {example}")
    return None


def _read_texts(node: Node, what: str, findings: Findings) -> tuple[str, ...] | None:
    return read_one_or_list(node, what, lambda item: read_text(item, what, findings), findings)


def _attribute(key: ScalarNode, findings: Findings) -> Field | None:
    field = find_field(key.text) if ATTRIBUTE.match(key.text) else None
    if field is not None:
        return field
    if find_field(key.text) is not None:
        help_ = "only attributes are declared; delete the line"
    else:
        name = key.text.rpartition(".")[2][:60] or "points"
        help_ = f'write for example "customer.attributes.{name}"'
    findings.add("not-an-attribute", f"{quoted(key.text)} is not an attribute", key.position, help_)
    return None


def _read_type(attribute: Field, node: Node, findings: Findings) -> Field | None:
    what = f"the type of {quoted(attribute.name)}"
    if isinstance(node, ListNode):
        choices = _read_texts(node, what, findings)
        return typed(attribute, FieldType.CHOICE, choices) if choices else None
    if isinstance(node, BrokenNode):
        return None
    found = scalar(node, what, findings)
    if found is None:
        return None
    if found.text in TYPE_WORDS:
        return typed(attribute, FieldType(found.text))
    meant = _SYNONYMS.get(found.text.lower())
    near = f'write "{meant}"' if meant else suggestion(found.text.lower(), TYPE_WORDS)
    findings.add(
        "unknown-type",
        f"{what} cannot be {quoted(found.text)}",
        found.position,
        near or f"write {listed(TYPE_WORDS)}, or a list of the words it can be",
    )
    return None
