"""`suppress`: the gate between whoever picks products for a message and whoever sends it.

    import suppress

    gate = suppress.open("sqlite:///suppress.db", "rulesets")
    decision = gate.check(suppress.Message(customer_id="C-1", items=("A-1", "A-2")))
    decision.verdict, decision.shown, decision.items[0].reasons

Every error is a `SuppressError`. A check raises none for what it meets in the facts: it says so in the decision.
The database library is imported when a gate is opened, not before: `suppress lint` and `suppress test` need none.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from suppress.decisions.decision import Decision, Evidence, ItemDecision, ItemVerdict, MissingFact, Reason, Verdict
from suppress.errors import (
    AccessError,
    EngineError,
    FactsError,
    RulesetError,
    SettingsError,
    StoreError,
    SuppressError,
    UnavailableError,
)
from suppress.facts.message import Item, Message

if TYPE_CHECKING:
    from suppress.service import Gate

__all__ = [
    "AccessError",
    "Decision",
    "EngineError",
    "Evidence",
    "FactsError",
    "Item",
    "ItemDecision",
    "ItemVerdict",
    "Message",
    "MissingFact",
    "Reason",
    "RulesetError",
    "SettingsError",
    "StoreError",
    "SuppressError",
    "UnavailableError",
    "Verdict",
    "check",
    "check_many",
    "open",
]


def open(  # noqa: A001
    database: str, rules: str | Path, *, ruleset: str | None = None, engine: str = "durable", reserve_hours: int = 24
) -> "Gate":
    """A gate on a database (SQLAlchemy URL) and a folder or file of rules: it has `check`, `check_many`, `close`.

    `ruleset`: which one of the folder; None = the only one, else `retail-default`. `engine`: `durable` or `reference`.
    `reserve_hours`: how long messages keep what they take of stock that is shared out (`limit`).
    Raises RulesetError with all problems of the rules, StoreError when the database is missing or not upgraded.
    """
    from suppress.service import open_gate  # noqa: PLC0415 - see the module's docstring

    return open_gate(database, rules, ruleset=ruleset, engine=engine, reserve_hours=reserve_hours)


def check(message: Message) -> Decision:
    """The decision for one message, by a gate opened on first use.

    It is configured by `SUPPRESS_DATABASE`, `SUPPRESS_RULES`, `SUPPRESS_RULESET`, or `suppress.toml`.
    """
    return _configured_gate().check(message)


def check_many(messages: Iterable[Message]) -> Iterator[Decision]:
    """One decision per message, in order, by the gate of `check`; facts are fetched for many messages at a time."""
    return _configured_gate().check_many(messages)


@cache
def _configured_gate() -> "Gate":
    from suppress.settings import load_settings  # noqa: PLC0415 - see the module's docstring

    settings = load_settings()
    return open(settings.database, settings.rules, ruleset=settings.ruleset, reserve_hours=settings.reserve_hours)
