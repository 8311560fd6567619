"""Compare what a scan wrote with what `check` says to the same messages, taken at random and compared whole.

The output of a scan and the message file it read in, a count and every difference out. A pair is a message and an item
of it: verdict, every rule that fired and when the item could be shown again must be equal, and so must the verdict of
the message, the rules behind it and what it shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

import suppress
from scripts.demonstration.run import RULESET
from suppress.facts.instants import from_us, to_us

SEED: Final = "complete journey 1"
MOST_DIFFERENCES: Final = 20

# Campaigns take turns, so that one with few messages is compared as well.
_DRAWN: Final = """
    CREATE TABLE drawn AS SELECT message_id, turn, campaign_id FROM (
        SELECT message_id, campaign_id, items_asked, turn,
            sum(items_asked) OVER (ORDER BY turn, campaign_id ROWS UNBOUNDED PRECEDING) - items_asked AS before
        FROM (SELECT message_id, campaign_id, items_asked, row_number() OVER (
                PARTITION BY campaign_id ORDER BY md5($seed || message_id)) AS turn
            FROM read_parquet($messages)))
    WHERE before < $pairs
"""

_ASKED: Final = """
    SELECT message_id, customer_id, channel, campaign_id, epoch_us(send_at), slots, items
    FROM (SELECT NULL::INTEGER AS slots WHERE FALSE UNION ALL BY NAME SELECT * FROM read_parquet($asked))
    SEMI JOIN drawn USING (message_id)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """`differences`: the first of them in words; none when everything is equal."""

    messages: int
    pairs: int
    differences: tuple[str, ...]

    def __str__(self) -> str:
        """One sentence, then the differences."""
        found = "no difference" if not self.differences else "DIFFERENT"
        told = f"{self.pairs:,} pairs in {self.messages:,} messages compared with check: {found}"
        return "\n".join([told, *self.differences])


def compare(database: str, rules: Path, messages: Path, out: Path, *, pairs: int) -> Agreement:
    """Check whole messages, drawn by a seed, until there are `pairs` pairs or no more messages."""
    asked = f"{messages}/*.parquet" if messages.is_dir() else str(messages)
    differences: list[str] = []
    compared = count = 0
    with duckdb.connect() as connection, suppress.open(database, rules, ruleset=RULESET) as gate:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_DRAWN, {"seed": SEED, "messages": str(out / "messages.parquet"), "pairs": pairs})
        drawn = connection.execute(_ASKED, {"asked": asked}).fetchall()
        verdicts = _verdicts(connection, out)
        items = _items(connection, out)
        for message, decision in zip(drawn, gate.check_many(_messages(drawn)), strict=True):
            name = message[0]
            differences += _differences(name, _told(decision), verdicts[name])
            checked = [_item(item) for item in decision.items]
            for wanted, found in zip(checked, items.get(name, []), strict=True):
                differences += _differences(f"{name}, {wanted['sku']}", wanted, found)
            compared, count = compared + len(checked), count + 1
    return Agreement(messages=count, pairs=compared, differences=tuple(differences[:MOST_DIFFERENCES]))


def _messages(rows: list[tuple[Any, ...]]) -> Iterator[suppress.Message]:
    for message_id, customer_id, channel, campaign_id, send_us, slots, items in rows:
        yield suppress.Message(
            message_id=message_id,
            customer_id=customer_id,
            channel=channel,
            campaign_id=campaign_id,
            send_at=from_us(send_us),
            slots=slots,
            items=tuple(items),
        )


def _verdicts(connection: duckdb.DuckDBPyConnection, out: Path) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        "SELECT message_id, verdict, kept, rule, reasons FROM read_parquet($file) SEMI JOIN drawn USING (message_id)",
        {"file": str(out / "messages.parquet")},
    ).fetchall()
    return {
        name: {"verdict": verdict, "shown": kept, "rule": rule, "reasons": _fired(reasons)}
        for name, verdict, kept, rule, reasons in rows
    }


def _items(connection: duckdb.DuckDBPyConnection, out: Path) -> dict[str, list[dict[str, Any]]]:
    rows = connection.execute(
        "SELECT message_id, sku, verdict, rule, reasons, epoch_us(eligible_again_at) FROM read_parquet($file)"
        " SEMI JOIN drawn USING (message_id) WHERE NOT is_replacement ORDER BY message_id, position",
        {"file": str(out / "items.parquet")},
    ).fetchall()
    found: dict[str, list[dict[str, Any]]] = {}
    for name, sku, verdict, rule, reasons, again_us in rows:
        told = {"sku": sku, "verdict": verdict, "rule": rule, "reasons": _fired(reasons), "again_us": again_us}
        found.setdefault(name, []).append(told)
    return found


def _told(decision: suppress.Decision) -> dict[str, Any]:
    return {
        "verdict": decision.verdict.value,
        "shown": list(decision.shown),
        "rule": decision.deciding.rule if decision.deciding else None,
        "reasons": [(each.rule, each.code, each.outcome.value, each.mode.value) for each in decision.reasons],
    }


def _item(item: suppress.ItemDecision) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "verdict": item.verdict.value,
        "rule": item.deciding.rule if item.deciding else None,
        "reasons": [(each.rule, each.code, each.outcome.value, each.mode.value) for each in item.reasons],
        "again_us": None if item.eligible_again_at is None else to_us(item.eligible_again_at),
    }


def _fired(reasons: list[dict[str, str]] | None) -> list[tuple[str, str, str, str]]:
    return [(each["rule"], each["code"], each["outcome"], each["mode"]) for each in reasons or []]


def _differences(about: str, checked: dict[str, Any], scanned: dict[str, Any]) -> list[str]:
    return [
        f"{about}: {key} is {checked[key]} in check, {scanned[key]} in the scan"
        for key in checked
        if checked[key] != scanned[key]
    ]
