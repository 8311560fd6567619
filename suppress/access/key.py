"""API keys: made once, known afterwards by their hash. A key in, its prefix and hash out.

    supp_live_0aB3xK9qLm2nPv8sTu4wYz6cDe1fGh5j_1Xy7Qz
    |    |    |                                |
    |    |    32 random characters (190 bits)  check sum, so that a slip is told without a look into the database
    |    what it is for, for people and for scanners of leaked secrets
    whose it is, likewise

Who shows a key need not be asked for a slow hash: nobody can try out 190 bits. The prefix names a key to people.
"""

import re
import secrets
import string
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_CHARACTERS: Final = 32
PREFIX_CHARACTERS: Final = 8
"""How many of the random characters people see. The 24 others (142 bits) are the secret."""
CHECK_CHARACTERS: Final = 6


class Env(StrEnum):
    """What a key is for. It opens the same doors either way."""

    LIVE = "live"
    TEST = "test"


class ShownKey(NamedTuple):
    """What may be kept of a key somebody shows. `key_hash`: SHA-256 of the whole key, in hex."""

    prefix: str
    key_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedKey:
    """A new key. `key` is for its owner's eyes, once; the rest is kept."""

    key: str = field(repr=False)
    key_id: str
    env: Env
    prefix: str
    key_hash: str = field(repr=False)


def mint(env: Env, choose: Callable[[Sequence[str]], str] = secrets.choice) -> MintedKey:
    """A new key, and an id for it."""
    body = f"supp_{env}_" + "".join(choose(ALPHABET) for _ in range(RANDOM_CHARACTERS))
    key = f"{body}_{_check_sum(body)}"
    shown = ShownKey(_prefix(key), hash_of(key))
    key_id = "k_" + "".join(choose(string.digits + "abcdef") for _ in range(12))
    return MintedKey(key=key, key_id=key_id, env=env, prefix=shown.prefix, key_hash=shown.key_hash)


def read_key(text: str) -> ShownKey | None:
    """What may be kept of a key; None when the text is not a key, or one with a slip in it."""
    found = _KEY.fullmatch(text)
    if found is None or not same(found["check"], _check_sum(found["body"])):
        return None
    return ShownKey(_prefix(text), hash_of(text))


def hash_of(text: str) -> str:
    """SHA-256 in hex."""
    return sha256(text.encode(errors="replace")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two ASCII texts are the same, in a time that does not tell where they differ."""
    return compare_digest(one, other)


_KEY: Final = re.compile(
    rf"(?P<body>supp_(?:{'|'.join(Env)})_[0-9A-Za-z]{{{RANDOM_CHARACTERS}}})"
    rf"_(?P<check>[0-9A-Za-z]{{{CHECK_CHARACTERS}}})"
)


def _prefix(key: str) -> str:
    return key[: -(RANDOM_CHARACTERS - PREFIX_CHARACTERS) - 1 - CHECK_CHARACTERS]


def _check_sum(body: str) -> str:
    left, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_CHARACTERS):
        left, digit = divmod(left, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
