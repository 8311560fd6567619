"""Refuse queries that nobody can read one way only: bytes that are no UTF-8, and parameters named twice.

Whoever reads a query afterwards puts U+FFFD where bytes are not UTF-8 and takes one of two values: another question.
"""

from collections import Counter
from urllib.parse import parse_qsl, unquote_to_bytes

from suppress.web.problems import MAX_FAULTS, Fault, ProblemError


def refuse_query(query: bytes, repeatable: frozenset[str]) -> None:
    """Raises ProblemError that names the parameters. `query`: as it was sent. `repeatable`: may be named again."""
    _refuse_encoding(query)
    named = Counter(name for name, _ in parse_qsl(query.decode("ascii"), keep_blank_values=True))
    twice = sorted(name for name, times in named.items() if times > 1 and name not in repeatable)
    if twice:
        raise _refused("the query names a parameter more than once", twice, "it is named more than once")


def _refuse_encoding(query: bytes) -> None:
    if b"%" not in query and query.isascii():
        return
    strange = [part.partition(b"=")[0] for part in query.split(b"&") if not _is_utf_8(part)]
    if strange:
        names = [unquote_to_bytes(name).decode("utf-8", errors="replace") for name in strange]
        raise _refused("the query is not UTF-8, percent-encoded", names, "it must be UTF-8, percent-encoded")


def _is_utf_8(part: bytes) -> bool:
    if not part.isascii():
        return False
    try:
        unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _refused(words: str, names: list[str], fault: str) -> ProblemError:
    return ProblemError("invalid", words, tuple(Fault(f"?{name[:100]}", fault) for name in names[:MAX_FAULTS]))
