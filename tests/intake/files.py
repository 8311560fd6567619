"""Write the same rows as CSV, JSONL and Parquet, and read a file into records and refusals."""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from suppress.facts.instants import to_us
from suppress.facts.records import Record
from suppress.facts.snapshot import Source
from suppress.intake.identities import Resolve
from suppress.intake.reading import ReadOptions, nobody, read_records
from suppress.intake.rejects import Refused

Row = Mapping[str, Any]
FILE_TIME_US = 1_700_000_000_000_000


class Read(NamedTuple):
    records: list[Record]
    refused: list[Refused]
    notes: list[str]
    rows: int


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


def read(path: Path, source: Source, resolve: Resolve = nobody, **options: Any) -> Read:
    found = Read([], [], [], 0)
    for chunk in read_records(path, source, ReadOptions(as_of_us=FILE_TIME_US, **options), resolve):
        found.records.extend(chunk.records)
        found.refused.extend(chunk.refused)
        found.notes.extend(chunk.notes)
        found = found._replace(rows=found.rows + chunk.rows)
    return found


def headings(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def write_csv(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, headings(rows), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: Sequence[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Sequence[Row]) -> Path:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.Table.from_pylist([{name: row.get(name) for name in headings(rows)} for row in rows])
    pyarrow.parquet.write_table(table, path)
    return path
