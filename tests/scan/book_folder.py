"""Write a FactBook as a facts folder, in the plainest way that is right: what scans read in tests."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from suppress.facts.book import FactBook, _style
from suppress.facts.facts_folder import TABLES
from suppress.facts.history import settle

FOR_EVER = 1 << 62
_TYPES = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR[]": pa.list_(pa.string()),
    "MAP(VARCHAR, VARCHAR)": pa.map_(pa.string(), pa.string()),
    "MAP(VARCHAR, BOOLEAN)": pa.map_(pa.string(), pa.bool_()),
}


def write_folder(book: FactBook, root: Path) -> Path:
    """The folder, with a version of each line per instant at which a credit took something off."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "lines").mkdir(exist_ok=True)
    tables = {
        "products": [
            {
                **p._asdict(),
                "item_group": _style(p),
                "bundle_of": json.loads(p.bundle_of),
                "attributes": list(json.loads(p.attributes).items()),
            }
            for p in book.products.values()
        ],
        "stock": [s._asdict() for s in book.stock.values()],
        "customers": [
            {
                **c._asdict(),
                "consent": list(json.loads(c.consent).items()),
                "attributes": list(json.loads(c.attributes).items()),
            }
            for c in book.customers.values()
        ],
        "identities": [
            {"kind": kind, "value": value, "customer_id": c.customer_id}
            for c in book.customers.values()
            for kind, value in c.identities
        ],
        "sent": [{**s._asdict(), "items": json.loads(s.items)} for s in book.sent.values()],
        "feedback": [{**f._asdict(), "at_us": f.updated_at_us} for f in book.feedback.values()],
        "lines/base-0001": sorted(_versions(book), key=lambda row: (row["customer_id"], row["ordered_at_us"])),
    }
    for name, rows in tables.items():
        columns = TABLES[name.partition("/")[0]]
        schema = pa.schema([(column, _TYPES[kind]) for column, kind in columns.items()])
        data = [{column: row[column] for column in columns} for row in rows]
        pq.write_table(pa.Table.from_pylist(data, schema=schema), root / f"{name}.parquet")
    manifest = {
        "format": 1,
        "feeds_us": {source.value: at_us for source, at_us in book.feeds_us.items()},
        "lines": ["lines/base-0001.parquet"],
        "replaced": [],
    }
    (root / "manifest.json").write_text(json.dumps(manifest))
    return root


def _versions(book: FactBook) -> list[dict[str, object]]:
    """Every line at every instant of its customer's history at which it changed: settled anew each time."""
    rows = []
    for customer in {order.customer_id for order in book.orders.values()}:
        orders = [order for order in book.orders.values() if order.customer_id == customer]
        times = sorted({order.ordered_at_us for order in orders})
        seen: dict[tuple[str, str], dict[str, object]] = {}
        for at_us in times:
            # Lines that are alike but for their ids are told apart by being different objects.
            lines = [(book._line(order), order) for order in orders if order.ordered_at_us <= at_us]
            of = {id(line): order for line, order in lines}
            settled, _ = settle(line for line, _ in lines)
            for bought in settled:
                order = of[id(bought.line)]
                key = (order.order_id, order.line_id)
                last = seen.get(key)
                if last is not None and last["kept_units"] == bought.kept_units:
                    continue
                if last is not None:
                    last["until_us"] = at_us
                product = book.products.get(order.sku)
                seen[key] = row = {
                    **order._asdict(),
                    "from_us": at_us,
                    "until_us": FOR_EVER,
                    "kept_units": bought.kept_units,
                    "item_group": _style(product) if product else None,
                    "category": product.category if product else None,
                    "brand": product.brand if product else None,
                }
                rows.append(row)
    return rows
