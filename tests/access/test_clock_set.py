"""The clock is set while the service runs: ages are told by one that nobody sets, dates by the clock."""

import pytest

from suppress.access.authenticate import Authenticator
from suppress.access.memory import FRESH_US
from suppress.errors import LockedError, UnauthenticatedError
from tests.access.held import SECOND_US, START_US, Clock, Table
from tests.access.test_authenticate import HERE, other_key

STEPS_S = (-400 * 86_400, -3_600, -3, 3, 70, 3_600, 400 * 86_400)


class Door:
    """An authenticator, its table, the clock that is set and the one that is not."""

    def __init__(self) -> None:
        self.table, self.clock, self.ticks = Table(), Clock(), Clock(0)
        self.authenticator = Authenticator(self.table.find, self.clock, ticks_us=self.ticks)

    def wait_s(self) -> int:
        """How long a stranger is not heard; 0 when he is."""
        try:
            self.authenticator.authenticate(f"Bearer {other_key().key}", HERE)
        except LockedError as error:
            return error.retry_after_s
        except UnauthenticatedError:
            pass
        return 0


@pytest.mark.parametrize("step_s", STEPS_S)
def test_a_lock_lasts_as_long_as_was_told(step_s: int) -> None:
    """Setting the clock lets nobody in who tried keys, and keeps nobody out for longer."""
    door = Door()
    assert [0] * 10 == [door.wait_s() for _ in range(10)]
    assert door.wait_s() == 60

    door.clock.forward(step_s)
    assert door.wait_s() == 60
    door.ticks.forward(59)
    assert door.wait_s() == 1
    door.ticks.forward(1)
    assert door.wait_s() == 0


@pytest.mark.parametrize("step_s", STEPS_S)
def test_a_good_key_stays_known_and_a_revoked_one_does_not(step_s: int) -> None:
    """Setting the clock makes no request wait for the database, and no memory last longer than its five seconds."""
    door = Door()
    key = door.table.add()
    door.authenticator.authenticate(f"Bearer {key.key}", HERE)
    door.clock.forward(step_s)

    assert door.authenticator.memory.recall(key.key_hash) is not None
    door.table.revoke(key, door.clock())
    door.ticks.now_us += FRESH_US + 1
    assert door.authenticator.memory.recall(key.key_hash) is None


def test_a_key_expires_by_the_clock() -> None:
    """A date of expiry is a date: once the clock has passed it the key opens nothing."""
    door = Door()
    key = door.table.add(expires_at_us=START_US + 3_600 * SECOND_US)
    door.authenticator.authenticate(f"Bearer {key.key}", HERE)
    door.clock.forward(3_600)

    assert door.authenticator.memory.recall(key.key_hash) is None


def test_use_is_told_by_the_clock() -> None:
    """When a key was used last is told in microseconds since 1970, however the clock was set since."""
    door = Door()
    key = door.table.add()
    door.authenticator.authenticate(f"Bearer {key.key}", HERE)
    door.ticks.forward(2)
    door.clock.forward(3_600)

    assert {key.key_id: START_US + 3_598 * SECOND_US} == door.authenticator.memory.take_used()
