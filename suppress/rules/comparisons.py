"""Turn what stands behind an operator into the values of a comparison: one value, a list, two bounds, a pattern."""

from functools import lru_cache
from typing import Final

import re2

from suppress.facts.fields import Field, FieldType, Operator
from suppress.rules.document import BrokenNode, ListNode, Node, ScalarNode
from suppress.rules.extents import size
from suppress.rules.findings import Findings, quoted
from suppress.rules.literals import Context, read_choice, read_number, read_text, read_yes_no
from suppress.rules.reason_codes import refuse_unregistered
from suppress.rules.shares import read_percent
from suppress.rules.times import read_clock, read_day, read_duration, read_instant
from suppress.rules.tree import ClockTime, Scalar

PERCENT: Final = "percent"
"""The unit of fields whose numbers are shares."""

MINOR_UNITS: Final = "minor units"
"""The unit of prices."""

DROPPED_CODE: Final = "message.dropped_code"
"""The field whose words are reason codes."""

MAX_PATTERN_CHARACTERS: Final = 1000
MAX_PATTERNS: Final = 100
_PATTERN_MEMORY_BYTES: Final = 1 << 18
_FOR_LISTS: Final = {
    Operator.IS: 'write "in: [...]" for one of several values',
    Operator.IS_NOT: 'write "not_in: [...]" for none of several values',
    Operator.UNDER: 'write one "under" for each, as entries of "any"',
}
"""What to write when an operator of one value is given several."""


def read_values(found: Field, operator: Operator, operand: Node, context: Context) -> tuple[Scalar, ...] | None:
    """The values of a comparison; None when one of them cannot be read."""
    match operator:
        case Operator.IN | Operator.NOT_IN:
            return _read_list(found, operator, operand, context)
        case Operator.BETWEEN:
            return _read_bounds(found, operand, context)
        case Operator.EXISTS:
            return _one(read_yes_no(operand, '"exists"', context.findings))
        case Operator.STARTS_WITH | Operator.CONTAINS:
            return _one(read_text(operand, quoted(operator.value), context.findings))
        case Operator.MATCHES:
            return _one(_read_pattern(operand, context))
        case _ if isinstance(operand, ListNode) and operator in _FOR_LISTS:
            context.findings.add(
                "value-expected",
                f"{quoted(operator.value)} takes one value, not a list",
                operand.position,
                _FOR_LISTS[operator],
            )
            return None
        case _:
            return _one(_read_value(found, operand, context))


def _one(value: Scalar | None) -> tuple[Scalar, ...] | None:
    return None if value is None else (value,)


def _read_value(found: Field, node: Node, context: Context) -> Scalar | None:
    what, findings = quoted(found.base), context.findings
    match found.type:
        case FieldType.TEXT:
            return read_text(node, what, findings)
        case FieldType.CHOICE:
            return read_choice(node, what, found.choices, findings)
        case FieldType.PATH:
            return read_path(node, what, findings)
        case FieldType.NUMBER if found.unit == PERCENT:
            return read_percent(node, what, findings)
        case FieldType.NUMBER:
            return read_number(node, what, findings, minor_units=found.unit == MINOR_UNITS)
        case FieldType.DURATION:
            return read_duration(node, what, findings)
        case FieldType.INSTANT:
            return read_instant(node, what, context)
        case FieldType.YES_NO:
            return read_yes_no(node, what, findings)
        case FieldType.CLOCK:
            return read_clock(node, what, findings)
        case FieldType.DAY:
            return read_day(node, what, findings)
        case FieldType.WORDS if found.name == DROPPED_CODE:
            return _read_code(node, context)
        case FieldType.WORDS:
            return read_text(node, what, findings)


def _read_code(node: Node, context: Context) -> str | None:
    code = read_text(node, "the reason code", context.findings)
    if code is None or code in context.codes:
        return code
    refuse_unregistered(code, context.codes, node.position, context.findings)
    return None


def read_path(node: Node, what: str, findings: Findings) -> str | None:
    """A category path; None after noting an empty level or spaces around a slash."""
    text = read_text(node, what, findings)
    if text is None:
        return None
    levels = text.split("/")
    if all(level and level == level.strip() for level in levels):
        return text
    tidy = "/".join(level.strip() for level in levels if level.strip())
    findings.add(
        "bad-category",
        f"the category {quoted(text)} has an empty level or spaces around a slash",
        node.position,
        f"write {quoted(tidy)}" if tidy else 'write the levels with "/" between them, for example "home/bedroom"',
    )
    return None


def _read_list(found: Field, operator: Operator, operand: Node, context: Context) -> tuple[Scalar, ...] | None:
    findings, what = context.findings, quoted(operator.value)
    if isinstance(operand, BrokenNode):
        return None
    if not isinstance(operand, ListNode):
        findings.add("list-expected", f"{what} needs a list", operand.position, "write it in brackets: [a, b]")
        return None
    if not operand.items:
        findings.add("empty-list", f"the list behind {what} is empty", operand.position, "write at least one value")
        return None
    values: list[Scalar] = []
    seen: set[Scalar] = set()
    for item in operand.items:
        value = _read_value(found, item, context)
        if value is None:
            continue
        if value in seen:
            written = item.text if isinstance(item, ScalarNode) else ""
            findings.add(
                "repeated-value", f"the value {quoted(written)} is in the list twice", item.position, "delete one"
            )
        seen.add(value)
        values.append(value)
    return tuple(values) if len(seen) == len(operand.items) else None


def _read_bounds(found: Field, operand: Node, context: Context) -> tuple[Scalar, ...] | None:
    findings = context.findings
    if isinstance(operand, BrokenNode):
        return None
    if not isinstance(operand, ListNode) or len(operand.items) != 2:
        findings.add(
            "two-values-expected",
            '"between" needs two values',
            operand.position,
            'write the first and the last one in brackets: ["22:00", "08:00"]'
            if found.type is FieldType.CLOCK
            else "write the lower and the upper one in brackets: [lower, upper]",
        )
        return None
    low, high = (_read_value(found, item, context) for item in operand.items)
    if low is None or high is None:
        return None
    if isinstance(low, ClockTime):
        if low == high:
            findings.add(
                "bounds-equal",
                "the two times of day are the same, so there is nothing between them",
                operand.position,
                'write two times; past midnight is fine: ["22:00", "08:00"]',
            )
            return None
        return (low, high)
    if size(low) > size(high):
        findings.add(
            "bounds-swapped", "the first value is above the second", operand.position, "write the lower value first"
        )
        return None
    return (low, high)


def _read_pattern(node: Node, context: Context) -> str | None:
    findings = context.findings
    text = read_text(node, '"matches"', findings)
    if text is None:
        return None
    if len(text) > MAX_PATTERN_CHARACTERS:
        findings.add(
            "pattern-too-long",
            f"the pattern has {len(text):,} characters; at most {MAX_PATTERN_CHARACTERS:,} are allowed",
            node.position,
            'shorten it, or use "in" with a list',
        )
        return None
    context.patterns.add(text)
    if len(context.patterns) > MAX_PATTERNS:
        findings.add(
            "too-many-patterns",
            f"the file has more than {MAX_PATTERNS} patterns",
            node.position,
            'use "in", "starts_with" or "contains", or split the file',
        )
        return None
    complaint = pattern_complaint(text)
    if complaint is None:
        return text
    findings.add("bad-pattern", f"the pattern {quoted(text)} cannot be used", node.position, complaint)
    return None


@lru_cache(maxsize=1024)
def pattern_complaint(pattern: str) -> str | None:
    """Why RE2 refuses a pattern, in words; None when it takes it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY_BYTES
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
    else:
        return None
    if any(sign in pattern for sign in ("(?=", "(?!", "(?<=", "(?<!")):
        return 'looking ahead or behind is not possible; combine two conditions under "all", or use "not"'
    if reason.startswith("invalid escape sequence: \\") and reason[-1:].isdigit():
        return "a pattern cannot refer back to one of its groups; write the alternatives out"
    if "too large" in reason or "repetition size" in reason:
        return "it repeats too much; make the repetitions shorter"
    return f'{reason.split(":")[0]}; to find a plain text, use "contains"'
