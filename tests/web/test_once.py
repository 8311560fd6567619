"""A request with an `Idempotency-Key` is done once, however often, by whichever worker and how soon it comes again."""

import asyncio
import logging
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from suppress.errors import HeadMovedError, LedgerError, RulesetError, StoreError, SuppressError
from suppress.publishing import Published
from suppress.stores.database import Database
from suppress.stores.idempotency import KEPT_US, Claim, Kept, Requests, request_of
from suppress.stores.versions import Versions
from suppress.web.app import make_app
from suppress.web.desk import PublishingDesk
from suppress.web.once import key_of
from suppress.web.problems import ProblemError
from tests.web.driver import JSON, Got, ask, ask_now, post
from tests.web.fakes import NOW_US, SOURCE, FakeDesk, make_service

PUBLISH, ROLLBACK = "/v1/rulesets:publish", "/v1/rulesets:rollback"
BODY = {"files": {"shop.yaml": SOURCE}, "message": "m"}
BACK = {"ruleset": "shop", "to": 1, "message": "m"}
KEY = "4f2b6c1e-5a8c"
LEASE_US = 120_000_000
WAIT_S = 20.0


@dataclass
class Clock:
    """Stands still until it is set."""

    now_us: int = NOW_US

    def __call__(self) -> int:
        return self.now_us


@dataclass
class BusyDesk(FakeDesk):
    """Counts what it does. Raises what `raises` holds first; waits for `goes_on`."""

    raises: list[Exception] = field(default_factory=list)
    done: int = 0
    began: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()
        self.goes_on.set()

    def publish(self, files: Mapping[str, str], ruleset: str | None, **other: Any) -> Published:
        """As any desk, or not."""
        self.began.set()
        assert self.goes_on.wait(WAIT_S)
        self.done += 1
        if self.raises:
            raise self.raises.pop(0)
        return super().publish(files, ruleset, **other)


class BrokenRequests(Requests):
    """Cannot write what comes after the work."""

    def keep(self, claim: Claim, answer: Kept) -> bool:
        """Never."""
        raise StoreError("the database is gone")

    def release(self, claim: Claim) -> None:
        """Never."""
        raise StoreError("the database is gone")


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    """A database with all tables."""
    shutil.copy(sqlite_template, tmp_path / "once.db")
    return f"sqlite:///{tmp_path}/once.db"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The same, open."""
    with Database.open(url) as opened:
        yield opened


def app_of(database: Database, **parts: Any) -> Any:
    return make_app(make_service(**{"requests": Requests(database), "clock": Clock(), **parts}))


def keyed(key: str = KEY) -> dict[str, str]:
    return {**JSON, "idempotency-key": key}


def told(got: Got) -> tuple[int, str | None, bytes]:
    """What is the same when a request comes again."""
    return got.status, got.headers["content-type"], got.body


def is_replayed(got: Got) -> bool:
    assert got.headers.get("idempotent-replayed") in {None, "true"}
    return "idempotent-replayed" in got.headers


def known(database: Database) -> int:
    return int(database.read().exec_driver_sql("SELECT count(*) FROM idempotency_keys").scalar_one())


@pytest.mark.parametrize(
    ("target", "body", "status"),
    [
        (PUBLISH, BODY, 200),
        (ROLLBACK, BACK, 200),
        (ROLLBACK, {**BACK, "to": 9}, 404),
        (PUBLISH, {**BODY, "files": {"shop.yaml": SOURCE + "x: 1\n"}}, 422),
    ],
)
def test_the_first_answer_is_given_again(url: str, target: str, body: Any, status: int) -> None:
    """Another worker, or one after a restart, gives the first answer to the byte, good or bad, and says so."""
    got = []
    for _ in range(3):
        with Database.open(url) as database:
            got.append(post(app_of(database), target, body, headers=keyed()))

    assert status == got[0].status, got[0].body
    assert told(got[0]) == told(got[1]) == told(got[2])
    assert [False, True, True] == [is_replayed(each) for each in got]


def test_the_work_is_done_once(database: Database) -> None:
    """A request that comes again works no more; without a key, or with a new one, it does."""
    desk = BusyDesk()
    app = app_of(database, desk=desk)
    for headers in (keyed(), keyed(), JSON, JSON, keyed("other"), keyed(f" {KEY}\t")):
        assert 200 == post(app, PUBLISH, BODY, headers=headers).status

    assert 4 == desk.done
    assert 2 == known(database)


@pytest.mark.parametrize(("target", "body"), [(PUBLISH, {**BODY, "message": "n"}), (ROLLBACK, BACK)])
def test_a_key_is_for_one_request(database: Database, target: str, body: Any) -> None:
    """With another body, or on the other route, the key is refused and nothing is done; the first answer stays."""
    desk = BusyDesk()
    app = app_of(database, desk=desk)
    first = post(app, PUBLISH, BODY, headers=keyed())
    got = post(app, target, body, headers=keyed())

    assert (422, "/problems#idempotency-key-reused") == (got.status, got.json["type"])
    assert told(first) == told(post(app, PUBLISH, BODY, headers=keyed()))
    assert 1 == desk.done


def test_a_key_is_its_callers_own(database: Database) -> None:
    """The same Idempotency-Key under another API key is another one; who may not ask claims nothing."""
    desk = BusyDesk()
    app = app_of(database, desk=desk)
    got = [post(app, PUBLISH, BODY, headers=keyed(), key=f"Bearer {role}") for role in ("admin", "marketer", "analyst")]

    assert [200, 200, 403] == [each.status for each in got]
    assert [False] * 3 == [is_replayed(each) for each in got]
    assert 2 == desk.done == known(database)


def test_while_it_is_answered(database: Database) -> None:
    """A second one meanwhile is refused and told to come again; then it gets the answer of the first."""
    desk = BusyDesk()
    desk.goes_on.clear()
    app, other = app_of(database, desk=desk), app_of(database, desk=desk)
    sent: dict[str, Any] = {"headers": keyed(), "body": b'{"files":{"shop.yaml":"version: 1"},"message":"m"}'}

    async def run() -> list[Got]:
        first = asyncio.create_task(ask(app, "POST", PUBLISH, **sent))
        assert await asyncio.to_thread(desk.began.wait, WAIT_S)
        second = await ask(other, "POST", PUBLISH, **sent)
        desk.goes_on.set()
        return [await first, second, await ask(other, "POST", PUBLISH, **sent)]

    first, second, third = asyncio.run(run())

    assert (409, "/problems#idempotency-key-in-use", "1") == (
        second.status,
        second.json["type"],
        second.headers["retry-after"],
    )
    assert told(first) == told(third)
    assert [False, False, True] == [is_replayed(each) for each in (first, second, third)]
    assert 1 == desk.done


def test_the_work_outlives_the_wait(database: Database) -> None:
    """Whoever waited too long, or went away, and comes again, gets the answer that came of it."""
    desk = BusyDesk()
    desk.goes_on.clear()
    app = app_of(database, desk=desk)
    sent: dict[str, Any] = {"headers": keyed(), "body": b'{"files":{"shop.yaml":"version: 1"},"message":"m"}'}

    async def run() -> Got:
        first = asyncio.create_task(ask(app, "POST", PUBLISH, **sent))
        assert await asyncio.to_thread(desk.began.wait, WAIT_S)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        meanwhile = await ask(app, "POST", PUBLISH, **sent)
        desk.goes_on.set()
        return meanwhile

    # Ending the event loop waits for its threads.
    assert 409 == asyncio.run(run()).status
    got = ask_now(app, "POST", PUBLISH, **sent)

    assert (422, True) == (got.status, is_replayed(got)), got.body
    assert 1 == desk.done


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreError("no"), 503), (LedgerError("no"), 503), (SuppressError("no"), 500), (RuntimeError("no"), 500)],
)
def test_what_failed_is_tried_again(database: Database, error: Exception, status: int) -> None:
    """An answer of 5xx is not kept: the next one does the work, even with another body."""
    desk = BusyDesk(raises=[error, error])
    app = app_of(database, desk=desk)
    got = [post(app, PUBLISH, {**BODY, "message": name}, headers=keyed()) for name in "aabb"]

    assert [status, status, 200, 200] == [each.status for each in got]
    assert [False, False, False, True] == [is_replayed(each) for each in got]
    assert 3 == desk.done


@pytest.mark.parametrize("error", [RulesetError("no"), HeadMovedError("no", 7)])
def test_what_was_refused_is_refused_again(database: Database, error: Exception) -> None:
    """An answer of 4xx is final, with all it said, under its key; a new key is a new attempt."""
    desk = BusyDesk(raises=[error])
    app = app_of(database, desk=desk)
    got = [post(app, PUBLISH, BODY, headers=keyed()) for _ in range(3)]

    assert told(got[0]) == told(got[1]) == told(got[2])
    assert "application/problem+json" == got[2].headers["content-type"]
    assert got[0].headers["x-request-id"] == got[2].json["request_id"] != got[2].headers["x-request-id"]
    assert 200 == post(app, PUBLISH, BODY, headers=keyed("new")).status


def test_what_cannot_be_read_uses_up_no_key(database: Database) -> None:
    """A body that is no request is refused as ever; the key is free for the one that is meant."""
    app = app_of(database)
    bodies = (b"{", b"[]", b"{}", b'{"files":{"a.yaml":""}}')

    assert [400, 422, 422, 422] == [ask_now(app, "POST", PUBLISH, headers=keyed(), body=body).status for body in bodies]
    assert 200 == post(app, PUBLISH, BODY, headers=keyed()).status


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "é", "a\x7f", "\x00", "a\r\nb", "x" * 256])
@pytest.mark.parametrize(("target", "body"), [(PUBLISH, BODY), (ROLLBACK, BACK)])
def test_what_is_no_key(database: Database, target: str, body: Any, key: str) -> None:
    """A key that cannot be one is refused, unlike the whole header being absent, and is not repeated."""
    desk = BusyDesk()
    got = post(app_of(database, desk=desk), target, body, headers=keyed(key))

    assert (400, "/problems#idempotency-key-invalid") == (got.status, got.json["type"])
    assert not key.strip() or key not in got.json["detail"]
    assert 0 == desk.done == known(database)


@pytest.mark.parametrize("key", ["!", "~", '"8e03978e-40d5"', "x" * 255])
def test_what_is_a_key(database: Database, key: str) -> None:
    """Every visible character of ASCII may be in a key of up to 255; one sent twice is none."""
    app = app_of(database)

    assert [False, True] == [is_replayed(post(app, PUBLISH, BODY, headers=keyed(key))) for _ in range(2)]
    with pytest.raises(ProblemError, match="sent once"):
        key_of([key, key])


def test_routes_that_change_nothing_take_no_notice(database: Database) -> None:
    """Only what writes rules heeds the header, and OpenAPI says so."""
    app = app_of(database)
    for _ in range(2):
        got = post(app, "/v1/rulesets:lint", {"files": {"shop.yaml": SOURCE}}, headers=keyed())
        assert (200, False) == (got.status, is_replayed(got))
    document = ask_now(app, "GET", "/openapi.json").json["paths"]
    named = {
        path
        for path, methods in document.items()
        for operation in methods.values()
        if "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
    }

    assert {PUBLISH, ROLLBACK} == named
    assert "Idempotent-Replayed" in document[PUBLISH]["post"]["responses"]["200"]["headers"]
    assert 0 == known(database)


def test_a_claim_of_the_dead_ends(database: Database) -> None:
    """A worker that was killed at work holds others off for as long as publishing may take, and no longer."""
    clock, desk = Clock(), BusyDesk()
    app = app_of(database, clock=clock, desk=desk)
    body = b'{"files":{"shop.yaml":"version: 1"},"message":"m"}'
    dead = request_of("key-admin", KEY, PUBLISH, body)
    Requests(database).claim(dead, now_us=NOW_US, until_us=NOW_US + LEASE_US)
    statuses = []
    for at_us in (0, LEASE_US - 1, LEASE_US, LEASE_US):
        clock.now_us = NOW_US + at_us
        statuses.append(ask_now(app, "POST", PUBLISH, headers=keyed(), body=body).status)

    assert [409, 409, 422, 422] == statuses
    assert 1 == desk.done


def test_answers_are_forgotten_after_two_days(database: Database) -> None:
    """Until then the first answer is given, from then on the request is a new one."""
    clock, desk = Clock(), BusyDesk()
    app = app_of(database, clock=clock, desk=desk)
    replayed = []
    for at_us in (0, KEPT_US // 2, KEPT_US - 1, KEPT_US, KEPT_US + 1):
        clock.now_us = NOW_US + at_us
        replayed.append(is_replayed(post(app, PUBLISH, BODY, headers=keyed())))

    assert [False, True, True, False, True] == replayed


@pytest.mark.parametrize(("raises", "status"), [([], 200), ([StoreError("no")], 503)])
def test_an_answer_that_cannot_be_kept(
    database: Database, caplog: pytest.LogCaptureFixture, raises: list[Exception], status: int
) -> None:
    """It is given all the same, and the log says so without the key; the claim ends by itself."""
    clock, desk = Clock(), BusyDesk(raises=raises)
    app = app_of(database, requests=BrokenRequests(database), clock=clock, desk=desk)
    with caplog.at_level(logging.WARNING):
        first = post(app, PUBLISH, BODY, headers=keyed())
    meanwhile = post(app, PUBLISH, BODY, headers=keyed())
    clock.now_us += LEASE_US

    assert [status, 409, 200] == [first.status, meanwhile.status, post(app, PUBLISH, BODY, headers=keyed()).status]
    assert "could not be kept" in caplog.text
    assert KEY not in caplog.text


def test_nothing_is_done_that_could_not_be_known(database: Database) -> None:
    """Where the claim cannot be written nothing is published."""
    desk = BusyDesk()
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE idempotency_keys")
    got = post(app_of(database, desk=desk), PUBLISH, BODY, headers=keyed())

    assert (503, 0) == (got.status, desk.done)


def test_versions_are_made_once(database: Database) -> None:
    """At the real desk: a lost answer is got again as it was, for publishing and for going back."""
    clock, versions = Clock(), Versions(database)
    desk = PublishingDesk(versions, None, clock)  # type: ignore[arg-type]
    app = app_of(database, clock=clock, desk=desk)
    second = {**BODY, "files": {"shop.yaml": SOURCE.replace("gone", "sold")}}
    asked = [(PUBLISH, BODY, "a"), (PUBLISH, {**second, "after": 1}, "b"), (ROLLBACK, BACK, "c")]
    for target, body, key in asked:
        first, again = (post(app, target, body, headers=keyed(key)) for _ in range(2))
        assert (200, True) == (first.status, first.json["is_new"]), first.body
        assert told(first) == told(again)

    assert [3, 2, 1] == [version.number for version in versions.all("shop")]


def test_publishing_anew_stores_nothing_new(database: Database) -> None:
    """A worker killed between publishing and keeping its answer: the same request later finds it done."""
    clock, versions = Clock(), Versions(database)
    desk = PublishingDesk(versions, None, clock)  # type: ignore[arg-type]
    app = app_of(database, requests=BrokenRequests(database), clock=clock, desk=desk)
    asked = [
        (PUBLISH, BODY, 200, "is_new", False),
        (PUBLISH, {**BODY, "files": {"shop.yaml": SOURCE.replace("gone", "sold")}, "after": 1}, 409, "newest", 2),
        (ROLLBACK, BACK, 409, "type", "/problems#already-in-force"),
    ]
    for number, (target, body, status, name, value) in enumerate(asked):
        assert 200 == post(app, target, body, headers=keyed(str(number))).status
        clock.now_us += LEASE_US
        again = post(app, target, body, headers=keyed(str(number)))
        assert (status, value) == (again.status, again.json[name])

    assert [3, 2, 1] == [version.number for version in versions.all("shop")]
