"""Read the decision log for `/v1/decisions`: the table, and what this process has not copied into it yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from suppress.decisions.record import RecordQuery
from suppress.ledger.following import TableFollower
from suppress.ledger.masking import Masks
from suppress.stores.decision_log import DecisionLog
from suppress.web.ports import DecisionQuery, Page


@dataclass(frozen=True, slots=True)
class LogReader:
    """See `ports.Log`. Threads may share it."""

    table: DecisionLog
    follower: TableFollower | None
    masks: Masks

    def get(self, decision_id: str) -> Mapping[str, Any] | None:
        """One record; None when there is none, or none any more."""
        waiting = None if self.follower is None else self.follower.find(decision_id)
        line = self.table.get(decision_id) if waiting is None else waiting.text
        return None if line is None else _told(line)

    def find(self, query: DecisionQuery, page_size: int, page_token: str | None) -> Page:
        """One page of the table. Customers are looked for by the hash they are logged under."""
        asked = RecordQuery(
            customer=None if query.customer_id is None else self.masks.customer(query.customer_id),
            message_id=query.message_id,
            campaign_id=query.campaign_id,
            verdict=query.verdict,
            ruleset=query.ruleset,
            from_us=query.from_us,
            to_us=query.to_us,
        )
        found = self.table.find(asked, page_size, page_token)
        return Page([_told(line) for line in found.lines], found.next_page_token)


def _told(line: bytes) -> Mapping[str, Any]:
    told: dict[str, Any] = orjson.loads(line)
    return told
