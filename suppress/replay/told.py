"""Turn the Report of a replay into maps and lists that go into JSON, with or without what tells persons apart.

For pages that others read, ids are told as a hash under a key that is thrown away with the page: nobody can try out ids
until one fits, nor follow a person from page to page. Facts about the customer are left out there as well.
"""

import secrets
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from suppress.decisions.shares import SHARE_PARTS
from suppress.replay.compare import Change
from suppress.replay.report import Example, Report, RuleCounts, Side, Touched

_MAY_BE_TOLD: Final = ("item.", "stock.", "message.", "campaign.")
_OF_CUSTOMERS: Final = ("item.replenishment_due", "message.local_")
"""Facts that bear another name and still tell what the customer bought, or where the customer lives."""


class Names(NamedTuple):
    """How persons and messages are called on one page. `key`: 16 to 64 random bytes, of that page alone."""

    plain: bool
    key: bytes

    def person(self, customer_id: str | None) -> str:
        """The customer's id, or a word for it."""
        if customer_id is None:
            return "somebody nobody knows"
        return customer_id if self.plain else f"person-{self._hashed(customer_id)}"

    def message(self, message_id: str) -> str:
        """The message's id, or a word for it."""
        return message_id if self.plain else f"message-{self._hashed(message_id)}"

    def may_tell(self, field: str) -> bool:
        """Whether what was seen of a field may stand on the page."""
        return self.plain or (field.startswith(_MAY_BE_TOLD) and not field.startswith(_OF_CUSTOMERS))

    def _hashed(self, id_: str) -> str:
        return blake2b(id_.encode("utf-8", "surrogatepass"), key=self.key, digest_size=5).hexdigest()


def names_of_a_page(*, plain: bool) -> Names:
    """Names for one page: the same person is called the same on it, and otherwise on the next."""
    return Names(plain=plain, key=secrets.token_bytes(32))


def report_told(report: Report, names: Names, *, refused: int = 0) -> dict[str, Any]:
    """All of the report. Shares are parts of one. `refused`: messages that could not be read."""
    return {
        "old": {"name": report.old_ruleset, "fingerprint": report.old_fingerprint},
        "new": {"name": report.new_ruleset, "fingerprint": report.new_fingerprint},
        "on_unavailable": dict(zip(("before", "now"), report.on_unavailable, strict=True)),
        "audience": {
            "persons": report.audience.persons,
            "persons_exact": report.audience.persons_exact,
            "messages": report.audience.messages,
            "items": report.audience.items,
            "messages_refused": refused,
        },
        "changed": _touched(report.changed, report),
        "by_change": {_key(change): _touched(report.by_change[change], report) for change in Change},
        "verdicts": [
            {"before": before.value, "now": now.value, "messages": count}
            for (before, now), count in report.verdicts.items()
        ],
        "items": [
            {"before": before.value, "now": now.value, "items": count} for (before, now), count in report.items.items()
        ],
        "dropped_for_another_reason": report.other_reason,
        "held_until_another_time": report.hold_moved,
        "shown": {
            "messages_that_go_out_both_times": report.shown.messages,
            "changed": report.shown.changed,
            "fewer_items": report.shown.fewer,
            "more_items": report.shown.more,
            "other_items": report.shown.others,
            "replaced_before": report.shown.replaced_old,
            "replaced_now": report.shown.replaced_new,
        },
        "rules": [
            {
                "rule": rule.rule,
                "effect": rule.effect.value,
                "sentence": rule.sentence,
                "counts": "items" if rule.effect.is_about_items else "messages",
                "before": _counts(rule.old),
                "now": _counts(rule.new),
                "takes": rule.takes,
                "frees": rule.frees,
            }
            for rule in report.rules
        ],
        "campaigns": [
            {
                "campaign_id": campaign.campaign_id,
                "messages": campaign.messages,
                "messages_changed": campaign.changed,
                **{_key(change): count for change, count in campaign.by_change.items()},
            }
            for campaign in report.campaigns
        ],
        "messages_of_further_campaigns": report.other_campaigns,
        "unknown_facts": dict(report.unknown),
        "examples": {
            _key(change): [example_told(example, names) for example in examples]
            for change, examples in report.examples.items()
        },
        "max_share": [
            {
                "rule": share.rule,
                "counts": share.counts,
                "acted_on": share.acted_on,
                "total": share.total,
                "share": _share(share.acted_on, share.total),
                "max_share": share.max_share / SHARE_PARTS,
                "passed": share.passed,
            }
            for share in report.shares
        ],
    }


def example_told(example: Example, names: Names) -> dict[str, Any]:
    """One person who meets a change; what would tell more of them than the page may is left out."""
    return {
        "person": None if example.customer_id is None else names.person(example.customer_id),
        "message_id": None if example.message_id is None else names.message(example.message_id),
        "campaign_id": example.campaign_id,
        "sku": example.sku,
        "before": _side_told(example.old, names),
        "now": _side_told(example.new, names),
    }


def _side_told(side: Side, names: Names) -> dict[str, Any]:
    return {
        "verdict": side.verdict,
        "rule": side.rule,
        "code": side.code,
        "sentence": side.sentence,
        "outcome": None if side.outcome is None else side.outcome.value,
        "dropped": [{"sku": sku, "rule": rule} for sku, rule in side.dropped],
        "evidence": [
            {"field": evidence.field, "seen": evidence.seen, "wanted": evidence.wanted}
            for evidence in side.evidence
            if names.may_tell(evidence.field)
        ],
    }


def _touched(touched: Touched, report: Report) -> dict[str, Any]:
    return {
        "persons": touched.persons,
        "persons_exact": touched.persons_exact,
        "share_of_persons": _share(touched.persons, report.audience.persons),
        "messages": touched.messages,
        "share_of_messages": _share(touched.messages, report.audience.messages),
        "items": touched.items,
        "share_of_items": _share(touched.items, report.audience.items),
    }


def _counts(counts: RuleCounts | None) -> dict[str, int] | None:
    if counts is None:
        return None
    return {"fired": counts.fired, "decided": counts.decided, "shadow": counts.shadow}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _key(change: Change) -> str:
    return change.value.replace(" ", "_")
