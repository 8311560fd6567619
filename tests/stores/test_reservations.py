"""Stock shared out in the store: places are counted, kept, freed, and never given to two, on both databases."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from suppress.decisions.decision import Decision, Verdict, Why
from suppress.facts.message import Item, Message
from suppress.facts.records import OrderRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.service import Gate, open_gate, release
from suppress.stores.database import Database
from suppress.stores.load import Loader
from suppress.stores.reservations import MessageKey, Released, Reservation, Reservations

HOUR = 3_600_000_000
NOW = 1_790_000_000_000_000
AS_OF = datetime.fromtimestamp(NOW / 1_000_000, UTC)
RULES = """version: 1
ruleset: shop
rules:
  - id: shared
    limit: {messages_per_unit: 2}
    code: stock_shared_out
    when_unknown: WHEN
    when: {item.sku: {in: [MUG, VASE]}}
  - id: nothing-left
    suppress: message
    code: nothing_left
    when: {message.items_kept: 0}
"""


def a_line(sku: str, customer_id: str, at_us: int, order_id: str = "o-1") -> OrderRecord:
    return OrderRecord(
        order_id=order_id, line_id="1", customer_id=customer_id, sku=sku, units=1, ordered_at_us=at_us,
        cancelled_units=0, returned_units=0, is_gift=False, channel=None, unit_price_minor=None, currency=None,
        updated_at_us=at_us,
    )  # fmt: skip


def stocked(database: Database, **units: int) -> None:
    with Loader(database, Source.STOCK) as loader:
        loader.write(
            [
                StockRecord(
                    sku=sku, location_id="all", on_hand=on_hand, reserved=0, safety_stock=0, incoming_units=None,
                    incoming_at_us=None, availability=None, updated_at_us=NOW - HOUR,
                )
                for sku, on_hand in units.items()
            ]
        )  # fmt: skip
        loader.finish(NOW - HOUR)


def bought(database: Database, sku: str, customer_id: str, at_us: int) -> None:
    with Loader(database, Source.ORDERS) as loader:
        loader.write([a_line(sku, customer_id, at_us)])


def drawn(reservations: Reservations, key: MessageKey, sku: str, budget: int, now_us: int = NOW) -> bool:
    """One message wants one place of a sku with so many; whether it got it."""
    with reservations.drawing(key, [sku], now_us) as drawing:
        got = drawing.taken.get(sku, 0) < budget
        drawing.hold({sku: 1} if got else {}, now_us, now_us + 24 * HOUR)
    return got


def key(message: str, campaign: str = "spring", customer: str = "ada") -> MessageKey:
    return MessageKey(campaign, message, customer)


# what is counted ----------------------------------------------------------------------------------------------------


def test_places_of_others_are_counted_and_own_ones_are_not(database: Database) -> None:
    """What a message holds itself is not in its way; what any other holds, of any campaign, is."""
    reservations = Reservations(database)
    drawn(reservations, key("m-1"), "MUG", 9)
    drawn(reservations, key("m-2"), "MUG", 9)
    drawn(reservations, key("m-1", "autumn"), "MUG", 9)
    drawn(reservations, key("m-1", customer="eva"), "MUG", 9)

    assert {"MUG": 3} == reservations.taken(key("m-1"), ["MUG", "VASE"], NOW)
    assert {"MUG": 4} == reservations.taken(key("m-9"), ["MUG"], NOW)
    assert {} == reservations.taken(key("m-9"), ["VASE"], NOW)
    assert {"MUG": 4} == reservations.live(NOW)
    assert {"MUG": 1} == reservations.live(NOW, except_campaign="spring")


def test_a_repeated_message_holds_its_place_once(database: Database) -> None:
    """The same message draws the same place again, and gives up what it no longer shows."""
    reservations = Reservations(database)

    assert [True, True, False] == [drawn(reservations, key(name), "MUG", 1) for name in ("m-1", "m-1", "m-2")]
    with reservations.drawing(key("m-1"), ["MUG", "VASE"], NOW) as drawing:
        drawing.hold({"VASE": 2}, NOW, NOW + HOUR)
    assert {"VASE": 2} == reservations.live(NOW)


def test_a_place_is_free_once_it_expires(database: Database) -> None:
    """Until the instant of its expiry a place is taken, from that instant on it is not."""
    reservations = Reservations(database)
    drawn(reservations, key("m-1"), "MUG", 1)

    assert {"MUG": 1} == reservations.live(NOW + 24 * HOUR - 1)
    assert {} == reservations.live(NOW + 24 * HOUR)


@pytest.mark.parametrize(
    ("sku", "customer", "after_us", "left"),
    [("MUG", "ada", 1, {}), ("MUG", "ada", 0, {"MUG": 1}), ("MUG", "eva", 1, {"MUG": 1}),
     ("VASE", "ada", 1, {"MUG": 1})],
)  # fmt: skip
def test_a_sale_frees(database: Database, sku: str, customer: str, after_us: int, left: dict[str, int]) -> None:
    """An order of that sku by that customer after the reservation frees the place; no other order does."""
    reservations = Reservations(database)
    drawn(reservations, key("m-1"), "MUG", 1)
    bought(database, sku, customer, NOW + after_us)

    assert left == reservations.live(NOW + HOUR)


def test_release_frees_a_campaign(database: Database) -> None:
    """All of one campaign is free at once, and nothing of another; how much was still held is told."""
    reservations = Reservations(database)
    for name in ("m-1", "m-2"):
        with reservations.drawing(key(name), ["MUG", "VASE"], NOW) as drawing:
            drawing.hold({"MUG": 1, "VASE": 2}, NOW, NOW + HOUR)
    drawn(reservations, key("m-1", "autumn"), "MUG", 9)

    assert Released(messages=2, places=6) == reservations.release("spring", NOW)
    assert {"MUG": 1} == reservations.live(NOW)
    assert Released(messages=0, places=0) == reservations.release("spring", NOW)


def test_an_error_undoes_the_drawing(database: Database) -> None:
    """What is raised while a message decides leaves nothing reserved, and no lock behind."""
    reservations = Reservations(database)

    def fail() -> None:
        with reservations.drawing(key("m-1"), ["MUG"], NOW) as drawing:
            drawing.hold({"MUG": 1}, NOW, NOW + HOUR)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert {} == reservations.live(NOW)
    assert drawn(reservations, key("m-2"), "MUG", 1)


# whole campaigns ----------------------------------------------------------------------------------------------------


def rows(*skus: str) -> list[Reservation]:
    return [Reservation(f"m-{number}", "ada", sku, 1) for number, sku in enumerate(skus)]


def test_a_campaign_reserves_all_or_nothing(database: Database) -> None:
    """Where others took more than the allocation leaves them nothing is written, and told is how much they hold."""
    reservations = Reservations(database)
    drawn(reservations, key("m-9", "autumn"), "MUG", 9)
    drawn(reservations, key("m-8", "autumn"), "MUG", 9)

    at_most = {"MUG": 1, "VASE": 0}
    assert {"MUG": 2} == reservations.reserve_many("spring", rows("MUG", "VASE"), at_most, NOW, NOW + HOUR)
    assert {"MUG": 2} == reservations.live(NOW)
    assert {} == reservations.reserve_many("spring", rows("MUG", "VASE"), {"MUG": 2}, NOW, NOW + HOUR)
    assert {"MUG": 3, "VASE": 1} == reservations.live(NOW)


def test_a_campaign_scanned_again_replaces_what_it_held(database: Database) -> None:
    """A second reservation of a campaign stands alone: its first one is not in its way and is gone."""
    reservations = Reservations(database)

    assert {} == reservations.reserve_many("spring", rows("MUG", "MUG"), {"MUG": 0}, NOW, NOW + HOUR)
    assert {} == reservations.reserve_many("spring", rows("VASE"), {"MUG": 0, "VASE": 0}, NOW, NOW + HOUR)
    assert {"VASE": 1} == reservations.live(NOW)


def test_many_rows_are_reserved_in_one_go(database: Database) -> None:
    """More rows than are written at once are all there, or none."""
    reservations = Reservations(database)
    many = (Reservation(f"m-{number}", "", f"sku-{number % 7}", 1) for number in range(25_000))
    reservations.reserve_many("spring", many, {}, NOW, NOW + HOUR)

    assert 25_000 == sum(reservations.live(NOW).values())


# several at once ----------------------------------------------------------------------------------------------------


def test_threads_never_share_a_place(database: Database) -> None:
    """Eighty messages on eight threads want one of thirty places: thirty get it."""
    reservations = Reservations(database)
    start = threading.Barrier(8)

    def work(worker: int) -> int:
        start.wait()
        return sum(drawn(reservations, key(f"m-{worker}-{number}"), "MUG", 30) for number in range(10))

    with ThreadPoolExecutor(8) as pool:
        got = sum(pool.map(work, range(8)))

    assert (30, {"MUG": 30}) == (got, reservations.live(NOW))


def _draw_in_a_process(url: str, worker: int, start: "multiprocessing.synchronize.Barrier", results) -> None:  # type: ignore[no-untyped-def, name-defined]
    with Database.open(url) as database:
        reservations = Reservations(database)
        start.wait()
        # Each wants two skus, named in another order by every second one: locks must be taken in one order.
        skus = ["MUG", "VASE"] if worker % 2 else ["VASE", "MUG"]
        for number in range(10):
            with reservations.drawing(key(f"m-{worker}-{number}"), skus, NOW) as drawing:
                got = {sku: 1 for sku in skus if drawing.taken.get(sku, 0) < 15}
                drawing.hold(got, NOW, NOW + HOUR)
            results.put(len(got))


def test_processes_never_share_a_place(url: str, database: Database) -> None:
    """Forty messages of four processes want one of fifteen places of two skus each: thirty places are given."""
    spawn = multiprocessing.get_context("spawn")
    start, results = spawn.Barrier(4), spawn.Queue()
    workers = [spawn.Process(target=_draw_in_a_process, args=(url, worker, start, results)) for worker in range(4)]
    for worker in workers:
        worker.start()
    got = sum(results.get(timeout=60) for _ in range(40))
    for worker in workers:
        worker.join(60)

    assert [0, 0, 0, 0] == [worker.exitcode for worker in workers]
    assert (30, {"MUG": 15, "VASE": 15}) == (got, Reservations(database).live(NOW))


def test_two_campaigns_at_once_never_share_a_place(database: Database) -> None:
    """Campaigns that each allocated all ten places reserve at the same moment: one has them, the other is told."""
    reservations = Reservations(database)
    start = threading.Barrier(6)
    ten = [Reservation(f"m-{number}", "", "MUG", 1) for number in range(10)]

    def reserve(campaign: str) -> dict[str, int]:
        start.wait()
        return reservations.reserve_many(campaign, ten, {"MUG": 0}, NOW, NOW + HOUR)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(reserve, "abcdef"))

    assert ([{}] + [{"MUG": 10}] * 5, {"MUG": 10}) == (sorted(answers, key=len), reservations.live(NOW))


# the gate -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def gate_of(url: str, tmp_path: Path) -> Callable[..., Gate]:
    opened: list[Gate] = []

    def make(when_unknown: str = "allow", at: datetime = AS_OF) -> Gate:
        (tmp_path / "shop.yaml").write_text(RULES.replace("WHEN", when_unknown))
        opened.append(open_gate(url, tmp_path / "shop.yaml", clock=lambda: at))
        return opened[-1]

    yield make
    for gate in opened:
        gate.close()


def a_message(name: str | None, *skus: str, **more: object) -> Message:
    items = tuple(Item(sku=sku) for sku in skus)
    return Message(items=items, message_id=name, campaign_id="spring", customer_id=f"c-{name}", **more)


def code_of(decision: Decision, place: int = 0) -> str | None:
    deciding = decision.items[place].deciding
    return deciding.code if deciding else None


def test_a_gate_gives_what_there_is(database: Database, gate_of: Callable[..., Gate]) -> None:
    """Of one unit two messages may show the item; the third goes on to its replacement, and says why."""
    stocked(database, MUG=1)
    gate = gate_of()
    decisions = [gate.check(a_message(f"m-{n}", "MUG", replacements=("JUG",))) for n in range(3)]

    assert [("MUG",), ("MUG",), ("JUG",)] == [decision.shown for decision in decisions]
    refused = decisions[2].items[0]
    assert "JUG" == refused.replaced_by
    assert refused.deciding is not None
    assert ("shared", "stock_shared_out") == (refused.deciding.rule, refused.deciding.code)
    assert [("item.sku", "MUG"), ("stock.available_units", 1), ("stock.places_taken", 2)] == [
        (evidence.field, evidence.seen) for evidence in refused.deciding.evidence
    ]


def test_a_message_checked_again_keeps_its_place(database: Database, gate_of: Callable[..., Gate]) -> None:
    """A check repeated with its message_id gives the same answer and takes no second place."""
    stocked(database, MUG=1)
    gate = gate_of()
    names = ["m-1", "m-2", "m-1", "m-2", "m-3"]

    assert [None, None, None, None, "stock_shared_out"] == [code_of(gate.check(a_message(n, "MUG"))) for n in names]


def test_messages_without_an_id_each_take_a_place(database: Database, gate_of: Callable[..., Gate]) -> None:
    """Who does not name a message cannot have meant an earlier one."""
    stocked(database, MUG=1)
    found = list(gate_of().check_many([a_message(None, "MUG") for _ in range(3)]))

    assert [None, None, "stock_shared_out"] == [code_of(decision) for decision in found]


def test_what_is_not_sent_takes_nothing(database: Database, gate_of: Callable[..., Gate]) -> None:
    """A message that ends suppressed for want of items reserves nothing, nor does one that only looks."""
    stocked(database, MUG=1, VASE=0)
    gate = gate_of()

    assert Verdict.SUPPRESS is gate.check(a_message("m-1", "VASE")).verdict
    assert Verdict.SEND is gate.check(a_message("m-2", "MUG"), reserve=False).verdict
    assert {} == Reservations(database).live(NOW)


def test_a_place_is_kept_until_the_message_has_gone(database: Database, gate_of: Callable[..., Gate]) -> None:
    """A place expires a day after the check, or after the sending if that is later."""
    stocked(database, MUG=1)
    gate_of().check(a_message("m-1", "MUG", send_at=AS_OF + timedelta(days=2)))
    reservations = Reservations(database)

    assert {"MUG": 1} == reservations.live(NOW + 72 * HOUR - 1)
    assert {} == reservations.live(NOW + 72 * HOUR)


def test_a_released_campaign_leaves_its_places(database: Database, url: str, gate_of: Callable[..., Gate]) -> None:
    """After `release` the next message has the place."""
    stocked(database, MUG=1)
    gate = gate_of()
    for name in ("m-1", "m-2"):
        gate.check(a_message(name, "MUG"))

    assert Released(messages=2, places=2) == release(url, "spring", clock=lambda: AS_OF)
    assert None is code_of(gate.check(a_message("m-3", "MUG")))


@pytest.mark.parametrize(("when_unknown", "code"), [("allow", None), ("block", "stock_shared_out")])
def test_reservations_that_cannot_be_read(
    database: Database, gate_of: Callable[..., Gate], when_unknown: str, code: str | None
) -> None:
    """Where nobody can say what others hold a limit follows its `when_unknown`, and the decision names the gap."""
    stocked(database, MUG=1)
    gate = gate_of(when_unknown)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE reservations RENAME TO gone")
    decision = gate.check(a_message("m-1", "MUG"))

    assert code == code_of(decision)
    assert [("reservations", None, Why.UNAVAILABLE)] == [(m.fact, m.about, m.why) for m in decision.facts_missing]


def test_gates_on_threads_never_exceed_the_budget(database: Database, gate_of: Callable[..., Gate]) -> None:
    """Sixty messages on six threads, two limited items of ten and of five units: twenty and ten places are given."""
    stocked(database, MUG=10, VASE=5)
    gate = gate_of()

    def work(worker: int) -> list[tuple[str, ...]]:
        skus = ("MUG", "VASE") if worker % 2 else ("VASE", "MUG")
        return [gate.check(a_message(f"m-{worker}-{number}", *skus)).shown for number in range(10)]

    with ThreadPoolExecutor(6) as pool:
        shown = [sku for one in pool.map(work, range(6)) for skus in one for sku in skus]

    assert (20, 10) == (shown.count("MUG"), shown.count("VASE"))
    assert {"MUG": 20, "VASE": 10} == Reservations(database).live(NOW)
