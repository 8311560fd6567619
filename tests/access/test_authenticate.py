"""Headers into callers: who is let in, who is not and why, who is not even heard."""

import logging
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.access.authenticate import Authenticator
from suppress.access.key import Env, MintedKey, mint
from suppress.errors import AccessError, LockedError, StoreError, UnauthenticatedError
from tests.access.held import START_US, Clock, Table

HERE, THERE = "10.0.0.1", "10.0.0.2"


class Door:
    """An authenticator with a table and a clock behind it."""

    def __init__(self) -> None:
        self.table, self.clock = Table(), Clock()
        self.authenticator = Authenticator(self.table.find, self.clock)

    def show(self, key: MintedKey | str, address: str | None = HERE) -> str:
        """The id of the caller, or in a word why there is none."""
        text = key if isinstance(key, str) else key.key
        try:
            return self.authenticator.authenticate(f"Bearer {text}", address).key_id
        except UnauthenticatedError as error:
            return error.reason
        except LockedError as error:
            return f"locked for {error.retry_after_s} s"


@pytest.fixture
def door() -> Door:
    return Door()


def other_key(like: MintedKey | None = None) -> MintedKey:
    """A key that was never kept; with the prefix of one that was, if asked for."""
    first = iter(like.prefix.rpartition("_")[2] if like else "")
    return mint(Env.LIVE, lambda letters: next(first, None) or secrets.choice(letters))


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER  {} ", "Bearer {}\t"])
def test_a_good_key(door: Door, header: str) -> None:
    """Whoever shows a good key is its caller, first from the database, then from memory."""
    key = door.table.add("admin")
    authorization = header.format(key.key)

    assert None is door.authenticator.known(authorization)
    first = door.authenticator.authenticate(authorization, HERE)
    assert (key.key_id, "admin") == (first.key_id, first.role)
    assert first == door.authenticator.known(authorization) == door.authenticator.authenticate(authorization, None)
    assert 1 == door.table.asked


@pytest.mark.parametrize("header", [None, ""])
def test_no_key(door: Door, header: str | None) -> None:
    """Without a header the answer says what to send; that is no guess and is not counted."""
    for _ in range(20):
        with pytest.raises(UnauthenticatedError, match="Authorization: Bearer KEY") as raised:
            door.authenticator.authenticate(header, HERE)

        assert "missing" == raised.value.reason
    assert None is door.authenticator.known(header)


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "{}", "Bearer{}", "Bearer {} {}", "Bearer {},", "Bearer x{}",
     "Token {}", "Bearer {}" + "x" * 300, "Bearer \ud800", "Bearer ключ", "Bearer {}\x00", "\x00", "Bearer '{}'"],
)  # fmt: skip
def test_what_is_no_key(door: Door, header: str) -> None:
    """Anything else than one whole key is refused without asking the database."""
    key = door.table.add()
    authorization = header.replace("{}", key.key)
    with pytest.raises(UnauthenticatedError) as raised:
        door.authenticator.authenticate(authorization, HERE)

    assert ("malformed", 0) == (raised.value.reason, door.table.asked)
    assert None is door.authenticator.known(authorization)


def test_prefix_and_hash_open_nothing(door: Door) -> None:
    """What the database holds of a key is not enough to get in."""
    key = door.table.add()

    assert ["malformed"] * 3 == [door.show(text) for text in (key.prefix, key.key_hash, key.key_id)]


def test_keys_that_open_nothing(door: Door) -> None:
    """Unknown, revoked and expired keys are told apart."""
    revoked, expired = door.table.add(), door.table.add(expires_at_us=START_US)
    door.table.revoke(revoked, START_US)

    assert ["unknown", "revoked", "expired"] == [door.show(key) for key in (other_key(), revoked, expired)]


@pytest.mark.parametrize("guess", ["unknown", "malformed"])
def test_ten_wrong_keys_a_minute(door: Door, guess: str) -> None:
    """The eleventh wrong key within a minute is not looked at; a minute later ten more are."""
    found = []
    for _ in range(12):
        found.append(door.show(other_key() if guess == "unknown" else "supp_live_x"))
        door.clock.forward(1)

    assert [guess] * 10 + ["locked for 59 s", "locked for 58 s"] == found
    asked = door.table.asked
    assert "locked for 57 s" == door.show(door.table.add())
    assert asked == door.table.asked
    door.clock.forward(57)
    assert guess == door.show(other_key() if guess == "unknown" else "supp_live_x")


def test_another_address_is_heard(door: Door) -> None:
    """One address locked out does not lock others; all hosts of an IPv6 network are one."""
    for number in range(10):
        door.show(other_key(), f"2001:db8::{number}")

    assert "locked for 60 s" == door.show(other_key(), "2001:db8::ffff")
    assert ["unknown", "unknown"] == [door.show(other_key(), address) for address in ("2001:db8:0:1::1", THERE)]


def test_guesses_at_one_key_from_everywhere(door: Door) -> None:
    """Ten guesses at the rest of one key, each from another address, lock the prefix for strangers."""
    key = door.table.add()
    guesses = [door.show(other_key(key), f"10.1.0.{number}") for number in range(11)]

    assert ["unknown"] * 10 + ["locked for 60 s"] == guesses
    assert "locked for 60 s" == door.show(key, THERE)
    assert "unknown" == door.show(other_key(), THERE)


def test_the_owner_is_not_locked_out(door: Door) -> None:
    """A key that is known to be good is let in from a locked address and with a locked prefix, even when the database
    has to be asked again.
    """
    key = door.table.add()
    assert key.key_id == door.show(key)
    for _ in range(11):
        door.show(other_key(key))
    assert "locked for 60 s" == door.show(other_key())
    found = []
    for _ in range(6):
        found.append(door.show(key))
        door.clock.forward(6)

    assert [key.key_id] * 6 == found


def test_a_revoked_owner_is_a_stranger(door: Door) -> None:
    """A key that was revoked is refused, and counted like any wrong key."""
    key = door.table.add()
    door.show(key)
    door.table.revoke(key, START_US)
    door.clock.forward(6)

    assert ["revoked"] * 10 + ["locked for 60 s"] == [door.show(key) for _ in range(11)]


def test_a_database_that_is_down(door: Door) -> None:
    """A stranger gets no answer and is not counted; a known key gets in."""
    key = door.table.add()
    door.show(key)
    door.table.is_down = True
    door.clock.forward(6)
    for _ in range(20):
        with pytest.raises(StoreError):
            door.show(other_key())

    assert key.key_id == door.show(key)
    door.table.is_down = False
    assert "unknown" == door.show(other_key())


@given(st.text())
def test_any_header(header: str) -> None:
    """Whatever a stranger sends, an access error is the answer."""
    door = Door()
    door.table.add()
    with pytest.raises(AccessError):
        door.authenticator.authenticate(header, HERE)

    assert None is door.authenticator.known(header)


def test_keys_are_never_told(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """No answer and no log line holds a key, good or wrong, nor its secret part."""
    caplog.set_level(logging.DEBUG)
    revoked, expired = door.table.add(), door.table.add(expires_at_us=START_US)
    door.table.revoke(revoked, START_US)
    keys = [door.table.add(), other_key(), revoked, expired]
    told = []
    for key in [*keys, *keys * 3]:
        for text in (key.key, key.key + "x"):
            try:
                told.append(repr(door.authenticator.authenticate(f"Bearer {text}", HERE)))
            except AccessError as error:
                told.append(f"{error!r} {error} {error.args}")

    said = caplog.text + "\n".join(told)
    assert [] == [key.key for key in keys if key.key in said or key.key[len(key.prefix) : -7] in said]
    assert any("LockedError" in line for line in told)
    assert any("revoked" in line for line in told)
