"""Turn a CSV, JSONL or Parquet file into batches of text columns, streaming: memory does not grow with the file.

A reader knows formats and nothing of what the columns mean. A row it cannot read is handed on as broken; a file it
cannot read raises FactsError.
"""

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import IO, Final

import orjson

from suppress.errors import FactsError
from suppress.intake.batches import BATCH_ROWS, Batch, Broken
from suppress.intake.cells import cell_of

MAX_LINE_CHARACTERS: Final = 1 << 20
ENDINGS: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")


def read_batches(path: Path, encoding: str | None = None, batch_rows: int = BATCH_ROWS) -> Iterator[Batch]:
    """The batches of a file, by its ending (`.csv`, `.tsv`, `.jsonl`, `.ndjson`, each also `.gz`; `.parquet`).

    The first batch comes even when the file has no rows. `encoding` is for CSV; None = UTF-8. Raises FactsError.
    """
    ending = _ending(path)
    try:
        if ending == ".parquet":
            from suppress.intake.parquet import parquet_batches  # noqa: PLC0415 - pyarrow is heavy and optional

            yield from parquet_batches(path, batch_rows)
        elif ending in {".csv", ".tsv"}:
            with path.open("rb") as raw:
                yield from _csv_batches(_unzipped(raw, path), encoding or "utf-8-sig", batch_rows, raw.tell)
        else:
            with path.open("rb") as raw:
                yield from _jsonl_batches(_unzipped(raw, path), batch_rows, raw.tell)
    except (EOFError, gzip.BadGzipFile) as error:
        raise FactsError(f"the file is no whole gzip file: {error}") from None
    except OSError as error:
        raise FactsError(f"the file cannot be read: {error.strerror or type(error).__name__}") from None


def _ending(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    ending = next((each for each in ENDINGS if name.endswith(each)), None)
    if ending is None or (ending == ".parquet" and path.name.lower().endswith(".gz")):
        raise FactsError(f"the file's name must end in {', '.join(ENDINGS)}; CSV and JSONL may be compressed (.gz)")
    return ending


def _unzipped(raw: IO[bytes], path: Path) -> IO[bytes]:
    return gzip.GzipFile(fileobj=raw) if path.name.lower().endswith(".gz") else raw  # type: ignore[return-value]


def _csv_batches(stream: IO[bytes], encoding: str, batch_rows: int, tell: Callable[[], int]) -> Iterator[Batch]:
    try:
        text = TextIOWrapper(stream, encoding=encoding, newline="")
    except LookupError:
        raise FactsError(f'there is no encoding "{encoding}"; write e.g. utf-8, cp1252, latin-1 or utf-16') from None
    try:
        lines = _lines(text)
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            raise FactsError("the file is empty; its first row must name the columns")
        reader = csv.reader(chain([first], lines), delimiter=_delimiter(first), strict=True)
        try:
            heading = next(reader)
        except csv.Error as error:
            raise FactsError(f"the heading cannot be read: {error}") from None
        for rows, numbers, broken in _csv_rows(reader, len(heading), batch_rows):
            cells: dict[str, Sequence[str]] = dict(zip(heading, zip(*rows, strict=True), strict=True)) if rows else {}
            yield Batch(numbers, cells, broken, heading, tell())
    except UnicodeDecodeError as error:
        remedy = "if it is another, name it with --encoding, e.g. --encoding cp1252 or --encoding utf-16"
        raise FactsError(f"the file is not {error.encoding}: {error.reason}; {remedy}") from None
    except UnicodeError as error:
        raise FactsError(f"the file is not {encoding}: {error}; name its encoding with --encoding") from None
    finally:
        text.detach()


def _csv_rows(
    reader: Iterator[list[str]], width: int, batch_rows: int
) -> Iterator[tuple[list[list[str]], list[int], list[Broken]]]:
    rows: list[list[str]] = []
    numbers: list[int] = []
    broken: list[Broken] = []
    number = 1
    more = True
    while more:
        try:
            for row in reader:
                number += 1
                if len(row) == width:
                    rows.append(row)
                    numbers.append(number)
                    if len(rows) >= batch_rows:
                        break
                elif row:
                    record = orjson.dumps(row[:1000]).decode()
                    broken.append(Broken(number, f"has {len(row)} cells; the heading has {width}", record))
                    if len(broken) >= batch_rows:
                        break
            else:
                more = False
        except csv.Error as error:
            number += 1
            broken.append(Broken(number, f"cannot be read as CSV: {error}", ""))
            if len(broken) < batch_rows:
                continue
        yield rows, numbers, broken
        rows, numbers, broken = [], [], []


def _lines(text: TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_LINE_CHARACTERS):
        if len(line) >= MAX_LINE_CHARACTERS:
            raise FactsError(f"a line has more than {MAX_LINE_CHARACTERS} characters; is it really a CSV file?")
        yield line


def _delimiter(heading: str) -> str:
    return max(",;\t", key=heading.count)


def _jsonl_batches(stream: IO[bytes], batch_rows: int, tell: Callable[[], int]) -> Iterator[Batch]:
    rows: list[dict[str, object]] = []
    numbers: list[int] = []
    broken: list[Broken] = []
    number = 0
    for line in _json_lines(stream):
        number += 1
        if not line or line.isspace():
            continue
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            broken.append(Broken(number, _json_reason(line, error), line[:2000].decode("utf-8", errors="replace")))
        else:
            if isinstance(row, dict):
                rows.append(row)
                numbers.append(number)
            else:
                broken.append(Broken(number, "must be a JSON map like {...}", line[:2000].decode()))
        if len(rows) >= batch_rows or len(broken) >= batch_rows:
            yield _json_batch(rows, numbers, broken, tell())
            rows, numbers, broken = [], [], []
    yield _json_batch(rows, numbers, broken, tell())


def _json_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines of a stream; of one that is too long a beginning that no longer fits the limit."""
    first = True
    while line := stream.readline(MAX_LINE_CHARACTERS + 1):
        beginning = line
        while len(line) > MAX_LINE_CHARACTERS and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE_CHARACTERS + 1)
        yield beginning.removeprefix(b"\xef\xbb\xbf") if first else beginning
        first = False


def _json_reason(line: bytes, error: orjson.JSONDecodeError) -> str:
    if len(line) > MAX_LINE_CHARACTERS:
        return f"has more than {MAX_LINE_CHARACTERS} bytes"
    return f"cannot be read as JSON: {error.msg}"


def _json_batch(rows: list[dict[str, object]], numbers: list[int], broken: list[Broken], at: int) -> Batch:
    columns = list(dict.fromkeys(chain.from_iterable(rows)))
    cells: dict[str, Sequence[str]] = {
        name: [value if type(value := row.get(name)) is str else cell_of(value) for row in rows] for name in columns
    }
    return Batch(numbers, cells, broken, columns, at)
