"""Turn scalars as written into values: texts, numbers, yes/no, choices. Times are read by `times`, shares by `shares`.

Each reader takes a node and gives the value, or None after noting what is wrong and what to write instead.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import OPERATORS, Field, Operator, find_field
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, US_PER_YEAR
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import Findings, listed, quoted, suggestion
from suppress.rules.slips import CHOICE_SLIPS, NUMBER_WORDS
from suppress.rules.tree import Condition

MAX_TEXT_BYTES: Final = 1024
MAX_NUMBER: Final = 2**53 - 1

UNITS_US: Final = {
    "second": US_PER_SECOND,
    "minute": US_PER_MINUTE,
    "hour": US_PER_HOUR,
    "day": US_PER_DAY,
    "week": 7 * US_PER_DAY,
    "year": US_PER_YEAR,
}
MANY_DIGITS: Final = 18
MANY_CHARACTERS: Final = 60

YES: Final = frozenset({"yes", "Yes", "true", "True"})
NO: Final = frozenset({"no", "No", "false", "False"})
_LIKE_YES: Final = frozenset({"on", "y", "1", "ja", "si", "oui", "yes", "true"})
_LIKE_NO: Final = frozenset({"off", "n", "0", "nein", "non", "no", "false"})

INTEGER: Final = re.compile(r"-?[0-9]+")
_CURLY: Final = "“”„‘’‚«»"


@dataclass(frozen=True, slots=True)
class Context:
    """What every reader needs: where to note mistakes, the zone dates are meant in, and the patterns met so far.

    `definitions`: the conditions `defined: NAME` stands for; None = one that could not be read, and was reported.
    `attributes`: those with a declared type, by the name a rule writes. `codes`: every registered reason code.
    `undeclared`: attributes met so far that have no declared type.
    """

    findings: Findings
    zone: ZoneInfo
    patterns: set[str] = field(default_factory=set)
    definitions: Mapping[str, Condition | None] = field(default_factory=dict)
    attributes: Mapping[str, Field] = field(default_factory=dict)
    codes: Collection[str] = frozenset(REASON_CODES)
    undeclared: set[str] = field(default_factory=set)


def scalar(node: Node, what: str, findings: Findings) -> ScalarNode | None:
    """The node if it is one value and not empty."""
    match node:
        case ScalarNode(text=text, quoted=is_quoted, position=position):
            if node.is_null:
                message = f"{what} is missing" if not text else f"{what} is {text}, which means nothing here"
                findings.add("missing-value", message, position, _missing_help(what))
                return None
            if is_quoted and not text.strip():
                findings.add(
                    "empty-text",
                    f"{what} is an empty text",
                    position,
                    _missing_help(what),
                )
                return None
            return node
        case ListNode(position=position):
            findings.add(
                "value-expected",
                f"{what} is one value, not a list",
                position,
                "write one value without brackets or dashes",
            )
        case MapNode(position=position):
            findings.add(
                "value-expected",
                f"{what} is one value, not a map",
                position,
                "write one value; put text with braces or colons in quotes",
            )
        case BrokenNode():
            pass
    return None


def read_text(node: Node, what: str, findings: Findings) -> str | None:
    """A text as written, at most 1 KB, on one line."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = unicodedata.normalize("NFC", found.text), found.position
    size = len(text.encode())
    if size > MAX_TEXT_BYTES:
        findings.add(
            "text-too-long",
            f"{what} has {size:,} bytes; at most {MAX_TEXT_BYTES:,} are allowed",
            position,
            "shorten it",
        )
        return None
    if "\n" in text or "\r" in text:
        findings.add(
            "several-lines", f"{what} runs over several lines", position, "write it on one line, without | or >"
        )
        return None
    if text != text.strip():
        findings.add(
            "outer-spaces", f"{what} begins or ends with a space: {quoted(text)}", position, "delete the space"
        )
        return None
    if not found.quoted and text[0] in _CURLY:
        findings.add(
            "curly-quotes",
            f"{what} stands in typographic quotes: {quoted(text)}",
            position,
            "use straight quotes: \" or '",
        )
        return None
    return text


def read_number(
    node: Node, what: str, findings: Findings, example: str = "5", *, minor_units: bool = False
) -> int | None:
    """A whole number, unquoted, digits only. `minor_units`: it is a price, told in cents."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text, found.position
    if INTEGER.fullmatch(text):
        if found.quoted:
            findings.add(
                "quoted-number",
                f"the number {quoted(text)} stands in quotes",
                position,
                f"write {text[:MANY_DIGITS]} without quotes",
            )
            return None
        digits = text.lstrip("-").lstrip("0")
        if len(digits) > MANY_DIGITS or int(text) > MAX_NUMBER or int(text) < -MAX_NUMBER:
            findings.add(
                "number-too-large",
                f"the number {quoted(text)} is too large",
                position,
                f"at most {MAX_NUMBER:,} is understood",
            )
            return None
        return int(text)
    help_ = "prices count minor units: 20.00 is 2000" if minor_units else _number_help(text, example)
    operator = _spelled_operator(text)
    if re.fullmatch(r"-?[0-9]*[.,][0-9]+|-?[0-9]+[.,]", text) and len(text) <= MANY_DIGITS:
        findings.add(
            "decimal-number",
            f"{what} is a whole number, not {quoted(text)}",
            position,
            "prices count minor units, so 9.99 is 999" if minor_units else "write it without decimals",
        )
    elif re.fullmatch(r"-?[0-9][0-9_',. ]*", text):
        findings.add(
            "number-with-separators",
            f"the number {quoted(text)} has separators",
            position,
            "write digits only, for example 10000",
        )
    elif operator:
        findings.add(
            "not-a-number",
            f"{what} is a whole number, not {quoted(text)}",
            position,
            f"write the comparison as a word: {{{operator}}}",
        )
    else:
        findings.add("not-a-number", f"{what} is a whole number, not {quoted(text)}", position, help_)
    return None


def read_one_or_list(
    node: Node, what: str, read: Callable[[Node], str | None], findings: Findings
) -> tuple[str, ...] | None:
    """One text, or a list of several without repeats, each read by `read`; None when one cannot be read."""
    if not isinstance(node, ListNode):
        one = read(node)
        return None if one is None else (one,)
    if not node.items:
        findings.add("empty-list", f"the list behind {what} is empty", node.position, "write at least one value")
        return None
    values: dict[str, None] = {}
    for item in node.items:
        value = read(item)
        if value is not None and value in values:
            findings.add(
                "repeated-value", f"the value {quoted(value)} is in the list twice", item.position, "delete one"
            )
        elif value is not None:
            values[value] = None
    return tuple(values) if len(values) == len(node.items) else None


def read_yes_no(node: Node, what: str, findings: Findings) -> bool | None:
    """yes, no, true or false, unquoted."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text, found.position
    if text in YES or text in NO:
        if found.quoted:
            findings.add(
                "quoted-yes-no",
                f"{what} is yes or no, not the text {quoted(text)}",
                position,
                f"write {text} without quotes",
            )
            return None
        return text in YES
    low = text.lower()
    meant = "yes" if low in _LIKE_YES else "no" if low in _LIKE_NO else None
    findings.add(
        "not-yes-or-no",
        f"{what} is yes or no, not {quoted(text)}",
        position,
        f"write {meant}" if meant else "write yes or no",
    )
    return None


def read_choice(node: Node, what: str, choices: tuple[str, ...], findings: Findings) -> str | None:
    """One of a few words."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text = unicodedata.normalize("NFC", found.text)
    if text in choices:
        return text
    low = found.text.lower()
    meant = CHOICE_SLIPS.get(low.replace(" ", "_").replace("-", "_"))
    longer = [choice for choice in choices if len(low) >= 3 and choice.startswith(low)]
    near = (
        f'write "{meant}"'
        if meant in choices
        else suggestion(low, longer or choices) or (f'did you mean "{longer[0]}"?' if longer else None)
    )
    findings.add(
        "unknown-value", f"{what} cannot be {quoted(found.text)}", found.position, near or f"write {listed(choices)}"
    )
    return None


def _number_help(text: str, example: str) -> str:
    numbers = re.findall(r"-?[0-9]+", text)
    if len(numbers) == 1 and len(numbers[0]) <= MANY_DIGITS and len(text) <= MANY_CHARACTERS:
        return f"write {numbers[0]} alone"
    word = text.lower().partition(" ")[0]
    return f"write {NUMBER_WORDS[word]}" if word in NUMBER_WORDS else f"write a whole number, for example {example}"


def _missing_help(what: str) -> str:
    found = find_field(what.strip('"'))
    if found is None or Operator.EXISTS not in OPERATORS[found.type]:
        return "write a value after the colon"
    return 'write a value; to ask whether one is known, write "exists: no"'


def _spelled_operator(text: str) -> str | None:
    match = re.fullmatch(r"(<=|>=|<|>|=|!=)\s*(-?[0-9]{1,18})", text)
    words = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least", "=": "is", "!=": "is_not"}
    return f"{words[match[1]]}: {match[2]}" if match else None
