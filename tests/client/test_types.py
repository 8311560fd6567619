"""The doors as a type checker sees them: who calls them has mypy look strictly."""

from pathlib import Path

from mypy import api

CALLER = """
from collections.abc import Iterator
from typing import assert_type

from suppress import Decision, Item, Message, Verdict
from suppress.client import Gate

MESSAGE = Message(customer_id="ada", channel="email", items=("TEA-100", Item(sku="MUG-BLUE", placement="top")))
assert_type(MESSAGE.items, tuple[Item, ...])
Message(customer_id="ada", items=(1,))  # type: ignore[arg-type]
Message(customer_id="ada", itmes=("TEA-100",))  # type: ignore[call-arg]

with Gate("https://suppress.shop.example", "key", on_unreachable="hold", deadline_ms=1500) as gate:
    assert_type(gate.check(MESSAGE), Decision)
    assert_type(gate.check_many(Message(customer_id=who, items=("A",)) for who in ("ada", "bea")), Iterator[Decision])
    assert_type(gate.check(MESSAGE).verdict, Verdict)
    assert_type(gate.check(MESSAGE).shown, tuple[str, ...])
    assert_type(gate.check(MESSAGE).reasons[-1].sentence, str)

Gate("https://suppress.shop.example", "key", on_unreachable="wait")  # type: ignore[arg-type]
"""


def test_callers_are_checked_strictly(tmp_path: Path) -> None:
    """Strict mypy takes skus where an Item may stand, knows every answer, and refuses what cannot be."""
    caller = tmp_path / "caller.py"
    caller.write_text(CALLER)

    said, failed, status = api.run(["--strict", "--config-file=", f"--cache-dir={tmp_path}", str(caller)])

    assert ("Success: no issues found in 1 source file\n", "", 0) == (said, failed, status)
