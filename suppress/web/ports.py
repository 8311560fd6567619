"""What the HTTP floor is handed: Protocols of what stands behind it. Tests hand in ones that live in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from suppress.access.caller import Caller
from suppress.access.limits import Allowance
from suppress.publishing import Plan, Published
from suppress.serving.ports import Checks, Clock
from suppress.stores.idempotency import Claim, Kept, Refusal, Request
from suppress.stores.versions import Version


class Callers(Protocol):
    """Knows who asks: `access.authenticate.Authenticator` is the real one."""

    def known(self, authorization: str | None) -> Caller | None:
        """The caller, from memory alone; None when only `authenticate` can say. Never waits, never raises."""

    def authenticate(self, authorization: str | None, address: str | None) -> Caller:
        """The caller; may wait for the database. Raises AccessError, or StoreError when nobody can say."""


class Budget(Protocol):
    """Knows how much a key may still ask: `access.limits.Limits` is the real one."""

    def take(self, key_id: str, now_us: int, cost: int = 1, paid: int = 0) -> Allowance:
        """Take `cost` from what the key has left, if it has that much; `paid` was taken for the same request before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionQuery:
    """Which decisions to list: all that fit everything stated. Times in microseconds, half-open."""

    customer_id: str | None = None
    message_id: str | None = None
    campaign_id: str | None = None
    verdict: str | None = None
    ruleset: str | None = None
    from_us: int | None = None
    to_us: int | None = None


class Page(NamedTuple):
    """Some of many records, the newest first, and how to ask for the next ones."""

    records: Sequence[Mapping[str, Any]]
    next_page_token: str | None


class Log(Protocol):
    """Reads the decision log. Both wait for the database and raise StoreError."""

    def get(self, decision_id: str) -> Mapping[str, Any] | None:
        """One record as JSON holds it; None when there is none, or none any more."""

    def find(self, query: DecisionQuery, page_size: int, page_token: str | None) -> Page:
        """One page. Raises FactsError when the token is none of ours."""


class Serving(NamedTuple):
    """The rules that decide now."""

    name: str
    fingerprint: str
    version: int | None


class Desk(Protocol):
    """Where rules are published. All but `serving` wait for the database and raise StoreError."""

    def serving(self) -> Serving:
        """The rules that decide now."""

    def heads(self) -> Sequence[Version]:
        """The newest version of each ruleset, by name."""

    def plan(self, files: Mapping[str, str], ruleset: str | None) -> Plan:
        """What publishing these files would change. Raises RulesetError, CasesFailedError."""

    def publish(
        self, files: Mapping[str, str], ruleset: str | None, *, author: str, message: str, after: int | None
    ) -> Published:
        """Lint, play the cases, plan, store. Raises RulesetError, CasesFailedError, HeadMovedError.

        `after`: the number the newest version must have, 0 = there must be none, None = whatever it is.
        """

    def rollback(self, ruleset: str, to: int, *, author: str, message: str) -> Published:
        """Publish an older version anew. Raises NoVersionError, VersionError when it is in force, else as `publish`."""


class Requests(Protocol):
    """Remembers requests that may be sent again: `stores.idempotency.Requests` is the real one.

    All of it waits for the database and raises StoreError.
    """

    def claim(self, request: Request, *, now_us: int, until_us: int) -> Claim | Kept | Refusal:
        """The right to answer a request, or the answer it had."""

    def keep(self, claim: Claim, answer: Kept) -> bool:
        """Keep the answer; whether it is kept."""

    def release(self, claim: Claim) -> None:
        """Forget the request, for it had no answer that is final."""


Look = Callable[[], Mapping[str, str | None]]
"""Looks after what a check needs: by name None when it is well, else what is wrong with it. May wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on every request. `in_flight`: requests one worker works on at once."""

    message_bytes: int = 1 << 20
    batch_bytes: int = 8 << 20
    files_bytes: int = 8 << 20
    body_s: float = 10.0
    answer_s: float = 30.0
    publish_s: float = 120.0
    in_flight: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """All the HTTP floor stands on. `ticks_us`: a clock that nobody sets, for what a key may ask in a while.

    `bearable`: what `look` may find wrong without its being a reason to send no requests.
    """

    checks: Checks
    callers: Callers
    budget: Budget
    log: Log
    desk: Desk
    requests: Requests
    look: Look
    clock: Clock
    ticks_us: Clock
    limits: Limits = Limits()
    bearable: frozenset[str] = frozenset()
