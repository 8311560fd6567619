"""What a schedule says, as plain values: when messages go out, how long before that they are scanned, and where to."""

from dataclasses import dataclass
from pathlib import Path

BEFORE = "{before}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Sends that come again: local times of day on certain local dates. `text`: the expression as written.

    `clocks_us` are microseconds of the wall clock past midnight, ascending. `days` (of the month) and `weekdays`
    (`monday` to `sunday`) are None where any will do. `either`: a date needs to match only one of the two, as in cron.
    """

    text: str
    zone: str
    clocks_us: tuple[int, ...]
    months: frozenset[int]
    days: frozenset[int] | None
    weekdays: frozenset[str] | None
    either: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sends at given instants, ascending. `zone`: the one in which people are told of them."""

    at_us: tuple[int, ...]
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Messages in a file or folder; `path` may hold {name}, {date} and {time} of the send."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Messages as one SELECT on the store; its columns are those of a message file."""

    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandNotice:
    """A program that is told how a run ended: JSON on its standard input. No shell."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookNotice:
    """An address that is told how a run ended: JSON, by POST. `allow_private`: it may be one of the own network."""

    url: str
    allow_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One entry of `schedules.yaml`.

    `before_us`: how long before each send a scan is due, longest first; the first is full, the others build on it.
    `ruleset`: None = the one the scan would take by itself. `out`: the folder pattern. `folder`: what paths are
    relative to.
    """

    name: str
    messages: Files | Query
    when: Cron | Moments
    before_us: tuple[int, ...]
    out: str
    folder: Path
    ruleset: str | None = None
    notify: CommandNotice | WebhookNotice | None = None
