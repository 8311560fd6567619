"""Remember the keys that were found good, so that a request need not wait for the database.

A memory is good for 5 seconds; then the database is asked again, so a revoked key opens nothing 5 seconds later.
Whoever runs the service calls `refresh` every 2 seconds from a thread of its own, and then no request has to wait.

While the database does not answer nobody can revoke a key in it either, and checks must go on (`on_unavailable`): keys
that were good a moment ago stay so for up to 15 minutes. Ages are told by a clock that never jumps; should it all the
same go back, keys are asked about anew.
"""

import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from suppress.access.caller import Caller, KeyRecord, caller_of
from suppress.errors import StoreError, UnauthenticatedError

FRESH_US: Final = 5_000_000
GRACE_US: Final = 900_000_000
SILENT_AFTER_US: Final = 1_000_000
"""How long an answer takes before the database counts as silent."""
TRY_EVERY_US: Final = 5_000_000
"""How often a stranger's key is asked about in spite of that, to see whether it still is."""
MOST_ASKING: Final = 8
"""How many threads may wait for the database at once."""
_SILENT: Final = "the database does not answer, so nobody can say whether the API key is good; try again in a moment"


class _Memory(NamedTuple):
    caller: Caller
    expires_at_us: int | None
    checked_at_us: int


class KeyMemory:
    """Keys by their hash. Threads may share it; it starts none.

    `find`: the key with this hash, None when there is none; raises StoreError when nobody can say. `clock`: now, in
    microseconds since 1970 UTC. `ticks_us`: microseconds of a clock that nobody sets; None = `clock`.
    """

    def __init__(
        self,
        find: Callable[[str], KeyRecord | None],
        clock: Callable[[], int],
        ticks_us: Callable[[], int] | None = None,
    ) -> None:
        self._find = find
        self._clock = clock
        self._ticks_us = ticks_us or clock
        self._memories: dict[str, _Memory] = {}
        self._used_us: dict[str, int] = {}
        self._told_us: dict[str, int] = {}
        self._turns = threading.BoundedSemaphore(MOST_ASKING)
        self._asking_since_us: dict[str, int] = {}
        self._failed_at_us: int | None = None
        self._answered_at_us: int | None = None

    def __contains__(self, key_hash: str) -> bool:
        """Whether the key was good when the database was last asked about it, however long ago."""
        return key_hash in self._memories

    def recall(self, key_hash: str) -> Caller | None:
        """The caller, from memory alone; None when the database has to be asked."""
        memory = self._memories.get(key_hash)
        if memory is None:
            return None
        if memory.expires_at_us is not None and self._clock() >= memory.expires_at_us:
            return None
        now_us = self._ticks_us()
        age_us = abs(now_us - memory.checked_at_us)
        if age_us > FRESH_US and (age_us > GRACE_US or not self._stands(memory, key_hash, now_us)):
            return None
        self._used_us[memory.caller.key_id] = now_us
        return memory.caller

    def ask(self, key_hash: str) -> Caller:
        """The caller, from the database, remembered from now on; from memory when it cannot say.

        Raises UnauthenticatedError when the key opens nothing, StoreError when nobody can say.
        """
        try:
            caller = self._ask_in_turn(key_hash)
        except StoreError:
            remembered = self.recall(key_hash)
            if remembered is None:
                raise
            return remembered
        self._used_us[caller.key_id] = self._ticks_us()
        return caller

    def refresh(self) -> bool:
        """Ask about every key used in the last 15 minutes; whether the database answered. Forget the others."""
        for key_hash, memory in list(self._memories.items()):
            now_us = self._ticks_us()
            if now_us - self._used_us.get(memory.caller.key_id, now_us) > GRACE_US:
                self._memories.pop(key_hash, None)
                continue
            try:
                self._ask(key_hash)
                if self._ticks_us() - now_us > SILENT_AFTER_US:
                    # The database hung meanwhile: what it says now is as old as the question.
                    self._ask(key_hash)
            except UnauthenticatedError:
                continue
            except StoreError:
                return False
        return True

    def take_used(self) -> dict[str, int]:
        """Which keys were used since this was last called, and when last: key_id -> microseconds since 1970 UTC."""
        used = {key_id: at for key_id, at in list(self._used_us.items()) if self._told_us.get(key_id) != at}
        self._told_us.update(used)
        since_1970_us = self._clock() - self._ticks_us()
        return {key_id: at + since_1970_us for key_id, at in used.items()}

    def _ask_in_turn(self, key_hash: str) -> Caller:
        """As `_ask`, but a database that never answers holds up no more than a few threads, the others a second."""
        if not self._may_try(self._ticks_us()):
            raise StoreError(_SILENT)
        if not self._turns.acquire(timeout=SILENT_AFTER_US / 1_000_000):
            self._failed_at_us = self._ticks_us()
            raise StoreError(_SILENT)
        try:
            # Whoever had the turn before may have asked about the same key.
            return self.recall(key_hash) or self._ask(key_hash)
        finally:
            self._turns.release()

    def _ask(self, key_hash: str) -> Caller:
        # The time before asking: what comes back may be no newer than that.
        asked_at_us = self._ticks_us()
        self._asking_since_us.setdefault(key_hash, asked_at_us)
        try:
            record = self._find(key_hash)
        except StoreError:
            self._failed_at_us = self._ticks_us()
            raise
        finally:
            self._asking_since_us.pop(key_hash, None)
        self._failed_at_us, self._answered_at_us = None, self._ticks_us()
        try:
            caller = caller_of(record, key_hash, self._clock())
        except UnauthenticatedError:
            self._memories.pop(key_hash, None)
            raise
        self._memories[key_hash] = _Memory(caller, record.expires_at_us if record else None, asked_at_us)
        return caller

    def _stands(self, memory: _Memory, key_hash: str, now_us: int) -> bool:
        """Whether a memory that is no longer fresh is good all the same."""
        since_us = self._asking_since_us.get(key_hash)
        began_in_time = since_us is not None and abs(since_us - memory.checked_at_us) <= FRESH_US + SILENT_AFTER_US
        if since_us is not None and began_in_time and not self._is_lost(since_us):
            # Somebody is asking already: one request waits for the answer, the others need not.
            return True
        failed_at_us = self._failed_at_us
        has_failed = failed_at_us is not None and abs(now_us - failed_at_us) <= FRESH_US
        return has_failed or self._is_waiting_in_vain(now_us)

    def _is_waiting_in_vain(self, now_us: int) -> bool:
        """Whether an answer is overdue, and not merely lost."""
        return any(
            abs(now_us - since_us) > SILENT_AFTER_US and not self._is_lost(since_us)
            for since_us in list(self._asking_since_us.values())
        )

    def _is_lost(self, since_us: int) -> bool:
        """Whether an answer has not come while others did: then it says nothing of the database any more."""
        return self._answered_at_us is not None and self._answered_at_us - since_us > SILENT_AFTER_US

    def _may_try(self, now_us: int) -> bool:
        return not self._is_waiting_in_vain(now_us) or all(
            abs(now_us - since_us) > TRY_EVERY_US for since_us in list(self._asking_since_us.values())
        )
