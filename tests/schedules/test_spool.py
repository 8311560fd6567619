"""Rows of a query as a message file."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from suppress.intake.messages import read_messages
from suppress.schedules.spool import write_messages


def test_rows_become_messages(tmp_path: Path) -> None:
    """Lists as JSON text become lists, times and numbers what a message file has; the result is a message file."""
    path = tmp_path / "m.jsonl"
    row = {
        "message_id": "m-1", "customer_id": "ada", "items": '["A", "B"]', "slots": Decimal(2), "channel": None,
        "send_at": datetime(2026, 11, 23, 8, tzinfo=UTC), "attributes": '{"theme": "[new]"}', "campaign_id": "[x]",
    }  # fmt: skip

    assert 1 == write_messages([row], path)
    assert {
        "message_id": "m-1", "customer_id": "ada", "items": ["A", "B"], "slots": 2, "channel": None,
        "send_at": "2026-11-23T08:00:00+00:00", "attributes": {"theme": "[new]"}, "campaign_id": "[x]",
    } == json.loads(path.read_bytes())  # fmt: skip
    with path.open("rb") as file:
        (message,) = read_messages(file)
    assert ("m-1", "ada", 2) == (message.message_id, message.customer_id, message.slots)  # type: ignore[union-attr]


def test_a_query_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """The file appears whole or not at all."""

    def rows() -> Iterator[dict[str, Any]]:
        yield {"message_id": "m-1"}
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_messages(rows(), tmp_path / "m.jsonl")

    assert [] == list(tmp_path.iterdir())
