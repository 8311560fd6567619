"""Read everything of a rule file but its rules: version, name, owner, mode, time zone, defaults, own reason codes."""

import re
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from suppress.decisions.decision import Mode
from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import Field
from suppress.facts.snapshot import Source
from suppress.rules.document import BrokenNode, MapNode, Node, ScalarNode
from suppress.rules.findings import Findings, quoted, suggestion
from suppress.rules.keys import check_keys, require_keys
from suppress.rules.literals import Context, read_choice, read_duration, read_text, scalar
from suppress.rules.ruleset import WhenUnknown
from suppress.rules.tree import Duration

VERSION: Final = "1"
MODES: Final = tuple(mode.value for mode in Mode)
WHEN_UNKNOWN: Final = tuple(choice.value for choice in WhenUnknown)
TOP_KEYS: Final = (
    "version", "ruleset", "use", "owner", "mode", "time_zone", "control_group", "max_share", "defaults", "codes",
    "attributes", "cycles", "regions", "define", "rules",
)  # fmt: skip
MAX_AGE_SOURCES: Final = {
    f"{source.value}_max_age": source for source in (Source.PRODUCTS, Source.ORDERS, Source.STOCK, Source.CUSTOMERS)
}
DEFAULT_KEYS: Final = ("when_unknown", *MAX_AGE_SOURCES)

_LATER_TOP_KEYS: Final = frozenset({"always"})
_LATER_DEFAULTS: Final = frozenset({"sent_max_age", "feedback_max_age"})
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_CODE: Final = re.compile(r"[a-z][a-z0-9_]*")
_NOT_A_ZONE: Final = frozenset({"localtime", "posixrules", "Factory"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a rule file says above its rules. `name` is empty when it could not be read."""

    name: str = ""
    owner: str | None = None
    mode: Mode = Mode.ENFORCE
    time_zone: str = "UTC"
    when_unknown: WhenUnknown = WhenUnknown.ALLOW
    max_age: dict[Source, Duration] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Field] = field(default_factory=dict)
    cycles: dict[str, Duration] = field(default_factory=dict)
    regions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    control_group: int = 0
    max_share: int | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone dates are meant in."""
        return ZoneInfo(self.time_zone)

    def context(self, findings: Findings) -> Context:
        """What conditions are read with; `definitions` are still to be put in."""
        return Context(
            findings, self.zone, attributes=self.attributes, codes=frozenset(REASON_CODES) | frozenset(self.codes)
        )


def read_header(node: MapNode, findings: Findings) -> Header:
    """The header of a rule file; what cannot be read is noted and left at its default."""
    check_keys(node, "at the top of a rule file", TOP_KEYS, _LATER_TOP_KEYS, findings)
    require_keys(
        node,
        "the rule file",
        (("version", 'add "version: 1"'), ("ruleset", 'add "ruleset: NAME"'), ("rules", 'add "rules:" and a list')),
        findings,
    )
    _check_version(node.get("version"), findings)
    name, owner, mode = node.get("ruleset"), node.get("owner"), node.get("mode")
    when_unknown, max_age = _read_defaults(node.get("defaults"), findings)
    return Header(
        name=(read_name(name, "the name of the ruleset", findings) or "") if name else "",
        owner=read_text(owner, '"owner"', findings) if owner else None,
        mode=read_mode(mode, findings) if mode else Mode.ENFORCE,
        time_zone=_read_zone(node.get("time_zone"), findings),
        when_unknown=when_unknown,
        max_age=max_age,
        codes=_read_codes(node.get("codes"), findings),
    )


def read_name(node: Node, what: str, findings: Findings) -> str | None:
    """A name: small letters, digits and hyphens."""
    text = read_text(node, what, findings)
    if text is None or _NAME.fullmatch(text):
        return text
    tidy = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60]
    findings.add(
        "bad-name",
        f"{what} is {quoted(text)}; names have small letters, digits and hyphens",
        node.position,
        f"write {quoted(tidy)}" if tidy else 'write for example "sold-out"',
    )
    return None


def read_mode(node: Node, findings: Findings) -> Mode:
    """A mode; `enforce` when it cannot be read."""
    word = read_choice(node, '"mode"', MODES, findings)
    return Mode(word) if word else Mode.ENFORCE


def read_when_unknown(node: Node, findings: Findings) -> WhenUnknown:
    """What to do when unknown; `allow` when it cannot be read."""
    word = read_choice(node, '"when_unknown"', WHEN_UNKNOWN, findings)
    return WhenUnknown(word) if word else WhenUnknown.ALLOW


def _check_version(node: Node | None, findings: Findings) -> None:
    if node is None:
        return
    found = scalar(node, '"version"', findings)
    if found is None:
        return
    if found.text == VERSION and found.quoted:
        findings.add("quoted-number", '"version" stands in quotes', found.position, "write 1 without quotes")
    elif found.text != VERSION:
        findings.add(
            "unknown-version",
            f"no version {quoted(found.text)} of the rule language",
            found.position,
            'write "version: 1"',
        )


def _read_defaults(node: Node | None, findings: Findings) -> tuple[WhenUnknown, dict[Source, Duration]]:
    when_unknown, max_age = WhenUnknown.ALLOW, dict[Source, Duration]()
    entries = _entries(
        node, '"defaults"', 'for example "defaults: {when_unknown: allow, stock_max_age: 6 hours}"', findings
    )
    if entries is None:
        return when_unknown, max_age
    check_keys(entries, 'under "defaults"', DEFAULT_KEYS, _LATER_DEFAULTS, findings)
    for key, value in entries.entries:
        if key.text == "when_unknown":
            when_unknown = read_when_unknown(value, findings)
        elif key.text in MAX_AGE_SOURCES:
            age = read_duration(value, quoted(key.text), findings)
            if age is not None:
                max_age[MAX_AGE_SOURCES[key.text]] = age
    return when_unknown, max_age


def _read_codes(node: Node | None, findings: Findings) -> dict[str, str]:
    codes: dict[str, str] = {}
    entries = _entries(node, '"codes"', 'for example "codes: {not_in_season: the item is out of season}"', findings)
    for key, value in entries.entries if entries else ():
        meaning = read_text(value, f"the meaning of the code {quoted(key.text)}", findings)
        if not _CODE.fullmatch(key.text) or len(key.text) > 64:
            findings.add(
                "bad-code",
                f"the code {quoted(key.text)} must have small letters, digits and underscores, and begin with a letter",
                key.position,
                "write for example not_in_season",
            )
        codes[key.text] = meaning or ""
    return codes


def _entries(node: Node | None, what: str, example: str, findings: Findings) -> MapNode | None:
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


def _read_zone(node: Node | None, findings: Findings) -> str:
    name = read_text(node, '"time_zone"', findings) if node else None
    if name is None or node is None:
        return "UTC"
    try:
        if name not in _NOT_A_ZONE and not name.startswith(("posix/", "right/")):
            ZoneInfo(name)
            return name
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    findings.add(
        "unknown-time-zone",
        f"no time zone {quoted(name)}",
        node.position,
        _zone_like(name) or 'write a name such as "Europe/Zurich" or "UTC"',
    )
    return "UTC"


def _zone_like(name: str) -> str | None:
    zones = sorted(available_timezones())
    by_fold = {zone.casefold(): zone for zone in zones}
    exact = by_fold.get(name.casefold().replace(" ", "_"))
    return f'did you mean "{exact}"?' if exact else suggestion(name, zones)
