"""Find what a ruleset leaves unsaid that its rules depend on, and what it says that no rule depends on."""

from collections.abc import Iterator

from suppress.decisions.decision import Mode
from suppress.facts.fields import CUSTOMERS_REGION
from suppress.problems import Position
from suppress.rules.comparisons import DROPPED_CODE
from suppress.rules.findings import Findings, quoted, suggestion
from suppress.rules.needs import LOCAL_FIELDS, REPLENISHMENT_DUE
from suppress.rules.ruleset import Rule, Ruleset
from suppress.rules.tree import CUSTOMER_ZONE, SHOP_ZONE, Compare, Sent

_REPLENISHMENT = (REPLENISHMENT_DUE, "item.replenish_days")


def find_lacks(ruleset: Ruleset, sound: list[Rule], findings: Findings) -> None:
    """Warn of a missing time zone, of restocks nobody waits for, of codes no item is dropped for, of unused tables.

    `sound`: the rules without errors; only what they ask for is missed.
    """
    active = [rule for rule in sound if rule.mode is not Mode.OFF]
    asked = [leaf for rule in active for leaf in rule.leaves()]
    if "time_zone" not in ruleset.places:
        _check_zone(active, findings)
    drops = [rule for rule in ruleset.rules if rule.effect.is_about_items and rule.mode is not Mode.OFF]
    _check_drops(active, drops, findings)
    _check_tables(ruleset, [leaf for leaf in asked if isinstance(leaf, Compare)], findings)


def _check_zone(rules: list[Rule], findings: Findings) -> None:
    """Where no zone is stated clocks and calendars go by UTC, which is hardly what is meant; told once."""
    where = [(place, what) for rule in rules for place, what in _zoned(rule)]
    if where:
        place, what = min(where)
        findings.warn(
            "no-time-zone",
            f"{what} goes by the ruleset's time zone, which is not stated; it is UTC until it is",
            place,
            'write at the top for example "time_zone: Europe/Zurich"',
        )


def _zoned(rule: Rule) -> Iterator[tuple[Position, str]]:
    for leaf in rule.leaves():
        if isinstance(leaf, Compare) and leaf.field.name in LOCAL_FIELDS:
            yield leaf.position, f"{quoted(leaf.field.name)} of customers without a zone"
        elif isinstance(leaf, Sent) and leaf.zone == SHOP_ZONE:
            yield leaf.position, '"zone: shop"'
        elif isinstance(leaf, Sent) and leaf.zone == CUSTOMER_ZONE:
            yield leaf.position, '"zone: customer" of customers without a zone'
    if rule.hold is not None and rule.hold.until is not None:
        yield rule.place("hold"), '"until" for customers without a zone'


def _check_drops(rules: list[Rule], drops: list[Rule], findings: Findings) -> None:
    codes = {rule.code for rule in drops}
    for rule in rules:
        if rule.hold is not None and rule.hold.restock and not drops:
            findings.warn(
                "nothing-dropped",
                f"the rule {quoted(rule.id)} waits for dropped items to be in stock again, but no rule drops items",
                rule.place("hold"),
                'add a rule with "drop: item", or hold until a time',
            )
        for leaf in rule.leaves():
            if not isinstance(leaf, Compare) or leaf.field.name != DROPPED_CODE:
                continue
            for code in leaf.values:
                if code not in codes:
                    findings.warn(
                        "nothing-dropped",
                        f"no rule drops items for {quoted(str(code))}",
                        leaf.position,
                        suggestion(str(code), codes) or f'give a rule with "drop: item" the code {quoted(str(code))}',
                    )


def _check_tables(ruleset: Ruleset, asked: list[Compare], findings: Findings) -> None:
    """Warn of tables of this file, not of those of its bases, that no rule looks into."""
    fields = {leaf.field for leaf in asked}
    labels = {field.label for field in fields}
    _check_table(ruleset, "cycles", bool(labels & set(_REPLENISHMENT)), '"item.replenishment_due"', findings)
    is_regional = any(field.at == CUSTOMERS_REGION for field in fields)
    _check_table(ruleset, "regions", is_regional, f'"at: {CUSTOMERS_REGION}"', findings)


def _check_table(ruleset: Ruleset, key: str, is_used: bool, by: str, findings: Findings) -> None:
    place = ruleset.places.get(key)
    if getattr(ruleset, key) and not is_used and place is not None and place.file == ruleset.position.file:
        findings.warn("unused-table", f"no rule looks into {quoted(key)}", place, f"ask for {by}, or delete the table")
