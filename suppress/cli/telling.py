"""Turn the JSON of a decision into words: a few lines for `check`, the whole story for `explain`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from suppress.rules.wording import date_words


def short(decision: dict[str, Any]) -> str:
    """The verdict, a line per item, and what was missing."""
    lines = [_headline(decision)]
    width = max((len(item["sku"]) for item in _all_items(decision)), default=0)
    lines.extend(f"  {_item_line(item, width)}" for item in _all_items(decision))
    lines.extend(f"  {reason['code']}: {reason['sentence']}" for reason in decision["reasons"])
    lines.extend(f"  {line}" for line in _missing(decision))
    return "\n".join(lines)


def long(decision: dict[str, Any]) -> str:
    """What was seen, which sentence decided, when it would be allowed again, and how old the facts were."""
    lines = [_headline(decision), f"  decided as of {_date(decision['as_of'])} by the ruleset {_ruleset(decision)}"]
    if decision["valid_until"]:
        lines.append(f"  holds until {_date(decision['valid_until'])} if nothing else happens")
    for item in _all_items(decision):
        lines.append("")
        lines.append(f"{item['sku']}: {_item_words(item)}")
        lines.extend(f"  {line}" for line in _reasons(item["reasons"]))
        if item["eligible_again_at"]:
            lines.append(f"  could be shown again from {_date(item['eligible_again_at'])}")
    if decision["reasons"]:
        lines.extend(["", "the message:"])
        lines.extend(f"  {line}" for line in _reasons(decision["reasons"]))
    ages = [f"{source} {_date(at) if at else 'never loaded'}" for source, at in decision["facts_as_of"].items()]
    lines.extend(["", f"facts as of: {', '.join(ages) or 'none were needed'}"])
    lines.extend(_missing(decision))
    return "\n".join(lines)


def _headline(decision: dict[str, Any]) -> str:
    name = decision["message_id"] or decision["decision_id"]
    shown = decision["shown"]
    what = f"shows {', '.join(shown)}" if shown else "shows no item"
    verdict = decision["verdict"] if decision["verdict"] == "send" else decision["verdict"].upper()
    recipient = f" to customer {decision['customer_id']}" if decision["customer_id"] else " to an unknown customer"
    return f"{name}{recipient}: {verdict}, {what}"


def _item_line(item: dict[str, Any], width: int) -> str:
    reason = _deciding(item["reasons"])
    line = f"{item['sku']:<{width}}  {item['verdict']}"
    if reason and item["verdict"] == "drop":
        line += f"  {reason['code']}: {reason['sentence']}"
    if item["replaced_by"]:
        line += f" Replaced by {item['replaced_by']}."
    if item["eligible_again_at"]:
        line += f" Again from {_date(item['eligible_again_at'])}."
    return line


def _item_words(item: dict[str, Any]) -> str:
    if item["verdict"] == "keep":
        return "kept" if not item["reasons"] else "kept; rules in shadow mode would have dropped it"
    return f"dropped, replaced by {item['replaced_by']}" if item["replaced_by"] else "dropped"


def _reasons(reasons: list[dict[str, Any]]) -> Iterator[str]:
    deciding = _deciding(reasons)
    for reason in reasons:
        mark = "decided by" if reason is deciding else "also" if reason["mode"] == "enforce" else "in shadow"
        yield f"{mark} {reason['rule']} ({reason['code']}): {reason['sentence']}"
        if reason["outcome"] == "unknown":
            yield "  it fired because facts it needs are unknown"
        for evidence in reason["evidence"]:
            seen = "unknown" if evidence["seen"] is None else _seen(evidence["seen"])
            as_of = f" (as of {_date(evidence['as_of'])})" if evidence["as_of"] else ""
            yield f"  {evidence['field']}: seen {seen}{as_of}; the rule asks whether {evidence['wanted']}"


def _missing(decision: dict[str, Any]) -> Iterator[str]:
    """One line per fact and cause, with all the items it is unknown of."""
    items: dict[tuple[str, str], list[str]] = {}
    for missing in decision["facts_missing"]:
        stated = f", stated {_date(missing['as_of'])}" if missing["as_of"] else ""
        items.setdefault((missing["fact"], f"{missing['why']}{stated}"), []).append(missing["about"])
    for (fact, why), abouts in items.items():
        named = [about for about in abouts if about]
        yield f"unknown: {fact}{' of ' + ', '.join(named) if named else ''} ({why})"


def _deciding(reasons: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((reason for reason in reasons if reason["mode"] == "enforce"), None)


def _all_items(decision: dict[str, Any]) -> list[dict[str, Any]]:
    return [*decision["items"], *decision["replacements"]]


def _ruleset(decision: dict[str, Any]) -> str:
    named = decision["ruleset"]
    version = f" version {named['version']}" if named.get("version") else ""
    return f"{named['name']}{version} ({named['fingerprint'][:15]}, {decision['engine']} engine)"


def _seen(value: str | int | bool) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _date(text: str) -> str:
    return date_words(datetime.fromisoformat(text))
