"""Message files that are broken in every way files break: `python -m tests.faults.scan_inputs [ROWS] [CUTS]`.

ROWS distinct bad rows, ROWS repeated ids and CUTS files cut short at random places, in every format: nothing is lost,
nothing counts twice, memory stays flat, and a file that cannot be read says so. Prints what was counted.
"""

import csv
import gzip
import json
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from suppress.errors import FactsError
from suppress.intake import messages as border
from suppress.scan.messages import MessagesRead, read_messages

BAD_TEXTS = ("", "a\x00b", "x" * 256, " ")
PIECE_ROWS = 50_000


def bad(rows: int) -> Iterator[dict[str, Any]]:
    """Distinct messages nobody may send, every tenth a good one."""
    for n in range(rows):
        good = {"message_id": f"m-{n}", "customer_id": f"C{n}", "items": [f"A{n}", "B"], "slots": 2}
        wrong = n % 10
        if wrong == 1:
            good["items"] = [f"A{n}", BAD_TEXTS[n // 10 % 4]]
        elif wrong == 2:
            good["slots"] = 1001 + n
        elif wrong == 3:
            good["customer_id"] = None
        elif wrong == 4:
            good["send_at"] = f"2026-11-22T09:00:{n % 60:02}.{n}"
        elif wrong == 5:
            good["items"] = [f"A{k}" for k in range(1001)] if n % 1000 == 5 else [f"\x00{n}"]
        elif wrong:
            good["message_id"] = f"m-{n}\x07"
        yield good


def repeated(rows: int) -> Iterator[dict[str, Any]]:
    """Every id twice, the second time far from the first."""
    half = rows // 2
    for n in range(2 * half):
        yield {"message_id": f"m-{n % half}", "customer_id": f"C{n}", "items": ["A"]}


def write(path: Path, objects: Iterator[dict[str, Any]]) -> None:
    """These messages in the format of the file's name, written with flat memory."""
    names = ("message_id", "customer_id", "items", "slots", "send_at")
    texts = dict.fromkeys(("message_id", "customer_id", "send_at"), pa.string())
    schema = pa.schema(
        [(name, texts.get(name, pa.list_(pa.string()) if name == "items" else pa.int64())) for name in names]
    )
    if path.suffix == ".parquet":
        with pq.ParquetWriter(path, schema) as writer:
            while piece := [each for _, each in zip(range(PIECE_ROWS), objects, strict=False)]:
                writer.write_table(pa.Table.from_pylist(piece, schema=schema))
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix == ".csv":
            rows = csv.writer(stream)
            rows.writerow(names)
            rows.writerows(
                [each.get(name) if name != "items" else json.dumps(each[name]) for name in names] for each in objects
            )
        else:
            stream.writelines(json.dumps(each) + "\n" for each in objects)


def read(path: Path, work: Path) -> tuple[MessagesRead, int, float]:
    """What came of a file, the peak memory of doing so in MB, and the seconds it took; in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_read, (path, work))


def _read(path: Path, work: Path) -> tuple[MessagesRead, int, float]:
    begun = time.monotonic()
    done = read_here(path, work)
    return done, _peak_mb(), time.monotonic() - begun


def _peak_mb() -> int:
    # Not getrusage, whose peak a process inherits from the one that started it.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) // 1024


def read_here(path: Path, work: Path) -> MessagesRead:
    """What came of a file."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "rejects.csv").unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET memory_limit = '1GB'")
        return read_messages(connection, path, work, work, rejects=work / "rejects.csv", border=border, as_of_us=0)


def check_whole(path: Path, work: Path, done: MessagesRead, rows: int) -> int:
    """Every row is in exactly one of the tables and the rejects; how many are refused. Raises AssertionError."""
    with (work / "rejects.csv").open(encoding="utf-8", newline="") as stream:
        refused = [int(row[1]) for row in csv.reader(stream) if row[1] != "row"]
    accepted = pq.read_metadata(work / "messages.parquet").num_rows
    assert (rows, accepted, len(refused)) == (done.rows, done.accepted, done.refused), (path, done)
    assert len(refused) == len(set(refused)), f"{path}: a row is refused twice"
    assert rows == accepted + len(refused), f"{path}: rows are lost"
    return len(refused)


def cut_short(path: Path, work: Path, whole: MessagesRead, at: int) -> str:
    """What a file cut at this byte became: an error that names it, or all rows before the cut."""
    part = path.with_name(f"part-{path.name}")
    part.write_bytes(path.read_bytes()[:at])
    try:
        done = read_here(part, work)
    except FactsError as error:
        if str(part) not in str(error):
            raise
        return "error"
    assert path.suffix != ".parquet", f"half a Parquet file was read up to byte {at}"
    assert not path.name.endswith(".gz"), f"half a gzip file was read up to byte {at}"
    assert done.rows <= whole.rows
    assert done.accepted >= max(0, done.rows - 1 - whole.refused), f"cut at {at}: {done}"
    return "rows"


def main(rows: int, cuts: int) -> None:
    """All of it, with counts."""
    dice = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        for what, objects in (("bad", bad), ("repeated", repeated)):
            for kind in ("parquet", "csv", "jsonl"):
                peaks = []
                for count in (rows // 10, rows):
                    path = Path(folder) / f"{what}.{kind}"
                    write(path, objects(count))
                    done, peak_mb, seconds = read(path, Path(folder) / "work")
                    refused = check_whole(path, Path(folder) / "work", done, count)
                    peaks.append(peak_mb)
                    told = f"{what:>8} {kind:>7}: {count:>9,} rows, {refused:>9,} refused"
                    print(f"{told}, {peak_mb:>5} MB, {seconds:5.1f} s", flush=True)
                    path.unlink()
                assert peaks[1] < 2 * peaks[0] + 200, f"memory grows with the bad rows: {peaks}"
        for kind in ("parquet", "csv", "jsonl", "csv.gz", "jsonl.gz"):
            path = Path(folder) / f"whole.{kind}"
            plain = path.with_suffix("") if kind.endswith("gz") else path
            write(plain, bad(2_000))
            if kind.endswith("gz"):
                path.write_bytes(gzip.compress(plain.read_bytes()))
            whole = read_here(path, Path(folder) / "work")
            ends = [
                cut_short(path, Path(folder) / "work", whole, dice.randrange(path.stat().st_size)) for _ in range(cuts)
            ]
            refused, up_to_cut = ends.count("error"), ends.count("rows")
            print(f"cut short {kind:>8}: {cuts} files, {refused} refused, {up_to_cut} read up to the cut")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 20)
