"""The exceptions a caller of `suppress` can meet, drawn as one tree.

    SuppressError
    ├── RulesetError      a ruleset cannot be used; `problems` says where and how to mend it
    ├── CasesFailedError  a ruleset is not published: cases beside it fail; `failures` says which and how
    ├── VersionError      a published version cannot be had or made
    │   ├── NoVersionError     there is none of that number, or the ruleset was never published
    │   └── HeadMovedError     another version was published in the meantime
    ├── FactsError        a message or a fact is not what it must be (naive time, empty id, ...)
    │   └── StaleFactsError   facts a scan needs were never loaded, or are older than its rules allow
    ├── ResourceError     disk or memory do not suffice; nothing is wrong with what was asked
    ├── ShareError        a scan would silence more of its audience than `max_share` allows; nothing is released
    ├── SettingsError     an environment variable or `suppress.toml` says what cannot be
    ├── StoreError        the database cannot be reached or has the wrong schema
    ├── LedgerError       the decision log cannot be written, or is not what was written
    ├── UnavailableError  a service cannot be had in time, and nobody said what to do then
    ├── AccessError       a caller may not do what it asks
    │   ├── UnauthenticatedError   it showed no key, or one that opens nothing
    │   ├── ForbiddenError         its key's role does not include it
    │   └── LockedError            too many wrong keys came from it; `retry_after_s` says how long it is not heard
    └── EngineError       durable-rules failed or cannot hold a rule; the reference evaluator answers

A marketer's mistake is never an exception but a `Problem` (see `problems.py`).
They live on the ground floor so that every other floor may raise them without a circle.
"""

import os
from errno import EDQUOT, EFBIG, ENOMEM, ENOSPC
from typing import Final

# DuckDB tells what the system said as text, and has a name of its own for the limit it was given.
_RAN_OUT: Final = (*map(os.strerror, (ENOSPC, EDQUOT, EFBIG, ENOMEM)), "Out of Memory Error")


class SuppressError(Exception):
    """Base of all errors raised by `suppress` on purpose."""


class RulesetError(SuppressError):
    """A ruleset cannot be used. `problems` holds every mistake found, in file order."""

    def __init__(self, message: str, problems: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class CasesFailedError(SuppressError):
    """A ruleset is not published: cases beside it fail or cannot be read. `failures`: a line for each."""

    def __init__(self, message: str, failures: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.failures = failures


class VersionError(SuppressError):
    """A published version cannot be had or made."""


class NoVersionError(VersionError):
    """There is no version of that number, or the ruleset was never published."""


class HeadMovedError(VersionError):
    """Another version was published in the meantime. `head`: the number of the newest; None = there is none."""

    def __init__(self, message: str, head: int | None = None) -> None:
        super().__init__(message)
        self.head = head


class FactsError(SuppressError):
    """A message or fact was refused at the border: the text says which value and what would be right."""


class StaleFactsError(FactsError):
    """Facts a scan needs were never loaded, or are older than its rules allow."""


class ResourceError(SuppressError):
    """Disk or memory do not suffice: with more of it, the same command goes on."""

    @staticmethod
    def is_cause(error: BaseException) -> bool:
        """Whether the system, or a library in its own words, says that disk or memory ran out."""
        return isinstance(error, MemoryError) or any(words in str(error) for words in _RAN_OUT)


class ShareError(SuppressError):
    """A scan would silence more of its audience than `max_share` allows; nothing is released."""


class SettingsError(SuppressError):
    """An environment variable `SUPPRESS_*`, or `suppress.toml`, says what cannot be; the text names it and what can."""


class StoreError(SuppressError):
    """The database cannot be reached, is not at the schema this version needs, or refused a write."""


class LedgerError(SuppressError):
    """The decision log cannot be written or read; a decision it was to hold is not known to be in it."""


class UnavailableError(SuppressError):
    """Facts, or the service, cannot be had in time, and no policy says what to do then. Ask again in a moment."""


class AccessError(SuppressError):
    """A caller may not do what it asks. The text never holds a key."""


class UnauthenticatedError(AccessError):
    """No key was shown, or one that opens nothing. `reason`: one word for metrics, see `access.authenticate`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ForbiddenError(AccessError):
    """The key's role does not include what was asked. `permission` names it."""

    def __init__(self, message: str, permission: str) -> None:
        super().__init__(message)
        self.permission = permission


class LockedError(AccessError):
    """Too many wrong keys came from an address, or began alike. `retry_after_s`: whole seconds, at least 1."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EngineError(SuppressError):
    """durable-rules failed, gave an impossible answer, or cannot hold a rule soundly."""
