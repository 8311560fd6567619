"""Share stock out over a campaign: who holds a place in, who gets none of the budget of its sku out.

Deferred acceptance over relations. Messages take their choices in their own order (that is placing, which is handed
in); each sku keeps the best of those who hold a place of it and rejects the others, who then go on to their next
choice; in rounds, until nothing moves. Only skus with more holders than places are ranked. The text is DuckDB's
dialect, without lists and without order outside windows, so that it runs on Spark translated.

Relations:
- holder (message_no, message_id, position, sku, score, budget, rule_no): each place shown in a message that is sent, of
  an item that an obeyed limit applies to. `budget`: places of the sku for all campaigns together, by the tightest limit
  that fires for this item (`rule_no`); it may differ between the holders of a sku.
- reserved (sku, places): what others hold of it.
- rejected (message_no, message_id, position, sku, score, rule_no, budget, taken): candidates that count as dropped.
  `taken`: the places of the sku that were taken when this one asked.
- unsent (message_no): the messages with a rejected candidate that are not sent now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

REJECTED_COLUMNS: Final = "message_no, message_id, position, sku, score, rule_no, budget, taken"
NOTHING_REJECTED: Final = (
    "SELECT CAST(NULL AS BIGINT) AS message_no, CAST(NULL AS VARCHAR) AS message_id, CAST(NULL AS BIGINT) AS position,"
    " CAST(NULL AS VARCHAR) AS sku, CAST(NULL AS DOUBLE) AS score, CAST(NULL AS BIGINT) AS rule_no,"
    " CAST(NULL AS BIGINT) AS budget, CAST(NULL AS BIGINT) AS taken WHERE FALSE"
)
NOTHING_RESERVED: Final = "SELECT CAST(NULL AS VARCHAR) AS sku, CAST(NULL AS BIGINT) AS places WHERE FALSE"

# Equal scores go by the message's id, bytewise. A score that is none, or no number, comes after all others.
_RANK: Final = (
    "CASE WHEN isnan(h.score) THEN NULL ELSE h.score END DESC NULLS LAST, h.message_id, h.message_no, h.position"
)


class Placed(NamedTuple):
    """The names of two relations: who holds a place, and which messages with a rejected candidate are not sent."""

    holder: str
    unsent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What was allocated. `rejected`, `placed`: names of relations as they are in the end. `rounds`: placings made.

    `withdrawn`: messages that lost so much that they are not sent, and left what they held to others.
    """

    rejected: str
    placed: Placed
    rounds: int
    withdrawn: int


Make = Callable[[str, str], int]
"""Makes a table of that name of a SELECT, in place of one that is there; the number of its rows."""
Place = Callable[[str], Placed]
"""Places every message, the candidates of that relation counted as dropped."""


def allocate(make: Make, place: Place, reserved: str) -> Allocation:
    """Place until no sku is given away more often than it has places. The same result in whatever order rows stand.

    A message that ends unsent gives its places back, and all are placed anew without it. So no message that is sent
    would rather have an item of which a place is left, or held by one that ranks behind it.
    """
    make("withdrawn_0", "SELECT CAST(NULL AS BIGINT) AS message_no WHERE FALSE")
    make("rejected_0", NOTHING_REJECTED)
    rejected, withdrawn, left, rounds = "rejected_0", "withdrawn_0", 0, 0
    while True:
        placed = place(rejected)
        rounds += 1
        if make("refusals", next_rejections(placed.holder, reserved)):
            rejected = _grown(make, rejected, "rejected", "refusals", REJECTED_COLUMNS)
            continue
        if not make("blocked", _blocked(rejected, placed.holder, reserved, withdrawn)):
            break
        new = make("leaving", _leaving(rejected, placed.unsent, withdrawn)) or make(
            "leaving", _half_of_the_deadlocked(rejected, placed.unsent)
        )
        if not new:
            break
        left += new
        withdrawn = _grown(make, withdrawn, "withdrawn", "leaving", "message_no")
        again = _next("rejected", rejected)
        # What those lost who leave stays lost, so that they stay unsent; all others begin anew.
        make(
            again,
            f"SELECT {REJECTED_COLUMNS} FROM {rejected} WHERE message_no IN (SELECT message_no FROM {withdrawn})",
        )
        rejected = again
    return Allocation(rejected=rejected, placed=placed, rounds=rounds, withdrawn=left)


def oversubscribed(holder: str, reserved: str) -> str:
    """The skus (sku, places) of which more places are held than one of their holders may take of."""
    return (
        f"SELECT h.sku, coalesce(max(r.places), 0) AS places FROM {holder} h LEFT JOIN {reserved} r ON r.sku = h.sku"
        " GROUP BY h.sku HAVING count(*) + coalesce(max(r.places), 0) > min(h.budget)"
    )


def next_rejections(holder: str, reserved: str) -> str:
    """The holders, as rows of `rejected`, that certainly get no place: the lowest-ranked beyond each sku's budget."""
    ranked = (
        "SELECT h.message_no, h.message_id, h.position, h.sku, h.score, h.rule_no, h.budget, o.places,"
        f" o.places + row_number() OVER (PARTITION BY h.sku ORDER BY {_RANK}) AS place_no"
        f" FROM {holder} h JOIN ({oversubscribed(holder, reserved)}) o ON o.sku = h.sku"
    )
    # Whose number is within its own budget gets a place whatever becomes of those before it. Only these are counted as
    # taken: of two budgets for one sku the wider one may still have room behind those whom the tighter one rejects.
    before = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    taken = (
        "SELECT message_no, message_id, position, sku, score, rule_no, budget, places + coalesce(sum(CASE WHEN"
        f" place_no <= budget THEN 1 ELSE 0 END) OVER (PARTITION BY sku ORDER BY place_no {before}), 0) AS taken"
        f" FROM ({ranked}) ranked"
    )
    return f"SELECT {_casts()} FROM ({taken}) taken WHERE taken >= budget"


def room(holder: str) -> str:
    """Per sku, how many places others may hold at most for these holders to keep theirs (sku, at_most)."""
    # Only where budgets differ does it matter who comes first.
    mixed = f"SELECT sku FROM {holder} GROUP BY sku HAVING min(budget) < max(budget)"
    ranked = (
        f"SELECT h.sku, h.budget - row_number() OVER (PARTITION BY h.sku ORDER BY {_RANK}) AS left_over"
        f" FROM {holder} h JOIN ({mixed}) m ON m.sku = h.sku"
    )
    return (
        f"SELECT sku, min(budget) - count(*) AS at_most FROM {holder} GROUP BY sku HAVING min(budget) = max(budget)"
        f" UNION ALL SELECT sku, min(left_over) AS at_most FROM ({ranked}) ranked GROUP BY sku"
    )


def _casts() -> str:
    """The columns of `rejected` with their types, so that tables of several rounds can be laid together."""
    types = {"message_id": "VARCHAR", "sku": "VARCHAR", "score": "DOUBLE"}
    columns = REJECTED_COLUMNS.split(", ")
    return ", ".join(f"CAST({column} AS {types.get(column, 'BIGINT')}) AS {column}" for column in columns)


def _blocked(rejected: str, holder: str, reserved: str, withdrawn: str) -> str:
    """Rejected candidates that rank among the holders of their sku after all, because somebody who did is not sent."""
    both = (
        "SELECT sku, score, message_id, message_no, position, 1 AS held, budget FROM "
        + holder
        + f" WHERE sku IN (SELECT sku FROM {rejected}) UNION ALL"
        f" SELECT sku, score, message_id, message_no, position, 0 AS held, budget FROM {rejected}"
    )
    before = (
        f"SELECT h.sku, h.message_no, h.held, h.budget, coalesce(sum(h.held) OVER (PARTITION BY h.sku ORDER BY {_RANK}"
        f" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS held_before FROM ({both}) h"
    )
    return (
        f"SELECT b.message_no FROM ({before}) b LEFT JOIN {reserved} r ON r.sku = b.sku"
        " WHERE b.held = 0 AND b.held_before + coalesce(r.places, 0) < b.budget"
        f" AND b.message_no NOT IN (SELECT message_no FROM {withdrawn})"
    )


def _leaving(rejected: str, unsent: str, withdrawn: str) -> str:
    """Messages that are not sent for what is given to others for good."""
    return (
        f"SELECT DISTINCT j.message_no FROM {rejected} j JOIN {unsent} u ON u.message_no = j.message_no"
        f" WHERE j.message_no NOT IN (SELECT message_no FROM {withdrawn})"
        " AND j.message_no NOT IN (SELECT message_no FROM blocked)"
    )


def _half_of_the_deadlocked(rejected: str, unsent: str) -> str:
    """Of messages that keep each other from being sent, the half that comes last by its ids."""
    stuck = (
        f"SELECT DISTINCT j.message_no, j.message_id FROM {rejected} j JOIN {unsent} u ON u.message_no = j.message_no"
        " WHERE j.message_no IN (SELECT message_no FROM blocked)"
    )
    return (
        "SELECT message_no FROM (SELECT message_no, row_number() OVER (ORDER BY message_id DESC, message_no DESC)"
        f" AS last_no, count(*) OVER () AS stuck FROM ({stuck}) stuck) numbered WHERE 2 * last_no <= stuck + 1"
    )


def _grown(make: Make, table: str, stem: str, more: str, columns: str) -> str:
    """The table with more rows, under its next name: an engine may read the old one only while it writes the new."""
    grown = _next(stem, table)
    make(grown, f"SELECT {columns} FROM {table} UNION ALL SELECT {columns} FROM {more}")
    return grown


def _next(stem: str, table: str) -> str:
    return f"{stem}_{int(table.removeprefix(f'{stem}_')) + 1}"
