"""Parts of a table laid together are the table: every reader finds every row, and what is no part is refused."""

from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from suppress.errors import FactsError
from suppress.scan.parquet_parts import join_parts
from suppress.scan.thrift_compact import read_struct, written

REASON = pa.list_(pa.struct([("rule", pa.string()), ("at", pa.timestamp("us", tz="UTC"))]))
SCHEMA = pa.schema([("n", pa.int64()), ("sku", pa.string()), ("score", pa.float64()), ("reasons", REASON)])


def drawn(random: Random, rows: int) -> pa.Table:
    """A table with unknowns, empty lists and lists of structs."""

    def reasons() -> Any:
        if random.random() < 0.5:
            return None
        return [
            {"rule": random.choice(["a", "b", None]), "at": random.randrange(10**15)}
            for _ in range(random.randrange(3))
        ]

    return pa.table(
        {
            "n": [random.randrange(-(2**62), 2**62) for _ in range(rows)],
            "sku": [random.choice([None, "", "é", f"S-{random.randrange(9)}"]) for _ in range(rows)],
            "score": [random.choice([None, 0.5, -1e300]) for _ in range(rows)],
            "reasons": [reasons() for _ in range(rows)],
        },
        schema=SCHEMA,
    )


def by_duckdb(table: pa.Table, file: Path) -> None:
    with duckdb.connect() as connection:
        connection.register("drawn", table)
        connection.execute(f"COPY drawn TO '{file}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)")


def by_arrow(table: pa.Table, file: Path) -> None:
    parquet.write_table(table, file, row_group_size=100, write_page_index=True, write_page_checksum=True)


@pytest.mark.parametrize("write", [by_duckdb, by_arrow])
@pytest.mark.parametrize("seed", range(4))
def test_the_whole_has_the_rows_of_its_parts(write: Any, seed: int, tmp_path: Path) -> None:
    """Two readers that share no code find all rows in order, also by their statistics."""
    random = Random(seed)
    tables = [drawn(random, rows) for rows in random.sample([0, 1, 99, 2048, 5000], 4)]
    parts = [tmp_path / f"{number}.parquet" for number in range(4)]
    for table, part in zip(tables, parts, strict=True):
        write(table, part)
    whole = tmp_path / "whole.parquet"
    join_parts(parts, whole)
    expected = pa.concat_tables(tables)
    assert expected.to_pylist() == parquet.read_table(whole, page_checksum_verification=write is by_arrow).to_pylist()
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT n FROM '{whole}'").fetchall()
        some = connection.execute(f"SELECT count(*) FROM '{whole}' WHERE sku = 'S-3' AND n > 0").fetchone()
    assert expected.column("n").to_pylist() == [row[0] for row in found]
    wanted = sum(1 for row in expected.to_pylist() if row["sku"] == "S-3" and row["n"] > 0)
    assert (wanted,) == some


def test_what_is_read_of_a_footer_is_written_byte_for_byte(tmp_path: Path) -> None:
    """Reading and writing a footer changes no byte, whoever wrote it."""
    for number, write in enumerate((by_duckdb, by_arrow)):
        file = tmp_path / f"{number}.parquet"
        write(drawn(Random(number), 300), file)
        data = file.read_bytes()
        footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
        assert footer == written(read_struct(footer))


@pytest.mark.parametrize("cut", [0, 3, 20, 400])
def test_a_part_cut_short_is_refused(cut: int, tmp_path: Path) -> None:
    """Of a part that lost its end nothing is guessed."""
    parts = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    for part in parts:
        by_arrow(drawn(Random(1), 300), part)
    parts[1].write_bytes(parts[1].read_bytes()[:cut])
    with pytest.raises(FactsError, match=r"1\.parquet is no whole Parquet file"):
        join_parts(parts, tmp_path / "whole.parquet")


def test_parts_of_other_columns_are_refused(tmp_path: Path) -> None:
    """Rows of another kind cannot stand in the same table."""
    parts = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    by_arrow(drawn(Random(1), 3), parts[0])
    by_arrow(drawn(Random(1), 3).drop(["score"]), parts[1])
    with pytest.raises(FactsError, match="does not have the columns"):
        join_parts(parts, tmp_path / "whole.parquet")
