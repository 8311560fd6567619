"""Turn `when` and `before` as written into instants and lengths of time."""

import re
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from suppress.facts.instants import US_PER_DAY, to_us
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.findings import Findings, quoted
from suppress.rules.keys import check_keys
from suppress.rules.literals import read_text, scalar
from suppress.rules.times import read_duration
from suppress.rules.zones import read_zone
from suppress.schedules.cron import BadCronError, parse_cron
from suppress.schedules.schedule import Cron, Moments
from suppress.schedules.slots import instant_of

LONGEST_BEFORE_US: Final = 31 * US_PER_DAY
MOST_BEFORE: Final = 10
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(Z|z|[+-][0-9]{2}:[0-9]{2})?"
)
_MOMENT_HELP: Final = 'write date and time, for example "2026-12-01T09:00"'
_ZONE_HELP: Final = 'write "zone: Europe/Zurich", the place by whose clock you send'


def read_when(node: Node, findings: Findings) -> Cron | Moments | None:
    """`{cron: ..., zone: ...}`, or `{at: ..., zone: ...}` with one time or a list; None after noting what is wrong."""
    if not isinstance(node, MapNode):
        if not isinstance(node, BrokenNode):
            findings.add(
                "not-a-map",
                "when is a map",
                node.position,
                'write "when: {cron: 0 9 * * mon-fri, zone: Europe/Zurich}"',
            )
        return None
    check_keys(
        node, "under when", ("cron", "at", "zone"), findings,
        helps={"time_zone": 'write "zone"', "timezone": 'write "zone"', "tz": 'write "zone"'},
    )  # fmt: skip
    cron, at, zone_node = node.get("cron"), node.get("at"), node.get("zone")
    zone = None if zone_node is None else read_zone(zone_node, "zone", findings)
    if (cron is None) == (at is None):
        findings.add(
            "missing-key" if cron is None else "two-times",
            "when has neither cron nor at" if cron is None else "when has both cron and at",
            node.position, "write one of them",
        )  # fmt: skip
        return None
    if cron is not None:
        if zone_node is None:
            findings.add("missing-zone", "a cron expression has no zone", node.position, _ZONE_HELP)
        return _cron(cron, zone or "UTC", findings)
    items = at.items if isinstance(at, ListNode) else (at,)
    moments = [_moment(item, zone, zone_node is None, findings) for item in items if item is not None]
    if not moments:
        findings.add("empty-list", "the list behind at is empty", node.position, _MOMENT_HELP)
    if None in moments or not moments:
        return None
    return Moments(at_us=tuple(sorted({at_us for at_us in moments if at_us is not None})), zone=zone or "UTC")


def read_before(node: Node, findings: Findings) -> tuple[int, ...] | None:
    """How long before a send its scans are due, longest first; one or a list. None after noting what is wrong."""
    items = node.items if isinstance(node, ListNode) else (node,)
    if not items or len(items) > MOST_BEFORE:
        findings.add(
            "bad-list", f"before holds 1 to {MOST_BEFORE} lengths of time", node.position,
            'write "before: [60 minutes, 5 minutes]"',
        )  # fmt: skip
        return None
    found: dict[int, None] = {}
    for item in items:
        length = read_duration(item, "before", findings, "minutes")
        if length is None:
            return None
        if length.us > LONGEST_BEFORE_US:
            findings.add("too-early", f"before is {quoted(length.text)}", item.position, "at most 31 days are taken")
            return None
        if length.us in found:
            findings.add("repeated-value", f"{quoted(length.text)} stands there twice", item.position, "delete one")
            return None
        found[length.us] = None
    return tuple(sorted(found, reverse=True))


def _cron(node: Node, zone: str, findings: Findings) -> Cron | None:
    text = read_text(node, "cron", findings)
    if text is None:
        return None
    try:
        return parse_cron(text, zone)
    except BadCronError as error:
        findings.add("bad-cron", str(error), node.position, error.help)
        return None


def _moment(node: Node, zone: str | None, is_zone_absent: bool, findings: Findings) -> int | None:
    found: ScalarNode | None = scalar(node, "at", findings)
    if found is None:
        return None
    match = _MOMENT.fullmatch(found.text)
    if match is None:
        findings.add("not-a-time", f"at is a date and a time, not {quoted(found.text)}", found.position, _MOMENT_HELP)
        return None
    try:
        local = datetime.fromisoformat(f"{match[1]}T{match[2]}")
        if match[3]:
            return to_us(datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3].upper()}"))
        if zone is None:
            if is_zone_absent:
                message = f"nobody knows whose clock {quoted(found.text)} is"
                findings.add("missing-zone", message, found.position, _ZONE_HELP)
            return None
        return instant_of(local, ZoneInfo(zone))
    except (ValueError, OverflowError):
        findings.add("no-such-date", f"there is no date {quoted(found.text)}", found.position, "check year to time")
        return None
