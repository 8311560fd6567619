"""The memory of keys: quick to forget what was revoked, slow to forget when the database is silent."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.access import memory as memory_module
from suppress.access.key import Env, mint
from suppress.access.memory import FRESH_US, GRACE_US, MOST_ASKING, KeyMemory
from suppress.errors import StoreError, UnauthenticatedError
from tests.access.held import SECOND_US, START_US, Clock, Table


class Shop:
    """A table, a clock, a memory, and a key that was asked about."""

    def __init__(self) -> None:
        self.table, self.clock = Table(), Clock()
        self.memory = KeyMemory(self.table.find, self.clock)
        self.key = self.table.add()
        self.memory.ask(self.key.key_hash)

    def is_known(self) -> bool:
        return self.memory.recall(self.key.key_hash) is not None


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_five_seconds_without_the_database(shop: Shop) -> None:
    """A key is known from memory for five seconds, then the database is asked."""
    known = []
    for seconds in (0, 5, 0.000001):
        shop.clock.forward(seconds)
        known.append(shop.is_known())

    assert ([True, True, False], 1) == (known, shop.table.asked)


def test_strangers_are_not_known(shop: Shop) -> None:
    """A key nobody asked about is not known, whether it is good or not."""
    assert None is shop.memory.recall(shop.table.add().key_hash)
    assert None is shop.memory.recall("")


def test_a_revoked_key(shop: Shop) -> None:
    """What was revoked is refused at the next refresh, at the latest after five seconds, and then forgotten."""
    shop.table.revoke(shop.key, shop.clock())

    assert shop.is_known()
    assert shop.memory.refresh()
    assert not shop.is_known()
    assert shop.key.key_hash not in shop.memory
    with pytest.raises(UnauthenticatedError, match="was revoked"):
        shop.memory.ask(shop.key.key_hash)


def test_a_key_that_expires(shop: Shop) -> None:
    """A key opens nothing from the microsecond on at which it expires, fresh in memory or not."""
    key = shop.table.add(expires_at_us=START_US + SECOND_US)
    shop.memory.ask(key.key_hash)
    known = []
    for seconds in (0.999999, 0.000001):
        shop.clock.forward(seconds)
        known.append(shop.memory.recall(key.key_hash) is not None)

    assert [True, False] == known


def test_refreshed_for_ever(shop: Shop) -> None:
    """With a refresh every two seconds a key in use is always known from memory, and asked about once each."""
    known = []
    for _ in range(1_000):
        shop.clock.forward(2)
        known.append(shop.memory.refresh() and shop.is_known())

    assert all(known)
    assert 1_001 == shop.table.asked


def test_unused_keys_are_forgotten(shop: Shop) -> None:
    """A key that was not used for fifteen minutes is asked about no more."""
    shop.clock.now_us += GRACE_US + 1

    assert shop.memory.refresh()
    assert (1, False) == (shop.table.asked, shop.key.key_hash in shop.memory)


def test_a_database_that_is_down(shop: Shop) -> None:
    """Known keys go on for fifteen minutes from when the database last knew of them; strangers are told to wait."""
    stranger = shop.table.add()
    shop.table.is_down = True
    known = []
    for _ in range(451):
        shop.clock.forward(2)
        assert not shop.memory.refresh()
        known.append(shop.is_known())

    assert [True] * 450 + [False] == known
    with pytest.raises(StoreError):
        shop.memory.ask(stranger.key_hash)
    with pytest.raises(StoreError):
        shop.memory.ask(shop.key.key_hash)


def test_down_without_anybody_refreshing(shop: Shop) -> None:
    """Whoever asks in vain is answered from memory; so is everybody for the next five seconds."""
    shop.table.is_down = True
    shop.clock.forward(6)

    assert not shop.is_known()
    assert shop.key.key_id == shop.memory.ask(shop.key.key_hash).key_id
    assert shop.is_known()
    shop.clock.forward(6)
    assert not shop.is_known()
    assert 2 == shop.table.asked


def test_up_again(shop: Shop) -> None:
    """As soon as the database answers, what it says counts: a key revoked meanwhile is refused."""
    shop.table.is_down = True
    shop.clock.forward(60)
    shop.memory.refresh()

    assert shop.is_known()
    shop.table.is_down = False
    shop.table.revoke(shop.key, shop.clock())
    shop.memory.refresh()
    assert not shop.is_known()


def test_one_answer_ends_the_silence(shop: Shop) -> None:
    """Once the database has answered about any key, all others are asked about again before they are let in."""
    other = shop.table.add()
    shop.memory.ask(other.key_hash)
    shop.clock.forward(6)
    shop.table.is_down = True
    shop.memory.ask(shop.key.key_hash)
    known = [shop.memory.recall(other.key_hash) is not None]
    shop.table.is_down = False
    shop.memory.ask(shop.table.add().key_hash)
    known.append(shop.memory.recall(other.key_hash) is not None)

    assert [True, False] == known


def test_a_database_that_hangs(shop: Shop) -> None:
    """While a refresh waits, known keys go on; a stranger is told at once, instead of waiting too. When the database
    goes on, so does everything, without anybody having to ask.
    """
    shop.clock.forward(2)
    shop.table.gate.clear()
    refreshing = threading.Thread(target=shop.memory.refresh)
    refreshing.start()
    try:
        shop.table.entered.acquire(timeout=60)
        shop.table.entered.acquire(timeout=60)
        shop.clock.forward(4)

        assert shop.is_known()
        with pytest.raises(StoreError, match="does not answer"):
            shop.memory.ask(mint(Env.LIVE).key_hash)
        assert 2 == shop.table.asked
    finally:
        shop.table.gate.set()
        refreshing.join(60)
    assert (True, 3) == (shop.is_known(), shop.table.asked)


@contextmanager
def asked_in_vain(shop: Shop, seconds: float = 6) -> Iterator[None]:
    """Some seconds later, nobody refreshes, and one thread has just asked about the shop's key in vain."""
    shop.clock.forward(seconds)
    shop.table.gate.clear()
    asked = shop.table.asked
    with ThreadPoolExecutor(1) as pool:
        pool.submit(shop.memory.ask, shop.key.key_hash)
        for _ in range(asked + 1):
            shop.table.entered.acquire(timeout=60)
        try:
            yield
        finally:
            shop.table.gate.set()


def test_one_waits_for_all(shop: Shop) -> None:
    """While one request waits for what the database says of a key, the others with that key go on."""
    with asked_in_vain(shop):
        assert shop.is_known()
        assert shop.key.key_id == shop.memory.ask(shop.key.key_hash).key_id
        assert 2 == shop.table.asked


def test_one_waits_for_other_keys_too(shop: Shop) -> None:
    """After a second of waiting the other known keys go on as well, for fifteen minutes."""
    other = shop.table.add()
    shop.memory.ask(other.key_hash)
    with asked_in_vain(shop):
        known = []
        for seconds in (1, 0.000001, 892.999999, 0.000001):
            shop.clock.forward(seconds)
            known.append(shop.memory.recall(other.key_hash) is not None)

        assert [False, True, True, False] == known


def test_strangers_try_again(shop: Shop) -> None:
    """While the database hangs strangers are told so at once, but for one in five seconds who waits for it."""
    with asked_in_vain(shop), ThreadPoolExecutor(2) as pool:
        shop.clock.forward(5)
        told = [pool.submit(shop.memory.ask, shop.table.add().key_hash).exception(60)]
        shop.clock.forward(0.000001)
        waiting = pool.submit(shop.memory.ask, shop.table.add().key_hash)
        shop.table.entered.acquire(timeout=60)
        told += [pool.submit(shop.memory.ask, shop.table.add().key_hash).exception(60) for _ in range(3)]

        assert [StoreError] * 4 == [type(error) for error in told]
        shop.table.gate.set()
        assert None is waiting.exception(60)


def test_an_answer_from_before(shop: Shop) -> None:
    """That the database answered just before it began to hang lets nobody wait."""
    shop.clock.forward(5.5)
    shop.memory.ask(shop.table.add().key_hash)
    with asked_in_vain(shop, seconds=0.5):
        assert shop.is_known()


def test_an_answer_that_is_lost(shop: Shop) -> None:
    """One question whose answer never comes, while others are answered, lets no stale key in."""
    other = shop.table.add()
    shop.memory.ask(other.key_hash)
    with asked_in_vain(shop):
        shop.clock.forward(5.000001)
        known = [shop.is_known(), shop.memory.recall(other.key_hash) is not None]
        shop.memory._find = shop.table.rows.get
        shop.memory.ask(shop.table.add().key_hash)
        known += [shop.is_known(), shop.memory.recall(other.key_hash) is not None]

        assert [True, True, False, False] == known


def test_an_old_memory_is_not_let_in_by_another_question(shop: Shop) -> None:
    """Ten minutes after a key was seen last, one request that asks about it lets no other one in."""
    shop.clock.forward(594)
    with asked_in_vain(shop):
        assert not shop.is_known()


def test_few_threads_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many strangers come while the database hangs, eight wait for it; a known key gets through."""
    monkeypatch.setattr(memory_module, "SILENT_AFTER_US", 0)
    shop.clock.forward(6)
    shop.table.gate.clear()
    with ThreadPoolExecutor(MOST_ASKING) as pool:
        try:
            waiting = [pool.submit(shop.memory.ask, shop.table.add().key_hash) for _ in range(MOST_ASKING)]
            for _ in range(1 + MOST_ASKING):
                shop.table.entered.acquire(timeout=60)
            with pytest.raises(StoreError, match="does not answer"):
                shop.memory.ask(mint(Env.LIVE).key_hash)

            assert shop.key.key_id == shop.memory.ask(shop.key.key_hash).key_id
            assert 1 + MOST_ASKING == shop.table.asked
        finally:
            shop.table.gate.set()
        assert MOST_ASKING == len({each.result(60).key_id for each in waiting})


def test_a_crowd_with_one_new_key() -> None:
    """Fifty threads that show the same new key at once are all let in, and the database is asked a few times."""
    table, clock = Table(), Clock()
    memory, key = KeyMemory(table.find, clock), table.add()
    start = threading.Barrier(50)

    def ask(_: int) -> str:
        start.wait()
        return memory.ask(key.key_hash).key_id

    with ThreadPoolExecutor(50) as pool:
        assert {key.key_id} == set(pool.map(ask, range(50)))
    assert table.asked <= MOST_ASKING


@pytest.mark.parametrize("seconds", [-10, -3_600, -(10**9)])
def test_a_clock_set_back(shop: Shop, seconds: int) -> None:
    """After the clock was set back nothing is taken from memory until the database has confirmed it."""
    shop.clock.forward(seconds)

    assert not shop.is_known()
    assert shop.memory.refresh()
    assert shop.is_known()


def test_what_was_used(shop: Shop) -> None:
    """Each key used since last told, with the time of its last use; keys merely refreshed are not among them."""
    other = shop.table.add()
    shop.clock.forward(1)
    shop.memory.ask(other.key_hash)

    assert {shop.key.key_id: START_US, other.key_id: START_US + SECOND_US} == shop.memory.take_used()
    shop.clock.forward(1)
    shop.memory.refresh()
    assert {} == shop.memory.take_used()
    shop.is_known()
    assert {shop.key.key_id: START_US + 2 * SECOND_US} == shop.memory.take_used()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 20)),
        st.sampled_from([("down", 0.0), ("up", 0.0), ("revoke", 0.0), ("refresh", 0.0), ("show", 0.0)]),
    ),
    max_size=60,
)


@given(steps)
def test_revoked_is_revoked(taken: list[tuple[str, float]]) -> None:
    """Whatever happens in whatever order, a key revoked over five seconds ago opens nothing, unless the database was
    asked within the last five seconds and could not say; and a key that was not revoked is never refused.
    """
    shop, revoked_at_us, failed_at_us = Shop(), None, None
    checked_at_us = START_US
    for step, seconds in taken:
        shop.clock.forward(seconds)
        now_us = shop.clock()
        if step in {"down", "up"}:
            shop.table.is_down = step == "down"
        elif step == "revoke" and revoked_at_us is None:
            revoked_at_us = now_us
            shop.table.revoke(shop.key, now_us)
        elif step in {"refresh", "show"}:
            asked = shop.table.asked
            opens = None
            if step == "refresh":
                shop.memory.refresh()
            else:
                opens, reason = outcome(shop)
            if shop.table.asked > asked:
                failed_at_us = now_us if shop.table.is_down else None
                checked_at_us = checked_at_us if shop.table.is_down else now_us
            if opens is None:
                continue
            is_silent = failed_at_us is not None and now_us - failed_at_us <= FRESH_US

            assert not opens or revoked_at_us is None or now_us - revoked_at_us <= FRESH_US or is_silent
            assert opens or revoked_at_us is not None or (reason == "silent" and now_us - checked_at_us > GRACE_US)


def outcome(shop: Shop) -> tuple[bool, str]:
    try:
        shop.memory.recall(shop.key.key_hash) or shop.memory.ask(shop.key.key_hash)
    except UnauthenticatedError as error:
        return False, error.reason
    except StoreError:
        return False, "silent"
    return True, ""
