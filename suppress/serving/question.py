"""One question to the live gate on its way: from the caller to a worker, to the decision log, and back as answers.

Several threads hold it at once: whoever waits, the worker, the log's writer. Two steps are taken once, by whoever
comes first: it is closed (what is decided by then stands) and it is settled (the caller is woken).
"""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from suppress.decisions.decision import Decision
from suppress.facts.message import Message
from suppress.serving.ports import Answer, Entry, Revision


class Times(NamedTuple):
    """When it was asked, until when facts must be there, and the answer; by a clock that never goes back."""

    asked_us: int
    facts_until_us: int
    until_us: int


class Question:
    """`asked`: messages, each with the instant it is decided as of. `wake` is called once, when `result` has something.

    A trial (`is_trial`) has its facts read and is never decided: nobody waits for it.
    """

    __slots__ = (
        "_lock",
        "asked",
        "decided",
        "entries",
        "fetching_since_us",
        "is_begun",
        "is_closed",
        "is_left",
        "is_settled",
        "is_trial",
        "key_id",
        "outcome",
        "request_id",
        "reserve",
        "revision",
        "times",
        "wake",
    )

    def __init__(
        self,
        revision: Revision,
        asked: Sequence[tuple[Message, int]],
        times: Times,
        wake: Callable[[], object],
        *,
        reserve: bool = True,
        request_id: str | None = None,
        key_id: str | None = None,
        is_trial: bool = False,
    ) -> None:
        self.revision = revision
        self.asked = asked
        self.times = times
        self.wake = wake
        self.reserve = reserve
        self.request_id = request_id
        self.key_id = key_id
        self.is_trial = is_trial
        self.is_begun = False
        self.is_closed = False
        self.is_left = False
        self.is_settled = False
        self.fetching_since_us: int | None = None
        self.decided: list[Decision] = []
        self.entries: list[Entry] | None = None
        self.outcome: list[Answer] | Exception | None = None
        self._lock = threading.Lock()

    def close(self, *, leaves: bool = False) -> list[Decision] | None:
        """Take what is decided so far, nothing comes after it; None when somebody else has closed it before.

        `leaves`: whoever waited goes away, while a worker may still be at it.
        """
        with self._lock:
            if self.is_closed:
                return None
            self.is_closed = True
            self.is_left = leaves
            return self.decided

    def add(self, decision: Decision) -> bool:
        """One more decision; False when nobody waits for it any more."""
        with self._lock:
            if not self.is_closed:
                self.decided.append(decision)
            return not self.is_closed

    def settle(self, outcome: list[Answer] | Exception) -> bool:
        """Answer it, or fail; False when it is settled already."""
        with self._lock:
            if self.is_settled:
                return False
            self.is_settled = True
            self.outcome = outcome
        self.wake()
        return True

    def result(self) -> list[Answer]:
        """The answers, in order, once it is settled. Raises what it failed with."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome or []
