"""Turn scalars as written into values: durations, instants, numbers, yes/no, texts.

Each reader takes a node and gives the value, or None after noting what is wrong and what to write instead.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from suppress.decisions.reasons import REASON_CODES
from suppress.errors import FactsError
from suppress.facts.fields import Field, find_field
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, US_PER_YEAR, to_us
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import Findings, listed, quoted, suggestion
from suppress.rules.tree import Condition, Duration, Instant

MAX_TEXT_BYTES: Final = 1024
MAX_NUMBER: Final = 2**53 - 1
MAX_YEARS: Final = 100

UNITS_US: Final = {
    "second": US_PER_SECOND,
    "minute": US_PER_MINUTE,
    "hour": US_PER_HOUR,
    "day": US_PER_DAY,
    "week": 7 * US_PER_DAY,
    "year": US_PER_YEAR,
}
_UNIT_LIST: Final = "seconds, minutes, hours, days, weeks or years"
_ABBREVIATIONS: Final = {
    "s": "seconds", "sec": "seconds", "secs": "seconds", "min": "minutes", "mins": "minutes", "h": "hours",
    "hr": "hours", "hrs": "hours", "d": "days", "w": "weeks", "wk": "weeks", "wks": "weeks", "y": "years",
    "yr": "years", "yrs": "years",
}  # fmt: skip
_MANY_DIGITS: Final = 18

YES: Final = frozenset({"yes", "Yes", "true", "True"})
NO: Final = frozenset({"no", "No", "false", "False"})
_LIKE_YES: Final = frozenset({"on", "y", "1", "ja", "si", "oui", "yes", "true"})
_LIKE_NO: Final = frozenset({"off", "n", "0", "nein", "non", "no", "false"})

_INTEGER: Final = re.compile(r"-?[0-9]+")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?) ?(Z|z|[+-][0-9]{2}:[0-9]{2})?"
)
_DURATION: Final = re.compile(r"([0-9]+)\s*([^\W\d_]+)")
_CURLY: Final = "“”„‘’‚«»"


@dataclass(frozen=True, slots=True)
class Context:
    """What every reader needs: where to note mistakes, the zone dates are meant in, and the patterns met so far.

    `definitions`: the conditions `defined: NAME` stands for; None = one that could not be read, and was reported.
    `attributes`: those with a declared type, by the name a rule writes. `codes`: every registered reason code.
    """

    findings: Findings
    zone: ZoneInfo
    patterns: set[str] = field(default_factory=set)
    definitions: Mapping[str, Condition | None] = field(default_factory=dict)
    attributes: Mapping[str, Field] = field(default_factory=dict)
    codes: Collection[str] = frozenset(REASON_CODES)


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


def read_number(node: Node, what: str, findings: Findings, example: str = "5") -> int | None:
    """A whole number, unquoted, digits only."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text, found.position
    if _INTEGER.fullmatch(text):
        if found.quoted:
            findings.add(
                "quoted-number",
                f"the number {quoted(text)} stands in quotes",
                position,
                f"write {text[:_MANY_DIGITS]} without quotes",
            )
            return None
        digits = text.lstrip("-").lstrip("0")
        if len(digits) > _MANY_DIGITS or int(text) > MAX_NUMBER or int(text) < -MAX_NUMBER:
            findings.add(
                "number-too-large",
                f"the number {quoted(text)} is too large",
                position,
                f"at most {MAX_NUMBER:,} is understood",
            )
            return None
        return int(text)
    with_unit = re.fullmatch(r"(-?[0-9]{1,18})\s+[^\W\d_]+", text)
    help_ = f"write {with_unit[1]} alone" if with_unit else f"write a whole number, for example {example}"
    operator = _spelled_operator(text)
    if re.fullmatch(r"-?[0-9]*[.,][0-9]+|-?[0-9]+[.,]", text) and len(text) <= _MANY_DIGITS:
        findings.add(
            "decimal-number",
            f"{what} is a whole number, not {quoted(text)}",
            position,
            "write it without decimals; prices count minor units, so 9.99 is 999",
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
    if found.text in choices:
        return found.text
    near = suggestion(found.text.lower(), choices)
    findings.add(
        "unknown-value", f"{what} cannot be {quoted(found.text)}", found.position, near or f"write {listed(choices)}"
    )
    return None


def read_duration(node: Node, what: str, findings: Findings) -> Duration | None:
    """A length of time with its unit: `180 days`."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text.strip(), found.position
    if _INTEGER.fullmatch(text):
        findings.add(
            "missing-unit",
            f"{what} has no unit: {quoted(text)}",
            position,
            f"write {quoted(text.lstrip('-')[:_MANY_DIGITS] + ' days')} or another unit: {_UNIT_LIST}",
        )
        return None
    match = _DURATION.fullmatch(text)
    if match is None:
        findings.add(
            "not-a-duration",
            f"{what} is a length of time, not {quoted(text)}",
            position,
            f'write a whole number and a unit, for example "30 days"; units are {_UNIT_LIST}',
        )
        return None
    number, unit = match[1], match[2]
    unit_us = UNITS_US.get(unit.removesuffix("s")) if unit != "s" else None
    if unit_us is None:
        findings.add(
            "unknown-unit", f"there is no unit {quoted(unit)}", position, _unit_help(number[:_MANY_DIGITS], unit)
        )
        return None
    if len(number) > _MANY_DIGITS or int(number) * unit_us > MAX_YEARS * US_PER_YEAR:
        findings.add(
            "duration-too-long",
            f"{what} is longer than {MAX_YEARS} years: {quoted(text)}",
            position,
            "leave it out to look at all times, or write a shorter one",
        )
        return None
    if int(number) == 0:
        findings.add("duration-zero", f"{what} is no time at all: {quoted(text)}", position, "write at least 1 second")
        return None
    return Duration(int(number) * unit_us, text)


def read_instant(node: Node, what: str, context: Context, *, end_of_day: bool = False) -> Instant | None:
    """A date (its first instant in the ruleset's zone, or its end) or a timestamp with zone."""
    findings = context.findings
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text, found.position
    stamp = _TIMESTAMP.fullmatch(text)
    if not _DATE.fullmatch(text) and stamp is None:
        findings.add("not-a-date", f"{what} is a date, not {quoted(text)}", position, _date_help(text))
        return None
    try:
        if stamp is None:
            return Instant(_midnight_us(date.fromisoformat(text), context.zone, days_on=int(end_of_day)), text)
        if stamp[3] is None:
            findings.add(
                "missing-zone",
                f"{what} has no time zone: {quoted(text)}",
                position,
                f"write {quoted(f'{stamp[1]}T{stamp[2]}Z')} for UTC, or with an offset such as +01:00",
            )
            return None
        return Instant(to_us(datetime.fromisoformat(f"{stamp[1]}T{stamp[2]}{stamp[3].upper()}")), text)
    except (ValueError, OverflowError, FactsError):
        findings.add("no-such-date", f"there is no date {quoted(text)}", position, "check year, month, day and time")
        return None


def _missing_help(what: str) -> str:
    if find_field(what.strip('"')) is None:
        return "write a value after the colon"
    return 'write a value; to ask whether one is known, write "exists: no"'


def _midnight_us(day: date, zone: ZoneInfo, days_on: int) -> int:
    day += timedelta(days=days_on)
    return to_us(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC))


def _date_help(text: str) -> str:
    european = re.fullmatch(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})", text)
    if european and "." in text:
        return f'write year, month, day: "{european[3]}-{european[2]:0>2}-{european[1]:0>2}"'
    return 'write year, month and day, for example "2026-12-24", or a time with zone such as "2026-12-24T18:00:00Z"'


def _unit_help(number: str, unit: str) -> str:
    if unit.lower().startswith(("month", "quarter")):
        days = 30 if unit.lower().startswith("month") else 90
        exact = f'for example "{int(number) * days} days"' if number else ""
        return f"months and quarters differ in length, so write days: {exact}"
    near = suggestion(unit.lower(), [*UNITS_US, *(f"{name}s" for name in UNITS_US)])
    if unit.lower() in _ABBREVIATIONS:
        return f'write "{number} {_ABBREVIATIONS[unit.lower()]}"'
    return near or f"units are {_UNIT_LIST}"


def _spelled_operator(text: str) -> str | None:
    match = re.fullmatch(r"(<=|>=|<|>|=|!=)\s*(-?[0-9]{1,18})", text)
    words = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least", "=": "is", "!=": "is_not"}
    return f"{words[match[1]]}: {match[2]}" if match else None
