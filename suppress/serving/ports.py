"""What the live gate stands between: Protocols of what it is given, and the values that pass through them.

Whoever wires the service hands in the real ones; tests hand in ones that live in memory.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypedDict, Unpack

from suppress.decisions.decision import Decision
from suppress.engine.decide import Decider
from suppress.facts.message import Message
from suppress.facts.snapshot import FactNeeds, Snapshot
from suppress.rules.compile import CompiledRuleset

Clock = Callable[[], int]
"""Now, in microseconds since 1970 UTC."""


class Revision(Protocol):
    """One ruleset, ready to decide. Whoever holds it may go on using it, however many newer ones there are."""

    @property
    def compiled(self) -> CompiledRuleset:
        """The ruleset."""

    @property
    def version(self) -> int | None:
        """Its published number; None when it comes from a folder."""

    @property
    def decider(self) -> Decider:
        """What decides by it. Threads may share it."""


class Revisions(Protocol):
    """Knows which rules are in force."""

    def current(self) -> Revision:
        """The revision in force now."""


class Facts(Protocol):
    """Reads what one ruleset needs. Threads may share it."""

    def snapshots(self, messages: Sequence[tuple[Message, int]]) -> Sequence[Snapshot]:
        """The snapshot of each message at its instant, in order. Raises StoreError."""


FactsOf = Callable[[FactNeeds], Facts]
"""Opens what reads these facts."""


class Unavailable(StrEnum):
    """Why a decision rests on no facts, but on the ruleset's `on_unavailable`."""

    LATE = "late"
    """They had not come when the deadline passed."""
    DOWN = "down"
    """The database could not be read."""
    OPEN = "open"
    """It could not be read a moment ago, and was not asked."""
    BUSY = "busy"
    """More checks wait than can be answered in time."""
    FAULT = "fault"
    """Something in the gate itself failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision as the decision log is given it.

    `key_id`: the API key it was asked with, None outside the service. `version`: the ruleset's published number.
    `unavailable`: why no facts were had; None when they were. `took_us`: from the question to the decision.
    """

    decision: Decision
    message: Message
    version: int | None
    request_id: str | None
    key_id: str | None
    decided_at_us: int
    took_us: int
    unavailable: Unavailable | None = None


class OnLogFailure(StrEnum):
    """What becomes of an answer whose decision the log did not take down. `answer`: given, and counted."""

    ANSWER = "answer"
    REFUSE = "refuse"


class Ledger(Protocol):
    """The decision log."""

    def write(self, entries: Sequence[Entry]) -> "Future[Any]":
        """Take these down, in order; does not wait. The future ends when all are durable, else with a LedgerError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One decision as the caller is given it.

    `unavailable`: why it follows `on_unavailable`; None when it rests on facts. `is_logged`: whether the decision log
    has it for good; False only where the service answers without (`on_log_failure: answer`), and then it was counted.
    """

    decision: Decision
    unavailable: Unavailable | None
    is_logged: bool


class Options(TypedDict, total=False):
    """How a question is asked.

    `deadline_ms`: within it an answer is given, with facts or without; None = 200 for one message, more for many.
    `as_of`: the instant all is decided as of; None = the message's `send_at`, else now. `reserve`: whether a message
    that is sent takes what it shows of stock that is shared out; True when left out. `request_id`, `key_id` (of the API
    key): for the decision log.
    """

    deadline_ms: int | None
    as_of: datetime | None
    reserve: bool
    request_id: str | None
    key_id: str | None


class Checks(Protocol):
    """What the faces of the service ask: `Serving` is the real one. All four may be called from any thread.

    All raise UnavailableError where facts cannot be had and the ruleset says nothing about it, LedgerError where the
    log cannot be written and settings say to refuse.
    """

    def check(self, message: Message, **options: Unpack[Options]) -> Answer:
        """The answer for one message. Holds up the calling thread."""

    def check_many(self, messages: Sequence[Message], **options: Unpack[Options]) -> list[Answer]:
        """The answers for many messages, in order, all by the same revision. Holds up the calling thread."""

    async def check_soon(self, message: Message, **options: Unpack[Options]) -> Answer:
        """The same as `check`, for an event loop: it is not held up."""

    async def check_many_soon(self, messages: Sequence[Message], **options: Unpack[Options]) -> list[Answer]:
        """The same as `check_many`, for an event loop: it is not held up."""
