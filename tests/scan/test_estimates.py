"""What a plan expects of message files, before they are read."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from suppress.scan.estimates import Estimate, estimate

MESSAGES = [{"message_id": f"m-{n}", "customer_id": "c", "items": ["a", "b", "c"]} for n in range(50)]


def test_parquet_is_counted_by_its_footer(tmp_path: Path) -> None:
    """Rows are exact, items as many as in the first rows."""
    file = tmp_path / "messages.parquet"
    pq.write_table(pa.Table.from_pylist(MESSAGES), file)

    assert Estimate(messages=50, items=150) == estimate([file])


def test_lines_are_counted_by_their_beginning(tmp_path: Path) -> None:
    """Lines of equal length are counted exactly."""
    file = tmp_path / "messages.jsonl"
    file.write_text("".join(f"{json.dumps(MESSAGES[10], separators=(',', ':'))}\n" for _ in range(50)))

    assert 50 == estimate([file]).messages


def test_what_cannot_be_looked_into_is_not_guessed(tmp_path: Path) -> None:
    """A damaged file gives no figure, and no error: reading it tells."""
    file = tmp_path / "messages.parquet"
    file.write_bytes(b"PAR1")

    assert Estimate(None, None) == estimate([file])
