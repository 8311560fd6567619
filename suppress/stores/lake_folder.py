"""Turn a folder of somebody's own Parquet files into a facts folder, so that a scan needs no store.

The files are named as in SHAPES, their columns as those of `suppress import`. A row that cannot be read goes to
`rejects/FILE.csv` with its number and the reasons; the others count. Of two rows with one key the newer stays, on equal
times the first. `feeds.json` (source -> RFC 3339 time) says as of when each source is complete. Without it a source is
as of the newest time in its file, or of the file's own where that is earlier: too old rather than fresh by mistake.
"""

# ruff: noqa: S608  (the text is put together from names in this room; values travel as parameters)

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from suppress.errors import FactsError
from suppress.facts.facts_folder import FORMAT, MANIFEST, TABLES, file_of
from suppress.facts.identity import normal_email, normal_phone
from suppress.facts.instants import to_us
from suppress.facts.snapshot import Source
from suppress.problems import did_you_mean
from suppress.stores.lake_files import Limits, open_duckdb, read_parquet, stage, write_parquet
from suppress.stores.lake_generations import read_manifest
from suppress.stores.lake_lines import FILE_ORDER, StoredLine, quoted
from suppress.stores.lake_rebuild import PLAIN_VERSION, settled, stage_versions, use_catalogue, with_styles
from suppress.stores.lake_shapes import SHAPES, Reading, Shape, Types, reading, spread, unreadable
from suppress.stores.lake_tables import LINE_COLUMNS

FEEDS: Final = "feeds.json"
_ADDRESSES_AT_ONCE: Final = 50_000

_KEPT: Final = {
    Source.PRODUCTS: (
        "sku, coalesce(item_group_id, sku) AS item_group, title, category, brand, status, replenish_days, price_minor,"
        " currency, bundle_of, attributes",
        "sku",
    ),
    Source.STOCK: (
        "sku, location_id, on_hand, reserved, safety_stock, incoming_units, incoming_at AS incoming_at_us,"
        " availability, updated_at AS updated_at_us",
        "sku, location_id",
    ),
    Source.CUSTOMERS: (
        "customer_id, household_id, country, region, time_zone, consent, attributes, do_not_contact, open_case,"
        " late_order",
        "customer_id",
    ),
    Source.SENT: (
        "message_id, customer_id, channel, campaign_id, sent_at AS sent_at_us, items",
        "customer_id, message_id",
    ),
    Source.FEEDBACK: (
        "customer_id, CASE WHEN sku IS NULL THEN 'category' ELSE 'sku' END AS about_kind,"
        ' coalesce(sku, category) AS about, says, "at" AS at_us',
        "customer_id, about_kind, about, says",
    ),
}
"""The columns and order of each file that is made, over the rows that were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFacts:
    """A facts folder to scan by. `refused`: rows left out, `rejects`: file -> the CSV that lists them.

    `notes`: what a person should know, such as a column that is not read.
    """

    folder: Path
    refused: int = 0
    rejects: dict[str, Path] | None = None
    notes: tuple[str, ...] = ()


def prepare_facts(folder: Path, work: Path, limits: Limits | None = None) -> PreparedFacts:
    """A facts folder made of the files in `folder`, under `work`; a folder that is one already is taken as it is.

    Raises FactsError when a file cannot be read or lacks a column, and StoreError when `work` cannot be written.
    """
    if (folder / MANIFEST).exists():
        read_manifest(folder)
        return PreparedFacts(folder=folder)
    present = [shape for shape in SHAPES if (folder / shape.file).exists()]
    if not present:
        names = ", ".join(shape.file for shape in SHAPES)
        raise FactsError(f"{folder} holds no facts: neither {MANIFEST} nor any of {names}")
    stated_us = _stated_us(folder)
    (work / "lines").mkdir(parents=True, exist_ok=True)
    feeds_us: dict[str, int | None] = {source.value: None for source in Source}
    rows: dict[str, int] = {}
    refused: dict[str, tuple[int, Path]] = {}
    notes: list[str] = []
    lines: list[str] = []
    with open_duckdb(limits or Limits(), work / "spill") as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.execute("CREATE TABLE styles (sku VARCHAR, item_group VARCHAR, category VARCHAR, brand VARCHAR)")
        for shape in present:
            path = folder / shape.file
            types = _types(duck, path)
            notes += _unread(shape, types)
            reads = _check_types(shape, types)
            count = _refuse(duck, shape, path, reads, work)
            if count:
                refused[shape.file] = (count, work / "rejects" / f"{shape.file}.csv")
            _read(duck, shape, path, reads)
            feeds_us[shape.source.value] = stated_us.get(shape.source, _as_of_us(duck, shape, path))
            if shape.source is Source.ORDERS:
                lines, rows["lines"] = _write_lines(duck, work)
            else:
                kept, order = _KEPT[shape.source]
                rows[shape.source.value] = write_parquet(
                    duck,
                    f"{_typed(shape.source.value, f'SELECT {kept} FROM read_rows')} ORDER BY {order}",
                    work / file_of(shape.source.value),
                )
            if shape.source is Source.PRODUCTS:
                use_catalogue(duck, work)
            if shape.source is Source.CUSTOMERS:
                rows["identities"] = _write_identities(duck, work)
    manifest = {"format": FORMAT, "generation": 0, "made_from": str(folder), "feeds_us": feeds_us,
                "lines": lines, "base_files": len(lines), "replaced": [], "rows": rows}  # fmt: skip
    (work / MANIFEST).write_text(json.dumps(manifest, indent=1))
    return PreparedFacts(
        folder=work,
        refused=sum(count for count, _ in refused.values()),
        rejects={file: path for file, (_, path) in refused.items()},
        notes=tuple(notes),
    )


def _stated_us(folder: Path) -> dict[Source, int]:
    """What `feeds.json` says. Raises FactsError when it is there and cannot be read."""
    path = folder / FEEDS
    if not path.exists():
        return {}
    try:
        told = json.loads(path.read_bytes())
        if not isinstance(told, dict):
            raise FactsError("it must be a map of source to time")
        return {_source(name): to_us(datetime.fromisoformat(str(at))) for name, at in told.items()}
    except ValueError:
        raise FactsError(f"{path} cannot be read; write e.g. " + '{"orders": "2026-11-22T09:00:00Z"}') from None
    except FactsError as error:
        raise FactsError(f"{path}: {error}") from None


def _source(name: str) -> Source:
    try:
        return Source(name)
    except ValueError:
        raise FactsError(
            f'there is no source "{name}"; {did_you_mean(name, [each.value for each in Source]) or ""}'
        ) from None


def _types(duck: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    try:
        described = duck.execute(f"DESCRIBE SELECT * FROM {read_parquet(path)}").fetchall()
    except duckdb.Error as error:
        raise FactsError(f"{path} cannot be read as Parquet: {' '.join(str(error).split())[:200]}") from None
    return {row[0]: row[1] for row in described}


def _unread(shape: Shape, types: Types) -> Iterator[str]:
    known = [cell.name for cell in shape.cells]
    spread_out = {part.name for cell in shape.cells for part in spread(cell, types)}
    for name in types:
        if name not in {*known, *spread_out, "unit_price_minor", "currency"}:
            hint = did_you_mean(name, [each for each in known if each not in types])
            yield f'{shape.file}: the column "{name}" is not read{f"; {hint}" if hint else ""}'


def _check_types(shape: Shape, types: Types) -> dict[str, Reading]:
    """How each cell is read. Raises FactsError with everything that is wrong with the file's columns."""
    cells = [each for cell in shape.cells for each in (cell, *spread(cell, types))]
    wrong = [f"the column {cell.name} is missing" for cell in cells if cell.required and cell.name not in types]
    for cell in cells:
        why = unreadable(cell, types[cell.name]) if cell.name in types else None
        if why is not None:
            wrong.append(f"the column {cell.name} {why}")
    if wrong:
        raise FactsError(f"{shape.file}: {'; '.join(wrong)}")
    return {cell.name: reading(cell, types) for cell in shape.cells}


def _problems(shape: Shape, reads: dict[str, Reading]) -> str:
    """SQL: every reason to refuse the row `r`, as one text; empty when there is none."""
    problems = [read.problem for read in reads.values() if read.problem != "NULL"]
    if shape.source is Source.FEEDBACK:
        sku, category = reads["sku"].value, reads["category"].value
        problems.append(f"CASE WHEN (({sku}) IS NULL) = (({category}) IS NULL) THEN 'give either sku or category' END")
    return f"concat_ws('; ', {', '.join(problems)})" if problems else "''"


def _refuse(duck: duckdb.DuckDBPyConnection, shape: Shape, path: Path, reads: dict[str, Reading], work: Path) -> int:
    """Write the rows that cannot be read down; how many they are."""
    target = work / "rejects" / f"{shape.file}.csv"
    target.parent.mkdir(exist_ok=True)
    refused = (
        f"SELECT file_row_number + 1 AS row, {_problems(shape, reads)} AS reason FROM {_numbered(path)} r"
        f" WHERE {_problems(shape, reads)} <> '' ORDER BY row"
    )
    row = duck.execute(f"COPY ({refused}) TO '{str(target).replace(chr(39), chr(39) * 2)}' (HEADER)").fetchone()
    count = int(row[0]) if row else 0
    if not count:
        target.unlink()
    return count


def _read(duck: duckdb.DuckDBPyConnection, shape: Shape, path: Path, reads: dict[str, Reading]) -> None:
    """Make `read_rows` of the rows that can be read, the newest of each key."""
    columns = ", ".join(f'{read.value} AS "{name}"' for name, read in reads.items())
    rows = f"SELECT {columns}, file_row_number AS row, {_problems(shape, reads)} AS problem FROM {_numbered(path)} r"
    if shape.source is Source.ORDERS:
        # Refused rows count, too: a mended file gives its lines the same places.
        place = "row_number() OVER (PARTITION BY order_id ORDER BY row)"
        rows = f"SELECT * REPLACE (coalesce(line_id, CAST({place} AS VARCHAR)) AS line_id) FROM ({rows})"
    newest = (
        f"SELECT * EXCLUDE (problem) FROM ({rows}) WHERE problem = '' QUALIFY row_number() OVER"
        f' (PARTITION BY {", ".join(shape.key)} ORDER BY "{shape.newer}" DESC NULLS LAST, row) = 1'
    )
    duck.execute(f"CREATE OR REPLACE TABLE read_rows AS {newest}")


def _as_of_us(duck: duckdb.DuckDBPyConnection, shape: Shape, path: Path) -> int:
    written_us = path.stat().st_mtime_ns // 1000
    newest = duck.execute(f'SELECT greatest(max("{shape.newer}"), max("{shape.time}")) FROM read_rows')
    row = newest.fetchone()
    return written_us if row is None or row[0] is None else min(written_us, int(row[0]))


def _write_lines(duck: duckdb.DuckDBPyConnection, work: Path) -> tuple[list[str], int]:
    """Write the lines, settled; their files and how many rows."""
    columns = ", ".join(
        {"ordered_at_us": "ordered_at AS ordered_at_us", "is_gift": "CAST(is_gift AS BIGINT) AS is_gift"}.get(
            name, name
        )
        for name, _ in LINE_COLUMNS
    )
    stored = f"SELECT {columns} FROM read_rows"
    duck.execute(
        "CREATE OR REPLACE TABLE credited_pairs AS SELECT DISTINCT customer_id, sku FROM read_rows WHERE units < 0"
    )
    credited = duck.cursor().execute(
        f"SELECT s.* FROM ({stored}) s SEMI JOIN credited_pairs USING (customer_id, sku) ORDER BY customer_id, sku"
    )
    stage_versions(duck, "credited", settled(_stored(credited)))
    plain = (
        f"SELECT {PLAIN_VERSION} FROM ({stored}) c WHERE c.units > 0 AND NOT EXISTS"
        " (SELECT 1 FROM credited_pairs x WHERE x.customer_id = c.customer_id AND x.sku = c.sku)"
        " UNION ALL SELECT * FROM credited"
    )
    file = "lines/base-0000.parquet"
    styled = _typed("lines", with_styles(plain, is_sorted=False))
    return [file], write_parquet(duck, f"{styled} ORDER BY {FILE_ORDER}", work / file)


def _typed(table: str, select: str) -> str:
    """A SELECT with the columns of a table in the types they have in every facts folder, whatever the source had."""
    columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in TABLES[table].items())
    return f"SELECT {columns} FROM ({select})"


def _stored(result: Any) -> Iterator[StoredLine]:
    while rows := result.fetchmany(_ADDRESSES_AT_ONCE):
        yield from (StoredLine(*row) for row in rows)


def _write_identities(duck: duckdb.DuckDBPyConnection, work: Path) -> int:
    """Write the addresses customers can be found by, in compared form; those that are none are left out."""
    columns = (("kind", "string"), ("value", "string"), ("customer_id", "string"))
    stage(duck, "addresses", columns, _addresses(duck, pa.schema(list(columns))))
    select = "SELECT DISTINCT kind, value, customer_id FROM addresses ORDER BY customer_id, kind, value"
    return write_parquet(duck, select, work / file_of("identities"))


def _addresses(duck: duckdb.DuckDBPyConnection, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    result = duck.cursor().execute(
        "SELECT customer_id, email, phone, country FROM read_rows WHERE email IS NOT NULL OR phone IS NOT NULL"
    )
    while rows := result.fetchmany(_ADDRESSES_AT_ONCE):
        found = [
            (kind, value, customer_id)
            for customer_id, email, phone, country in rows
            for kind, value in (("email", _email(email)), ("phone", _phone(phone, country)))
            if value is not None
        ]
        arrays = [pa.array([row[number] for row in found], type=pa.string()) for number in range(3)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _email(text: str | None) -> str | None:
    try:
        return None if text is None else normal_email(text)
    except FactsError:
        return None


def _phone(text: str | None, country: str | None) -> str | None:
    try:
        return None if text is None else normal_phone(text, country)
    except FactsError:
        return None


def _numbered(path: Path) -> str:
    return f"read_parquet('{quoted(path)}', file_row_number = true)"
