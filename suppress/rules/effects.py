"""Read what a rule does: `drop: item`, `suppress: message`, `hold` or `limit`. The rule's map in, its Effect out."""

from typing import Final, NamedTuple

from suppress.rules.document import BrokenNode, MapNode, Node, ScalarNode
from suppress.rules.entries import HOLD, names
from suppress.rules.findings import Findings, quoted, suggestion
from suppress.rules.keys import check_keys
from suppress.rules.limits import read_limit
from suppress.rules.literals import scalar
from suppress.rules.ruleset import Effect, Hold, Limit
from suppress.rules.times import is_clock, is_date, is_duration, read_clock, read_duration

EFFECT_TARGETS: Final = {"drop": "item", "suppress": "message"}
EFFECT_KEYS: Final = (*EFFECT_TARGETS, "hold", "limit")
RESTOCK: Final = "restock"

_EFFECT_OF: Final = {target: effect for effect, target in EFFECT_TARGETS.items()}
_HOLD_EXAMPLE: Final = 'write "hold: {until: \'08:00\'}", "hold: {for: 2 hours}" or "hold: {until: restock}"'

_HOLD_HELPS: Final = {
    **dict.fromkeys(("to", "till", "at", "time"), 'write "until"'),
    **dict.fromkeys(
        ("hours", "minutes", "days", "duration"), 'write "for" and a length of time, such as "for: 2 hours"'
    ),
}


class WrittenEffect(NamedTuple):
    """An effect; until when it holds a message if it does, and how far it shares stock out."""

    effect: Effect
    hold: Hold | None = None
    limit: Limit | None = None


def read_effect(node: MapNode, what: str, findings: Findings) -> WrittenEffect | None:
    """The one effect of a rule; None after noting that there is none, more than one, or none of that name."""
    written = [(key, value) for key, value in node.entries if key.text in EFFECT_KEYS]
    if not written:
        findings.add(
            "missing-effect",
            f"{what} does not say what it does",
            node.position,
            'add "drop: item", "suppress: message", "hold: {until: ...}" or "limit: {messages_per_unit: ...}"',
        )
        return None
    if len(written) > 1:
        findings.add(
            "several-effects",
            f"{what} has more than one effect",
            written[1][0].position,
            "keep one, and write a second rule for the other",
        )
        return None
    key, value = written[0]
    if key.text == "hold":
        hold = _read_hold(key, value, findings)
        return None if hold is None else WrittenEffect(Effect.HOLD_MESSAGE, hold)
    if key.text == "limit":
        limit = read_limit(key, value, findings)
        return None if limit is None else WrittenEffect(Effect.LIMIT_ITEM, limit=limit)
    return _read_target(key, value, findings)


def _read_target(key: ScalarNode, value: Node, findings: Findings) -> WrittenEffect | None:
    target = EFFECT_TARGETS[key.text]
    found = scalar(value, quoted(key.text), findings)
    if found is None:
        return None
    if found.text != target:
        findings.add(
            "wrong-effect",
            f"there is no effect {quoted(f'{key.text}: {found.text}')}",
            found.position,
            f'write "{key.text}: {target}"'
            if found.text not in EFFECT_TARGETS.values()
            else f'write "{key.text}: {target}" or "{_EFFECT_OF[found.text]}: {found.text}"',
        )
        return None
    return WrittenEffect(Effect(f"{key.text}: {target}"))


def _read_hold(key: ScalarNode, value: Node, findings: Findings) -> Hold | None:
    if isinstance(value, BrokenNode):
        return None
    if not isinstance(value, MapNode):
        place = key.position if isinstance(value, ScalarNode) and value.is_null else value.position
        findings.add("map-expected", '"hold" does not say until when', place, _HOLD_EXAMPLE)
        return None
    before = findings.error_count
    check_keys(value, 'under "hold"', names(HOLD), findings, helps=_HOLD_HELPS)
    if findings.error_count > before:
        return None
    until, length = value.get("until"), value.get("for")
    if until is not None and length is not None:
        findings.add(
            "several-holds",
            '"hold" has both "until" and "for"',
            value.entries[1][0].position,
            "keep one, and write a second rule for the other",
        )
        return None
    if length is not None:
        return _read_length(length, findings)
    if until is not None:
        return _read_until(until, findings)
    if not any(isinstance(entry, BrokenNode) for _, entry in value.entries):
        findings.add("missing-key", '"hold" does not say until when', key.position, _HOLD_EXAMPLE)
    return None


def _read_length(node: Node, findings: Findings) -> Hold | None:
    if isinstance(node, ScalarNode) and is_clock(node.text):
        findings.add(
            "not-a-duration",
            f'"for" is a length of time, not {quoted(node.text)}',
            node.position,
            f"write \"until: '{node.text}'\" for a time of day",
        )
        return None
    length = read_duration(node, '"for"', findings, "hours")
    return None if length is None else Hold(length=length)


def _read_until(node: Node, findings: Findings) -> Hold | None:
    if not isinstance(node, ScalarNode):
        scalar(node, '"until"', findings)
        return None
    if node.text == RESTOCK:
        return Hold(restock=True)
    if suggestion(node.text.lower(), [RESTOCK]):
        findings.add(
            "unknown-value", f'"until" cannot be {quoted(node.text)}', node.position, f'did you mean "{RESTOCK}"?'
        )
        return None
    if is_duration(node.text):
        findings.add(
            "not-a-time-of-day",
            f'"until" is a time of day, not {quoted(node.text)}',
            node.position,
            f'write "for: {node.text}" for a length of time',
        )
        return None
    if is_date(node.text):
        findings.add(
            "not-a-time-of-day",
            f'"until" is a time of day, not {quoted(node.text)}',
            node.position,
            'write a time of day, for example "08:00"; to end the rule itself on a date, write "ends"',
        )
        return None
    until = read_clock(node, '"until"', findings)
    return None if until is None else Hold(until=until)
