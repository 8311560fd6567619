"""Keys: their form, their check sum, and what is kept of them."""

import random
import re
from hashlib import sha256
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.access import key as key_module
from suppress.access.key import ALPHABET, Env, hash_of, mint, read_key, same
from suppress.stores.key_tables import KEY_ENVS

KNOWN = "supp_live_" + "0" * 32 + "_3L3XJL"
"""A key of zeros; its check sum is CRC-32 in six digits to the base 62, worked out without this code."""


@pytest.mark.parametrize("env", Env)
def test_form(env: Env) -> None:
    """`supp_<env>_<32 base62>_<check sum>`; the prefix is its first 8 random characters, the hash its SHA-256."""
    minted = mint(env)

    assert re.fullmatch(rf"supp_{env}_[0-9A-Za-z]{{32}}_[0-9A-Za-z]{{6}}", minted.key)
    assert minted.key[: len("supp_live_") + 8] == minted.prefix
    assert sha256(minted.key.encode()).hexdigest() == minted.key_hash
    assert re.fullmatch("k_[0-9a-f]{12}", minted.key_id)
    assert (minted.prefix, minted.key_hash) == read_key(minted.key)


def test_a_key_of_old_stays_a_key() -> None:
    """The check sum never changes: keys made by an older version are read for ever."""
    shown = read_key(KNOWN)

    assert shown is not None
    assert ("supp_live_00000000", hash_of(KNOWN)) == shown


def test_no_two_alike() -> None:
    """A thousand keys differ in key, id, prefix and hash, and use the whole alphabet."""
    minted = [mint(Env.TEST) for _ in range(1_000)]

    for name in ("key", "key_id", "prefix", "key_hash"):
        assert 1_000 == len({getattr(one, name) for one in minted})
    assert set(ALPHABET) <= set("".join(one.key for one in minted))


@given(st.randoms(use_true_random=False), st.data())
def test_one_slip_is_found(chance: random.Random, data: st.DataObject) -> None:
    """A key with one character changed, left out, doubled, or swapped with its neighbour is no key."""
    key = mint(Env.LIVE, chance.choice).key
    at = data.draw(st.integers(0, len(key) - 2))
    slip = data.draw(
        st.sampled_from(
            [
                key[:at] + data.draw(st.sampled_from(ALPHABET)) + key[at + 1 :],
                key[:at] + key[at + 1 :],
                key[:at] + key[at] + key[at:],
                key[:at] + key[at + 1] + key[at] + key[at + 2 :],
            ]
        )
    )

    assert (slip == key) is (read_key(slip) is not None)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    """Whatever a stranger sends is read and hashed without an error, and is no key."""
    assert read_key(text) is None
    assert 64 == len(hash_of(text))


@pytest.mark.parametrize(
    "text",
    [KNOWN + "\n", " " + KNOWN, KNOWN[:18], KNOWN.replace("live", "prod"), KNOWN.upper(), KNOWN.replace("0", "０"),
     "supp_live_" + "0" * 32, "\ud800", KNOWN + "\x00"],
)  # fmt: skip
def test_nearly_a_key(text: str) -> None:
    """Nothing but the whole key, in ASCII, is one."""
    assert read_key(text) is None
    assert 64 == len(hash_of(text))


def test_a_key_is_not_shown_by_accident() -> None:
    """Neither the key nor its hash is in what a log would print of it."""
    minted = mint(Env.LIVE)

    assert minted.prefix in repr(minted)
    assert minted.key not in repr(minted)
    assert minted.key_hash not in repr(minted)


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """`same` leaves the comparison to the standard library's."""
    compare = Mock(return_value=True)
    monkeypatch.setattr(key_module, "compare_digest", compare)

    assert same("a", "b")
    compare.assert_called_once_with("a", "b")


def test_the_database_knows_the_same_purposes() -> None:
    """Whatever a key is for can be stored."""
    assert [env.value for env in Env] == list(KEY_ENVS)
