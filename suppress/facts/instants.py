"""Turn aware datetimes into whole microseconds since 1970 (UTC) and back.

Inside `suppress` an instant is an integer, `..._us`: exact to the microsecond, the same in every database and
engine, and a window is one subtraction. Datetimes appear only at the border.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from suppress.errors import FactsError

US_PER_SECOND: Final = 1_000_000
US_PER_MINUTE: Final = 60 * US_PER_SECOND
US_PER_HOUR: Final = 60 * US_PER_MINUTE
US_PER_DAY: Final = 24 * US_PER_HOUR
US_PER_YEAR: Final = 365 * US_PER_DAY

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC. Raises FactsError when `at` is naive: nobody knows which zone it means."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise FactsError(f"the time {at.isoformat()} has no zone; write it with one, e.g. {at.isoformat()}Z")
    return (at - _EPOCH) // _MICROSECOND


def from_us(instant_us: int) -> datetime:
    """The aware UTC datetime of an instant. Instants beyond the year 9999 are cut to its last microsecond."""
    try:
        return _EPOCH + timedelta(microseconds=instant_us)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
