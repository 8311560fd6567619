"""Fill the disk of the decision log up, again and again: what was promised is there, the rest was told and counted.

    python -m tests.faults.log_disk_full [ROUNDS] [SEED]      (as root: it mounts a small tmpfs)

In each round eight threads log decisions to a disk of 300 KB, too small for them, while somebody makes room and takes
it away at random moments. Afterwards every chain verifies, holds every promised decision and none twice; what is not
in it was told, and counted as lost.
"""

import random
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from suppress.decisions.record import Fault, read_line
from suppress.errors import LedgerError
from suppress.ledger.folder import verify_folder
from suppress.ledger.jsonl import ChainWriter
from suppress.ledger.writer import Ledger
from tests.ledger.example import entry, recorder

DISK_KB = 300
THREADS = 8
EACH = 40
PER_ROUND = 10**6


def one_round(disk: Path, number: int, dice: random.Random) -> Counter[str]:
    """What became of its decisions. Raises AssertionError where the log is not what was promised."""
    folder, ballast = disk / "decisions", disk / "ballast"
    ledger = Ledger(recorder(), lambda writer: ChainWriter(folder, writer))
    promised: list[str] = []
    refused: list[str] = []
    moves = [dice.randrange(EACH) for _ in range(4)]

    def log(thread: int) -> None:
        for each in range(EACH):
            if thread == 0 and each in moves:
                # Half of the disk comes and goes, so that it is full in the midst, and has room in the midst.
                ballast.unlink() if ballast.exists() else fill(ballast)
            one = entry(number * PER_ROUND + thread * 1_000 + each)
            try:
                ledger.write([one]).result(60)
                promised.append(one.decision.decision_id)
            except LedgerError:
                refused.append(one.decision.decision_id)

    threads = [threading.Thread(target=log, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ballast.unlink(missing_ok=True)
    ledger.close()
    texts = [text for path in folder.glob("*.jsonl") for text in path.read_bytes().split(b"\n")[:-1]]
    found = Counter(read_line(text).record.decision_id for text in texts)
    assert [] == [each.found for each in verify_folder(folder) if isinstance(each.found, Fault)]
    assert set(promised) == found.keys()
    assert {1} >= set(found.values())
    assert (len(promised), len(refused)) == ledger.counts[:2]
    return Counter(promised=len(promised), refused=len(refused))


def fill(ballast: Path) -> None:
    try:
        ballast.write_bytes(bytes(DISK_KB * 512))
    except OSError:
        # As full as it gets.
        return


def rounds(disk: Path, count: int, seed: int) -> Counter[str]:
    dice = random.Random(seed)
    counts: Counter[str] = Counter()
    for number in range(count):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "tmpfs", str(disk)], check=True)
        try:
            counts += one_round(disk, number, dice)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    return counts


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    print(f"{count} full disks, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as disk:
        counts = rounds(Path(disk), count, seed)
    print(
        f"{count} full disks: {counts['promised']:,} decisions promised and there, {counts['refused']:,} told as lost"
    )


if __name__ == "__main__":
    main()
