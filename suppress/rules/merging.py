"""Lay one rule file over another, on the level of nodes, so that every place stays that of the file it stands in.

A rule with the id of a base's rule overlays it key by key, maps merge by key, everything else is the upper file's own
where it says something.
"""

from typing import Final

from suppress.problems import Position
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import Findings, listed, quoted, suggestion
from suppress.rules.nodes import plain

_OWN_KEYS: Final = frozenset({"version", "ruleset", "use"})
_MERGED_MAPS: Final = frozenset({"defaults", "codes", "cycles", "regions", "attributes", "define"})
_EFFECTS: Final = frozenset({"drop", "suppress", "hold", "limit"})
_CONDITIONS: Final = frozenset({"when", "unless"})


def merge(base: MapNode, over: MapNode, findings: Findings, base_names: list[str] | None = None) -> MapNode:
    """`base` with `over` laid over it. `base_names`: set when `over` is a file as written, to check its rules."""
    entries = {key.text: (key, value) for key, value in base.entries if key.text not in _OWN_KEYS}
    for key, value in over.entries:
        below = entries[key.text][1] if key.text in entries else None
        merged = value
        if key.text in _MERGED_MAPS and isinstance(below, MapNode) and isinstance(value, MapNode):
            merged = _merge_maps(below, value)
        elif key.text == "rules" and isinstance(value, ListNode):
            merged = _merge_rules(below if isinstance(below, ListNode) else None, value, findings, base_names)
        entries[key.text] = (key, merged)
    return MapNode(tuple(entries.values()), over.position)


def _merge_rules(below: ListNode | None, over: ListNode, findings: Findings, base_names: list[str] | None) -> ListNode:
    rules = list(below.items) if below is not None else []
    place = {_id_of(rule): at for at, rule in reversed(list(enumerate(rules)))}
    known = [name for name in place if name is not None]
    # Two bases that share a third bring the same rules; without this, wrong ones would double with every level.
    there = {id(rule) for rule in rules}
    for rule in over.items:
        if id(rule) in there:
            continue
        name = _id_of(rule)
        at = place.pop(name, None) if name is not None else None
        if at is not None and isinstance(rule, MapNode):
            rules[at] = _overlay(rules[at], rule)
        elif base_names is not None and isinstance(rule, MapNode) and name is not None and name not in known:
            rules.append(_whole(rule, name, known, base_names, findings))
        else:
            rules.append(rule)
    return ListNode(tuple(rules), over.position)


def _whole(rule: MapNode, name: str, known: list[str], base_names: list[str], findings: Findings) -> Node:
    """The rule, if it can stand alone; else it was meant to override one that is not there."""
    keys = {key.text for key, _ in rule.entries}
    missing = [quoted(key) for key in ("code", "when") if key not in keys]
    if not keys & _EFFECTS:
        missing.append("an effect")
    if not missing:
        return rule
    place = rule.get("id") or rule
    findings.add(
        "unknown-override",
        f"no rule {quoted(name)} in {listed(base_names)} to override, and a rule of its own needs "
        f"{' and '.join(missing) if len(missing) < 3 else f'{missing[0]}, {missing[1]} and {missing[2]}'}",
        place.position,
        suggestion(name, known) or "write the id of the rule to override, or what is missing",
    )
    return BrokenNode(rule.position)


def warn_of_namesakes(
    merged: MapNode, other: MapNode, own: MapNode, name: str, position: Position, findings: Findings
) -> None:
    """Two bases that call different rules by one name: the later silently takes the place of the earlier."""
    earlier, later, mended = _rules_of(merged), _rules_of(other), _rules_of(own)
    for id_ in sorted(earlier.keys() & later.keys() - mended.keys()):
        if _does(earlier[id_]) != _does(later[id_]):
            findings.warn(
                "same-id-in-bases",
                f"the rule {quoted(id_)} of {quoted(name)} takes the place of another rule of that name",
                position,
                f'give one of the two another id, or say here what "{id_}" is to do',
            )


def _merge_maps(base: MapNode, over: MapNode) -> MapNode:
    entries = {key.text: (key, value) for key, value in base.entries}
    entries.update({key.text: (key, value) for key, value in over.entries})
    return MapNode(tuple(entries.values()), over.position)


def _overlay(base: Node, over: MapNode) -> MapNode:
    if not isinstance(base, MapNode):
        return over
    changed = {key.text for key, _ in over.entries}
    if changed & _EFFECTS:
        base = MapNode(tuple(entry for entry in base.entries if entry[0].text not in _EFFECTS), base.position)
    # What a rule says is judged where it is said: in the base, unless the override says something else.
    position = over.position if changed & (_EFFECTS | _CONDITIONS) else base.position
    return MapNode(_merge_maps(base, over).entries, position)


def _rules_of(node: MapNode) -> dict[str, MapNode]:
    listed_rules = node.get("rules")
    rules = listed_rules.items if isinstance(listed_rules, ListNode) else ()
    return {name: rule for rule in rules if isinstance(rule, MapNode) and (name := _id_of(rule)) is not None}


def _does(rule: MapNode) -> dict[str, object]:
    """What a rule does and when, as plain data."""
    return {key.text: plain(value) for key, value in rule.entries if key.text in _EFFECTS | _CONDITIONS}


def _id_of(rule: Node) -> str | None:
    name = rule.get("id") if isinstance(rule, MapNode) else None
    return name.text if isinstance(name, ScalarNode) and name.text else None
