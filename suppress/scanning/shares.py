"""What campaigns hold of limited stock: nothing without a store, else what its reservations say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from suppress.facts.instants import US_PER_HOUR, to_us
from suppress.scan.run import Held
from suppress.stores.database import Database
from suppress.stores.reservations import Reservation, Reservations


class NoShares:
    """Nobody holds anything, and nothing is reserved: of a scan without a store."""

    def taken(self) -> dict[str, int]:
        """Nothing."""
        return {}

    def reserve(self, held: Sequence[Held], at_most: Mapping[str, int]) -> dict[str, int]:
        """Nothing is in the way."""
        del held, at_most
        return {}


class StoreShares:
    """Places of limited items that are reserved in a database. Without a campaign they are only looked at."""

    def __init__(
        self, reservations: Reservations, campaign: str | None, now_us: int, expires_at_us: int | None
    ) -> None:
        self._reservations = reservations
        self._campaign = campaign
        self._now_us = now_us
        self._expires_at_us = expires_at_us

    def taken(self) -> dict[str, int]:
        """sku -> live places that others hold."""
        return self._reservations.live(self._now_us, except_campaign=self._campaign)

    def reserve(self, held: Sequence[Held], at_most: Mapping[str, int]) -> dict[str, int]:
        """Reserve them for the campaign, in place of all it held; or which skus others hold more of than was known."""
        if self._campaign is None or self._expires_at_us is None:
            return {}
        rows = [Reservation(message, customer or "", sku, places) for message, customer, sku, places in held]
        return self._reservations.reserve_many(self._campaign, rows, at_most, self._now_us, self._expires_at_us)


@contextmanager
def shares_of(
    database: str,
    campaign: str | None,
    *,
    reserve_hours: float | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[StoreShares]:
    """What a database knows of reserved stock. `reserve_hours`: reserve for so long; None = only look.

    Raises StoreError when the database cannot be read.
    """
    opened = Database.open(database)
    now_us = to_us(clock())
    expires_at_us = None if reserve_hours is None else now_us + int(reserve_hours * US_PER_HOUR)
    try:
        yield StoreShares(Reservations(opened), campaign, now_us, expires_at_us)
    finally:
        opened.close()
