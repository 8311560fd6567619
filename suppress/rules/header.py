"""Read everything of a rule file but its rules and definitions: version, name, mode, zone, defaults, codes, tables."""

import re
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from suppress.decisions.decision import Mode
from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import Field
from suppress.facts.snapshot import Source
from suppress.rules.document import MapNode, Node
from suppress.rules.entries import DEFAULTS, RULE, TOP, names
from suppress.rules.findings import Findings, quoted
from suppress.rules.keys import check_keys, require_keys
from suppress.rules.literals import Context, read_choice, read_text, scalar
from suppress.rules.reason_codes import check_spelling
from suppress.rules.ruleset import OnUnavailable, WhenUnknown
from suppress.rules.shares import read_share
from suppress.rules.slips import DEFAULT_SLIPS, FILE_SLIPS
from suppress.rules.tables import entries_of, read_attributes, read_cycles, read_regions
from suppress.rules.times import read_duration
from suppress.rules.tree import Duration
from suppress.rules.zones import read_zone

VERSION: Final = "1"
MODES: Final = tuple(mode.value for mode in Mode)
WHEN_UNKNOWN: Final = tuple(choice.value for choice in WhenUnknown)
ON_UNAVAILABLE: Final = tuple(choice.value for choice in OnUnavailable)
TOP_KEYS: Final = names(TOP)
DEFAULT_KEYS: Final = names(DEFAULTS)
MAX_AGE_SOURCES: Final = {f"{source.value}_max_age": source for source in Source}

_OF_RULES: Final = {
    **FILE_SLIPS,
    **{name: "it stands in a rule" for name in names(RULE) if name not in TOP_KEYS},
    "when_unknown": 'it stands in a rule, or under "defaults"',
}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")


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
    on_unavailable: OnUnavailable | None = None

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
    check_keys(node, "at the top of a rule file", TOP_KEYS, findings, helps=_OF_RULES)
    require_keys(
        node,
        "the rule file",
        (("version", 'add "version: 1"'), ("ruleset", 'add "ruleset: NAME"'), ("rules", 'add "rules:" and a list')),
        findings,
    )
    _check_version(node.get("version"), findings)
    name, owner, mode = node.get("ruleset"), node.get("owner"), node.get("mode")
    control_group, max_share, zone = (node.get(key) for key in ("control_group", "max_share", "time_zone"))
    on_unavailable = node.get("on_unavailable")
    when_unknown, max_age = _read_defaults(node.get("defaults"), findings)
    return Header(
        name=(read_name(name, "the name of the ruleset", findings) or "") if name else "",
        owner=read_text(owner, '"owner"', findings) if owner else None,
        mode=read_mode(mode, findings) if mode else Mode.ENFORCE,
        time_zone=(read_zone(zone, '"time_zone"', findings) or "UTC") if zone else "UTC",
        when_unknown=when_unknown,
        max_age=max_age,
        codes=_read_codes(node.get("codes"), findings),
        attributes=read_attributes(node.get("attributes"), findings),
        cycles=read_cycles(node.get("cycles"), findings),
        regions=read_regions(node.get("regions"), findings),
        control_group=(read_share(control_group, '"control_group"', findings) or 0) if control_group else 0,
        max_share=read_share(max_share, '"max_share"', findings) if max_share else None,
        on_unavailable=_read_on_unavailable(on_unavailable, findings) if on_unavailable else None,
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


def _read_on_unavailable(node: Node, findings: Findings) -> OnUnavailable | None:
    word = read_choice(node, '"on_unavailable"', ON_UNAVAILABLE, findings)
    return OnUnavailable(word) if word else None


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
    entries = entries_of(
        node, '"defaults"', 'for example "defaults: {when_unknown: allow, stock_max_age: 6 hours}"', findings
    )
    if entries is None:
        return when_unknown, max_age
    check_keys(entries, 'under "defaults"', DEFAULT_KEYS, findings, helps=DEFAULT_SLIPS)
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
    entries = entries_of(node, '"codes"', 'for example "codes: {not_in_season: the item is out of season}"', findings)
    for key, value in entries.entries if entries else ():
        meaning = read_text(value, f"the meaning of the code {quoted(key.text)}", findings)
        check_spelling(key.text, key.position, findings)
        codes[key.text] = meaning or ""
    return codes
