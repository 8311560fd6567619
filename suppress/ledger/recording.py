"""Turn what was decided, and for which message, into the record that is logged."""

from collections.abc import Mapping
from typing import Protocol

from suppress.decisions.decision import Decision
from suppress.decisions.record import Record, record_of
from suppress.facts.message import Message
from suppress.ledger.masking import Masks


class Decided(Protocol):
    """One decision to be logged. `took_us`: from the question to the decision.

    `version`: the ruleset's published number, None when it comes from a folder. `key_id`: the API key it was asked
    with. `unavailable`: why it rests on no facts, None when it does on some.
    """

    @property
    def decision(self) -> Decision: ...  # noqa: D102
    @property
    def message(self) -> Message: ...  # noqa: D102
    @property
    def version(self) -> int | None: ...  # noqa: D102
    @property
    def request_id(self) -> str | None: ...  # noqa: D102
    @property
    def key_id(self) -> str | None: ...  # noqa: D102
    @property
    def decided_at_us(self) -> int: ...  # noqa: D102
    @property
    def took_us(self) -> int: ...  # noqa: D102
    @property
    def unavailable(self) -> str | None: ...  # noqa: D102


class Recorder:
    """Makes records. `labels`: what every record says of where it was made. Threads may share it."""

    def __init__(self, masks: Masks, labels: Mapping[str, str]) -> None:
        self._masks = masks
        self._labels = {**labels, **({} if masks.key_id is None else {"log_key": masks.key_id})}

    def record(self, decided: Decided) -> Record:
        """The record of one decision, ready to be chained."""
        input_, masked = self._masks.message(decided.message)
        told = self._masks.decision(decided.decision.to_dict())
        told["ruleset"] = {**told["ruleset"], "version": decided.version}
        if self._masks.key_id is not None and told["customer_id"] is not None:
            masked.append("/result/customer_id")
        asked = {
            "input": input_,
            "key_id": decided.key_id,
            "labels": self._labels,
            "masked": masked,
            "request_id": decided.request_id,
            "took_us": decided.took_us,
            "unavailable": decided.unavailable,
        }
        return record_of(told, decided_at_us=decided.decided_at_us, asked=asked)
