"""Turn a Parquet file into batches of text columns. The only module that knows pyarrow, which is heavy and optional."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from suppress.errors import FactsError
from suppress.intake.batches import Batch
from suppress.intake.cells import TYPED, cell_of


def parquet_batches(path: Path, batch_rows: int) -> Iterator[Batch]:
    """The batches of a Parquet file; times become UTC text to the microsecond. Raises FactsError."""
    try:
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise FactsError("Parquet needs pyarrow; run `pip install pyarrow`") from None
    try:
        with pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file:
            total = max(1, file.metadata.num_rows)
            size = path.stat().st_size
            columns = list(file.schema_arrow.names)
            done = 0
            yield Batch([], {}, [], columns, 0)
            for batch in file.iter_batches(batch_size=batch_rows):
                numbers = range(done + 1, done + 1 + batch.num_rows)
                done += batch.num_rows
                cells = {name: _cells(column) for name, column in zip(columns, batch.columns, strict=True)}
                yield Batch(numbers, cells, [], columns, size * done // total)
    except pyarrow.ArrowException as error:
        raise FactsError(f"the Parquet file cannot be read: {str(error).partition('.')[0]}") from None


def _cells(column: Any) -> Sequence[str]:
    import pyarrow  # noqa: PLC0415

    types = pyarrow.types
    kind = column.type
    if types.is_dictionary(kind):
        return _cells(column.dictionary_decode())
    if types.is_string(kind) or types.is_large_string(kind):
        return _texts(column)
    if types.is_integer(kind) or types.is_date(kind):
        return _texts(column.cast(pyarrow.string()))
    if types.is_timestamp(kind):
        return _instants(column, has_zone=kind.tz is not None)
    if types.is_boolean(kind):
        texts = {True: f"{TYPED}true", False: f"{TYPED}false", None: ""}
        return [texts[value] for value in column.to_pylist()]
    if types.is_map(kind):
        return [cell_of(None if value is None else dict(value)) for value in column.to_pylist()]
    return [cell_of(value) for value in column.to_pylist()]


def _instants(column: Any, *, has_zone: bool) -> Sequence[str]:
    import pyarrow  # noqa: PLC0415

    # By way of whole numbers, because turning a zoned time into text needs a zone database pyarrow may not find.
    ticks = column.cast(pyarrow.timestamp("us", tz=column.type.tz), safe=False).cast(pyarrow.int64())
    texts = _texts(ticks.cast(pyarrow.timestamp("us")).cast(pyarrow.string()))
    return [text and text + "Z" for text in texts] if has_zone else texts


def _texts(column: Any) -> Sequence[str]:
    texts: Sequence[str] = column.fill_null("").to_pylist()
    return texts
