"""Turn whatever ended a request into the problem its caller is told. Everything not named here is `unexpected`."""

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from suppress.errors import (
    CasesFailedError,
    FactsError,
    ForbiddenError,
    HeadMovedError,
    LedgerError,
    LockedError,
    NoVersionError,
    RulesetError,
    StoreError,
    UnauthenticatedError,
    UnavailableError,
    VersionError,
)
from suppress.intake.fault_words import words_of
from suppress.intake.messages import MessageFaultsError
from suppress.problems import Problem
from suppress.web.contract import PATTERN_WORDS
from suppress.web.problems import Fault, ProblemError, pointer_to

RETRY_AFTER_S = 1
_BY_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large", 414: "uri-too-long"}


def problem_of(error: Exception) -> ProblemError:  # noqa: PLR0912 -- one branch for each kind of error
    """The problem to answer with."""
    match error:
        case ProblemError():
            return error
        case MessageFaultsError():
            return message_faults(error)
        case FactsError():
            return ProblemError("invalid", str(error))
        case UnauthenticatedError():
            return ProblemError("unauthenticated", str(error), headers={"WWW-Authenticate": "Bearer"})
        case ForbiddenError():
            return ProblemError("forbidden", str(error))
        case LockedError():
            return ProblemError("locked-out", str(error), headers=retry_after(error.retry_after_s))
        case UnavailableError():
            return ProblemError("unavailable", str(error), headers=retry_after(RETRY_AFTER_S))
        case HeadMovedError():
            return ProblemError("version-moved", str(error), extra={"newest": error.head})
        case NoVersionError():
            return ProblemError("no-such-ruleset", str(error))
        case VersionError():
            return ProblemError("already-in-force", str(error))
        case LedgerError():
            return ProblemError("log-failed", "the decision log cannot be used now", headers=retry_after(RETRY_AFTER_S))
        case StoreError():
            return ProblemError("unavailable", "the database cannot be used now", headers=retry_after(RETRY_AFTER_S))
        case RulesetError():
            return ProblemError("rules-invalid", str(error), extra={"problems": [_told(p) for p in error.problems]})
        case CasesFailedError():
            return ProblemError("cases-failed", "cases beside the rules fail", extra={"failures": list(error.failures)})
        case RequestValidationError() | ValidationError():
            return invalid(error)
        case HTTPException():
            kind = _BY_STATUS.get(error.status_code, "unexpected")
            return ProblemError(kind, error.detail, headers=dict(error.headers or {}))
        case TimeoutError():
            return ProblemError("timed-out", "the answer took too long", headers=retry_after(RETRY_AFTER_S))
    return ProblemError("unexpected", "something failed that should not; the log says what")


def message_faults(error: MessageFaultsError, under: tuple[str | int, ...] = ()) -> ProblemError:
    """The problem of a message that cannot be read; `under`: where in the body the message stands."""
    faults = tuple(Fault(pointer_to((*under, *fault.place)), fault.words) for fault in error.faults)
    return ProblemError("invalid", "the message cannot be read", faults)


def invalid(error: RequestValidationError | ValidationError) -> ProblemError:
    """The problem of a query or body that is not of its model. Values are not repeated: they may be personal."""
    if isinstance(error, ValidationError):
        details: Any = error.errors(include_url=False, include_input=False)
    else:
        details = error.errors()
    faults = tuple(Fault(_pointer(detail["loc"]), _words(detail)) for detail in details)
    return ProblemError("invalid", "; ".join(dict.fromkeys(f"{f.pointer}: {f.detail}" for f in faults[:3])), faults)


def retry_after(seconds: int) -> Mapping[str, str]:
    """The header that says when to ask again."""
    return {"Retry-After": str(seconds)}


def _told(problem: object) -> Any:
    return problem.to_dict() if isinstance(problem, Problem) else str(problem)


def _pointer(loc: tuple[str | int, ...]) -> str:
    return f"?{'/'.join(str(part) for part in loc[1:])}" if loc[:1] in {("query",), ("path",)} else pointer_to(loc)


def _words(detail: Mapping[str, Any]) -> str:
    if detail["type"] == "string_pattern_mismatch":
        return PATTERN_WORDS.get(detail["ctx"]["pattern"], "it holds characters it may not hold")
    return words_of(detail)
