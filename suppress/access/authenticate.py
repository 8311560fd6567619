"""Turn the Authorization header of a request into the caller behind it, or say why there is none.

Who failed too often is not heard for a while, by address and by the beginning of the key. That stops strangers only: a
key that is known here to be good is never locked out, or whoever shares an address, or knows how a key begins, could
silence its owner.
"""

from collections.abc import Callable, Sequence
from typing import Final

from suppress.access.caller import Caller, KeyRecord
from suppress.access.key import ShownKey, hash_of, read_key
from suppress.access.lockout import Lockout, network_of
from suppress.access.memory import KeyMemory
from suppress.errors import LockedError, UnauthenticatedError

MOST_HEADER_CHARACTERS: Final = 255
_SCHEME: Final = "bearer "


class Authenticator:
    """Knows callers by their keys. Threads may share it; it starts none.

    `find`: the key with this hash, None when there is none; raises StoreError when nobody can say. `clock`: now, in
    microseconds since 1970 UTC. `ticks_us`: microseconds of a clock that nobody sets, for lock-outs and ages; None =
    `clock`. `memory` wants to be refreshed, see there.
    """

    def __init__(
        self,
        find: Callable[[str], KeyRecord | None],
        clock: Callable[[], int],
        *,
        ticks_us: Callable[[], int] | None = None,
        lockout: Lockout | None = None,
    ) -> None:
        self.memory = KeyMemory(find, clock, ticks_us)
        self._ticks_us = ticks_us or clock
        self._lockout = lockout or Lockout()

    def known(self, authorization: str | None) -> Caller | None:
        """The caller, from memory alone; None when only `authenticate` can say. Never waits, never raises."""
        key = _shown_in(authorization)
        return None if key is None else self.memory.recall(hash_of(key))

    def authenticate(self, authorization: str | None, address: str | None) -> Caller:
        """The caller; the database is asked unless the key is remembered. `address`: where the request comes from.

        Raises UnauthenticatedError with the reason `missing`, `malformed`, `unknown`, `revoked` or `expired`,
        LockedError when too many failures came before, and StoreError when the database cannot say.
        """
        caller = self.known(authorization)
        if caller is not None:
            return caller
        if not authorization:
            raise UnauthenticatedError('no API key was given; send the header "Authorization: Bearer KEY"', "missing")
        key = _shown_in(authorization)
        shown = None if key is None else read_key(key)
        subjects = [network_of(address), *([] if shown is None else [f"prefix {shown.prefix}"])]
        if shown is None or shown.key_hash not in self.memory:
            self._refuse_locked(subjects)
        try:
            return self._caller(shown)
        except UnauthenticatedError:
            self._lockout.note_failure(subjects, self._ticks_us())
            raise

    def _refuse_locked(self, subjects: Sequence[str]) -> None:
        retry_after_s = self._lockout.retry_after_s(subjects, self._ticks_us())
        if retry_after_s is not None:
            raise LockedError(
                f"too many wrong API keys came from this address, or began like this one; wait {retry_after_s} s",
                retry_after_s,
            )

    def _caller(self, shown: ShownKey | None) -> Caller:
        if shown is None:
            raise UnauthenticatedError(
                "this is no API key, or not a whole one; was it copied with a slip?", "malformed"
            )
        return self.memory.ask(shown.key_hash)


def _shown_in(authorization: str | None) -> str | None:
    """The key in a header `Bearer KEY`, whatever it looks like; None when there is none."""
    if authorization is None or len(authorization) > MOST_HEADER_CHARACTERS:
        return None
    if authorization[: len(_SCHEME)].lower() != _SCHEME:
        return None
    return authorization[len(_SCHEME) :].strip()
