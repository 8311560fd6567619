"""Turn what a worker decided of a question into answers that the decision log has: once, by whoever comes first.

What has no facts is decided by the ruleset's policy. A log that fails, or is not done in time, is counted as a loss.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from suppress.decisions.decision import Decision
from suppress.errors import LedgerError, UnavailableError
from suppress.service import new_decision_id
from suppress.serving.policy import decide_without_facts
from suppress.serving.ports import Answer, Clock, Entry, Ledger, OnLogFailure, Revision, Unavailable
from suppress.serving.question import Question

_WHY: Final = {
    Unavailable.LATE: "they did not come in time",
    Unavailable.DOWN: "the database cannot be read",
    Unavailable.OPEN: "the database could not be read a moment ago",
    Unavailable.BUSY: "too many checks wait",
    Unavailable.FAULT: "the check failed",
}
_NOT_BEGUN: Final = "the time was over before the check began"

_log = logging.getLogger(__name__)


class Counts:
    """Counts by name. Threads may share it."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, what: str, number: int = 1) -> None:
        """So many more."""
        with self._lock:
            self._counts[what] += number

    def __getitem__(self, what: str) -> int:
        return self._counts[what]


class Answers:
    """Closes questions, has the log take them down, settles them. Threads may share it."""

    def __init__(
        self,
        ledger: Ledger,
        on_log_failure: OnLogFailure,
        clock: Clock,
        ticks_us: Callable[[], int],
        counts: Counts,
    ) -> None:
        self._ledger = ledger
        self._refuses = on_log_failure is OnLogFailure.REFUSE
        self._clock = clock
        self._ticks_us = ticks_us
        self._counts = counts

    def close(self, question: Question, cause: Unavailable | None, *, leaves: bool = False) -> None:
        """What is decided stands, the policy decides the rest for this cause; nothing if it is closed already.

        `leaves`: a worker may still be at it.
        """
        decided = question.close(leaves=leaves)
        if decided is None:
            return
        missing = len(question.asked) - len(decided)
        if missing and cause is not None:
            self._counts.add(cause, missing)
            if question.revision.compiled.on_unavailable is None:
                # Who leaves has run out of time: whether others wait nobody has looked.
                why = _NOT_BEGUN if leaves and cause is Unavailable.BUSY else _WHY[cause]
                question.settle(_no_policy(question.revision, why))
                return
        question.entries = self._entries(question, decided, cause)
        self._take_down(question, question.entries)

    def time_is_up(self, question: Question) -> None:
        """Answer what is decided although the log has said nothing yet."""
        entries = question.entries
        if question.is_settled or entries is None:
            return
        if self._refuses:
            question.settle(LedgerError("the decision log did not take the decision down in time"))
        elif question.settle(_answers(entries, is_logged=False)):
            self._counts.add("log_late", len(entries))

    def _entries(self, question: Question, decided: list[Decision], cause: Unavailable | None) -> list[Entry]:
        now_us = self._clock()
        took_us = self._ticks_us() - question.times.asked_us
        compiled = question.revision.compiled
        entries = []
        for place, (message, as_of_us) in enumerate(question.asked):
            has_facts = place < len(decided)
            if has_facts:
                decision = decided[place]
            elif compiled.on_unavailable is not None:
                decision = decide_without_facts(compiled, compiled.on_unavailable, message, as_of_us, new_decision_id())
            entries.append(
                Entry(
                    decision=decision,
                    message=message,
                    version=question.revision.version,
                    request_id=question.request_id,
                    key_id=question.key_id,
                    decided_at_us=now_us,
                    took_us=took_us,
                    unavailable=None if has_facts else cause,
                )
            )
        return entries

    def _take_down(self, question: Question, entries: list[Entry]) -> None:
        try:
            written = self._ledger.write(entries)
        except Exception as error:
            self._failed(question, entries, error)
            return
        written.add_done_callback(lambda future: self._taken_down(question, entries, future))

    def _taken_down(self, question: Question, entries: list[Entry], written: "Future[Any]") -> None:
        error = TimeoutError("the write was called off") if written.cancelled() else written.exception()
        if error is not None:
            self._failed(question, entries, error)
        else:
            question.settle(_answers(entries, is_logged=True))

    def _failed(self, question: Question, entries: list[Entry], error: BaseException) -> None:
        _log.error("the decision log did not take down %d decisions: %s", len(entries), error)
        if self._refuses:
            question.settle(LedgerError(f"the decision log cannot be written: {error}"))
        else:
            # Counted first, so that who has the answer finds it in the figures.
            self._counts.add("log_lost", len(entries))
            question.settle(_answers(entries, is_logged=False))


def _no_policy(revision: Revision, why: str) -> UnavailableError:
    return UnavailableError(
        f"the facts cannot be had, for {why}, and the ruleset {revision.compiled.name} does not say what to do "
        f"then. help: ask again in a moment; a line `on_unavailable: allow`, `block` or `hold` in the ruleset says it"
    )


def _answers(entries: list[Entry], *, is_logged: bool) -> list[Answer]:
    return [Answer(decision=entry.decision, unavailable=entry.unavailable, is_logged=is_logged) for entry in entries]
