"""Stock shared out over messages, told straight: lists and loops, no relations. `suppress.scan.allocate` must agree.

A shop here is as small as the algorithm allows: each message wants items, has slots and falls back on replacements, and
is sent with at least `least` of them. Which items are limited, and how far, is a budget per (message, candidate).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """An item or a replacement of a message. `budget`: places of the sku by the tightest limit; None = no limit."""

    sku: str
    score: float | None = None
    budget: int | None = None
    replacement: bool = False


@dataclass(frozen=True)
class Wish:
    """A message: its candidates, items before replacements; it is sent with `least` or more of them."""

    message_no: int
    message_id: str
    candidates: tuple[Candidate, ...]
    slots: int
    least: int = 0


Pair = tuple[int, int]
"""A message and the number of one of its candidates."""


def shown_in(wish: Wish, rejected: set[Pair]) -> list[int]:
    """The candidates that stand in the message: items, then replacements not there yet, while there is room."""
    shown: list[int] = []
    for position, candidate in enumerate(wish.candidates):
        if len(shown) >= wish.slots:
            break
        is_there = any(wish.candidates[other].sku == candidate.sku for other in shown)
        if (wish.message_no, position) not in rejected and not (candidate.replacement and is_there):
            shown.append(position)
    return shown


def holders(wishes: Sequence[Wish], rejected: set[Pair]) -> list[Pair]:
    """Every place of a limited item in a message that is sent."""
    return [
        (wish.message_no, position)
        for wish in wishes
        if len(shown := shown_in(wish, rejected)) >= wish.least
        for position in shown
        if wish.candidates[position].budget is not None
    ]


def allocate(wishes: Sequence[Wish], reserved: Mapping[str, int]) -> tuple[set[Pair], int]:
    """The pairs that end rejected, and how many messages were withdrawn."""
    by_no = {wish.message_no: wish for wish in wishes}
    withdrawn: set[int] = set()
    rejected: set[Pair] = set()
    while True:
        rejected = _settled(wishes, reserved, rejected)
        held = holders(wishes, rejected)
        blocked = {
            pair
            for pair in rejected
            if pair[0] not in withdrawn and _before(pair, held, by_no, reserved) < _cap(by_no, pair)
        }
        unsent = {no for no, _ in rejected if len(shown_in(by_no[no], rejected)) < by_no[no].least} - withdrawn
        if not blocked or not unsent:
            return rejected, len(withdrawn)
        stuck = sorted(unsent & {no for no, _ in blocked}, key=lambda no: (by_no[no].message_id.encode(), no))
        leaving = unsent - set(stuck)
        withdrawn |= leaving or set(stuck[len(stuck) // 2 :])
        rejected = {pair for pair in rejected if pair[0] in withdrawn}


def _settled(wishes: Sequence[Wish], reserved: Mapping[str, int], rejected: set[Pair]) -> set[Pair]:
    """Rounds until no sku has more holders than places."""
    by_no = {wish.message_no: wish for wish in wishes}
    while over := _refused(holders(wishes, rejected), by_no, reserved):
        rejected = rejected | over
    return rejected


def _refused(held: list[Pair], by_no: Mapping[int, Wish], reserved: Mapping[str, int]) -> set[Pair]:
    """Who certainly gets no place: before whom as many stand as the sku has places, whatever becomes of the others."""
    numbers, taken = dict(reserved), dict(reserved)
    over: set[Pair] = set()
    for pair in sorted(held, key=lambda pair: rank(by_no, pair)):
        sku, cap = _candidate(by_no, pair).sku, _cap(by_no, pair)
        if taken.get(sku, 0) >= cap:
            over.add(pair)
        numbers[sku] = numbers.get(sku, 0) + 1
        if numbers[sku] <= cap:
            taken[sku] = taken.get(sku, 0) + 1
    return over


def rank(by_no: Mapping[int, Wish], pair: Pair) -> tuple[object, ...]:
    """Score first, none last; then the message's id, bytewise; then the position."""
    score = _candidate(by_no, pair).score
    has_none = score is None or score != score  # noqa: PLR0124  (what is no number)
    return has_none, 0.0 if has_none else -score, by_no[pair[0]].message_id.encode(), *pair


def _candidate(by_no: Mapping[int, Wish], pair: Pair) -> Candidate:
    return by_no[pair[0]].candidates[pair[1]]


def _cap(by_no: Mapping[int, Wish], pair: Pair) -> int:
    budget = _candidate(by_no, pair).budget
    assert budget is not None
    return budget


def _before(pair: Pair, held: list[Pair], by_no: Mapping[int, Wish], reserved: Mapping[str, int]) -> int:
    """Places of its sku that others reserved, or that are held by who ranks before it."""
    sku = _candidate(by_no, pair).sku
    rivals = [other for other in held if _candidate(by_no, other).sku == sku]
    return reserved.get(sku, 0) + sum(rank(by_no, other) < rank(by_no, pair) for other in rivals)
