"""Persons who meet a change, told in words: an Example in, lines out. Who may be named is said by `replay.told`."""

import textwrap
from collections.abc import Iterator
from typing import Final

from suppress.decisions.decision import Outcome
from suppress.replay.report import Example, Side
from suppress.replay.told import Names

WIDTH: Final = 100
MOST_DROPPED_SHOWN: Final = 6

_WORDS: Final = {"send": "sent", "hold": "held", "suppress": "suppressed", "keep": "kept", "drop": "dropped"}


def example_lines(example: Example, names: Names) -> Iterator[str]:
    """Who, in which message, and what became of it before and now, each with the sentence that decided."""
    where = f", {names.message(example.message_id)}" if example.message_id else ""
    campaign = f" of {example.campaign_id}" if example.campaign_id else ""
    what = f": {example.sku}" if example.sku else ""
    yield from _wrapped(f"{names.person(example.customer_id)}{where}{campaign}{what}", "  ", "      ")
    yield from _wrapped(f"before: {_side_words(example.old, names)}", "    ", " " * 12)
    yield from _wrapped(f"now:    {_side_words(example.new, names)}", "    ", " " * 12)


def _side_words(side: Side, names: Names) -> str:
    words = _WORDS[side.verdict]
    lost = [f"{sku} by {rule}" for sku, rule in side.dropped]
    if len(lost) > MOST_DROPPED_SHOWN:
        lost[MOST_DROPPED_SHOWN:] = [f"and {len(lost) - MOST_DROPPED_SHOWN} more"]
    dropped = f" Dropped: {', '.join(lost)}." if lost else ""
    if side.rule is None:
        return f"{words}.{dropped}"
    seen = [
        f"{evidence.field} {_seen(evidence.seen)}"
        for evidence in side.evidence
        if evidence.seen is not None and names.may_tell(evidence.field)
    ]
    unknown = " Facts it needs are unknown." if side.outcome is Outcome.UNKNOWN else ""
    told = f" Seen: {'; '.join(seen)}." if seen else ""
    return f"{words} by {side.rule}: {side.sentence}{unknown}{told}{dropped}"


def _seen(value: str | int | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _wrapped(text: str, first: str, others: str) -> Iterator[str]:
    yield from textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)
