"""Turn a share as written (`40%`, `12.5%`, `0.4`) into parts per ten thousand, or into whole percent."""

import re
from decimal import Decimal
from typing import Final

from suppress.decisions.shares import SHARE_PARTS
from suppress.rules.document import Node
from suppress.rules.findings import Findings, quoted
from suppress.rules.literals import scalar

_SHARE: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?%|(0\.[0-9]{1,9})")
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_PERCENT: Final = re.compile(r"([0-9]{1,9}) ?%?")
_TOO_FINE: Final = re.compile(r"[0-9]*[.,][0-9]+ ?%?")


def read_share(node: Node, what: str, findings: Findings) -> int | None:
    """A share of 0 to 100 % with at most two decimals of a percent, in parts per ten thousand."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text, position = found.text.strip(), found.position
    match = _SHARE.fullmatch(text)
    if match is None or (match[2] and not Decimal(match[2])):
        if _WHOLE_NUMBER.fullmatch(text):
            findings.add(
                "missing-percent",
                f"{what} has no percent sign: {quoted(text)}",
                position,
                f'write "{text}%"',
            )
        else:
            findings.add("not-a-share", f"{what} is a share, not {quoted(text)}", position, _share_help(text))
        return None
    parts = Decimal(match[1]) * 100 if match[1] else Decimal(match[2]) * SHARE_PARTS
    if parts > SHARE_PARTS:
        _refuse_size(what, text, node, findings)
        return None
    if parts != int(parts):
        findings.add(
            "share-too-fine",
            f"{what} has more than two decimals of a percent: {quoted(text)}",
            position,
            f'write two at most, for example "{max(1, round(parts)) / 100:.2f}%"',
        )
        return None
    return int(parts)


def read_percent(node: Node, what: str, findings: Findings) -> int | None:
    """A whole number of percent from 0 to 100, with or without its sign."""
    found = scalar(node, what, findings)
    if found is None:
        return None
    text = found.text.strip()
    match = _PERCENT.fullmatch(text)
    if match is None:
        findings.add(
            "not-a-share",
            f"{what} is in whole percent, not {quoted(text)}",
            found.position,
            _whole_percent_help(text),
        )
        return None
    if int(match[1]) > 100:
        _refuse_size(what, text, node, findings)
        return None
    return int(match[1])


def _whole_percent_help(text: str) -> str:
    part = re.fullmatch(r"0[.,]([0-9]{1,2})", text)
    if part and int(part[1]):
        return f"write {int(part[1].ljust(2, '0'))}%"
    if _TOO_FINE.fullmatch(text):
        return "write it without decimals, for example 50%"
    whole = re.fullmatch(r"([0-9]{1,2}) *(?:percent|per cent|pct|prozent)", text.lower())
    return f"write {whole[1]}%" if whole else "write for example 50%"


def _share_help(text: str) -> str:
    if re.fullmatch(r"[01]\.0*", text):
        return f'write "{"100%" if text[0] == "1" else "0%"}"'
    return _percent_meant(text) or 'write for example "40%" or "0.4"'


def _percent_meant(text: str) -> str | None:
    """The share with its sign when it is written in another form: `5 percent`, `5,5 %`."""
    match = re.fullmatch(r"([0-9]{1,2})(?:[.,]([0-9]{1,2}))? *(?:%|percent|per cent|pct|prozent)", text.lower())
    return f'write "{match[1]}{f".{match[2]}" if match[2] else ""}%"' if match else None


def _refuse_size(what: str, text: str, node: Node, findings: Findings) -> None:
    findings.add("share-too-large", f"{what} is more than everything: {quoted(text)}", node.position, "at most 100%")
