"""Count drops by category and price: bands that read well, categories as deep as fits on a page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import duckdb

from suppress.decisions.report import CategoryRow, Cell, PriceMap

MOST_ROWS: Final = 12
MOST_MAPS: Final = 3
MOST_EDGES: Final = 5
_ROUND: Final = (1, 2, 5)

_Counts = list[int]


def count_skus(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `report_skus`: candidates and drops per sku, with title, category and price, and how dear it is.

    `dear`: from 0 to 1, its place among all skus of the campaign in its currency; 0.3 without a price.
    """
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE report_skus AS
           WITH counted AS (
               SELECT sku, count(*) AS asked, count(*) FILTER (verdict = 'drop') AS dropped FROM report_items
               WHERE NOT is_replacement GROUP BY sku)
           SELECT sku, asked, dropped, title, category, price_minor, CASE WHEN price_minor IS NOT NULL THEN currency END
                  AS currency, CASE WHEN price_minor IS NULL THEN 0.3 ELSE
                  cume_dist() OVER (PARTITION BY currency ORDER BY price_minor) END AS dear
           FROM counted LEFT JOIN report_products USING (sku)"""
    )


def price_maps(connection: duckdb.DuckDBPyConnection) -> tuple[PriceMap, ...]:
    """One map per currency, those of most candidates first; candidates without a price are in the first one."""
    currencies = connection.execute(
        """SELECT currency, quantile_cont(price_minor, [0.1, 0.95]) FROM report_skus WHERE price_minor IS NOT NULL
           GROUP BY currency ORDER BY sum(asked) DESC, currency NULLS LAST LIMIT ?""",
        [MOST_MAPS],
    ).fetchall()
    if not currencies:
        return ()
    maps = []
    for number, (currency, (low, high)) in enumerate(currencies):
        edges = round_edges(low, high)
        rows = connection.execute(
            """SELECT category, CASE WHEN price_minor IS NULL THEN -1
                                     ELSE len(list_filter($edges, lambda edge: edge <= price_minor)) END AS band,
                      sum(asked)::BIGINT, sum(dropped)::BIGINT
               FROM report_skus WHERE CASE WHEN price_minor IS NULL THEN $with_unpriced
                                           ELSE currency IS NOT DISTINCT FROM $currency END
               GROUP BY ALL""",
            {"edges": list(edges), "currency": currency, "with_unpriced": number == 0},
        ).fetchall()
        maps.append(_map(currency, edges, rows))
    return tuple(maps)


def round_edges(low: float, high: float) -> tuple[int, ...]:
    """At most five round numbers (1, 2 or 5 and zeros) from `low` to `high`, spread evenly; at least one."""
    found: list[int] = []
    size = 1
    while size <= max(high, 1):
        found.extend(digit * size for digit in _ROUND if low <= digit * size <= high)
        size *= 10
    if not found:
        return (max(1, round(high)),)
    if len(found) <= MOST_EDGES:
        return tuple(found)
    step = (len(found) - 1) / (MOST_EDGES - 1)
    return tuple(found[round(number * step)] for number in range(MOST_EDGES))


def _map(currency: str | None, edges: tuple[int, ...], rows: Iterable[tuple[str | None, int, int, int]]) -> PriceMap:
    by_category: dict[str | None, dict[int, _Counts]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    counted = list(rows)
    depth = _depth({category for category, *_ in counted if category})
    for category, band, asked, dropped in counted:
        cell = by_category[None if category is None else "/".join(category.split("/")[:depth])][band]
        cell[0] += asked
        cell[1] += dropped
    ranked = sorted(by_category, key=lambda name: (-sum(cell[1] for cell in by_category[name].values()), name or ""))
    told, rest = (ranked, []) if len(ranked) <= MOST_ROWS else (ranked[: MOST_ROWS - 1], ranked[MOST_ROWS - 1 :])
    lines = [_row(name, by_category[name], len(edges)) for name in told]
    if rest:
        together: dict[int, _Counts] = defaultdict(lambda: [0, 0])
        for name in rest:
            for band, (asked, dropped) in by_category[name].items():
                together[band][0] += asked
                together[band][1] += dropped
        lines.append(_row(None, together, len(edges)))
    return PriceMap(currency=currency, edges_minor=edges, rows=tuple(lines), others=len(rest))


def _depth(categories: set[str]) -> int:
    """How many levels of the paths fit on a page."""
    deepest = max((category.count("/") + 1 for category in categories), default=1)
    return next(
        (
            depth
            for depth in range(deepest, 1, -1)
            if len({"/".join(category.split("/")[:depth]) for category in categories}) <= MOST_ROWS
        ),
        1,
    )


def _row(name: str | None, cells: Mapping[int, _Counts], edges: int) -> CategoryRow:
    made = {band: Cell(asked=asked, dropped=dropped) for band, (asked, dropped) in cells.items()}
    nothing = Cell(asked=0, dropped=0)
    return CategoryRow(
        category=name,
        cells=tuple(made.get(band, nothing) for band in range(edges + 1)),
        unpriced=made.get(-1, nothing),
    )
