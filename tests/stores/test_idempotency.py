"""Requests that may be sent again: claimed by one, answered once, known for two days, and no key is to be read."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from suppress.errors import StoreError
from suppress.stores.database import Database
from suppress.stores.idempotency import KEPT_US, Claim, Kept, Refusal, Requests, request_of

NOW_US = 1_795_420_800_000_000
LEASE_US = 120_000_000
KEY = "4f2b6c1e-secret"
FIRST = request_of("k_1", KEY, "/v1/rulesets:publish", b'{"a":1}')
ANSWER = Kept(200, "application/json", b'{"is_new":true,"\x00":"\xc3\xb6"}')


def claim(requests: Requests, request: Any = FIRST, now_us: int = NOW_US) -> Claim | Kept | Refusal:
    return requests.claim(request, now_us=now_us, until_us=now_us + LEASE_US)


def claimed(requests: Requests, request: Any = FIRST, now_us: int = NOW_US) -> Claim:
    found = claim(requests, request, now_us)
    assert isinstance(found, Claim), found
    return found


def known(database: Database) -> int:
    return int(database.read().exec_driver_sql("SELECT count(*) FROM idempotency_keys").scalar_one())


@pytest.mark.parametrize("answer", [ANSWER, Kept(499, "application/problem+json", b"")])
def test_an_answer_is_given_again(database: Database, answer: Kept) -> None:
    """Whoever comes with the same request gets the first answer to the byte, another worker's too."""
    requests = Requests(database)

    assert requests.keep(claimed(requests), answer)
    assert [answer] * 3 == [claim(requests, now_us=NOW_US + us) for us in (0, LEASE_US, KEPT_US - 1)]
    with Database.open(database.url.render_as_string(hide_password=False)) as other:
        assert answer == claim(Requests(other))


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (("k_1", KEY, "/v1/rulesets:publish", b'{"a": 1}'), Refusal.REUSED),
        (("k_1", KEY, "/v1/rulesets:rollback", b'{"a":1}'), Refusal.REUSED),
        (("k_1", KEY.upper(), "/v1/rulesets:publish", b'{"a":1}'), None),
        (("k_2", KEY, "/v1/rulesets:publish", b'{"a":1}'), None),
        (("k_2", KEY, "/v1/rulesets:rollback", b"else"), None),
    ],
)
@pytest.mark.parametrize("is_answered", [True, False])
def test_which_requests_are_one(database: Database, other: Any, wanted: Refusal | None, is_answered: bool) -> None:
    """A key that comes with another body or route is refused, answered or not; another's key is another key."""
    requests = Requests(database)
    first = claimed(requests)
    if is_answered:
        requests.keep(first, ANSWER)
    found = claim(requests, request_of(*other))

    assert wanted == found if wanted else isinstance(found, Claim)


def test_a_claim_ends(database: Database) -> None:
    """While a request is being answered nobody else does; from the end of the claim on somebody may."""
    requests = Requests(database)
    claimed(requests)

    assert [Refusal.UNDER_WAY] * 2 == [claim(requests, now_us=NOW_US + us) for us in (0, LEASE_US - 1)]
    second = claimed(requests, now_us=NOW_US + LEASE_US)
    assert Refusal.UNDER_WAY == claim(requests, now_us=NOW_US + 2 * LEASE_US - 1)
    assert requests.keep(second, ANSWER)
    assert ANSWER == claim(requests)


def test_whoever_is_late_changes_nothing(database: Database) -> None:
    """Who lost its claim neither keeps an answer nor releases the request; one that nobody took over still keeps it."""
    requests = Requests(database)
    first = claimed(requests)
    second = claimed(requests, now_us=NOW_US + LEASE_US)
    late = Kept(409, "application/problem+json", b"late")

    assert not requests.keep(first, late)
    requests.release(first)
    assert Refusal.UNDER_WAY == claim(requests, now_us=NOW_US + LEASE_US)
    assert requests.keep(second, ANSWER)
    requests.release(second)
    assert not requests.keep(second, late)
    assert ANSWER == claim(requests, now_us=NOW_US + 9 * LEASE_US)


def test_what_is_released_is_free(database: Database) -> None:
    """A released request may be answered at once, or the key be used for another."""
    requests = Requests(database)
    requests.release(claimed(requests))
    requests.release(claimed(requests))

    claimed(requests, request_of("k_1", KEY, "/v1/rulesets:rollback", b"else"))


def test_old_requests_are_forgotten(database: Database) -> None:
    """After two days a request is new again, and whoever comes next with any request takes all old ones out."""
    requests = Requests(database)
    requests.keep(claimed(requests), ANSWER)
    for number in range(5):
        claimed(requests, request_of("k_2", str(number), "/", b""), NOW_US + number)

    assert 6 == known(database)
    claimed(requests, request_of("k_3", "a", "/", b""), NOW_US + KEPT_US + 2)
    assert 3 == known(database)
    claimed(requests, now_us=NOW_US + KEPT_US + 2)


def test_one_of_many_answers(database: Database) -> None:
    """Of several that come at once one may answer; all others are told that somebody does."""
    requests, start = Requests(database), threading.Barrier(6)

    def one(now_us: int) -> Claim | Kept | Refusal:
        start.wait()
        return claim(requests, now_us=now_us)

    for now_us in (NOW_US, NOW_US + LEASE_US):
        with ThreadPoolExecutor(6) as threads:
            found = list(threads.map(one, [now_us] * 6))

        assert 1 == sum(isinstance(each, Claim) for each in found)
        assert 5 == found.count(Refusal.UNDER_WAY)


@pytest.mark.parametrize("answer", [Kept(500, "a/b", b""), Kept(503, "a/b", b""), Kept(199, "a/b", b"")])
def test_what_is_not_final_is_not_kept(database: Database, answer: Kept) -> None:
    """The database refuses an answer of 5xx."""
    requests = Requests(database)
    held = claimed(requests)
    with pytest.raises(StoreError):
        requests.keep(held, answer)

    assert requests.keep(held, ANSWER)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_key_is_nowhere(database: Database, tmp_path: Path) -> None:
    """No file of the database holds an `Idempotency-Key` or a body, and two API keys' hashes of it differ."""
    requests = Requests(database)
    requests.keep(claimed(requests), ANSWER)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"k_1" in files
    assert ANSWER.body in files
    assert [] == [each for each in (KEY.encode(), b'{"a":1}') if each in files]
    assert FIRST.key_hash != request_of("k_2", KEY, FIRST.route, b"").key_hash


def test_a_database_without_the_table(database: Database) -> None:
    """Where nothing can be written every method says so, and nothing of the request is in what it says."""
    requests = Requests(database)
    held = claimed(requests)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE idempotency_keys RENAME TO gone")
    asks: list[Callable[[], object]] = [
        lambda: claim(requests),
        lambda: requests.keep(held, ANSWER),
        lambda: requests.release(held),
    ]
    for ask in asks:
        with pytest.raises(StoreError, match="cannot write to") as raised:
            ask()

        assert FIRST.key_hash not in str(raised.value)
