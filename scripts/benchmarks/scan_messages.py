"""Turn a ScanShop into a message file: seeded, mostly popular items, some that the customer bought or a sibling of one.

Files of different sizes begin with the same messages, and every customer gets one before any gets a second.
"""

import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from scripts.benchmarks.messages import OWN_SHARE
from scripts.benchmarks.scan_shop import ScanShop

ITEMS: Final = 6
_VERSION: Final = 1
_CHUNK: Final = 100_000
_PUSH: Final = 10
"""One message in so many is a push message, the others are e-mails."""


def message_file(shop: ScanShop, folder: Path, messages: int) -> Path:
    """The Parquet file of so many messages under `folder`; written when it is not there."""
    path = folder / f"messages-{shop.spec.fingerprint}-{_VERSION}-{messages}.parquet"
    if path.exists():
        return path
    for old in folder.glob("messages-*"):
        if not old.name.startswith(f"messages-{shop.spec.fingerprint}-{_VERSION}-"):
            old.unlink()
    begun = time.perf_counter()
    unfinished = path.with_suffix(".part")
    batches = _batches(shop, messages)
    first = next(batches)

    def chained() -> Iterator[Any]:
        yield first
        yield from batches

    with duckdb.connect() as db:
        db.register("given", pa.RecordBatchReader.from_batches(first.schema, chained()))
        db.execute(f"COPY ({_QUERY}) TO '{unfinished}' (FORMAT parquet, COMPRESSION zstd)")
    unfinished.rename(path)
    print(
        f"  {messages:,} messages: {path.stat().st_size / 1e6:,.0f} MB in {time.perf_counter() - begun:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return path


def _batches(shop: ScanShop, messages: int) -> Iterator[Any]:
    customers = shop.spec.customers
    step = next(n for n in range(round(customers * 0.6180339887), customers) if math.gcd(n, customers) == 1)
    skus, ids, bought = shop.sku_ids(), shop.customer_ids(), shop.bought_skus()
    for start in range(0, messages, _CHUNK):
        rng = np.random.default_rng((shop.spec.seed, 9, start))
        number = np.arange(start, start + _CHUNK)
        customer = (number * step + 7) % customers
        chosen = shop.draw_skus(rng, _CHUNK * ITEMS).astype(np.int64)
        lines, first = np.repeat(shop.line_counts[customer], ITEMS), np.repeat(shop.line_first[customer], ITEMS)
        own = np.flatnonzero((rng.random(_CHUNK * ITEMS) < OWN_SHARE) & (lines > 0))
        line = first[own] + (rng.random(len(own)) * lines[own]).astype(np.int64)
        like = bought[line].astype(np.int64)
        chosen[own] = np.where(rng.random(len(own)) < 0.5, like, shop.siblings(rng, like))
        items = _each_once(shop, rng, chosen.reshape(_CHUNK, ITEMS))[: messages - start]
        count = len(items)
        offsets = np.arange(0, count * ITEMS + 1, ITEMS, dtype=np.int32)
        yield pa.record_batch(
            {
                "number": number[:count],
                "customer_id": ids.take(pa.array(customer[:count])),
                "campaign": number[:count] // customers,
                "items": pa.ListArray.from_arrays(pa.array(offsets), skus.take(pa.array(items.ravel()))),
            }
        )


def _each_once(shop: ScanShop, rng: np.random.Generator, items: np.ndarray) -> np.ndarray:
    """The items with those that a message has already drawn anew, until every item of a message is another."""
    while True:
        order = np.argsort(items, axis=1, kind="stable")
        ranked = np.take_along_axis(items, order, axis=1)
        row, place = np.nonzero(ranked[:, 1:] == ranked[:, :-1])
        if not len(row):
            return items
        items[row, order[row, place + 1]] = shop.draw_skus(rng, len(row))


_QUERY: Final = f"""
    SELECT 'M-' || lpad(number::VARCHAR, 8, '0') AS message_id, customer_id,
        CASE WHEN number % {_PUSH} = 3 THEN 'push' ELSE 'email' END AS channel,
        'campaign-' || lpad(campaign::VARCHAR, 2, '0') AS campaign_id,
        NULL::TIMESTAMPTZ AS send_at, NULL::INTEGER AS slots, items
    FROM given"""
