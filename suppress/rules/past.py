"""Turn what stands under `bought`, `shown`, `sent` and `said` into leaves of the tree; mistakes are noted."""

from typing import Final

from suppress.facts.feedback import SAYINGS
from suppress.rules.counts import read_count
from suppress.rules.document import BrokenNode, MapNode, Node, ScalarNode
from suppress.rules.entries import PAST, names
from suppress.rules.findings import Findings, quoted
from suppress.rules.keys import check_keys
from suppress.rules.literals import Context, read_choice, read_one_or_list, read_text, scalar
from suppress.rules.slips import PAST_SLIPS
from suppress.rules.times import read_duration
from suppress.rules.tree import (
    CUSTOMER_ZONE,
    SHOP_ZONE,
    THIS,
    Bought,
    By,
    Count,
    Duration,
    Parts,
    Past,
    Period,
    Said,
    Same,
    Sent,
    Shown,
)
from suppress.rules.zones import read_zone

SAME_OF: Final = {
    "bought": tuple(same.value for same in Same),
    "shown": (Same.SKU.value, Same.ITEM_GROUP.value, Same.CATEGORY.value),
    "said": (Same.SKU.value, Same.ITEM_GROUP.value, Same.CATEGORY.value),
}
"""What `same` may say under each condition."""

GIFTS: Final = ("include", "exclude")
COUNTS_OF: Final = {"bought": tuple(count.value for count in Count), "shown": ("times",), "sent": ("messages",)}
"""What `at_least` may count under each condition; the first when it is a bare number."""

_EXAMPLES: Final = {
    "bought": "bought: {same: sku, within: 90 days}",
    "shown": "shown: {same: sku, within: 7 days}",
    "sent": "sent: {within: 7 days, at_least: 3}",
    "said": "said: {says: already_own, same: sku}",
}


def read_past(key: ScalarNode, value: Node, context: Context) -> Past | None:
    """The leaf that `bought`, `shown`, `sent` or `said` stands for; None when any part of it cannot be read."""
    name, findings = key.text, context.findings
    if isinstance(value, BrokenNode):
        return None
    if not isinstance(value, MapNode):
        findings.add(
            "condition-expected", f"{quoted(name)} needs entries", value.position, f"write {quoted(_EXAMPLES[name])}"
        )
        return None
    before = findings.error_count
    check_keys(value, f"under {quoted(name)}", names(PAST[name]), findings, helps=PAST_SLIPS[name])
    leaf = _READERS[name](key, value, findings)
    return leaf if findings.error_count == before else None


def _read_bought(key: ScalarNode, value: MapNode, findings: Findings) -> Bought | None:
    same = _read_same(key, value, findings)
    at_least = _read_count(key, value, findings)
    kept_node, parts_node = value.get("kept"), value.get("parts")
    kept = _read_kept(kept_node, findings) if kept_node else True
    by = _read_word(value, "by", tuple(by.value for by in By), findings)
    gifts = _read_word(value, "gifts", GIFTS, findings)
    parts = _read_word(value, "parts", tuple(parts.value for parts in Parts), findings)
    if parts_node is not None and same not in (None, Same.COMPONENT):
        findings.add(
            "parts-without-component",
            '"parts" speaks of bundles, but "same" does not say "component"',
            parts_node.position,
            'write "same: component", or delete "parts"',
        )
    within, not_within = _read_time(value, "within", findings), _read_time(value, "not_within", findings)
    channels = _read_names(value, "channel", findings, this=False)
    if same is None or at_least is None or kept is None:
        return None
    number, word = at_least
    return Bought(
        same=same,
        within=within,
        not_within=not_within,
        at_least=number,
        count=Count(word),
        kept=kept,
        by=By(by or By.CUSTOMER),
        gifts=gifts != "exclude",
        channels=channels,
        parts=Parts(parts or Parts.ALL),
        position=key.position,
    )


def _read_shown(key: ScalarNode, value: MapNode, findings: Findings) -> Shown | None:
    same = _read_same(key, value, findings)
    at_least = _read_count(key, value, findings)
    within, not_within = _read_time(value, "within", findings), _read_time(value, "not_within", findings)
    channels = _read_names(value, "channel", findings)
    campaigns = _read_names(value, "campaign", findings)
    if same is None or at_least is None:
        return None
    return Shown(
        same=same,
        within=within,
        not_within=not_within,
        at_least=at_least[0],
        channels=channels,
        campaigns=campaigns,
        position=key.position,
    )


def _read_sent(key: ScalarNode, value: MapNode, findings: Findings) -> Sent | None:
    at_least = _read_count(key, value, findings)
    within = _read_time(value, "within", findings)
    calendar = _read_word(value, "calendar", tuple(period.value for period in Period), findings)
    zone = _read_zone(value, findings)
    _check_window(key, value, findings)
    channels = _read_names(value, "channel", findings)
    campaigns = _read_names(value, "campaign", findings)
    if at_least is None:
        return None
    return Sent(
        within=within,
        calendar=Period(calendar) if calendar else None,
        zone=zone,
        at_least=at_least[0],
        channels=channels,
        campaigns=campaigns,
        position=key.position,
    )


def _read_said(key: ScalarNode, value: MapNode, findings: Findings) -> Said | None:
    says_node = value.get("says")
    says = None
    if says_node is None:
        findings.add(
            "missing-key",
            '"said" does not say what was said',
            key.position,
            f'add "says:" with {", ".join(SAYINGS)}',
        )
    else:
        says = read_one_or_list(
            says_node, '"says"', lambda node: read_choice(node, '"says"', SAYINGS, findings), findings
        )
    same = _read_same(key, value, findings)
    within = _read_time(value, "within", findings)
    if says is None or same is None:
        return None
    return Said(says=says, same=same, within=within, position=key.position)


def _read_same(key: ScalarNode, value: MapNode, findings: Findings) -> Same | None:
    node, choices = value.get("same"), SAME_OF[key.text]
    if node is None:
        findings.add(
            "missing-key",
            f"{quoted(key.text)} does not say what counts as the same",
            key.position,
            f'add "same:" with {", ".join(choices)}',
        )
        return None
    word = read_choice(node, '"same"', choices, findings)
    return None if word is None else Same(word)


def _read_count(key: ScalarNode, value: MapNode, findings: Findings) -> tuple[int, str] | None:
    node, words = value.get("at_least"), COUNTS_OF[key.text]
    if node is None:
        return 1, words[0]
    counted = read_count(node, '"at_least"', words, findings)
    return None if counted is None else (counted.number, counted.word)


def _read_time(value: MapNode, name: str, findings: Findings) -> Duration | None:
    node = value.get(name)
    return read_duration(node, quoted(name), findings) if node else None


def _read_word(value: MapNode, name: str, choices: tuple[str, ...], findings: Findings) -> str | None:
    node = value.get(name)
    return read_choice(node, quoted(name), choices, findings) if node else None


def _read_names(value: MapNode, name: str, findings: Findings, *, this: bool = True) -> tuple[str, ...]:
    """The channels or campaigns named; empty = all, or unreadable."""
    node = value.get(name)
    if node is None:
        return ()

    def one(written: Node) -> str | None:
        text = read_text(written, quoted(name), findings)
        if text == THIS and not this:
            findings.add(
                "unknown-value",
                f'{quoted(name)} cannot be "{THIS}": an order has no message',
                written.position,
                "write the channels orders come in by, for example web",
            )
            return None
        return text

    return read_one_or_list(node, quoted(name), one, findings) or ()


def _read_zone(value: MapNode, findings: Findings) -> str | None:
    zone, calendar = value.get("zone"), value.get("calendar")
    if zone is None:
        if calendar is not None and value.get("time_zone") is None:
            findings.add(
                "missing-zone",
                '"calendar" does not say whose midnight counts',
                calendar.position,
                'add "zone: customer", "zone: shop" or a zone such as "zone: Europe/Zurich"',
            )
        return None
    if calendar is None:
        findings.add(
            "zone-without-calendar",
            '"zone" says whose midnight counts, but there is no "calendar"',
            zone.position,
            'delete "zone", or write "calendar: day" in place of "within"',
        )
        return None
    return read_zone(zone, '"zone"', findings, (CUSTOMER_ZONE, SHOP_ZONE))


def _check_window(key: ScalarNode, value: MapNode, findings: Findings) -> None:
    within, calendar = value.get("within"), value.get("calendar")
    if within is None and calendar is None:
        if any(name.text not in names(PAST[key.text]) for name, _ in value.entries):
            return
        findings.add(
            "missing-window",
            '"sent" does not say since when',
            key.position,
            'add "within: 7 days", or "calendar: week" with "zone: customer"',
        )
    elif within is not None and calendar is not None:
        findings.add(
            "several-windows",
            '"sent" has both "within" and "calendar"',
            calendar.position,
            "keep one, and write a second condition for the other",
        )


def _read_kept(node: Node, findings: Findings) -> bool | None:
    found = scalar(node, '"kept"', findings)
    if found is None:
        return None
    if found.text == "any":
        return False
    if found.text in {"yes", "true", "Yes", "True"}:
        return True
    findings.add(
        "unknown-value",
        f'"kept" cannot be {quoted(found.text)}',
        found.position,
        "write yes (units kept) or any (all units ordered)",
    )
    return None


_READERS: Final = {"bought": _read_bought, "shown": _read_shown, "sent": _read_sent, "said": _read_said}
