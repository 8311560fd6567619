"""Runs and leases, on both databases: each scan once, under one lease, whoever is slow or dead."""

import threading
from collections.abc import Callable

import pytest

from suppress.errors import StoreError
from suppress.stores.database import Database
from suppress.stores.runs import Claim, NewRun, Run, RunStore, Terms
from suppress.stores.selected import selected

SECOND = 1_000_000
TERMS = Terms(lease_us=15 * SECOND, grace_us=60 * SECOND, most_attempts=3)


@pytest.fixture
def store(database: Database) -> RunStore:
    return RunStore(database)


def due(number: int, *, before: int = 5, send: int | None = None, missed: str | None = None) -> NewRun:
    """The scan due `number` seconds after 1970, for the send `before` seconds later."""
    send_us = (number + before if send is None else send) * SECOND
    return NewRun(
        run_id=f"mail-{number}-{before}",
        schedule="mail",
        zone="UTC",
        slot_us=number * SECOND,
        send_us=send_us,
        before_us=before * SECOND,
        out=f"/out/{number}",
        missed=missed,
        wants_notice=True,
    )


def plan(store: RunStore, now: int, *runs: NewRun) -> int:
    return store.plan("mail", "UTC", now_us=now * SECOND, due=lambda _: runs, upcoming=None)


def claim(store: RunStore, now: int, owner: str = "A") -> Claim | None:
    return store.claim("mail", owner, now_us=now * SECOND, terms=TERMS)


def claimed(store: RunStore, now: int, owner: str = "A") -> Claim:
    found = claim(store, now, owner)
    assert found is not None
    return found


def finish(store: RunStore, taken: Claim, now: int, *, done: bool = True) -> bool:
    return store.finish(
        taken.lease,
        now_us=now * SECOND,
        done=done,
        outcome="complete" if done else "failed",
        reason=None if done else "why",
        counts={"messages": 2**40, "sent": 3} if done else {},
        report="/out/report.json" if done else None,
        kind=taken.run.kind or "",
    )


def stored(store: RunStore, run_id: str) -> Run:
    run = store.run(run_id)
    assert run is not None
    return run


def test_from_due_to_done(store: RunStore) -> None:
    """A scan that is due waits, works under a lease, and ends with what it counted."""
    assert 1 == plan(store, 100, due(100))
    assert "waiting" == stored(store, "mail-100-5").state
    taken = claimed(store, 101)

    assert ("running", "full", 1, "A") == (taken.run.state, taken.run.kind, taken.run.attempts, taken.run.owner)
    assert (1 * SECOND, None) == (taken.run.late_us, taken.taken_from)
    assert finish(store, taken, 130)
    run = stored(store, "mail-100-5")
    assert ("done", "complete", {"messages": 2**40, "sent": 3}) == (run.state, run.outcome, run.counts)
    assert (101 * SECOND, 130 * SECOND) == (run.started_at_us, run.finished_at_us)
    assert claim(store, 131) is None


def test_a_run_is_made_once(store: RunStore) -> None:
    """The same scan planned again makes no second run."""
    assert [1, 0, 1] == [plan(store, now, *runs) for now, runs in ((100, [due(100)]), (101, [due(100)]),
                                                                   (200, [due(100), due(200)]))]  # fmt: skip
    assert ["mail-200-5", "mail-100-5"] == [run.run_id for run in store.runs()]


def test_what_was_planned_is_told(store: RunStore) -> None:
    """Whoever plans is told up to when the schedule was planned before; nothing, the first time."""
    told: list[int | None] = []

    def look(planned_to_us: int | None) -> list[NewRun]:
        told.append(planned_to_us)
        return []

    for now in (100, 170, 300):
        store.plan("mail", "UTC", now_us=now * SECOND, due=look, upcoming=(1, 2))

    assert [None, 100 * SECOND, 170 * SECOND] == told
    assert [("mail", "UTC", 1, 2)] == store.upcoming()
    store.forget_next(["other"])
    assert [("mail", "UTC", None, None)] == store.upcoming()


def test_one_schedule_works_once_at_a_time(store: RunStore) -> None:
    """While a lease holds nobody gets another, not even its owner; what becomes due meanwhile is marked."""
    plan(store, 100, due(100))
    taken = claimed(store, 100)
    plan(store, 105, due(105))

    assert [None, None] == [claim(store, 106, "A"), claim(store, 106, "B")]
    assert [False, True] == [stored(store, name).overlapped for name in ("mail-100-5", "mail-105-5")]
    finish(store, taken, 110)
    assert "mail-105-5" == claimed(store, 111, "B").run.run_id


def test_the_dead_are_taken_over(store: RunStore) -> None:
    """When a lease has run out another owner takes the run; the first can then neither renew nor finish."""
    plan(store, 100, due(100))
    first = claimed(store, 100, "A")

    assert store.renew(first.lease, until_us=120 * SECOND)
    assert claim(store, 119, "B") is None
    second = claimed(store, 120, "B")
    assert ("A", 2, "mail-100-5") == (second.taken_from, second.run.attempts, second.run.run_id)
    assert [False, False, False] == [
        store.renew(first.lease, until_us=10**12), finish(store, first, 121), store.give_back(first.lease)
    ]  # fmt: skip
    assert "running" == stored(store, "mail-100-5").state
    assert finish(store, second, 122)
    assert not finish(store, first, 123, done=False)
    assert ("done", "B") == (stored(store, "mail-100-5").state, stored(store, "mail-100-5").owner)


def test_an_owner_that_came_back_is_another_holder(store: RunStore) -> None:
    """The same name with a new token is a new holder: the old one's end does not count."""
    plan(store, 100, due(100))
    before, after = claimed(store, 100, "A"), claimed(store, 200, "A")

    assert not finish(store, before, 201)
    assert finish(store, after, 202)


def test_what_kills_its_runner_is_given_up(store: RunStore) -> None:
    """After as many attempts as are allowed a run that was always cut short has failed, and says so."""
    plan(store, 100, due(100))
    for now in (100, 200, 300):
        claimed(store, now)

    assert claim(store, 400) is None
    run = stored(store, "mail-100-5")
    assert ("failed", "given up after 3 attempts that were cut short") == (run.state, run.reason)
    assert claim(store, 401) is None


def test_only_the_latest_of_the_late_is_run(store: RunStore) -> None:
    """Of scans later than the grace the last is run, the others are missed; within the grace each is run in order."""
    plan(store, 200, due(100), due(110), due(120))
    taken = claimed(store, 200)
    assert "mail-120-5" == taken.run.run_id
    assert finish(store, taken, 201)
    assert ["missed", "missed"] == [stored(store, f"mail-{n}-5").state for n in (100, 110)]

    plan(store, 330, due(300), due(310))
    assert "mail-300-5" == claimed(store, 331, "B").run.run_id


def test_missed_from_the_beginning(store: RunStore) -> None:
    """A scan planned as missed is written down and never run."""
    plan(store, 100, due(50, missed="nobody was there"), due(100))

    assert "mail-100-5" == claimed(store, 100).run.run_id
    assert ("missed", "nobody was there") == (stored(store, "mail-50-5").state, stored(store, "mail-50-5").reason)


def test_a_later_scan_builds_on_the_earlier(store: RunStore) -> None:
    """The second scan of a send is handed the first one's output, if that has one; other sends do not matter."""
    plan(store, 100, due(100, before=60), due(101, before=60, send=500))
    for now in (100, 101):
        finish(store, claimed(store, now), now)
    plan(store, 155, due(155, before=5))
    taken = claimed(store, 155)

    assert ("/out/100", "delta") == (taken.previous_out, taken.run.kind)


@pytest.mark.parametrize("state", ["failed", "missed"])
def test_asked_again(store: RunStore, state: str) -> None:
    """A failed or missed run that is asked for again runs however late it is; a done one does not."""
    if state == "failed":
        plan(store, 100, due(100))
        finish(store, claimed(store, 100), 101, done=False)
    else:
        plan(store, 100, due(100, missed="late"))

    assert store.ask_again("mail-100-5")
    assert not store.ask_again("mail-100-5")
    plan(store, 9_000, due(8_000))
    taken = claimed(store, 9_000)
    assert ("mail-100-5", True) == (taken.run.run_id, taken.run.asked_again)
    finish(store, taken, 9_001)
    assert not store.ask_again("mail-100-5")


def test_given_back(store: RunStore) -> None:
    """A run given back waits to be resumed, whoever is next and however late, and no attempt is counted."""
    plan(store, 100, due(100))
    taken = claimed(store, 100, "A")

    assert store.give_back(taken.lease)
    again = claimed(store, 5_000, "B")
    assert ("mail-100-5", 1, None, True) == (
        again.run.run_id, again.run.attempts, again.taken_from, again.run.asked_again
    )  # fmt: skip


def test_each_notice_is_told_once(store: RunStore) -> None:
    """Of two who want to tell of a run one may; what came of it is kept; asking again makes it due again."""
    plan(store, 100, due(100))
    assert store.claim_notice(["mail"], "A") is None
    finish(store, claimed(store, 100), 101, done=False)
    found = [store.claim_notice(["mail"], owner) for owner in ("A", "B")]

    assert ["mail-100-5", None] == [run and run.run_id for run in found]
    store.noticed("mail-100-5", "sent")
    assert "sent" == stored(store, "mail-100-5").notice
    store.ask_again("mail-100-5")
    assert "due" == stored(store, "mail-100-5").notice


def at_once(work: Callable[[int], object], threads: int = 6) -> list[object]:
    """What each of several threads got, begun together."""
    found: list[object] = [None] * threads
    gate = threading.Barrier(threads)

    def one(number: int) -> None:
        gate.wait()
        try:
            found[number] = work(number)
        except StoreError as error:
            found[number] = error

    workers = [threading.Thread(target=one, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return found


def test_many_at_once(store: RunStore) -> None:
    """Six who plan and claim at the same moment make each run once, and one of them gets it, twenty times over."""
    for number in range(1, 21):
        now = number * 100

        def work(owner: int, now: int = now) -> bool:
            plan(store, now, due(now))
            return claim(store, now, f"owner {owner}") is not None

        found = at_once(work)

        assert sorted(found, key=str) == [False] * 5 + [True], found
        holder = stored(store, f"mail-{now}-5")
        with_lease = claimed(store, now + 50, "next")
        assert holder.owner == with_lease.taken_from
        assert finish(store, with_lease, now + 51)
    assert 20 == len(store.runs())


def test_the_server_has_the_clock(store: RunStore, backend: str) -> None:
    """On PostgreSQL all schedulers go by the server's clock, because leases of several hosts are compared."""
    assert (backend == "postgresql") is (store.now_us() is not None) is store.shared_by_hosts


def test_a_query_gives_rows_by_name(database: Database) -> None:
    """The columns of a SELECT are the keys of its rows; a % in it is a %."""
    with selected(database, "SELECT source AS message_id, as_of_us FROM feeds WHERE source LIKE 'ord%'") as rows:
        assert [{"message_id": "orders", "as_of_us": None}] == list(rows)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM feeds",
        "WITH gone AS (SELECT 1) DELETE FROM feeds",
        "SELECT 1; DELETE FROM feeds",
        "SELECT 1; COMMIT; DELETE FROM feeds",
        "SELECT nothing FROM feeds",
    ],
)
def test_a_query_writes_nothing(database: Database, statement: str) -> None:
    """Whatever is asked, nothing is changed, and the error names no secret."""
    with pytest.raises(StoreError), selected(database, statement) as rows:
        list(rows)

    assert 6 == database.read().exec_driver_sql("SELECT count(*) FROM feeds").scalar()
