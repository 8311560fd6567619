"""What stands behind the HTTP floor, in memory: real rules decide, nothing else is real."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from suppress.access.caller import Caller
from suppress.access.limits import Allowance, Limits, Rate
from suppress.access.roles import Role, permissions_of
from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.errors import FactsError, NoVersionError, UnauthenticatedError
from suppress.facts.message import Message
from suppress.facts.snapshot import unavailable_snapshot
from suppress.publishing import Plan, Published, draft, plan
from suppress.rules.compile import compile_ruleset
from suppress.rules.reading import parse_ruleset
from suppress.service import new_decision_id
from suppress.serving.ports import Answer, Unavailable
from suppress.stores.idempotency import Claim, Kept, Request
from suppress.stores.versions import Version
from suppress.web.ports import DecisionQuery, Page, Service, Serving

NOW_US = 1_795_000_000_000_000
SOURCE = """version: 1
ruleset: shop
rules:
  - id: sold-out
    drop: item
    code: out_of_stock
    when_unknown: block
    when:
      all:
        - item.sku: {starts_with: gone}
        - stock.available_units: {below: 1}
  - id: nothing-left
    suppress: message
    code: too_few_items
    when:
      message.items_kept: {below: 1}
"""


def key_of(role: str) -> str:
    """The Authorization header of a role's key."""
    return f"Bearer {role}"


class FakeChecks:
    """Decides by real rules on facts nobody can read. `raises` is raised instead, `unavailable` is said of answers."""

    def __init__(self) -> None:
        ruleset, problems = parse_ruleset(SOURCE.encode(), "shop.yaml")
        assert ruleset is not None, problems
        self.compiled = compile_ruleset(ruleset)
        self._decider = Decider(self.compiled, ReferenceEngine(self.compiled))
        self.raises: Exception | None = None
        self.unavailable: Unavailable | None = None
        self.asked: list[dict[str, Any]] = []

    def check(self, message: Message, **options: Any) -> Answer:
        """One answer."""
        self.asked.append({"message": message, **options})
        if self.raises is not None:
            raise self.raises
        decision = self._decider.decide(unavailable_snapshot(message, NOW_US), new_decision_id())
        return Answer(decision=decision, unavailable=self.unavailable, is_logged=True)

    def check_many(self, messages: Sequence[Message], **options: Any) -> list[Answer]:
        """Their answers."""
        return [self.check(message, **options) for message in messages]

    async def check_soon(self, message: Message, **options: Any) -> Answer:
        """One answer."""
        return self.check(message, **options)

    async def check_many_soon(self, messages: Sequence[Message], **options: Any) -> list[Answer]:
        """Their answers."""
        return self.check_many(messages, **options)


class FakeCallers:
    """Takes the name of a role for its key."""

    def known(self, authorization: str | None) -> Caller | None:
        """Remembers all of them but nobody else."""
        _, _, role = (authorization or "").partition("Bearer ")
        if role not in set(Role):
            return None
        return Caller(key_id=f"key-{role}", name=f"{role} key", role=role, permissions=permissions_of(role))

    def authenticate(self, authorization: str | None, address: str | None) -> Caller:
        """Whoever is not known is nobody."""
        del address
        if not authorization:
            raise UnauthenticatedError("no API key was given", "missing")
        raise UnauthenticatedError("no such key", "unknown")


@dataclass
class FakeLog:
    """Holds one decision."""

    records: list[dict[str, Any]] = field(default_factory=lambda: [{"decision_id": "01K", "result": {}}])
    asked: list[DecisionQuery] = field(default_factory=list)

    def get(self, decision_id: str) -> Mapping[str, Any] | None:
        """That one."""
        return next((record for record in self.records if record["decision_id"] == decision_id), None)

    def find(self, query: DecisionQuery, page_size: int, page_token: str | None) -> Page:
        """All of them; no token is ours."""
        self.asked.append(query)
        if page_token not in {None, "next"}:
            raise FactsError("the page token is none of ours")
        return Page(self.records[:page_size], None if page_token else "next")


class NoVersions:
    """A database in which nothing is published."""

    def head(self, ruleset: str | None = None) -> Version | None:
        """None."""
        del ruleset


class FakeDesk:
    """Lints, plays and plans for real, and forgets what it publishes."""

    def __init__(self) -> None:
        self.signed: list[tuple[str, str]] = []

    def serving(self) -> Serving:
        """Always the same."""
        return Serving("shop", "sha256:1", 1)

    def heads(self) -> Sequence[Version]:
        """One of them."""
        return [_version("shop", "somebody", "first")]

    def plan(self, files: Mapping[str, str], ruleset: str | None) -> Plan:
        """What publishing would change when there is nothing yet."""
        return plan(NoVersions(), draft(files, ruleset=ruleset, now_us=NOW_US))  # type: ignore[arg-type]

    def publish(
        self, files: Mapping[str, str], ruleset: str | None, *, author: str, message: str, after: int | None
    ) -> Published:
        """Always the first version."""
        del after
        planned = self.plan(files, ruleset)
        self.signed.append((author, message))
        return Published(version=_version("shop", author, message), plan=planned, warnings=())

    def rollback(self, ruleset: str, to: int, *, author: str, message: str) -> Published:
        """There is nothing to go back to but 1."""
        if (ruleset, to) != ("shop", 1):
            raise NoVersionError("there is no such version")
        planned = self.plan({"shop.yaml": SOURCE}, None)
        return Published(version=_version("shop", author, message), plan=planned, warnings=())


class ForgetfulRequests:
    """Takes every request for a new one."""

    def claim(self, request: Request, *, now_us: int, until_us: int) -> Claim:
        """Go ahead."""
        del now_us
        return Claim(request, until_us)

    def keep(self, claim: Claim, answer: Kept) -> bool:
        """No."""
        del claim, answer
        return False

    def release(self, claim: Claim) -> None:
        """It is not known anyway."""


def _version(ruleset: str, author: str, message: str) -> Version:
    return Version(
        ruleset=ruleset, number=1, fingerprint="sha256:1", author=author, message=message, published_at_us=NOW_US
    )


class NoBudget:
    """Lets `left` requests through."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, key_id: str, now_us: int, cost: int = 1, paid: int = 0) -> Allowance:
        """One less."""
        del key_id, now_us, paid
        self.left -= cost
        return Allowance(10, max(self.left, 0), 1, None if self.left >= 0 else 7)


def make_service(**parts: Any) -> Service:
    """A service of fakes."""
    given: dict[str, Any] = {
        "checks": FakeChecks(),
        "callers": FakeCallers(),
        "budget": Limits(Rate(requests=1_000_000, burst=1_000_000)),
        "log": FakeLog(),
        "desk": FakeDesk(),
        "requests": ForgetfulRequests(),
        "look": lambda: {"database": None, "rules": None},
        "clock": lambda: NOW_US,
        "ticks_us": lambda: NOW_US,
    }
    return Service(**{**given, **parts})


def now() -> datetime:
    """The fakes' now."""
    return datetime.fromtimestamp(NOW_US / 1e6, UTC)
