"""Have questions decided by workers that read facts, and close those whose facts do not come in time.

A database that is gone is not asked (`breaker`): the policy answers at once, and now and then the same facts are read
once more behind the caller's back, until they come.
"""

import logging
from collections.abc import Callable
from typing import Final, Protocol

from suppress.decisions.decision import Decision
from suppress.engine.decide import Decider
from suppress.errors import StoreError
from suppress.facts.snapshot import FactNeeds, Snapshot
from suppress.service import BATCH, new_decision_id
from suppress.serving.answers import Answers, Counts
from suppress.serving.breaker import Breaker
from suppress.serving.ports import Facts, FactsOf, Unavailable
from suppress.serving.question import Question
from suppress.serving.workers import Workers

SLOW_US: Final = 100_000
"""A read that takes longer, and more than SLOW_US_PER_MESSAGE for each message, is held up."""
SLOW_US_PER_MESSAGE: Final = 1_000
MOST_WAITING: Final = 2_000
"""More questions that wait for a worker could not be answered in time anyway."""

_log = logging.getLogger(__name__)


class Shares(Protocol):
    """Decides with regard to stock that is shared out: `service.Sharing` is the real one."""

    def decide(self, decider: Decider, snapshot: Snapshot, decision_id: str, *, reserve: bool) -> Decision:
        """The decision. Raises StoreError when nobody can say what others hold."""


class Asking:
    """Hands questions to workers. Threads may share it; close it at the end."""

    def __init__(
        self,
        facts_of: FactsOf,
        shares: Shares,
        answers: Answers,
        counts: Counts,
        ticks_us: Callable[[], int],
        make_workers: Callable[[Callable[[Question], None]], Workers[Question]],
    ) -> None:
        self.breaker = Breaker()
        self._facts_of = facts_of
        self._shares = shares
        self._answers = answers
        self._counts = counts
        self._ticks_us = ticks_us
        self._kept: tuple[FactNeeds, Facts] | None = None
        self._trial: Question | None = None
        self.workers = make_workers(self._work)

    def ask(self, question: Question) -> None:
        """Have it decided; at once by its policy where that is all there is to hope for."""
        if self.breaker.is_open:
            self._try(question)
            self._answers.close(question, Unavailable.OPEN)
        elif self.workers.waiting >= MOST_WAITING:
            self._answers.close(question, Unavailable.BUSY)
        else:
            self.workers.give(question)

    def late(self, question: Question) -> None:
        """The time for facts is over: close it, unless it is decided."""
        if question.is_closed:
            return
        now_us = self._ticks_us()
        is_held_up = any(_is_held_up(running, now_us) for running in self.workers.running())
        if is_held_up:
            self.breaker.failed(now_us)
        cause = Unavailable.LATE if is_held_up or question.is_begun else Unavailable.BUSY
        self._answers.close(question, cause, leaves=True)
        self.workers.relieve_soon()

    def _try(self, question: Question) -> None:
        """Read the question's facts beside it, when the time for a trial has come. Nobody waits for a trial."""
        now_us = self._ticks_us()
        if not self.breaker.is_trial_due(now_us):
            return
        if self._trial is not None:
            self._trial.close(leaves=True)
            self.workers.relieve_soon()
        self._trial = Question(question.revision, question.asked[:1], question.times, _nobody, is_trial=True)
        self.workers.give(self._trial)

    def _work(self, question: Question) -> None:
        question.is_begun = True
        try:
            if question.is_trial:
                self._read(question, 0)
                self._close(question, Unavailable.OPEN)
            elif self.breaker.is_open:
                self._answers.close(question, Unavailable.OPEN)
            else:
                self._decide(question)
        except StoreError as error:
            _log.error("the facts cannot be read: %s", error)
            self.breaker.failed(self._ticks_us())
            self._close(question, Unavailable.DOWN)
        except Exception:
            _log.exception("a check failed")
            self._counts.add("faults")
            self._close(question, Unavailable.FAULT)

    def _close(self, question: Question, cause: Unavailable) -> None:
        if question.is_trial:
            question.close()
            if self._trial is question:
                self._trial = None
        else:
            self._answers.close(question, cause)

    def _decide(self, question: Question) -> None:
        revision = question.revision
        for first in range(0, len(question.asked), BATCH):
            snapshots = self._read(question, first)
            if revision.compiled.limit_rules:
                # What others hold is read from the database, too.
                question.fetching_since_us = self._ticks_us()
            for snapshot in snapshots:
                if question.is_closed:
                    return
                question.add(
                    self._shares.decide(revision.decider, snapshot, new_decision_id(), reserve=question.reserve)
                )
        question.fetching_since_us = None
        self._answers.close(question, None)

    def _read(self, question: Question, first: int) -> "list[Snapshot]":
        needs = question.revision.compiled.needs
        kept = self._kept
        if kept is None or kept[0] is not needs:
            kept = self._kept = (needs, self._facts_of(needs))
        question.fetching_since_us = self._ticks_us()
        snapshots = kept[1].snapshots(question.asked[first : first + BATCH])
        question.fetching_since_us = None
        self.breaker.succeeded()
        return list(snapshots)


def _nobody() -> None:
    """Wakes nobody."""


def _is_held_up(question: Question, now_us: int) -> bool:
    since_us = question.fetching_since_us
    return since_us is not None and now_us - since_us >= max(SLOW_US, SLOW_US_PER_MESSAGE * len(question.asked))
