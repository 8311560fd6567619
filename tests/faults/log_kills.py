"""Kill -9 a process that logs decisions at random moments, many times: none it promised is missing.

    python -m tests.faults.log_kills [ROUNDS] [SEED]

Each round starts a process in which eight threads log decisions and say of each when it was promised, and kills it at a
random moment. Whatever the moment: the files verify and hold every promised decision. At the end one more process
starts and stops; then the table holds them too, and verifies.
"""

import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from suppress.decisions.record import Fault, RecordQuery, read_line
from suppress.ledger.folder import verify_folder
from suppress.ledger.opening import open_ledger
from suppress.settings import Settings
from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from suppress.stores.schema import upgrade
from tests.ledger.example import entry

THREADS = 8
ID_CHARACTERS = 26
PER_ROUND = 10**6


def work(settings: Settings, first: int, promised: Connection) -> None:
    """What is killed. Writes to the pipe `promised` the id of each decision that is durable."""
    with Database.open(settings.database) as database:
        opened = open_ledger(settings, DecisionLog(database))

        def log(thread: int) -> None:
            number = first + thread
            while True:
                one = entry(number)
                opened.ledger.write([one]).result()
                os.write(promised.fileno(), f"{one.decision.decision_id}\n".encode())
                number += THREADS

        for thread in range(THREADS):
            threading.Thread(target=log, args=(thread,), daemon=True).start()
        threading.Event().wait()


def rounds(folder: Path, count: int, seed: int) -> int:
    """Kill that many times; how many decisions were promised. Raises AssertionError when one of them is missing."""
    dice = random.Random(seed)
    settings = Settings(database=f"sqlite:///{folder}/shop.db", log_dir=str(folder / "decisions"))
    with Database.open(settings.database, require_schema=False) as database:
        upgrade(database)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["suppress.ledger.opening", "suppress.stores.decision_log", "tests.ledger.example"])
    promised: set[str] = set()
    seen: set[Path] = set()
    for number in range(count):
        reading, writing = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(settings, number * PER_ROUND, writing))
        process.start()
        writing.close()
        with os.fdopen(os.dup(reading.fileno()), "rb") as pipe:
            reading.close()
            told = pipe.read(ID_CHARACTERS + 1)
            time.sleep(dice.uniform(0, 0.25))
            process.kill()
            told += pipe.read()
        process.join()
        process.close()
        of_round = set(told.decode().split())
        paths = set((folder / "decisions").glob("*.jsonl")) - seen
        seen |= paths
        assert of_round <= in_files(paths), f"round {number}, seed {seed}"
        promised |= of_round
    with Database.open(settings.database) as database:
        log = DecisionLog(database)
        opened = open_ledger(settings, log)
        opened.ledger.close()
        assert promised <= in_table(log), f"seed {seed}"
        found = [*log.verify(), *(each.found for each in verify_folder(folder / "decisions"))]
        assert [] == [each for each in found if isinstance(each, Fault)]
    return len(promised)


def in_files(paths: set[Path]) -> set[str]:
    texts = [text for path in paths for text in path.read_bytes().split(b"\n")[:-1]]
    return {read_line(text).record.decision_id for text in texts}


def in_table(log: DecisionLog) -> set[str]:
    found: set[str] = set()
    token = None
    while True:
        page = log.find(RecordQuery(), 10_000, token)
        found |= {read_line(text).record.decision_id for text in page.lines}
        token = page.next_page_token
        if token is None:
            return found


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"{count} kills, seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        promised = rounds(Path(folder), count, seed)
    print(
        f"{count} kills: {promised:,} decisions were promised, none is missing from files or table; all chains verify"
    )


if __name__ == "__main__":
    main()
