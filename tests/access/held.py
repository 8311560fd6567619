"""A table of keys that lives in memory, and a clock that stands still until it is moved: what tests hand in."""

import threading
from dataclasses import dataclass, field, replace

from suppress.access.key import Env, MintedKey, mint
from suppress.errors import StoreError
from suppress.stores.keys import KeyRecord

START_US = 1_795_420_800_000_000
SECOND_US = 1_000_000


@dataclass
class Clock:
    """Now, as it is set."""

    now_us: int = START_US

    def __call__(self) -> int:
        return self.now_us

    def forward(self, seconds: float) -> None:
        self.now_us += round(seconds * SECOND_US)


@dataclass
class Table:
    """Keys by their hash. `is_down`: it cannot be read. `gate`: who reads waits until it is set."""

    rows: dict[str, KeyRecord] = field(default_factory=dict)
    is_down: bool = False
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    asked: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def find(self, key_hash: str) -> KeyRecord | None:
        self.asked += 1
        self.entered.release()
        self.gate.wait(60)
        if self.is_down:
            raise StoreError("cannot read API keys from the database: gone")
        return self.rows.get(key_hash)

    def add(self, role: str = "sender", expires_at_us: int | None = None) -> MintedKey:
        key = mint(Env.LIVE)
        self.rows[key.key_hash] = KeyRecord(
            key_id=key.key_id, name="shop", role=role, env="live", prefix=key.prefix, key_hash=key.key_hash,
            created_at_us=START_US, expires_at_us=expires_at_us,
        )  # fmt: skip
        return key

    def revoke(self, key: MintedKey, at_us: int) -> None:
        self.rows[key.key_hash] = replace(self.rows[key.key_hash], revoked_at_us=at_us)
