"""The relational allocation gives what the plain one gives, keeps every budget, and nobody envies a lower rank."""

from collections import Counter
from random import Random
from typing import Any, Final

import duckdb
import pytest
import sqlglot
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from suppress.scan.allocate import NOTHING_RESERVED, Placed, allocate, next_rejections, room
from tests.conftest import LONG, SEED
from tests.scan import allocation_reference as plain
from tests.scan.allocation_reference import Candidate, Wish, holders, shown_in

SKUS: Final = ("A", "B", "C", "D")


class Relational:
    """Placing in Python, allocation in DuckDB. `rounds` and `rejected` of the last run."""

    def __init__(self, wishes: list[Wish], reserved: dict[str, int]) -> None:
        self.connection = duckdb.connect()
        self.wishes = wishes
        self._placings = 0
        self.make("reserved", NOTHING_RESERVED)
        if reserved:
            self.connection.executemany("INSERT INTO reserved VALUES (?, ?)", list(reserved.items()))

    def run(self) -> tuple[set[plain.Pair], int]:
        found = allocate(self.make, self.place, "reserved")
        self.rounds = found.rounds
        rows = self.connection.execute(f"SELECT message_no, position FROM {found.rejected}").fetchall()
        assert len(rows) == len(set(rows))
        return set(rows), found.withdrawn

    def make(self, name: str, select: str) -> int:
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {select}")
        return int(self.connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])

    def place(self, rejected: str) -> Placed:
        pairs = set(self.connection.execute(f"SELECT message_no, position FROM {rejected}").fetchall())
        by_no = {wish.message_no: wish for wish in self.wishes}
        self._placings += 1
        name = str(self._placings)
        self.connection.execute(
            f"CREATE TABLE holder_{name} (message_no BIGINT, message_id VARCHAR, position BIGINT, sku VARCHAR,"
            " score DOUBLE, budget BIGINT, rule_no BIGINT)"
        )
        rows: list[tuple[Any, ...]] = []
        for no, position in holders(self.wishes, pairs):
            candidate = by_no[no].candidates[position]
            rows.append((no, by_no[no].message_id, position, candidate.sku, candidate.score, candidate.budget, 0))
        if rows:
            self.connection.executemany(f"INSERT INTO holder_{name} VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        self.connection.execute(f"CREATE TABLE unsent_{name} (message_no BIGINT)")
        unsent = [(w.message_no,) for w in self.wishes if len(shown_in(w, pairs)) < w.least]
        if unsent:
            self.connection.executemany(f"INSERT INTO unsent_{name} VALUES (?)", unsent)
        return Placed(f"holder_{name}", f"unsent_{name}")


def a_campaign(rng: Random, *, least: int = 2) -> tuple[list[Wish], dict[str, int]]:
    """Random messages over few skus, so that nearly all are oversubscribed; limits of one width per sku, or of two."""
    widths = {sku: rng.choice(((None,), (1,), (2,), (3, 5), (4,))) for sku in SKUS}
    wishes = []
    for number in range(rng.choice((1, 2, 5, 12))):
        skus = rng.sample(SKUS, rng.choice((1, 2, 3))) + ([rng.choice(SKUS)] if rng.random() < 0.2 else [])
        spare = rng.sample(SKUS, rng.choice((0, 1, 2)))
        candidates = [Candidate(sku, _a_score(rng), rng.choice(widths[sku])) for sku in skus]
        candidates += [Candidate(sku, None, rng.choice(widths[sku]), replacement=True) for sku in spare]
        slots = rng.choice((len(skus), 1, 2))
        wishes.append(Wish(number, f"m{rng.choice('aäbz')}{number}", tuple(candidates), slots, rng.randint(0, least)))
    reserved = {sku: rng.choice((0, 1, 3)) for sku in rng.sample(SKUS, rng.choice((0, 1, 2)))}
    return wishes, reserved


def _a_score(rng: Random) -> float | None:
    return rng.choice((None, float("nan"), 0.0, -1.0, 0.5, 0.5, 1.0, float("inf")))


@seed(SEED)
@settings(LONG, max_examples=50)
@given(st.randoms(use_true_random=False))
def test_relations_and_loops_agree(rng: Random) -> None:
    """The same candidates are rejected, and as many messages withdrawn, as by plain loops."""
    wishes, reserved = a_campaign(rng)

    assert plain.allocate(wishes, reserved) == Relational(wishes, reserved).run(), (wishes, reserved)


@seed(SEED)
@settings(LONG, max_examples=300)
@given(st.randoms(use_true_random=False))
def test_no_budget_is_exceeded(rng: Random) -> None:
    """Of each sku no holder stands beyond its own budget, counted with what others reserved."""
    wishes, reserved = a_campaign(rng)
    rejected, _ = plain.allocate(wishes, reserved)
    by_no = {wish.message_no: wish for wish in wishes}
    taken = Counter(reserved)
    for no, position in sorted(holders(wishes, rejected), key=lambda pair: plain.rank(by_no, pair)):
        candidate = by_no[no].candidates[position]

        assert taken[candidate.sku] < candidate.budget
        taken[candidate.sku] += 1


@seed(SEED)
@settings(LONG, max_examples=300)
@given(st.randoms(use_true_random=False))
def test_nobody_would_rather_have_what_is_left(rng: Random) -> None:
    """No candidate of a message that is sent was rejected while its sku has a place left, or a lower rank holds one."""
    wishes, reserved = a_campaign(rng)
    rejected, _ = plain.allocate(wishes, reserved)
    by_no = {wish.message_no: wish for wish in wishes}
    held = holders(wishes, rejected)
    for pair in rejected:
        wish, candidate = by_no[pair[0]], by_no[pair[0]].candidates[pair[1]]
        if len(shown_in(wish, rejected)) < wish.least:
            continue
        rivals = [other for other in held if by_no[other[0]].candidates[other[1]].sku == candidate.sku]
        before = [other for other in rivals if plain.rank(by_no, other) < plain.rank(by_no, pair)]

        assert len(rivals) + reserved.get(candidate.sku, 0) >= candidate.budget, (wishes, reserved, pair)
        assert len(before) + reserved.get(candidate.sku, 0) >= candidate.budget, (wishes, reserved, pair)


@seed(SEED)
@settings(LONG, max_examples=300)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(rng: Random) -> None:
    """Rows in another order, and messages with other numbers, give the same places to the same messages."""
    wishes, reserved = a_campaign(rng)
    first, _ = plain.allocate(wishes, reserved)
    shuffled = [*wishes]
    rng.shuffle(shuffled)
    renumbered = [
        Wish(number, wish.message_id, wish.candidates, wish.slots, wish.least) for number, wish in enumerate(shuffled)
    ]
    again, _ = plain.allocate(renumbered, reserved)

    assert _by_id(wishes, first) == _by_id(renumbered, again)


def _by_id(wishes: list[Wish], rejected: set[plain.Pair]) -> set[tuple[str, int]]:
    names = {wish.message_no: wish.message_id for wish in wishes}
    return {(names[no], position) for no, position in rejected}


def test_a_message_that_is_not_sent_leaves_its_places_to_others() -> None:
    """Who loses one of two items it cannot do without gives back the other, and the next in line has it."""
    pair = Wish(0, "m-1", (Candidate("A", 1.0, 1), Candidate("B", 0.1, 1)), slots=2, least=2)
    wants_a = Wish(1, "m-2", (Candidate("A", 0.5, 1),), slots=1, least=1)
    wants_b = Wish(2, "m-3", (Candidate("B", 0.9, 1),), slots=1, least=1)
    relational = Relational([pair, wants_a, wants_b], {})

    assert ({(0, 1)}, 1) == relational.run()


def test_of_two_that_block_each_other_one_is_sent() -> None:
    """Two messages that each need both items and each hold one: the first by its id gets both."""
    one = Wish(0, "m-1", (Candidate("A", 1.0, 1), Candidate("B", 0.1, 1)), slots=2, least=2)
    other = Wish(1, "m-2", (Candidate("A", 0.1, 1), Candidate("B", 1.0, 1)), slots=2, least=2)
    rejected, withdrawn = Relational([one, other], {}).run()

    assert ({1}, 1) == ({no for no, _ in rejected}, withdrawn)


def test_a_wider_limit_has_room_behind_a_tighter_one() -> None:
    """Two messages under a limit of one place, then one under a limit of two: the first and the third have the item."""
    wishes = [Wish(n, f"m-{n}", (Candidate("A", -n, cap),), 1) for n, cap in enumerate((1, 1, 2, 2))]

    assert ({(1, 0), (3, 0)}, 0) == Relational(wishes, {}).run()


def test_what_others_reserved_is_taken() -> None:
    """Reservations of others count first, even beyond the budget; with none left nobody holds a place."""
    wishes = [Wish(n, f"m-{n}", (Candidate("A", None, 3),), 1) for n in range(3)]

    assert {(2, 0)} == Relational(wishes, {"A": 1}).run()[0]
    assert {(0, 0), (1, 0), (2, 0)} == Relational(wishes, {"A": 7}).run()[0]


@seed(SEED)
@settings(LONG, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_an_allocation_stands_up_to_its_room(rng: Random) -> None:
    """With as many places reserved by others as there is room for nothing is rejected; with one more, something is."""
    wishes, reserved = a_campaign(rng)
    relational = Relational(wishes, reserved)
    found = allocate(relational.make, relational.place, "reserved")
    relational.make("room", room(found.placed.holder))
    held = relational.connection.execute("SELECT sku, at_most FROM room").fetchall()
    for sku, at_most in held:
        relational.make("reserved_then", f"SELECT '{sku}' AS sku, {at_most} AS places")
        assert at_most >= reserved.get(sku, 0)
        assert 0 == relational.make("refused", next_rejections(found.placed.holder, "reserved_then"))
        relational.make("reserved_then", f"SELECT '{sku}' AS sku, {at_most + 1} AS places")
        assert 0 < relational.make("refused", next_rejections(found.placed.holder, "reserved_then"))


def test_a_loser_goes_on_to_its_next_choice() -> None:
    """What is lost to a better score is replaced, and the replacement's own budget counts."""
    first = Wish(0, "m-1", (Candidate("A", 0.9, 1),), 1)
    second = Wish(1, "m-2", (Candidate("A", 0.5, 1), Candidate("B", None, 1, replacement=True)), 1)
    third = Wish(2, "m-3", (Candidate("A", 0.4, 1), Candidate("B", None, 1, replacement=True)), 1)
    relational = Relational([first, second, third], {})

    assert ({(1, 0), (2, 0), (2, 1)}, 0) == relational.run()
    assert 3 == relational.rounds


@pytest.mark.parametrize("dialect", ["spark"])
def test_the_text_can_be_told_to_spark(dialect: str) -> None:
    """The statements are translated without a word that Spark lacks."""
    text = sqlglot.transpile(
        next_rejections("holder", "reserved"), read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE
    )

    assert 1 == len(text)
    assert "ROW_NUMBER() OVER (PARTITION BY h.sku ORDER BY" in text[0]
