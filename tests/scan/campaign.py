"""Run a scan the way an operator does, through files, and read back what it wrote as rows of Python.

A FactBook becomes a facts folder, Messages become a file, and `suppress.scanning.scan` does the rest. Only two things
are handed in where files would do: a ruleset that stands in no file, and the size of buckets.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq

from suppress.facts.book import FactBook
from suppress.facts.instants import from_us
from suppress.facts.message import Message
from suppress.rules.compile import CompiledRuleset
from suppress.scan.plan import Limits
from suppress.scanning import ScanOutcome, ScanRequest, running, scan, writing
from tests.scan.book_folder import write_folder

Row = dict[str, Any]
MEMORY = "300MB"


class TinyBuckets(Limits):
    """Limits of a run that takes only so many pairs of message and item at a time."""

    pairs_per_bucket = 10  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a scan wrote: a row per message, in the order they came in, with its items beside it by message id."""

    messages: list[Row]
    items: dict[str, list[Row]]
    outcome: ScanOutcome


def scanned(
    root: Path,
    compiled: CompiledRuleset,
    book: FactBook,
    messages: Sequence[Message],
    as_of_us: int,
    *,
    is_parquet: bool = False,
    pairs_per_bucket: int | None = None,
) -> Scanned:
    """Scan messages by rules that stand in no file. `root`: an empty folder to work in."""
    facts = write_folder(book, root / "facts")
    file = write_parquet(messages, root / "in.parquet") if is_parquet else write_jsonl(messages, root / "in.jsonl")
    request = ScanRequest(
        messages=file,
        out=root / "out",
        rules=root,
        facts=facts,
        as_of=from_us(as_of_us),
        memory=MEMORY,
        threads=1,
        allow_stale=True,
    )
    with patch.object(running, "load_ruleset", lambda *_, **__: compiled), small_buckets(pairs_per_bucket):
        outcome = scan(request)
    return read_back(outcome)


def read_back(outcome: ScanOutcome) -> Scanned:
    """The rows a finished scan wrote."""
    rows = pq.read_table(outcome.out / "messages.parquet").to_pylist()
    items: dict[str, list[Row]] = {row["message_id"]: [] for row in rows}
    for item in pq.read_table(outcome.out / "items.parquet").to_pylist():
        items[item["message_id"]].append(item)
    return Scanned(messages=rows, items=items, outcome=outcome)


@contextmanager
def no_report() -> Iterator[None]:
    """Have scans write no report, which takes longer than a small campaign itself."""
    nothing = SimpleNamespace(passed=(), to_dict=dict)
    with (
        patch.object(writing, "scan_report", lambda *_, **__: nothing),
        patch.object(writing, "render", lambda _: ""),
    ):
        yield


@contextmanager
def small_buckets(pairs: int | None) -> Iterator[None]:
    """Have scans take at most so many pairs of message and item at a time; None = as many as memory allows."""
    if pairs is None:
        yield
        return
    with patch.object(running, "Limits", type("Small", (TinyBuckets,), {"pairs_per_bucket": pairs})):
        yield


def write_jsonl(messages: Sequence[Message], file: Path) -> Path:
    """A file with a message per line, as campaign systems write it."""
    lines = (json.dumps(_told(message), ensure_ascii=False, default=datetime.isoformat) for message in messages)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def write_parquet(messages: Sequence[Message], file: Path) -> Path:
    """The same messages as columns."""
    skus = pa.list_(pa.string())
    item = pa.struct({"sku": pa.string(), "placement": pa.string(), "score": pa.float64()})
    kinds = {
        **dict.fromkeys(("message_id", "customer_id", "email", "phone", "channel", "campaign_id"), pa.string()),
        "campaign_tags": skus,
        "send_at": pa.timestamp("us", tz="UTC"),
        "slots": pa.int32(),
        "items": pa.list_(item),
        "replacements": skus,
        "attributes": pa.map_(pa.string(), pa.string()),
    }
    rows = [_told(message) for message in messages]
    for row in rows:
        row["attributes"] = list(row["attributes"].items())
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(list(kinds.items()))), file)
    return file


def _told(message: Message) -> Row:
    row: Row = {name: getattr(message, name) for name in Message.__slots__}
    row["items"] = [{"sku": item.sku, "placement": item.placement, "score": item.score} for item in message.items]
    return {**row, **{name: list(row[name]) for name in ("campaign_tags", "replacements")}}
