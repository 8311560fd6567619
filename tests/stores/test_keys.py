"""API keys in the database: found by their hash only, revoked once and for all, and nowhere to be read."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from suppress.access.authenticate import Authenticator
from suppress.access.key import Env, MintedKey, mint
from suppress.errors import StoreError, UnauthenticatedError
from suppress.stores.database import Database
from suppress.stores.keys import USED_EVERY_US, Keys

NOW_US = 1_795_420_800_000_000


def made(keys: Keys, name: str = "Braze", now_us: int = NOW_US, expires_at_us: int | None = None) -> MintedKey:
    key = mint(Env.LIVE)
    keys.create(key, name=name, role="sender", now_us=now_us, expires_at_us=expires_at_us)
    return key


def is_live(keys: Keys, key: MintedKey) -> bool:
    record = keys.find(key.key_hash)
    return record is not None and record.is_live(NOW_US)


def test_a_key_is_found_by_its_hash(database: Database) -> None:
    """What was created is found as it was created, by the hash of the key and by nothing else."""
    keys, key = Keys(database), mint(Env.TEST)
    created = keys.create(key, name="Größe's 🗝", role="analyst", now_us=NOW_US, expires_at_us=2**53)
    made(keys)

    assert created == keys.find(key.key_hash)
    assert (key.key_id, "Größe's 🗝", "analyst", "test", key.prefix, key.key_hash, NOW_US, 2**53, None, None) == (
        created.key_id, created.name, created.role, created.env, created.prefix, created.key_hash,
        created.created_at_us, created.expires_at_us, created.revoked_at_us, created.last_used_us,
    )  # fmt: skip
    assert [True, False] == [created.is_live(at_us) for at_us in (2**53 - 1, 2**53)]
    others = ("", key.key, key.key_id, key.prefix, key.key_hash[:-1], key.key_hash.upper(), "%", "_" * 64)
    assert [None] * 8 == [keys.find(other) for other in others]


def test_what_may_be_kept(database: Database) -> None:
    """A key cannot be made twice, nor with a role or purpose nobody knows, nor without a name."""
    keys, key = Keys(database), mint(Env.LIVE)
    keys.create(key, name="a", role="admin", now_us=NOW_US)
    fresh = mint(Env.LIVE)
    wrong = [
        (key, "a", "admin"),
        (replace(key, key_id="k_1", prefix="supp_live_1"), "a", "admin"),
        (replace(key, key_id="k_1", key_hash="f" * 64), "a", "admin"),
        (replace(fresh, key_hash=fresh.key), "a", "admin"),
        (fresh, "", "admin"),
        (fresh, "a", "owner"),
        (replace(fresh, env="prod"), "a", "admin"),  # type: ignore[arg-type]
    ]
    for each, name, role in wrong:
        with pytest.raises(StoreError) as raised:
            keys.create(each, name=name, role=role, now_us=NOW_US)

        assert each.key not in str(raised.value)
    assert [key.key_id] == [record.key_id for record in keys.all()]


def test_the_list(database: Database) -> None:
    """All keys, the newest first, whether they still open anything or not."""
    keys = Keys(database)
    first, second, third = (made(keys, name, NOW_US + at) for at, name in enumerate("abc"))
    keys.revoke(second.key_id, NOW_US)

    assert [third.key_id, second.key_id, first.key_id] == [record.key_id for record in keys.all()]
    assert [True, False, True] == [record.is_live(NOW_US) for record in keys.all()]


def test_revoked_once(database: Database) -> None:
    """A key is revoked by its id or prefix, stays so since the first time, and other keys stay as they are."""
    keys = Keys(database)
    other = made(keys)
    for by in ("key_id", "prefix"):
        key = made(keys)
        first = keys.revoke(getattr(key, by), NOW_US + 5)
        again = keys.revoke(getattr(key, by), NOW_US + 9)

        assert first == again == keys.find(key.key_hash)
        assert first is not None
        assert NOW_US + 5 == first.revoked_at_us
    assert is_live(keys, other)


def test_nothing_else_is_revoked(database: Database) -> None:
    """Part of an id or prefix revokes nothing, nor does what is no id at all."""
    keys = Keys(database)
    key = made(keys)
    for which in ("", "k_", "supp_live_", "%", key.key, key.key_hash, key.prefix.upper(), "' OR '1'='1"):
        assert None is keys.revoke(which, NOW_US)
    assert is_live(keys, key)


def test_last_use_is_written_once_a_minute(database: Database) -> None:
    """The first use is written down, then the first one a minute later; a clock set back unwrites nothing."""
    keys = Keys(database)
    key = made(keys)
    after_us = (0, 1, USED_EVERY_US - 1, USED_EVERY_US, USED_EVERY_US + 1, -USED_EVERY_US, 3 * USED_EVERY_US)

    assert [True, False, False, True, False, False, True] == [keys.touch(key.key_id, NOW_US + us) for us in after_us]
    assert NOW_US + 3 * USED_EVERY_US == keys.find(key.key_hash).last_used_us  # type: ignore[union-attr]
    assert not keys.touch("k_none", NOW_US)


def test_threads_write_a_use_once(database: Database) -> None:
    """Of several that saw the same use one writes it down."""
    keys = Keys(database)
    key, start = made(keys), threading.Barrier(6)

    def touch(_: int) -> bool:
        start.wait()
        return keys.touch(key.key_id, NOW_US)

    with ThreadPoolExecutor(6) as pool:
        assert 1 == sum(pool.map(touch, range(6)))


def test_keys_open_the_door(database: Database) -> None:
    """A key made here is let in, and refused as soon as memory is refreshed after it was revoked."""
    keys = Keys(database)
    key = made(keys)
    door = Authenticator(keys.find, lambda: NOW_US)

    assert key.key_id == door.authenticate(f"Bearer {key.key}", "10.0.0.1").key_id
    keys.revoke(key.prefix, NOW_US)
    assert door.memory.refresh()
    with pytest.raises(UnauthenticatedError, match="was revoked"):
        door.authenticate(f"Bearer {key.key}", "10.0.0.1")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_key_is_nowhere(database: Database, tmp_path: Path) -> None:
    """No file of the database holds a key, nor the part of it that is secret."""
    keys = Keys(database)
    minted = [made(keys) for _ in range(5)]
    keys.revoke(minted[0].key_id, NOW_US)
    keys.touch(minted[1].key_id, NOW_US)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert all(key.prefix.encode() in files for key in minted)
    assert [] == [key.key_id for key in minted if key.key[len(key.prefix) : -7].encode() in files]


def test_a_database_without_the_table(database: Database) -> None:
    """Where keys cannot be read or written every method says so, and a key is not in what it says."""
    keys, key = Keys(database), mint(Env.LIVE)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO gone")
    asks: list[Callable[[], object]] = [
        lambda: keys.create(key, name="a", role="admin", now_us=NOW_US),
        lambda: keys.find(key.key_hash),
        keys.all,
        lambda: keys.revoke(key.key_id, NOW_US),
        lambda: keys.touch(key.key_id, NOW_US),
    ]
    for ask in asks:
        with pytest.raises(StoreError, match=r"cannot (read API keys from|write to)") as raised:
            ask()

        assert key.key_hash not in str(raised.value)


@pytest.mark.postgresql
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_broken_connection_is_made_anew(database: Database, admin_execute: Callable[[str], None]) -> None:
    """When the server ends the connections, the next question is answered on a new one."""
    keys = Keys(database)
    key = made(keys)
    keys.find(key.key_hash)
    admin_execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.url.database}'")

    assert key.key_id == keys.find(key.key_hash).key_id  # type: ignore[union-attr]
