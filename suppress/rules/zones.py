"""Read the name of a time zone, with a suggestion when there is none of that name."""

from collections.abc import Sequence
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from suppress.rules.document import Node
from suppress.rules.findings import Findings, quoted, suggestion
from suppress.rules.literals import read_text

_NOT_A_ZONE: Final = frozenset({"localtime", "posixrules", "Factory"})


def read_zone(node: Node, what: str, findings: Findings, words: Sequence[str] = ()) -> str | None:
    """An IANA name such as `Europe/Zurich`, or one of `words`; None after noting that there is no such zone."""
    name = read_text(node, what, findings)
    if name is None or name in words:
        return name
    try:
        if name not in _NOT_A_ZONE and not name.startswith(("posix/", "right/")):
            ZoneInfo(name)
            return name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    alternatives = "".join(f'"{word}", ' for word in words)
    findings.add(
        "unknown-time-zone",
        f"no time zone {quoted(name)}",
        node.position,
        _zone_like(name, words) or f'write {alternatives}a place such as "Europe/Zurich", or "UTC"',
    )
    return None


@cache
def _known_zones() -> tuple[str, ...]:
    """Every zone of the machine; asking walks a folder of six hundred files, so it is done once."""
    return tuple(sorted(available_timezones()))


def _zone_like(name: str, words: Sequence[str]) -> str | None:
    zones = [*words, *_known_zones()]
    by_fold = {zone.casefold(): zone for zone in zones}
    exact = by_fold.get(name.casefold().replace(" ", "_"))
    if exact:
        return f'did you mean "{exact}"?'
    # PST looks like MST and is another time, so what has no place in its name is never what was meant.
    return suggestion(name, [zone for zone in zones if "/" in zone or zone in words])
