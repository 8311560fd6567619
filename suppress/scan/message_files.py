"""Turn message files (Parquet, CSV, JSONL, by their endings) into blocks of columns, file by file, streaming.

Rows count from 1 in Parquet, from the line in JSONL, from the heading (row 1) in CSV.
"""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import duckdb

from suppress.errors import FactsError
from suppress.scan.message_blocks import Block, Border
from suppress.scan.message_csv import csv_blocks
from suppress.scan.message_json import json_blocks
from suppress.scan.message_parquet import parquet_blocks

ENDINGS: Final = (".parquet", ".csv", ".jsonl", ".ndjson", ".json")


def message_files(source: Path) -> list[Path]:
    """The file itself, or the files of a folder in name order. Raises FactsError when there are none."""
    if not source.is_dir():
        if not source.exists():
            raise FactsError(f"{source}: there is no such file or folder")
        _ending(source)
        return [source]
    files = sorted((path for path in source.iterdir() if not path.name.startswith((".", "_"))), key=lambda p: p.name)
    if not files:
        raise FactsError(f"{source}: the folder holds no message files; their names must end in {', '.join(ENDINGS)}")
    for path in files:
        if path.is_dir():
            raise FactsError(f"{path} is a folder within the folder of messages; put the files side by side")
        _ending(path)
    return files


def blocks(connection: duckdb.DuckDBPyConnection, path: Path, border: Border) -> Iterator[Block]:
    """The blocks of one file, each good until the next is asked for. Raises FactsError when the file cannot be read."""
    ending = _ending(path)
    try:
        if ending == ".parquet":
            yield from parquet_blocks(connection, path, border)
        elif ending == ".csv":
            with _opened(path) as stream:
                yield from csv_blocks(connection, stream, border)
        else:
            with _opened(path) as stream:
                yield from json_blocks(connection, stream, border)
    except FactsError as error:
        raise FactsError(f"{path}: {error}") from None
    except (EOFError, gzip.BadGzipFile) as error:
        raise FactsError(f"{path}: the file is cut short, or no gzip file: {error}") from None
    except OSError as error:
        raise FactsError(f"{path}: the file cannot be read: {error.strerror or type(error).__name__}") from None


def first_row(path: Path) -> int:
    """The number of a file's first row that can be a message."""
    return 2 if _ending(path) == ".csv" else 1


def _ending(path: Path) -> str:
    name = path.name.lower()
    ending = next((each for each in ENDINGS if name.removesuffix(".gz").endswith(each)), None)
    if ending is None or (ending == ".parquet" and name.endswith(".gz")):
        raise FactsError(
            f"{path}: the name of a message file must end in {', '.join(ENDINGS)}; "
            "CSV and JSONL may be compressed (.gz)"
        )
    return ending


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=raw) as unzipped:
                yield io.BufferedReader(unzipped)
        else:
            yield raw
