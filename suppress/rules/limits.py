"""Read how far an item's stock is shared out: `{messages_per_unit: 2}` in; a Limit, or None with its mistakes noted."""

import re
from decimal import Decimal
from typing import Final

from suppress.rules.document import BrokenNode, MapNode, Node, ScalarNode
from suppress.rules.entries import LIMIT, names
from suppress.rules.findings import Findings, quoted
from suppress.rules.keys import check_keys
from suppress.rules.literals import scalar
from suppress.rules.ruleset import Limit
from suppress.rules.slips import NUMBER_WORDS

MOST_MESSAGES: Final = 1_000_000
"""Messages per unit: more limit nothing, and every budget stays a whole number of 64 bits."""

_EXAMPLE: Final = 'write "limit: {messages_per_unit: 2}"'
_KEY: Final = "messages_per_unit"
_WHAT: Final = quoted(_KEY)
_NUMBER: Final = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?")
_HELPS: Final = {
    **dict.fromkeys(
        ("per_unit", "messages", "messages_per_item", "messages_per_stock", "units", "max", "at_most", "messages_for"),
        f"write {_WHAT}",
    ),
    **dict.fromkeys(
        ("units_per_message", "unit_per_message"), f"write {_WHAT}: one message for every two units is 0.5"
    ),
}


def read_limit(key: ScalarNode, value: Node, findings: Findings) -> Limit | None:
    """A positive number of messages per available unit, with up to two decimals, kept exactly."""
    if isinstance(value, BrokenNode):
        return None
    if not isinstance(value, MapNode):
        place = key.position if isinstance(value, ScalarNode) and value.is_null else value.position
        findings.add("map-expected", '"limit" does not say how many messages', place, _EXAMPLE)
        return None
    before = findings.error_count
    check_keys(value, 'under "limit"', names(LIMIT), findings, helps=_HELPS)
    if findings.error_count > before:
        return None
    written = value.get(_KEY)
    if written is None:
        findings.add("missing-key", '"limit" does not say how many messages', key.position, _EXAMPLE)
        return None
    return _read_messages(written, findings)


def _read_messages(node: Node, findings: Findings) -> Limit | None:
    found = scalar(node, _WHAT, findings)
    if found is None:
        return None
    match = _NUMBER.fullmatch(found.text.strip())
    if match is None or found.quoted:
        findings.add(
            "not-a-number",
            f"{_WHAT} is a number, not {quoted(found.text)}",
            found.position,
            _number_meant(found),
        )
        return None
    hundredths = Decimal(match[0]) * 100
    if not hundredths:
        findings.add(
            "no-messages",
            f"{_WHAT} is 0, so the item would stand in no message",
            found.position,
            'write "drop: item" instead of the limit',
        )
    elif hundredths != int(hundredths):
        findings.add(
            "number-too-fine",
            f"{_WHAT} has more than two decimals: {quoted(found.text)}",
            found.position,
            f"write two at most, for example {max(1, round(hundredths)) / 100:.2f}",
        )
    elif hundredths > MOST_MESSAGES * 100:
        findings.add(
            "number-too-large",
            f"{_WHAT} is too large: {quoted(found.text)}",
            found.position,
            f"at most {MOST_MESSAGES}",
        )
    else:
        return Limit(hundredths=int(hundredths))
    return None


def _number_meant(found: ScalarNode) -> str:
    text = found.text.strip().lower()
    if _NUMBER.fullmatch(text):
        return f"write {text} without quotes"
    if re.fullmatch(r"[0-9]{1,7},[0-9]{1,2}", text):
        return f"write {text.replace(',', '.')}"
    part = re.fullmatch(r"1 ?/ ?([1-9][0-9]?)", text)
    if part and 100 % int(part[1]) == 0:
        return f"write {Decimal(1) / int(part[1])}"
    number = re.match(r"[0-9]{1,7}(\.[0-9]{1,2})?(?= [a-z])", text)
    if number:
        return f"write {number[0]}"
    spelled = NUMBER_WORDS.get(text.partition(" ")[0])
    return f"write {spelled}" if spelled else "write for example 2 or 0.5"
