"""Several at once: readers while a writer writes, threads of readers, and a writer that is killed."""

import signal
import subprocess
import sys
import threading

from suppress.facts.message import Message
from suppress.facts.records import OrderRecord
from suppress.facts.snapshot import FactNeeds, Source
from suppress.stores.database import Database
from suppress.stores.facts import FactStore
from suppress.stores.load import Loader
from tests.stores import shops

BATCH = 200
NEEDS = FactNeeds(history_by=frozenset({"sku"}))
MESSAGE = Message(items=("A",), customer_id="c1")

WRITER = """
import sys
from suppress.facts.records import OrderRecord
from suppress.facts.snapshot import Source
from suppress.stores.database import Database
from suppress.stores.load import Loader

url, batches = sys.argv[1], int(sys.argv[2])
with Database.open(url) as database, Loader(database, Source.ORDERS) as loader:
    for batch in range(batches):
        loader.write([
            OrderRecord(f"{batch}", f"{n}", "c1", "A", 1, 5, 0, 0, False, None, None, None, 1) for n in range(200)
        ])
        print(batch, flush=True)
    loader.finish(9)
"""


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    """While a write transaction is open a reader is answered, with what was there before it."""
    shops.fill(database, [[line(1)]])
    store = FactStore(database, NEEDS)
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM order_lines")
        during = len(store.snapshot(MESSAGE, 10).lines)
    after = len(store.snapshot(MESSAGE, 10).lines)

    assert (1, 0) == (during, after)


def test_threads_read_whole_batches(database: Database) -> None:
    """Readers in several threads see each transaction of a running load whole or not at all, and never fewer lines."""
    store = FactStore(database, NEEDS)
    done = threading.Event()
    seen: dict[int, list[int]] = {0: [], 1: [], 2: []}
    faults: list[BaseException] = []

    def read(counts: list[int]) -> None:
        try:
            while not done.is_set():
                counts.append(len(store.snapshot(MESSAGE, 10).lines))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=read, args=(counts,)) for counts in seen.values()]
    for thread in threads:
        thread.start()
    with Loader(database, Source.ORDERS) as loader:
        for batch in range(20):
            loader.write([line(batch * BATCH + number) for number in range(BATCH)])
    done.set()
    for thread in threads:
        thread.join(timeout=60)

    assert [] == faults
    for counts in seen.values():
        assert counts
        assert sorted(counts) == counts
        assert {0} == {count % BATCH for count in counts}


def test_two_loaders_at_once(database: Database) -> None:
    """Two loaders of the same source with the same keys in opposite order both finish."""
    faults: list[BaseException] = []

    def load(records: list[OrderRecord]) -> None:
        try:
            with Loader(database, Source.ORDERS) as loader:
                for start in range(0, len(records), 500):
                    loader.write(records[start : start + 500])
        except BaseException as fault:
            faults.append(fault)

    records = [line(number) for number in range(3_000)]
    newer = [record._replace(updated_at_us=2) for record in reversed(records)]
    threads = [threading.Thread(target=load, args=(batch,)) for batch in (records, newer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    found = database.read().exec_driver_sql("SELECT count(*), min(updated_at_us) FROM order_lines").one()

    assert [] == faults
    assert (3_000, 2) == tuple(found)


def test_killed_writer(url: str) -> None:
    """A writer killed with -9 leaves whole batches and an intact database; the same load again completes it."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url, "100000"], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [next(writer.stdout) for _ in range(5)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += writer.communicate(timeout=60)[0].splitlines()
    with Database.open(url) as database:
        kept = count(database)
        if database.dialect == "sqlite":
            assert "ok" == database.read().exec_driver_sql("PRAGMA integrity_check").scalar()

    assert -signal.SIGKILL == writer.returncode
    assert 0 == kept % BATCH
    assert kept >= BATCH * len(acknowledged)
    batches = kept // BATCH + 2
    subprocess.run([sys.executable, "-c", WRITER, url, str(batches)], check=True, capture_output=True, timeout=120)
    with Database.open(url) as database:
        assert batches * BATCH == count(database)
        assert 9 == FactStore(database, NEEDS).snapshot(MESSAGE, 10).feeds_us[Source.ORDERS]


def count(database: Database) -> int:
    return int(database.read().exec_driver_sql("SELECT count(*) FROM order_lines").scalar_one())


def line(number: int) -> OrderRecord:
    return OrderRecord(f"o{number}", "1", "c1", "A", 1, 5, 0, 0, False, None, None, None, 1)
