"""Turn a facts folder, or tables of a catalogue, into the relations a scan reads on Spark.

Each becomes a temporary view `facts TABLE` with the columns of `scan.folder` and `of_customer`, by which rows lie
together. Tables bucketed by customer (`write_bucketed`) are read where they lie; others are moved by each join.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from suppress.errors import FactsError
from suppress.facts.facts_folder import MANIFEST, TABLES
from suppress.scan.folder import Folder
from suppress.scan.spark_keys import CARRIED
from suppress.scan.sql import name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BUCKETED: Final = ("lines", "customers", "sent", "feedback")
"""The tables that are large and of customers."""
SMALL: Final = ("products", "stock")
"""The tables every worker gets whole."""
_NEEDED: Final = ("products", "identities")
"""What is read beside the workers: by the report, and to find customers by their addresses."""
_TYPES: Final = {
    "VARCHAR": "STRING",
    "BIGINT": "BIGINT",
    "BOOLEAN": "BOOLEAN",
    "VARCHAR[]": "ARRAY<STRING>",
    "MAP(VARCHAR, VARCHAR)": "MAP<STRING, STRING>",
    "MAP(VARCHAR, BOOLEAN)": "MAP<STRING, BOOLEAN>",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedFolder(Folder):
    """A facts folder whose tables a query finds as views `facts TABLE`, whatever engine runs it."""

    def relation(self, table: str) -> str:
        """A SELECT of all columns of a table."""
        return f"SELECT {', '.join(name(column) for column in TABLES[table])} FROM {name(view_of(table))}"


def view_of(table: str) -> str:
    """What the view of a table is called."""
    return f"facts {table}"


def viewed(folder: Folder) -> ViewedFolder:
    """The folder, read through views."""
    return ViewedFolder(
        root=folder.root,
        feeds_us=folder.feeds_us,
        lines=folder.lines,
        replaced=folder.replaced,
        about=folder.about,
    )


def tables_of(folder: Folder) -> Mapping[str, str]:
    """Table -> its name in the catalogue, as far as the manifest says so."""
    return dict(folder.about.get("tables") or {})


def buckets_of(folder: Folder) -> int | None:
    """Into how many buckets of customers its tables are divided; None = they are not."""
    buckets = folder.about.get("buckets")
    return None if buckets is None else int(buckets)


def view_facts(session: "SparkSession", folder: Folder) -> None:
    """Make the views. Raises FactsError when a table of the catalogue is not there or lacks a column."""
    from pyspark.sql import functions  # noqa: PLC0415

    named = tables_of(folder)
    for table, columns in TABLES.items():
        rows = _named(session, folder, table, named[table]) if table in named else _of_files(session, folder, table)
        if lacking := [column for column in columns if column not in rows.columns]:
            raise FactsError(f"the table {named.get(table, table)} lacks the column {lacking[0]}")
        rows = rows.select(*columns)
        if "customer_id" in columns:
            # A checkpoint remembers one column its rows lie by. It must be this one, so the other is not the same.
            whose = functions.concat(functions.col("customer_id"), functions.lit(""))
            rows = rows.withColumn(CARRIED, functions.col("customer_id")).withColumn("customer_id", whose)
        if table in SMALL:
            rows = functions.broadcast(rows)
        rows.createOrReplaceTempView(quoted(view_of(table)))


def write_bucketed(session: "SparkSession", folder: Folder, database: str, buckets: int, into: Path) -> Path:
    """Lay the facts out by customer in a database of the catalogue, and write a facts folder that names the tables.

    `into`: the new folder; the tables' files stand in it too, so that a session whose catalogue forgets finds them
    again. It must not exist. Every table of customers has the same number of buckets, sorted by customer within.
    """
    if into.exists():
        raise FactsError(f"{into} exists already")
    own = session.newSession()
    own.sql(f"CREATE DATABASE IF NOT EXISTS {quoted(database)}")
    into.mkdir(parents=True)
    tables = {}
    for table in TABLES:
        rows = _of_files(own, folder, table)
        tables[table] = f"{database}.{table}"
        target = f"{quoted(database)}.{quoted(table)}"
        own.sql(f"DROP TABLE IF EXISTS {target}")
        # Rows of one bucket come to one task, so that a bucket is one file.
        divided = rows.repartition(buckets, "customer_id") if table in BUCKETED else rows
        writer = divided.write.format("parquet").option("path", str(_place(into, table)))
        if table in BUCKETED:
            writer = writer.bucketBy(buckets, "customer_id").sortBy("customer_id")
        writer.saveAsTable(target)
        if table in _NEEDED and (file := folder.root / f"{table}.parquet").exists():
            shutil.copyfile(file, into / file.name)
    manifest: dict[str, Any] = {
        "format": folder.about.get("format"),
        "feeds_us": {source.value: at_us for source, at_us in folder.feeds_us.items()},
        "lines": [],
        "replaced": [],
        "tables": tables,
        "buckets": buckets,
    }
    (into / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return into


def _place(root: Path, table: str) -> Path:
    return root / "tables" / table


def _named(session: "SparkSession", folder: Folder, table: str, named: str) -> "DataFrame":
    """A table of the catalogue; one whose files stand in the folder is told to a catalogue that does not know it."""
    known = ".".join(quoted(part) for part in named.split("."))
    if not session.catalog.tableExists(known):
        files = _place(folder.root, table)
        if not files.exists():
            raise FactsError(f"the catalogue has no table {named}. help: say where it is in {folder.root / MANIFEST}")
        buckets = buckets_of(folder)
        columns = ", ".join(f"{quoted(column)} {_TYPES[kind]}" for column, kind in TABLES[table].items())
        layout = ""
        if table in BUCKETED and buckets is not None:
            layout = f" CLUSTERED BY (customer_id) SORTED BY (customer_id) INTO {buckets} BUCKETS"
        database = named.rpartition(".")[0]
        if database:
            session.sql(f"CREATE DATABASE IF NOT EXISTS {quoted(database)}")
        place = str(files.absolute()).replace("\\", "\\\\").replace("'", "\\'")
        session.sql(f"CREATE TABLE {known} ({columns}) USING parquet{layout} LOCATION '{place}'")
    return session.table(known)


def _of_files(session: "SparkSession", folder: Folder, table: str) -> "DataFrame":
    schema = ", ".join(f"{quoted(column)} {_TYPES[kind]}" for column, kind in TABLES[table].items())
    if table != "lines":
        file = folder.root / f"{table}.parquet"
        return _read(session, schema, [file]) if file.exists() else session.createDataFrame([], schema)
    parts: dict[Sequence[str], list[Path]] = {}
    for number, lines in enumerate(folder.lines):
        void = tuple(pairs for pairs, below in folder.replaced if number < below)
        parts.setdefault(void, []).append(folder.root / lines)
    read = []
    for voided, files in parts.items():
        rows = _read(session, schema, files)
        if voided:
            replaced = _read(session, "customer_id STRING, sku STRING", [folder.root / pairs for pairs in voided])
            rows = rows.join(replaced, ["customer_id", "sku"], "left_anti")
        read.append(rows)
    return reduce(lambda one, other: one.union(other), read) if read else session.createDataFrame([], schema)


def _read(session: "SparkSession", schema: str, files: Sequence[Path]) -> "DataFrame":
    return session.read.schema(schema).parquet(*(glob_free(file) for file in files))


def glob_free(file: Path) -> str:
    """A file's name for Spark's reader, which takes brackets, braces and stars for patterns."""
    return "".join(f"\\{letter}" if letter in "*?[]{}\\" else letter for letter in str(file.absolute()))


def quoted(identifier: str) -> str:
    """A name as Spark reads it."""
    return "`" + identifier.replace("`", "``") + "`"
